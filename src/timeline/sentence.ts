// One plain sentence for every event, and a paragraph for the installer who asks what it means.
import { printable } from '../base/bytes.ts';
import { showIpv4 } from '../base/ipv4.ts';
import { roughly, showBytes } from '../base/units.ts';
import type { EventKind, EventOf, PhoneEvent } from './event.ts';
import { becauseOf } from './reason.ts';

/** What happened, as the end of "the phone …". Text from peers is made safe for a terminal. */
export function sentence(event: PhoneEvent): string {
  if (isFileEvent(event)) return fileSentence(event);
  if (isAddressEvent(event)) return addressSentence(event);
  switch (event.kind) {
    case 'appeared':
      return `appeared at the ${DOOR[event.door]} as ${who(event)}`;
    case 'identified':
      return `is ${who(event)}`;
    case 'evidence-conflicts':
      return `contradicts itself: ${event.says.join('; ')}`;
    case 'asked-by-pnp':
      return `asked by PnP as ${who(event)}`;
    case 'told-url':
      return `was told ${printable(event.url)} by ${DOOR[event.door]}`;
    case 'pnp-acknowledged':
      return `acknowledged the URL (${event.status})`;
    case 'pnp-unacknowledged':
      return `never acknowledged the URL (${event.tries} tries)`;
    case 'woken':
      return `was sent ${printable(event.event)} at ${event.to}`;
    case 'wake-answered':
      return wakeAnswer(event);
    case 'wake-unanswered':
      return `did not answer the wake-up (${event.tries} tries)`;
    case 'wake-confirmed':
      return `fetched ${printable(event.file)} again ${roughly(event.afterMs)} after the wake-up`;
    case 'wake-unconfirmed':
      return `did not fetch its file within ${roughly(event.waitedMs)} after the wake-up`;
    case 'garbled':
      return `${event.bytes} bytes at the ${DOOR[event.door]} that are no message: ${event.because} at byte ${event.offset}`;
    case 'fault':
      return `${event.message} (${event.hint})`;
  }
}

const FILE_KINDS = ['fetched', 'fetching', 'up-to-date', 'refused', 'transfer-ended-early'] as const;
const ADDRESS_KINDS = [
  'asked-for-address',
  'offered',
  'leased',
  'informed',
  'address-refused',
  'released',
  'declined',
  'no-answer-given',
] as const;

type FileEvent = EventOf<(typeof FILE_KINDS)[number]>;
type AddressEvent = EventOf<(typeof ADDRESS_KINDS)[number]>;

function isFileEvent(event: PhoneEvent): event is FileEvent {
  return FILE_KINDS.some((kind) => kind === event.kind);
}

function isAddressEvent(event: PhoneEvent): event is AddressEvent {
  return ADDRESS_KINDS.some((kind) => kind === event.kind);
}

function fileSentence(event: FileEvent): string {
  const file = printable(event.file);
  const over = `over ${event.door.toUpperCase()}`;
  switch (event.kind) {
    case 'fetched':
      return `fetched ${ROLE[event.role]}${file} ${over} (${showBytes(event.bytes)})`;
    case 'fetching':
      return `is fetching ${ROLE[event.role]}${file} ${over} (${showBytes(event.bytes)})`;
    case 'up-to-date':
      return `has ${ROLE[event.role]}${file} already (unchanged)`;
    case 'refused':
      return `asked for ${file} ${over} and got none, because ${detailed(event)}`;
    case 'transfer-ended-early':
      return `stopped fetching ${file} after ${event.bytes} of ${event.of} bytes: ${printable(event.why)}`;
  }
}

function addressSentence(event: AddressEvent): string {
  switch (event.kind) {
    case 'asked-for-address':
      return 'asked for an address';
    case 'offered':
      return `was offered ${showIpv4(event.address)}`;
    case 'leased':
      return `${LEASED[event.how]} ${showIpv4(event.address)} for ${roughly(event.seconds * 1000)}${urlPart(event)}`;
    case 'informed':
      return `uses ${showIpv4(event.address)} from elsewhere and was told the options`;
    case 'address-refused': {
      const which = event.address === undefined ? 'an address' : showIpv4(event.address);
      return `was refused ${which}, because ${becauseOf(event.because)}`;
    }
    case 'released':
      return `gave back ${showIpv4(event.address)}`;
    case 'declined':
      return `declined ${showIpv4(event.address)}: somebody else uses it`;
    case 'no-answer-given':
      return `got no answer at the ${DOOR[event.door]}, because ${detailed(event)}`;
  }
}

