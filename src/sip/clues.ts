// What a SUBSCRIBE for provisioning reveals about the phone that sent it.
import { printable } from '../base/bytes.ts';
import { isUnusableMac, type Mac, parseMac } from '../base/mac.ts';
import type { Clue } from '../phones/clues.ts';
import { header, type SipMessage, type SipRequest } from './message.ts';
import { macInUri, type Parameterised, parseNameAddr, parseParams, trimmedPart } from './uri.ts';

/** Longest text of a clue, in characters: phones are kept, so what they say about themselves must have an end. */
const LONGEST = 64;
/** A User-Agent may name model, firmware, MAC and serial number in one. */
const LONGEST_USER_AGENT = 128;

export interface SubscribeClues {
  /** Absent where the phone does not name itself: some makers leave the MAC out. */
  readonly mac?: Mac | undefined;
  readonly clues: readonly Clue[];
}

/** Reads what SUBSCRIBEs reveal. */
export type ClueReader = (request: SipRequest) => SubscribeClues;

/**
 * A reader that remembers: phones of a make and firmware say the same words, and the same words give the same list, so
 * that what follows from it is worked out once for all of them.
 */
export function createClueReader(): ClueReader {
  let lists = new Map<string, readonly Clue[]>();
  return (request) => {
    const words = wordsOf(request);
    const key = `${words.event}\n${words.userAgent}`;
    let clues = lists.get(key);
    if (clues === undefined) {
      if (lists.size >= MOST_LISTS) lists = new Map();
      clues = cluesIn(request, words.userAgent);
      lists.set(flat(key), clues);
    }
    return { mac: macOf(request, words.userAgent), clues };
  };
}

const MOST_LISTS = 1000;

/** A part of a text keeps the whole of it alive; a copy does not. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** The event package alone, in lower case as `eventOf` gives it. */
export function packageOf(request: SipMessage): string {
  const event = header(request, 'Event') ?? '';
  const end = event.indexOf(';');
  return trimmedPart(event, 0, end < 0 ? event.length : end).toLowerCase();
}

function wordsOf(request: SipRequest) {
  return { event: header(request, 'Event') ?? '', userAgent: header(request, 'User-Agent') ?? '' };
}

/** The Event parameters of RFC 6080 section 6.2 (vendor, model, version), the User-Agent, and the MAC where it is told. */
export function cluesFromSubscribe(request: SipRequest): SubscribeClues {
  const { userAgent } = wordsOf(request);
  return { mac: macOf(request, userAgent), clues: cluesIn(request, userAgent) };
}

function cluesIn(request: SipRequest, userAgent: string): readonly Clue[] {
  const clues: Clue[] = [];
  const { params } = eventOf(request);
  const [vendor, model, version] = ['vendor', 'model', 'version'].map((name) => said(params.get(name)));
  if (vendor !== undefined || model !== undefined || version !== undefined) {
    clues.push({ kind: 'pnp-event', vendor, model, version });
  }
  if (userAgent !== '')
    clues.push({ kind: 'user-agent', text: printable(flat(userAgent), LONGEST_USER_AGENT) });
  return clues;
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
  const mac = macInUri(request.uri) ?? macInAddress(request, 'From') ?? macInAddress(request, 'To');
  return mac ?? macInInstance(request) ?? macAtEnd(userAgent);
}

function macInAddress(request: SipRequest, name: 'From' | 'To'): Mac | undefined {
  const seen = name === 'From' ? request.seen?.from : request.seen?.to;
  const uri = (seen ?? parseNameAddr(header(request, name) ?? ''))?.uri;
  return uri === undefined ? undefined : macInUri(uri);
}

/** `Contact: <...>;+sip.instance="<urn:uuid:...>"` (RFC 6080 section 5.1.1, RFC 5626 section 4.1). */
function macInInstance(request: SipRequest): Mac | undefined {
  const contact = header(request, 'Contact') ?? '';
  if (!contact.includes('+sip.instance')) return undefined;
  const instance = parseNameAddr(contact)?.params.get('+sip.instance') ?? '';
  return macInUri(`sip:${instance.replaceAll(/[<>]/g, '')}@instance`);
}

/** The MAC that a User-Agent ends in. Twelve decimal digits may be the date of a build, and are not taken for one. */
function macAtEnd(userAgent: string): Mac | undefined {
  const last = userAgent.slice(userAgent.lastIndexOf(' ') + 1);
  if (last.length > 17 || /^\d*$/.test(last)) return undefined;
  const mac = parseMac(last);
  return mac === undefined || isUnusableMac(mac) ? undefined : mac;
}

function said(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : printable(flat(text), LONGEST);
}
