// Conditional requests (RFC 9110 section 13): whether the phone has these bytes already.
import type { Millis } from '../base/world.ts';
import type { PlainRequest } from '../net/ports.ts';

/** What tells one state of a file from another. */
export interface Validators {
  /** In its quotes. */
  readonly etag: string;
  readonly modified?: Millis | undefined;
}

type Asked = Pick<PlainRequest, 'method' | 'headers'>;

/** In the order of RFC 9110 section 13.2.2; If-Range and Range come after it. */
export function judgeConditions(has: Validators, { headers }: Asked): 'send' | 'unchanged' | 'failed' {
  const ifMatch = headers['if-match'];
  const ifNone = headers['if-none-match'];
  if (ifMatch !== undefined) {
    if (!isListed(ifMatch, has.etag, 'strong')) return 'failed';
  } else if (isAfter(has.modified, headers['if-unmodified-since'])) return 'failed';
  if (ifNone !== undefined) return isListed(ifNone, has.etag, 'weak') ? 'unchanged' : 'send';
  const since = dateOf(headers['if-modified-since']);
  if (since === undefined || has.modified === undefined) return 'send';
  return inSeconds(has.modified) <= since ? 'unchanged' : 'send';
}

/** Whether If-Range lets Range count (section 13.1.5): only for the very bytes of which the phone has a part. */
export function isSameAsHeld(has: Validators, ifRange: string | undefined): boolean {
  if (ifRange === undefined) return true;
  if (/^(?:W\/)?"/.test(ifRange)) return ifRange.trim() === has.etag;
  const date = dateOf(ifRange);
  return date !== undefined && has.modified !== undefined && inSeconds(has.modified) === date;
}

/** The date of an HTTP header, as Last-Modified has it. */
export function showDate(moment: Millis): string {
  const second = inSeconds(moment);
  const known = dates.get(second);
  if (known !== undefined) return known;
  if (dates.size >= MOST_DATES) dates.clear();
  const shown = new Date(second).toUTCString();
  dates.set(second, shown);
  return shown;
}

/** Files of a fleet were written within a few seconds, and each is asked for again and again. */
const dates = new Map<Millis, string>();
const MOST_DATES = 1000;

/** Of strong and weak comparison, see section 8.8.3.2: tags of ours are strong. */
function isListed(list: string, etag: string, how: 'strong' | 'weak'): boolean {
  if (list.trim() === '*') return true;
  return list.split(',').some((one) => {
    const tag = one.trim();
    return tag === etag || (how === 'weak' && tag === `W/${etag}`);
  });
}

function isAfter(modified: Millis | undefined, header: string | undefined): boolean {
  const date = dateOf(header);
  return date !== undefined && modified !== undefined && inSeconds(modified) > date;
}

/** Undefined for what is no date: a recipient must ignore such a header. */
function dateOf(header: string | undefined): Millis | undefined {
  if (header === undefined) return undefined;
  const moment = Date.parse(header);
  return Number.isNaN(moment) ? undefined : moment;
}

/** Dates of HTTP know no milliseconds. */
function inSeconds(moment: Millis): Millis {
  return Math.floor(moment / 1000) * 1000;
}