const DOOR: Readonly<Record<EventOf<'garbled'>['door'], string>> = {
  dhcp: 'DHCP door',
  pnp: 'PnP',
  tftp: 'TFTP door',
  http: 'HTTP door',
  https: 'HTTPS door',
  notify: 'SIP door',
};

const ROLE: Readonly<Record<EventOf<'fetched'>['role'], string>> = {
  own: 'its own file ',
  common: 'the common file ',
  boot: 'the boot file ',
  optional: 'the optional file ',
  firmware: 'the firmware ',
  other: '',
};

const LEASED: Readonly<Record<EventOf<'leased'>['how'], string>> = {
  new: 'got the address',
  renewed: 'renewed',
  rebound: 'kept (rebinding)',
  rebooted: 'came back with',
};

function who(event: EventOf<'appeared' | 'identified' | 'asked-by-pnp'>): string {
  if (event.vendor === undefined) return `a phone of unknown make (${event.by})`;
  const model = event.model === undefined ? '' : ` ${printable(event.model, 40)}`;
  const firmware = event.firmware === undefined ? '' : ` with firmware ${printable(event.firmware, 40)}`;
  return `${event.vendor}${model}${firmware}, told by ${event.by}`;
}

function urlPart(event: EventOf<'leased'>): string {
  if (event.url === undefined) return '';
  if (event.urlOptions.length === 0) return ', without a URL: it asked for none of the options that carry it';
  return ` and ${printable(event.url)} in option ${event.urlOptions.join(', ')}`;
}

function wakeAnswer(event: EventOf<'wake-answered'>): string {
  if (event.status < 300) return `answered the wake-up: ${event.status} ${printable(event.reason, 40)}`;
  const asks = event.status === 401 || event.status === 407 ? ': it wants a password' : '';
  return `refused the wake-up: ${event.status} ${printable(event.reason, 40)}${asks}`;
}

function detailed(event: EventOf<'refused' | 'no-answer-given'>): string {
  return becauseOf(event.because) + (event.detail === undefined ? '' : ` (${printable(event.detail)})`);
}

/** What an event means for the installer, and what to try. */
export const MEANING: Readonly<Record<EventKind, string>> = {
  appeared:
    'The first sign of this phone since the start. Its make is told by the clue named, and may become surer.',
  identified: 'A better clue told make, model or firmware.',
  'evidence-conflicts':
    'Two clues name different makers. A used phone, an OEM or a setting on the phone explains it. Put make and model into the phone list if the guess is wrong.',
  'asked-for-address': 'DHCP DISCOVER. Its option 55 tells which options the phone will obey.',
  offered: 'DHCP OFFER. The phone may still choose another server.',
  leased: 'DHCP ACK: the phone has an address, stored on disk before the answer left.',
  informed: 'DHCP INFORM: the phone has an address from elsewhere and asked for options only.',
  'address-refused': 'DHCP NAK: the phone must forget the address it remembers and asks afresh at once.',
  released: 'DHCP RELEASE: the phone was switched off in order, or changed networks.',
  declined:
    'DHCP DECLINE: the phone found its address in use. Look for a device with a fixed address inside the pool.',
  'no-answer-given': 'The door heard the phone and stayed silent on purpose; the reason says why.',
  'asked-by-pnp': 'SIP PnP: a multicast SUBSCRIBE for ua-profile. The phone looks for its provisioning URL.',
  'told-url': 'The phone was told where its files are. The same URL goes out by every channel.',
  'pnp-acknowledged': 'The phone answered the NOTIFY that carried the URL.',
  'pnp-unacknowledged':
    'The phone never answered the NOTIFY. Many still fetch; if not, look at multicast settings of the switch.',
  fetched:
    'The last byte went out and was acknowledged where the protocol tells. When it is the phone’s own file in its final form, the phone is proven.',
  fetching: 'A transfer began.',
  'up-to-date': 'The phone asked whether the file changed and was told no: it holds the final bytes.',
  refused: 'The file was not served; the reason says why. Optional files are missing at every healthy boot.',
  'transfer-ended-early':
    'The phone stopped or fell silent in the middle. Normal for firmware it already has; else look at cable and switch.',
  woken: 'A SIP NOTIFY told the phone to fetch its files again.',
  'wake-answered': 'The phone answered. 200 alone proves nothing: the fetch that follows does.',
  'wake-unanswered':
    'No answer in 32 s. Phones that obey only their registrar stay silent: wake them through the PBX.',
  'wake-confirmed': 'The phone fetched its own file after the wake-up: it has the final bytes.',
  'wake-unconfirmed': 'The phone answered but did not fetch. It may be in a call, or wait for idle.',
  garbled: 'Bytes that are no message of this protocol. Counted and never answered.',
  fault: 'The appliance itself is in trouble; the hint says what to do.',
};
