// HTTP for phones, pure: which file a request asks for, and the answer that carries it (RFC 9110).
import type { FileAnswer } from '../files/desk.ts';
import type { PlainAnswer, PlainRequest } from '../net/ports.ts';
import { becauseOf, type Reason } from '../timeline/reason.ts';

/** What a request comes to before any file is looked at. */
export type HttpDecision =
  | { readonly kind: 'ask'; readonly name: string; readonly head: boolean }
  | { readonly kind: 'refuse'; readonly name: string; readonly because: Reason; readonly status: number };

/** Reads method and target. The path is percent-decoded once: what is still encoded after that is part of the name. */
export function decideHttp(request: Pick<PlainRequest, 'method' | 'target'>): HttpDecision {
  const { method, target } = request;
  const name = nameOf(target);
  if (name === undefined) return { kind: 'refuse', name: target, because: 'name-not-allowed', status: 400 };
  if (method === 'GET' || method === 'HEAD') return { kind: 'ask', name, head: method === 'HEAD' };
  const because = method === 'PUT' || method === 'POST' ? 'writing-not-served' : 'method-not-served';
  return { kind: 'refuse', name, because, status: 405 };
}

/** The path of an origin-form or absolute-form target (RFC 9112 section 3.2), decoded; undefined when it cannot be. */
function nameOf(target: string): string | undefined {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** The answer for what the desk gave. Bodies are never chunked: some phones cannot read that. */
export function answerWith(
  answer: FileAnswer,
  request: Pick<PlainRequest, 'method' | 'headers'>,
): PlainAnswer {
  if (answer.kind === 'refused') return refusal(statusOf(answer.because), answer.because);
  const etag = `"${answer.digest.slice(0, 32)}"`;
  const headers = { 'cache-control': 'no-cache', 'content-type': answer.type, etag };
  if (hasAlready(request.headers['if-none-match'], etag)) {
    return {
      status: 304,
      headers: { 'cache-control': 'no-cache', etag },
      sent: () => answer.ended({ complete: true, bytes: 0, unchanged: true }),
    };
  }
  const length = { ...headers, 'content-length': String(answer.content.length) };
  if (request.method === 'HEAD') return { status: 200, headers: length };
  return {
    status: 200,
    headers: length,
    body: answer.content,
    sent: (outcome) => answer.ended({ ...outcome, why: 'the connection broke' }),
  };
}

/** A refusal as a short text: installers read it in a browser, phones read the status. */
export function refusal(status: number, because: Reason): PlainAnswer {
  const body = Buffer.from(`${sentenceCase(becauseOf(because))}.\n`);
  const headers: Record<string, string> = {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(body.length),
  };
  if (status === 405) headers['allow'] = 'GET, HEAD';
  if (status === 503) headers['retry-after'] = '10';
  return { status, headers, body };
}

/**
 * 404 means to a phone that there is no such file, and it goes on or counts itself unconfigured; 503 means later.
 * So trouble of ours is 503, never 404 and never 500.
 */
function statusOf(because: Reason): number {
  if (because === 'file-of-another-phone' || because === 'name-not-allowed') return 403;
  return because === 'template-broken' || because === 'too-busy' ? 503 : 404;
}

/** Whether If-None-Match names the ETag; weak comparison (RFC 9110 section 13.1.2). */
function hasAlready(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
