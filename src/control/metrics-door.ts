// GET /metrics, on the control socket and, where the settings ask for it, at an address of its own. That one tells
// nothing else: the rest of the API is for the users of the control socket.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { errnoOf, Fault } from '../base/fault.ts';
import type { Closable } from '../base/world.ts';
import type { MetricsAddress } from '../site/control.ts';
import { METRICS_TYPE } from './metrics-text.ts';

/** Scrapers at a time. */
const MOST_CONNECTIONS = 20;
/** ms that a scraper may take to ask. */
const PATIENCE = 5_000;

/** Opens the address for scrapers. Rejects with a Fault. */
export async function openMetricsDoor(
  { host, port }: MetricsAddress,
  text: () => Promise<string>,
): Promise<Closable & { readonly port: number }> {
  const timeouts = { headersTimeout: PATIENCE, requestTimeout: PATIENCE, keepAliveTimeout: PATIENCE };
  const server = createServer(timeouts, (request, response) => void answer(request, response, text));
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((done, failed) => {
    // For good: without descriptors to spare each caller that cannot be accepted is an error, and none may end the daemon.
    server.on('error', (error) => failed(unopenable({ host, port }, error)));
    server.listen(port, host, done);
  });
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    close: async () => {
      await new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      });
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  text: () => Promise<string>,
): Promise<void> {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!isRead || request.url?.split('?')[0] !== '/metrics') {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('only GET /metrics is answered here\n');
    return;
  }
  await answerMetrics(response, text);
}

/** Answers with the metrics; 500 without details where they cannot be had. */
export async function answerMetrics(response: ServerResponse, text: () => Promise<string>): Promise<void> {
  try {
    const body = Buffer.from(await text());
    response.writeHead(200, { 'content-type': METRICS_TYPE, 'content-length': body.length });
    response.end(body);
  } catch {
    response.writeHead(500, { 'content-type': 'text/plain' }).end('the metrics cannot be read now\n');
  }
}

function unopenable({ host, port }: MetricsAddress, error: unknown): Fault {
  const code = errnoOf(error);
  const hint =
    code === 'EADDRINUSE'
      ? 'another program has that port: give control.metrics another one'
      : 'give control.metrics an address of this machine, as 127.0.0.1:9750, or off';
  return new Fault(
    'metrics-unopenable',
    `the metrics address ${host}:${port} cannot be opened (${code})`,
    hint,
    error,
  );
}
