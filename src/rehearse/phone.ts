// A simulated factory phone, driven by its vendor file: it asks for an address, finds its URL, fetches its files in
// order and then waits to be woken. A step machine without sockets, so that one phone or a thousand boot in virtual time.
import type { Fillings } from '../base/fill.ts';
import { fill } from '../base/fill.ts';
import { BROADCAST, type Ipv4, parseIpv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';
import type { Peer } from '../net/ports.ts';
import { matchFile, nameFor } from '../phones/files.ts';
import type { Model, Vendor, VendorFile } from '../phones/vendor.ts';
import { askForAddress, type Chosen, type DhcpVoice, prefixIn, readAnswer, urlIn } from './dhcp-talk.ts';
import { askByPnp, hear } from './pnp-talk.ts';

export interface PhoneSetup {
  readonly mac: Mac;
  readonly vendor: Vendor;
  readonly model: Model;
  /** Makes xid, Call-ID and tags differ from those of other phones. */
  readonly seed: number;
}

/** A file to ask for, and what part it plays. */
interface Errand {
  readonly url: string;
  readonly role: VendorFile['role'];
}

export interface PhoneMachine {
  readonly setup: PhoneSetup;
  readonly phase: 'asking' | 'requesting' | 'subscribing' | 'fetching' | 'waiting';
  readonly tries: number;
  readonly boots: number;
  readonly chosen?: Chosen | undefined;
  readonly address?: Ipv4 | undefined;
  /** From DHCP, kept while PnP is tried first. */
  readonly dhcpUrl?: string | undefined;
  readonly errands: readonly Errand[];
  /** What it asked for since it was told the URL: files that name each other are asked for once. */
  readonly asked: readonly string[];
  readonly hasOwn?: boolean | undefined;
  /** The URL by which it got to its files, to go back there when woken. */
  readonly url?: string | undefined;
}

export type PhoneInput =
  | { readonly kind: 'start' | 'tick' }
  | { readonly kind: 'dhcp'; readonly bytes: Uint8Array }
  | { readonly kind: 'sip'; readonly bytes: Uint8Array; readonly from: Peer }
  /** `text`: what is in it, as far as it may name further files. */
  | { readonly kind: 'file'; readonly found: boolean; readonly bytes: number; readonly text?: string };

export type PhoneOutput =
  | { readonly kind: 'send'; readonly by: 'dhcp' | 'sip'; readonly bytes: Uint8Array; readonly to: Peer }
  /** Use that address from now on; datagrams at the SIP port are wanted too. */
  | {
      readonly kind: 'take-address';
      readonly address: Ipv4;
      readonly prefix: number;
      readonly server: Ipv4;
      readonly sipPort: number;
    }
  | {
      readonly kind: 'fetch';
      readonly url: string;
      readonly userAgent: string;
      readonly tftp: Readonly<Record<string, string>>;
    }
  /** It has its own file, or went through all names without it. */
  | { readonly kind: 'finished'; readonly own: boolean };

export interface PhoneStep {
  readonly next: PhoneMachine;
  readonly outputs: readonly PhoneOutput[];
  readonly wakeAt?: Millis | undefined;
}

const SERVER: Peer = { address: BROADCAST, port: 67 };
const GROUP: Peer = { address: parseIpv4('224.0.1.75') ?? BROADCAST, port: 5060 };
/** RFC 2131 section 4.1: 4, 8, 16 s …; PnP of phones gives up after about as long. */
const FIRST_WAIT = 4_000;
const PNP_TRIES = 3;
/** After a round without its own file it starts again. */
const NEXT_ROUND = 30_000;
/** Files that name each other must come to an end. */
const MOST_FILES = 64;

export function plugIn(setup: PhoneSetup): PhoneMachine {
  return { setup, phase: 'asking', tries: 0, boots: 0, errands: [], asked: [] };
}

export function stepPhone(now: Millis, phone: PhoneMachine, input: PhoneInput): PhoneStep {
  switch (input.kind) {
    case 'start':
      return boot(now, phone);
    case 'tick':
      return onTick(now, phone);
    case 'dhcp':
      return onDhcp(now, phone, input.bytes);
    case 'sip':
      return onSip(now, phone, input);
    case 'file':
      return onFile(now, phone, input);
  }
}

function boot(now: Millis, phone: PhoneMachine): PhoneStep {
  const next: PhoneMachine = { ...plugIn(phone.setup), boots: phone.boots + 1 };
  return ask(now, next);
}

function onTick(now: Millis, phone: PhoneMachine): PhoneStep {
  switch (phone.phase) {
    case 'asking':
      return ask(now, phone);
    case 'requesting':
      return phone.tries >= 4 ? boot(now, phone) : request(now, phone);
    case 'subscribing':
      return phone.tries >= PNP_TRIES ? afterDiscovery(now, phone, phone.dhcpUrl) : subscribe(now, phone);
    case 'fetching':
    case 'waiting':
      return phone.errands.length === 0 && phone.url === undefined
        ? boot(now, phone)
        : { next: phone, outputs: [] };
  }
}

function ask(now: Millis, phone: PhoneMachine): PhoneStep {
  const bytes = askForAddress(dhcpVoice(phone));
  return waiting(now, { ...phone, phase: 'asking' }, { kind: 'send', by: 'dhcp', bytes, to: SERVER });
}

function request(now: Millis, phone: PhoneMachine): PhoneStep {
  const bytes = askForAddress(dhcpVoice(phone), phone.chosen);
  return waiting(now, phone, { kind: 'send', by: 'dhcp', bytes, to: SERVER });
}

/** One more try, and the next after twice the time. */
function waiting(now: Millis, phone: PhoneMachine, output: PhoneOutput): PhoneStep {
  const wakeAt = now + FIRST_WAIT * 2 ** Math.min(phone.tries, 4);
  return { next: { ...phone, tries: phone.tries + 1 }, outputs: [output], wakeAt };
}

function onDhcp(now: Millis, phone: PhoneMachine, bytes: Uint8Array): PhoneStep {
  const answer = readAnswer(bytes, dhcpVoice(phone));
  if (answer?.kind === 'offer' && phone.phase === 'asking') {
    const chosen = { address: answer.address, server: answer.server };
    return request(now, { ...phone, phase: 'requesting', tries: 0, chosen });
  }
  if (answer?.kind === 'nak' && phone.phase === 'requesting') return boot(now, phone);
  if (answer?.kind !== 'ack' || phone.phase !== 'requesting') return { next: phone, outputs: [] };
  const { dhcp, speaks } = phone.setup.vendor;
  const { address, server, options } = answer;
  const dhcpUrl = speaks.discovery.includes('dhcp') ? urlIn(options, dhcp.obeys, speaks.reads) : undefined;
  const taken: PhoneOutput = {
    ...{ kind: 'take-address', address, server, prefix: prefixIn(options) },
    sipPort: speaks.pnp?.port ?? 5060,
  };
  const bound: PhoneMachine = { ...phone, address, dhcpUrl, tries: 0 };
  const pnpNow = speaks.discovery[0] === 'pnp' || (dhcpUrl === undefined && speaks.discovery.includes('pnp'));
  const step =
    pnpNow && speaks.pnp !== undefined ? subscribe(now, bound) : afterDiscovery(now, bound, dhcpUrl);
  return { ...step, outputs: [taken, ...step.outputs] };
}

function subscribe(now: Millis, phone: PhoneMachine): PhoneStep {
  const { setup, address, boots } = phone;
  const voice = setup.vendor.speaks.pnp;
  if (voice === undefined || address === undefined) return afterDiscovery(now, phone, phone.dhcpUrl);
  const id = `${setup.mac}${setup.seed.toString(16)}b${boots}t${phone.tries}`;
  const bytes = askByPnp({ ...voice, address, id, userAgent: userAgent(setup) }, fillings(setup));
  return waiting(now, { ...phone, phase: 'subscribing' }, { kind: 'send', by: 'sip', bytes, to: GROUP });
}

function onSip(now: Millis, phone: PhoneMachine, input: { bytes: Uint8Array; from: Peer }): PhoneStep {
  const { wake } = phone.setup.vendor;
  const heard = hear(input.bytes, wake.challenges);
  if (heard === undefined) return { next: phone, outputs: [] };
  const answer: PhoneOutput = { kind: 'send', by: 'sip', bytes: heard.answer, to: input.from };
  const after =
    heard.kind === 'url'
      ? phone.phase === 'subscribing' && afterDiscovery(now, phone, heard.url)
      : phone.phase === 'waiting' && onWake(now, phone, heard.event);
  if (after === false) return { next: phone, outputs: [answer] };
  return { ...after, outputs: [answer, ...after.outputs] };
}

function onWake(now: Millis, phone: PhoneMachine, event: string): PhoneStep {
  const { wake } = phone.setup.vendor;
  if (event === wake.reboot.event) return boot(now, phone);
  return event === wake.fetch.event ? afterDiscovery(now, phone, phone.url) : { next: phone, outputs: [] };
}

/** With a URL the files are asked for in the vendor's order; without one the phone tries again later. */
function afterDiscovery(now: Millis, phone: PhoneMachine, url: string | undefined): PhoneStep {
  if (url === undefined) {
    const next: PhoneMachine = { ...phone, phase: 'waiting', url: undefined, errands: [] };
    return { next, outputs: [{ kind: 'finished', own: false }], wakeAt: now + NEXT_ROUND };
  }
  return nextErrand(now, {
    ...phone,
    phase: 'fetching',
    tries: 0,
    url,
    errands: errandsFrom(phone.setup, url),
    asked: [],
    hasOwn: false,
  });
}

/** A URL that ends in a slash is a folder; one that names a file stands for that file, the others lie beside it. */
function errandsFrom(setup: PhoneSetup, url: string): readonly Errand[] {
  const folder = url.slice(0, url.lastIndexOf('/') + 1);
  const identity = { vendor: setup.vendor.id, model: setup.model.name, by: '', conflicts: [] };
  return setup.vendor.files.flatMap((file) => {
    const name =
      file.role === 'firmware' ? undefined : nameFor(setup.vendor, file, { mac: setup.mac, identity });
    return name === undefined ? [] : [{ url: `${folder}${name}`, role: file.role }];
  });
}

function nextErrand(now: Millis, phone: PhoneMachine): PhoneStep {
  const errand = phone.errands[0];
  if (errand === undefined) return atTheEnd(now, phone);
  const { vendor } = phone.setup;
  const fetch = {
    kind: 'fetch',
    url: errand.url,
    userAgent: userAgent(phone.setup),
    tftp: vendor.speaks.tftp,
  } as const;
  return { next: { ...phone, asked: [...phone.asked, errand.url] }, outputs: [fetch] };
}

function atTheEnd(now: Millis, phone: PhoneMachine): PhoneStep {
  const next: PhoneMachine = { ...phone, phase: 'waiting', errands: [] };
  if (phone.hasOwn === true) return { next, outputs: [{ kind: 'finished', own: true }] };
  const wakeAt = now + NEXT_ROUND;
  return { next: { ...next, url: undefined }, outputs: [{ kind: 'finished', own: false }], wakeAt };
}

type FileInput = Extract<PhoneInput, { kind: 'file' }>;

function onFile(now: Millis, phone: PhoneMachine, { found, text }: FileInput): PhoneStep {
  const [errand, ...left] = phone.errands;
  if (errand === undefined || phone.phase !== 'fetching') return { next: phone, outputs: [] };
  if (!found) return nextErrand(now, { ...phone, errands: left });
  const hasOwn = phone.hasOwn === true || errand.role === 'own';
  const named = namedIn(phone, errand.url, text ?? '');
  // The stop rule: a boot file replaces all that would follow, and who has its own file needs no other.
  const errands = errand.role === 'boot' || hasOwn ? named : [...named, ...left];
  return nextErrand(now, { ...phone, hasOwn, errands });
}

/** The files that this one names, as its vendor file says how; relative to it. */
function namedIn({ setup, asked }: PhoneMachine, url: string, text: string): readonly Errand[] {
  const { include } = setup.vendor.config;
  if (include === undefined || asked.length > MOST_FILES) return [];
  const folder = url.slice(0, url.lastIndexOf('/') + 1);
  return text.split(/\r?\n/).flatMap((line) => {
    const name = include.exec(line)?.groups?.['name'];
    if (name === undefined) return [];
    const whole = /^\w+:\/\//.test(name) ? name : `${folder}${name.replace(/^(?:\.?\/)+/, '')}`;
    const role = matchFile(setup.vendor, whole)?.file.role ?? 'other';
    return asked.includes(whole) ? [] : [{ url: whole, role }];
  });
}

function dhcpVoice({ setup, boots }: PhoneMachine): DhcpVoice {
  const { mac, vendor, seed } = setup;
  const { option60, option55 } = vendor.speaks;
  const said = option60 === undefined ? undefined : fill(option60, fillings(setup)).text;
  return { mac, xid: (seed + boots * 0x10001) >>> 0, option60: said, option55 };
}

function userAgent(setup: PhoneSetup): string {
  return fill(setup.vendor.speaks.userAgent, fillings(setup)).text;
}

function fillings({ mac, model, vendor }: PhoneSetup): Fillings {
  const { firmware } = vendor.speaks;
  return { ...model.tokens, mac, MAC: mac.toUpperCase(), model: model.name, firmware };
}
