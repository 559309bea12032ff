// HTTP for phones, pure: what a request wants, and the answer that carries a file (RFC 9110).
import type { FileAnswer, FileOutcome } from '../files/desk.ts';
import type { PlainAnswer, PlainRequest } from '../net/ports.ts';
import type { Reason } from '../timeline/reason.ts';
import { isSameAsHeld, judgeConditions, showDate, type Validators } from './conditions.ts';
import { type Span, wantedSpan } from './range.ts';
import { refusal } from './refusal.ts';
import { nameInTarget, pathOf } from './target.ts';

/** What a request comes to before any file is looked at. `name` is percent-decoded and may hold anything. */
export type HttpDecision =
  | { readonly kind: 'ask'; readonly name: string; readonly head: boolean }
  | { readonly kind: 'take'; readonly name: string; readonly length?: number | undefined }
  | { readonly kind: 'refuse'; readonly name: string; readonly because: Reason; readonly detail?: string };

type Asked = Pick<PlainRequest, 'method' | 'target' | 'headers'>;

/** Reads method, target and the length of what comes with it. */
export function decideHttp({ method, target, headers }: Asked): HttpDecision {
  const name = nameInTarget(target);
  if (name === undefined) return { kind: 'refuse', name: pathOf(target), because: 'request-garbled' };
  if (method === 'GET' || method === 'HEAD') return { kind: 'ask', name, head: method === 'HEAD' };
  if (method === 'PUT' || method === 'POST') return decideUpload(name, headers);
  return { kind: 'refuse', name, because: 'method-not-served' };
}

function decideUpload(name: string, headers: Asked['headers']): HttpDecision {
  // A part of a file must not take the place of the whole (RFC 9110 section 14.5).
  if (headers['content-range'] !== undefined)
    return { kind: 'refuse', name, because: 'request-garbled', detail: 'a part of a file is not taken' };
  const length = headers['content-length'];
  if (headers['transfer-encoding'] !== undefined) return { kind: 'take', name };
  if (length === undefined) return { kind: 'refuse', name, because: 'length-needed' };
  if (!/^\d{1,15}$/.test(length)) return { kind: 'refuse', name, because: 'request-garbled' };
  return { kind: 'take', name, length: Number(length) };
}

type FileFound = Extract<FileAnswer, { readonly kind: 'file' }>;

/** The answer for what the desk gave. Bodies are never chunked: some phones cannot read that. */
export function answerWith(
  answer: FileAnswer,
  request: Pick<PlainRequest, 'method' | 'headers'>,
): PlainAnswer {
  if (answer.kind === 'refused') return refusal(answer);
  const { ended, modified, content } = answer;
  const has: Validators = { etag: `"${answer.digest.slice(0, 32)}"`, modified };
  const isHead = request.method === 'HEAD';
  const verdict = judgeConditions(has, request);
  if (verdict !== 'send') {
    const unchanged = verdict === 'unchanged';
    const why = 'it wanted another state of the file than there is';
    return {
      status: unchanged ? 304 : 412,
      headers: headersOf(answer, has),
      ...(isHead ? {} : { sent: () => ended({ complete: unchanged, bytes: 0, unchanged, why }) }),
    };
  }
  if (isHead) return { status: 200, headers: described(answer, has, content.length) };
  const { range } = request.headers;
  const mayBePart = range !== undefined && isSameAsHeld(has, request.headers['if-range']);
  const span = mayBePart ? wantedSpan(range, content.length) : 'whole';
  if (span === 'beyond') return beyond(answer, has);
  if (span !== 'whole') return part(answer, has, { resumes: 'if-range' in request.headers, ...span });
  return {
    status: 200,
    headers: described(answer, has, content.length),
    body: content,
    pace: answer.pace,
    progress: answer.progress,
    sent: (outcome) => ended(outcome.complete ? outcome : { why: whyBroken(answer), ...outcome }),
  };
}

/** 206. */
function part(
  answer: FileFound,
  has: Validators,
  { first, last, resumes }: Span & { readonly resumes: boolean },
): PlainAnswer {
  const { content, ended, pace, progress } = answer;
  const size = content.length;
  // With If-Range the phone has proven that what it holds is the beginning of these very bytes.
  const completes = last === size - 1 && (first === 0 || resumes);
  const outcomeOf = (complete: boolean, bytes: number): FileOutcome => {
    if (complete && completes) return { complete, bytes: size };
    const why = complete ? `it asked for bytes ${first} to ${last} only` : whyBroken(answer);
    return { complete: false, bytes, why };
  };
  return {
    status: 206,
    headers: {
      ...described(answer, has, last + 1 - first),
      'content-range': `bytes ${first}-${last}/${size}`,
    },
    body: content.subarray(first, last + 1),
    pace,
    progress: progress === undefined ? undefined : (bytes) => progress(first + bytes),
    sent: ({ complete, bytes }) => ended(outcomeOf(complete, bytes)),
  };
}

/** 416. */
function beyond(answer: FileFound, has: Validators): PlainAnswer {
  const why = 'it asked for bytes beyond the end';
  return {
    status: 416,
    headers: { ...headersOf(answer, has), 'content-range': `bytes */${answer.content.length}` },
    sent: () => answer.ended({ complete: false, bytes: 0, why }),
  };
}

function headersOf({ modified, varies }: FileFound, { etag }: Validators): Record<string, string> {
  // Phones ask anew at every boot and shall get what is true then.
  const headers: Record<string, string> = { 'cache-control': 'no-cache', etag };
  if (varies === true) headers['vary'] = 'accept-encoding';
  if (modified !== undefined) headers['last-modified'] = showDate(modified);
  return headers;
}

/** What comes with the bytes of a file. A phone sees by itself that a .gz is one: that is no Content-Encoding. */
function described(answer: FileFound, has: Validators, length: number): Record<string, string> {
  const headers = headersOf(answer, has);
  headers['accept-ranges'] = 'bytes';
  headers['content-type'] = answer.type;
  headers['content-length'] = String(length);
  if (answer.encoding !== undefined) headers['content-encoding'] = answer.encoding;
  return headers;
}

/** Some phones look at the head of a firmware only, at every boot, and hang up when they have that one. */
function whyBroken({ role }: FileFound): string {
  return role === 'firmware'
    ? 'it hung up, which is normal for a phone that has this firmware already'
    : 'the connection broke';
}
