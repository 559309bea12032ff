// The part of the local API that looks after the daemon itself: who it is, its backup, and putting one back.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault } from '../base/fault.ts';
import type { CaredDaemon } from '../care/survey.ts';
import type { ReloadAnswer } from './reload.ts';

/** What the daemon offers for its own care. */
export interface Care {
  readonly daemon: CaredDaemon;
  backup(): Promise<Uint8Array>;
  /** Resolves when it is safe on disk; the daemon then starts anew with it. Rejects with a Fault when it cannot be used. */
  restore(bytes: Uint8Array): Promise<RestoreAnswer>;
  /** Checks the settings anew and goes on with them where they are good. Never rejects. */
  reload(): Promise<ReloadAnswer>;
  /** Called when the caller of a restore has its answer. */
  startAnew(): void;
}

export interface RestoreAnswer {
  /** When it was made, ms since 1970. */
  readonly made: number;
  readonly by: string;
  readonly records: number;
}

/** A journal of hundreds of thousands of leases, gzipped. */
const MOST_BYTES = 200_000_000;

/** Answers what is below /v1/care, /v1/backup, /v1/reload and /v1/restore; false for all else. */
export async function answerCare(
  care: Care,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  switch (`${request.method} ${request.url}`) {
    case 'GET /v1/care':
      json(response, 200, care.daemon);
      return true;
    case 'GET /v1/backup': {
      const bytes = await care.backup();
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length });
      response.end(bytes);
      return true;
    }
    case 'POST /v1/reload':
      json(response, 200, await care.reload());
      return true;
    case 'POST /v1/restore':
      await restore(care, request, response);
      return true;
    default:
      return false;
  }
}

async function restore(care: Care, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Uint8Array;
    size += bytes.length;
    if (size > MOST_BYTES) return json(response, 400, { error: 'the backup is too long' });
    chunks.push(bytes);
  }
  try {
    const answer = await care.restore(Buffer.concat(chunks));
    // Laid down it must be taken: else a start in weeks would put today's state back.
    if (response.destroyed) return care.startAnew();
    response.once('close', care.startAnew);
    json(response, 200, answer);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    json(response, 400, { error: error.message });
  }
}

function json(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
