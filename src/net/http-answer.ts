// Writing one answer: its length always known beforehand, and its end told truly, since a file that the phone did not
// get whole must not look fetched.
import type { ServerResponse } from 'node:http';
import type { PlainAnswer } from './ports.ts';

/** Written at a time; so much of a broken transfer may be counted wrongly. */
const CHUNK_BYTES = 64 * 1024;
/** RFC 9110 sections 15.3.5 and 15.4.5: these have no content and no need of a length. */
const WITHOUT_CONTENT = new Set([204, 304]);

/** Sends the answer and calls its `sent` once, however the connection ends. Throws, nothing sent, on a bad header. */
export function answerWith(response: ServerResponse, answer: PlainAnswer, isHead: boolean): void {
  const hasBody = !isHead && !WITHOUT_CONTENT.has(answer.status);
  const body = (hasBody ? answer.body : undefined) ?? new Uint8Array(0);
  if (response.destroyed || response.socket === null) {
    answer.sent?.({ complete: false, bytes: 0 });
    return;
  }
  response.writeHead(answer.status, headersOf(answer, hasBody));
  let poured = 0;
  let isFinished = false;
  // First in the row: Node's own listener takes the socket away from the response.
  response.prependOnceListener('finish', () => {
    isFinished = response.socket?.destroyed === false;
  });
  response.once('close', () => {
    const bytes = isFinished ? body.length : Math.max(0, poured - CHUNK_BYTES);
    answer.sent?.({ complete: isFinished, bytes });
  });
  const pour = (): void => {
    while (body.length - poured > CHUNK_BYTES) {
      const chunk = body.subarray(poured, poured + CHUNK_BYTES);
      poured += chunk.length;
      if (!response.write(chunk)) {
        response.once('drain', pour);
        return;
      }
    }
    response.end(body.subarray(poured));
    poured = body.length;
  };
  pour();
}

function headersOf(answer: PlainAnswer, hasBody: boolean): Record<string, string> {
  const { body } = answer;
  // To HEAD the policy may give the length of what GET would bring, without bringing it.
  const isLengthKnown = body !== undefined || hasBody;
  const headers = Object.entries(answer.headers).filter(([name]) => {
    const lower = name.toLowerCase();
    return lower !== 'transfer-encoding' && !(lower === 'content-length' && isLengthKnown);
  });
  if (!isLengthKnown || WITHOUT_CONTENT.has(answer.status)) return Object.fromEntries(headers);
  return { ...Object.fromEntries(headers), 'content-length': String(body?.length ?? 0) };
}
