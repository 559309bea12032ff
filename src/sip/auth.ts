// Answers to 401 and 407 (RFC 3261 section 22, RFC 8760): which challenge to take, what to send, and when to stop.
// Pure: nonces of ours come in as dice.
import {
  type AuthHeader,
  type DigestQop,
  digestResponse,
  isKnownAlgorithm,
  parseAuth,
} from '../base/digest.ts';
import type { SipHeader, SipRequest, SipResponse } from './message.ts';

/** Who we say we are to a phone that asks. Never told, never logged. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** A challenge that was answered: the header that answers it goes with each request from then on. */
export interface Answered {
  /** `401 realm` or `407 realm`: phone and proxy may both ask. */
  readonly key: string;
  readonly nonce: string;
  readonly header: SipHeader;
}

/** Why a challenge is not answered. */
export type AuthRefusal =
  | 'no-credentials' // nobody told us a password for this phone
  | 'rejected' // ours was refused
  | 'not-supported' // no challenge that can be computed: Basic, an unknown algorithm, or none at all
  | 'endless'; // it keeps asking

export interface ChallengeCase {
  readonly response: SipResponse;
  /** As it went out, without any answer to a challenge. */
  readonly request: SipRequest;
  readonly credentials: Credentials | undefined;
  readonly before: readonly Answered[];
  /** Fresh dice. */
  readonly cnonce: string;
}

/** However often a phone calls our nonce stale, it is answered this many times in all. */
const MOST_ANSWERS = 4;
/** From weak to strong. */
const STRENGTH = ['md5', 'md5-sess', 'sha-256', 'sha-256-sess', 'sha-512-256', 'sha-512-256-sess'];
/** Ours is the first request with each nonce (RFC 7616 section 3.4). */
const NC = '00000001';

/** What to send along with the next request; or why there is none. Each nonce is answered once. */
export function answerChallenge(asked: ChallengeCase): readonly Answered[] | AuthRefusal {
  const { response, credentials, before } = asked;
  const challenge = strongest(response);
  if (challenge === undefined) return 'not-supported';
  if (credentials === undefined) return 'no-credentials';
  const { params } = challenge;
  const nonce = params.get('nonce') ?? '';
  const key = `${response.status} ${params.get('realm') ?? ''}`;
  const last = before.find((one) => one.key === key);
  // RFC 7616 section 3.3: only stale means that the password was right. Any other second challenge says it was wrong,
  // and a phone that counts failures must not be asked again.
  const isStale = params.get('stale')?.toLowerCase() === 'true';
  if (last !== undefined && (!isStale || last.nonce === nonce)) return 'rejected';
  if (before.length >= MOST_ANSWERS) return 'endless';
  const name = response.status === 401 ? 'Authorization' : 'Proxy-Authorization';
  const header = { name, value: authorization(challenge, { ...asked, credentials, nonce }) };
  return [...before, { key, nonce, header }];
}

/** The headers of the last answers, one for each realm. */
export function authHeaders(answered: readonly Answered[]): readonly SipHeader[] {
  return [...new Map(answered.map(({ key, header }) => [key, header])).values()];
}

/** The strongest challenge that can be answered; of equals the first (RFC 8760 section 2.3). */
function strongest(response: SipResponse): AuthHeader | undefined {
  const name = response.status === 401 ? 'www-authenticate' : 'proxy-authenticate';
  const challenges = response.headers
    .filter((header) => header.name.toLowerCase() === name)
    .flatMap(({ value }) => parseAuth(value) ?? []);
  return challenges
    .filter(isAnswerable)
    .reduce<AuthHeader | undefined>(
      (best, one) => (best === undefined || strength(one) > strength(best) ? one : best),
      undefined,
    );
}

function isAnswerable({ scheme, params }: AuthHeader): boolean {
  const isWhole = scheme === 'digest' && params.has('nonce') && params.has('realm');
  return isWhole && isKnownAlgorithm(params.get('algorithm')) && qopOf(params) !== 'unknown';
}

function strength({ params }: AuthHeader): number {
  return STRENGTH.indexOf((params.get('algorithm') ?? 'md5').toLowerCase());
}

/** auth where both are offered: auth-int covers a body which wake-ups mostly do not have, and fewer phones have it right. */
function qopOf(params: AuthHeader['params']): DigestQop | 'unknown' | undefined {
  const offered = params.get('qop');
  // RFC 2069: no qop, no cnonce.
  if (offered === undefined) return undefined;
  const known = offered.split(',').map((one) => one.trim().toLowerCase());
  if (known.includes('auth')) return 'auth';
  return known.includes('auth-int') ? 'auth-int' : 'unknown';
}

interface Asked extends Pick<ChallengeCase, 'request' | 'cnonce'> {
  readonly credentials: Credentials;
  readonly nonce: string;
}

function authorization({ params }: AuthHeader, { request, credentials, nonce, cnonce }: Asked): string {
  const { user, password } = credentials;
  const { method, uri, body } = request;
  const found = qopOf(params);
  const qop = found === 'unknown' ? undefined : found;
  const algorithm = params.get('algorithm');
  const realm = params.get('realm') ?? '';
  const username = asLatin1(user);
  // Header values hold one character per byte here, and UTF-8 is what phones hash.
  const given = { algorithm, username: user, realm: asText(realm), password, method, uri, nonce };
  const response = digestResponse({ ...given, qop, cnonce, nc: NC, body }) ?? '';
  const opaque = params.get('opaque');
  const isSession = algorithm?.toLowerCase().endsWith('-sess') === true;
  const fields = [
    `username=${quoted(username)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(uri)}`,
    `response="${response}"`,
    ...(algorithm === undefined ? [] : [`algorithm=${algorithm}`]),
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
    ...(qop === undefined ? [] : [`qop=${qop}`, `nc=${NC}`]),
    ...(qop === undefined && !isSession ? [] : [`cnonce="${cnonce}"`]),
  ];
  return `Digest ${fields.join(', ')}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

function asLatin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function asText(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
