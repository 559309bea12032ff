// The command line's side of the local API.
import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { errnoOf, Fault } from '../base/fault.ts';

export interface ControlClient {
  /** Rejects with a Fault when no daemon answers or it says no. */
  get<Answer>(path: string): Promise<Answer>;
  /** Sends `body` as JSON, or bytes as they are; rejects like `get`. */
  post<Answer>(path: string, body: unknown): Promise<Answer>;
  bytes(path: string): Promise<Uint8Array>;
  /** Calls back for each line of an answer that takes time; resolves at its end. */
  lines<Line>(call: LinesCall, show: (line: Line) => void): Promise<void>;
}

interface LinesCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** Ends the answer early. */
  readonly until?: AbortSignal | undefined;
}

/** A client of the daemon behind that socket. Connects anew for every call. */
export function controlClient(socket: string): ControlClient {
  const answered = async (call: LinesCall): Promise<Buffer> => {
    const response = await ask(socket, call);
    const chunks: Uint8Array[] = [];
    for await (const chunk of response) chunks.push(chunk as Uint8Array);
    const body = Buffer.concat(chunks);
    if (response.statusCode !== 200) throw refusedBy(body.toString());
    return body;
  };
  return {
    bytes: async (path) => await answered({ method: 'GET', path }),
    get: async <Answer>(path: string) =>
      JSON.parse((await answered({ method: 'GET', path })).toString()) as Answer,
    post: async <Answer>(path: string, body: unknown) =>
      JSON.parse((await answered({ method: 'POST', path, body })).toString()) as Answer,
    lines: async <Line>(call: LinesCall, show: (line: Line) => void) => {
      try {
        const response = await ask(socket, call);
        for await (const line of createInterface({ input: response })) show(JSON.parse(line) as Line);
      } catch (error) {
        if (call.until?.aborted === true) return;
        if (error instanceof Fault) throw error;
        throw unreachable(socket, error instanceof Error ? error : new Error(String(error)));
      }
    },
  };
}

async function ask(socket: string, call: LinesCall): Promise<IncomingMessage> {
  return await new Promise((done, failed) => {
    const asked = request(
      { socketPath: socket, method: call.method, path: call.path, signal: call.until },
      done,
    );
    asked.once('error', (error) => failed(unreachable(socket, error)));
    const { body } = call;
    asked.end(body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body));
  });
}

function unreachable(socket: string, error: Error): Fault {
  if (errnoOf(error) === 'EACCES') {
    const hint = 'run it with sudo, or join the group of the socket';
    return new Fault('control-forbidden', `this user may not use ${socket}`, hint, error);
  }
  const hint = 'start it with "unboxd serve", or name its socket with --control PATH';
  return new Fault('no-daemon', `no unboxd answers at ${socket}`, hint, error);
}

function refusedBy(body: string): Fault {
  let said = body;
  try {
    said = String((JSON.parse(body) as { error?: unknown }).error);
  } catch {
    // Not ours: shown as it came.
  }
  return new Fault('refused', said, 'see "unboxd phones" for the phones it knows');
}
