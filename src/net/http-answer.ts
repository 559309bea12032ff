// Writing one answer: its length always known beforehand, and its end told truly, since a file that the phone did not
// get whole must not look fetched.
import type { ServerResponse } from 'node:http';
import type { Cancel, World } from '../base/world.ts';
import type { PlainAnswer } from './ports.ts';

export interface AnswerOptions {
  readonly isHead: boolean;
  readonly world: Pick<World, 'after' | 'now'>;
  /** The connection ends with this answer: what the phone still sends is read away first, then `then` is called. */
  readonly linger?: ((then: () => void) => void) | undefined;
}

/** Written at a time; so much of a broken transfer may be counted wrongly. */
const CHUNK_BYTES = 64 * 1024;
/** A paced transfer writes so many times a second: often enough that no phone takes the pause for an end. */
const PACED_WRITES = 10;
/** RFC 9110 sections 15.3.5 and 15.4.5: these have no content and no need of a length. */
const isWithoutContent = (status: number): boolean => status === 204 || status === 304;
const NOTHING = new Uint8Array(0);

/** Sends the answer and calls its `sent` once, however the connection ends. Throws, nothing sent, on a bad header. */
export function answerWith(response: ServerResponse, answer: PlainAnswer, options: AnswerOptions): void {
  const { isHead, linger } = options;
  const hasBody = !isHead && !isWithoutContent(answer.status);
  const body = (hasBody ? answer.body : undefined) ?? NOTHING;
  if (response.destroyed || response.req.socket.destroyed) {
    answer.sent?.({ complete: false, bytes: 0 });
    return;
  }
  response.writeHead(answer.status, fieldsOf(answer, hasBody, linger !== undefined));
  if (linger === undefined && body.length <= CHUNK_BYTES && answer.pace === undefined) {
    if (answer.sent !== undefined)
      tellEnd(response, answer, () => ({ poured: body.length, of: body.length }));
    response.end(body);
    return;
  }
  const end = (): void => void (linger === undefined ? response.end() : lingering(response, linger));
  pour({ ...options, response, answer, body, end });
}

/** All bytes first, so that the phone reads its answer while it still sends; the end when it has finished. */
function lingering(response: ServerResponse, linger: NonNullable<AnswerOptions['linger']>): void {
  response.flushHeaders();
  linger(() => response.end());
}

function tellEnd(
  response: ServerResponse,
  answer: PlainAnswer,
  state: () => { readonly poured: number; readonly of: number },
): void {
  let isFinished = false;
  let isTold = false;
  // First in the row: Node's own listener takes the socket away from the response.
  response.prependListener('finish', () => {
    isFinished = response.socket?.destroyed === false;
  });
  const tell = (): void => {
    if (isTold) return;
    isTold = true;
    const { poured, of } = state();
    const bytes = isFinished ? of : Math.max(0, poured - CHUNK_BYTES);
    answer.sent?.({ complete: isFinished, bytes });
  };
  response.on('close', tell);
  if (response.socket !== null) return;
  // It waits for the answers to earlier requests of the connection (pipelining), and if that breaks meanwhile, Node
  // says nothing to those that wait.
  const { socket } = response.req;
  socket.setMaxListeners(0);
  socket.once('close', tell);
}

interface Pouring extends AnswerOptions {
  readonly response: ServerResponse;
  readonly answer: PlainAnswer;
  readonly body: Uint8Array;
  readonly end: () => void;
}

/** A piece at a time, as fast as the phone takes it and the pace allows. */
function pour({ response, answer, body, world, end }: Pouring): void {
  const { pace, progress } = answer;
  const chunk = pace === undefined ? CHUNK_BYTES : Math.min(CHUNK_BYTES, Math.ceil(pace / PACED_WRITES));
  const began = world.now();
  let poured = 0;
  let cancel: Cancel | undefined;
  tellEnd(response, answer, () => ({ poured, of: body.length }));
  response.once('close', () => cancel?.());
  /** Milliseconds until the pace allows another piece. */
  const wait = (): number => (pace === undefined ? 0 : began + (poured * 1000) / pace - world.now());
  const next = (): void => {
    while (poured < body.length) {
      const rest = wait();
      if (rest > 0) {
        cancel = world.after(rest, next);
        return;
      }
      const piece = body.subarray(poured, poured + chunk);
      poured += piece.length;
      const hasRoom = response.write(piece);
      // What waits has the head of the answer in it, which is no part of the file.
      progress?.(Math.max(0, poured - response.writableLength));
      if (hasRoom || poured === body.length) continue;
      response.once('drain', next);
      return;
    }
    end();
  };
  next();
}

/** Names and values in turn, as node:http takes them without another look. */
function fieldsOf(
  { headers, body, status, challenges }: PlainAnswer,
  hasBody: boolean,
  isLast: boolean,
): string[] {
  // To HEAD the policy may give the length of what GET would bring, without bringing it.
  const isLengthKnown = body !== undefined || hasBody;
  const fields: string[] = [];
  for (const name of Object.keys(headers)) {
    const lower = name.toLowerCase();
    if (lower === 'transfer-encoding' || (lower === 'content-length' && isLengthKnown)) continue;
    fields.push(name, headers[name] ?? '');
  }
  for (const challenge of challenges ?? []) fields.push('www-authenticate', challenge);
  if (isLengthKnown && !isWithoutContent(status)) fields.push('content-length', String(body?.length ?? 0));
  if (isLast) fields.push('connection', 'close');
  return fields;
}
