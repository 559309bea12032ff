// Refusals over HTTP: the status for the phone, a sentence for the installer who looks with a browser.
import type { Refused } from '../files/desk.ts';
import type { PlainAnswer } from '../net/ports.ts';
import { becauseOf, type Reason } from '../timeline/reason.ts';

/**
 * 404 means to a phone that there is no such file, and it goes on or counts itself unconfigured; 503 means later. So
 * trouble of ours is 503, never 404 and never 500. What is not listed is 404.
 */
const STATUS: Readonly<Partial<Record<Reason, number>>> = {
  'request-garbled': 400,
  'sign-in-needed': 401,
  'sign-in-stale': 401,
  'wrong-password': 401,
  'file-of-another-phone': 403,
  'name-not-allowed': 403,
  'sender-off-the-lan': 403,
  'certificate-of-another-phone': 403,
  'certificate-needed': 403,
  'certificate-not-trusted': 403,
  'not-the-holder': 403,
  'outside-the-window': 403,
  'token-needed': 403,
  'token-wrong': 403,
  'no-access': 403,
  'upload-not-allowed': 403,
  'upload-over-served': 403,
  'method-not-served': 405,
  'writing-not-served': 405,
  'length-needed': 411,
  'upload-too-large': 413,
  'template-broken': 503,
  'seal-key-unusable': 503,
  'too-busy': 503,
  'disk-trouble': 503,
  'disk-full': 507,
  'upload-quota-used': 507,
};

/** When the phone may come again, where nobody says otherwise. */
const LATER_SECONDS = 10;

export function statusOf({ because, retryAfter }: Pick<Refused, 'because' | 'retryAfter'>): number {
  const status = STATUS[because] ?? 404;
  // Who names a moment to come again means later: 404 would send the phone away for good.
  return retryAfter !== undefined && status === 404 ? 503 : status;
}

/** The answer for a refusal. `status` where the reason alone does not tell it. */
export function refusal(refused: Omit<Refused, 'kind'>, status = statusOf(refused)): PlainAnswer {
  const { because, detail, retryAfter = LATER_SECONDS } = refused;
  const body = detail === undefined ? plainBody(because) : Buffer.from(said(because, detail));
  const headers: Record<string, string> = {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(body.length),
  };
  if (status === 405)
    headers['allow'] = because === 'writing-not-served' ? 'GET, HEAD' : 'GET, HEAD, PUT, POST';
  if (status === 503) headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfter)));
  return { status, headers, body };
}

function said(because: Reason, detail?: string): string {
  return `${sentenceCase(becauseOf(because))}${detail === undefined ? '' : ` (${detail})`}.\n`;
}

/** Nobody changes them; a fleet that boots asks for thousands of optional files. */
const bodies = new Map<Reason, Uint8Array>();

function plainBody(because: Reason): Uint8Array {
  const known = bodies.get(because) ?? Buffer.from(said(because));
  bodies.set(because, known);
  return known;
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
