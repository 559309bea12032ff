// What a SUBSCRIBE for provisioning reveals about the phone that sent it.
import { printable } from '../base/bytes.ts';
import { isUnusableMac, type Mac, parseMac } from '../base/mac.ts';
import type { Clue } from '../phones/clues.ts';
import { header, type SipMessage, type SipRequest } from './message.ts';
import { macInUri, type Parameterised, parseNameAddr, parseParams } from './uri.ts';

/** Longest text of a clue, in characters: phones are kept, so what they say about themselves must have an end. */
const LONGEST = 64;
/** A User-Agent may name model, firmware, MAC and serial number in one. */
const LONGEST_USER_AGENT = 128;

export interface SubscribeClues {
  /** Absent where the phone does not name itself: some makers leave the MAC out. */
  readonly mac?: Mac | undefined;
  readonly clues: readonly Clue[];
}

/** The Event parameters of RFC 6080 section 6.2 (vendor, model, version), the User-Agent, and the MAC where it is told. */
export function cluesFromSubscribe(request: SipRequest): SubscribeClues {
  const clues: Clue[] = [];
  const { params } = eventOf(request);
  const [vendor, model, version] = ['vendor', 'model', 'version'].map((name) => said(params.get(name)));
  if (vendor !== undefined || model !== undefined || version !== undefined) {
    clues.push({ kind: 'pnp-event', vendor, model, version });
  }
  const userAgent = header(request, 'User-Agent') ?? '';
  if (userAgent !== '') clues.push({ kind: 'user-agent', text: printable(userAgent, LONGEST_USER_AGENT) });
  return { mac: macOf(request, userAgent), clues };
}

/**
 * The event package and its parameters; '' without an Event header. In lower case, although RFC 6665 section 8.2.1
 * compares byte by byte: `UA-Profile` is seen too.
 */
export function eventOf(request: SipMessage): Parameterised {
  const { value, params } = parseParams(header(request, 'Event') ?? '') ?? { value: '', params: new Map() };
  return { value: value.toLowerCase(), params };
}

/** From may name a line instead of the phone, so the Request-URI comes first; the User-Agent is the last resort. */
function macOf(request: SipRequest, userAgent: string): Mac | undefined {
  const addresses = [header(request, 'From'), header(request, 'To')].map(
    (text) => parseNameAddr(text ?? '')?.uri,
  );
  for (const uri of [request.uri, ...addresses]) {
    const mac = uri === undefined ? undefined : macInUri(uri);
    if (mac !== undefined) return mac;
  }
  return macAtEnd(userAgent);
}

/** The MAC that a User-Agent ends in. Twelve decimal digits may be the date of a build, and are not taken for one. */
function macAtEnd(userAgent: string): Mac | undefined {
  const last = userAgent.slice(userAgent.lastIndexOf(' ') + 1);
  if (last.length > 17 || /^\d*$/.test(last)) return undefined;
  const mac = parseMac(last);
  return mac === undefined || isUnusableMac(mac) ? undefined : mac;
}

function said(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : printable(text, LONGEST);
}
