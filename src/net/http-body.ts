// The body of a request: read when somebody wants it, else read away, so that the phone gets its answer in peace.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { World } from '../base/world.ts';
import type { PlainRequest } from './ports.ts';

/** A body that nobody wanted is read away up to here to keep the connection. */
const MOST_DISCARDED = 64 * 1024;
/** Before a connection is closed on a phone that still sends: closing at once would tear its answer away (RST). */
const LINGER_BYTES = 16 * 1024 * 1024;
const LINGER_MS = 5000;

export interface Body {
  readonly bytes: PlainRequest['body'];
  /** Undefined where the connection can be kept when the answer is out. */
  linger(): ((then: () => void) => void) | undefined;
}

const NONE: Body = { bytes: undefined, linger: () => undefined };

/** `awaits100`: the phone sends nothing before it is told to go on (RFC 9110 section 10.1.1). */
export function bodyOf(
  request: IncomingMessage,
  response: ServerResponse,
  { awaits100, world }: { readonly awaits100: boolean; readonly world: Pick<World, 'after'> },
): Body {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (coding === undefined && (length === undefined || length === '0')) return NONE;
  let isAwaited = awaits100;
  request.on('error', () => undefined); // the connection broke; whoever reads learns it, whoever answers from `sent`
  return {
    bytes: {
      [Symbol.asyncIterator]: () => {
        if (isAwaited) response.writeContinue();
        isAwaited = false;
        // Who stops reading has an answer to give, over the same connection.
        return request.iterator({ destroyOnReturn: false });
      },
    },
    linger: () => {
      if (request.complete || request.destroyed) {
        request.resume();
        return undefined;
      }
      const isSmall = coding === undefined && Number(length) <= MOST_DISCARDED;
      if (!isSmall || isAwaited) return (then) => readAway(request, world, then);
      request.resume();
      return undefined;
    },
  };
}

function readAway(request: IncomingMessage, world: Pick<World, 'after'>, then: () => void): void {
  let bytes = 0;
  let isOver = false;
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    cancel();
    then();
  };
  const cancel = world.after(LINGER_MS, over);
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > LINGER_BYTES) over();
  });
  request.once('end', over);
  request.once('close', over);
  request.resume();
}
