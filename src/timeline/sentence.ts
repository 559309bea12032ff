// One plain sentence for every event.
import { printable } from '../base/bytes.ts';
import { showIpv4 } from '../base/ipv4.ts';
import { showMac } from '../base/mac.ts';
import { roughly, showBytes } from '../base/units.ts';
import { accessSentence } from './access.ts';
import type { EventOf, PhoneEvent } from './event.ts';
import { howFar } from './firmware.ts';
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
    case 'access':
      return accessSentence(event);
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
    case 'foreign-server':
      return foreignServer(event);
    case 'foreign-server-gone':
      return `the other server at ${showIpv4(event.server)} is not heard any more at the ${DOOR[event.door]}`;
    case 'strangers-limited':
      return `${event.newcomers} unknown clients came within a minute (${event.madeUp} with a made-up MAC): they hold ${event.held} of at most ${event.most} addresses`;
    case 'tls-refused':
      return `got no secured connection at the ${DOOR[event.door]}, because ${detailed(event)}`;
    case 'garbled':
      return `${event.bytes} bytes at the ${DOOR[event.door]} that are no message: ${event.because} at byte ${event.offset}`;
    case 'interface-back':
      return `phones are served again: the interface ${printable(event.interface)} is back`;
    case 'fault':
      return `${event.message} (${event.hint})`;
  }
}

const FILE_KINDS = [
  'fetched',
  'fetching',
  'progress',
  'up-to-date',
  'refused',
  'transfer-ended-early',
  'uploaded',
  'upload-ended-early',
] as const;
const ADDRESS_KINDS = [
  'asked-for-address',
  'offered',
  'leased',
  'informed',
  'address-refused',
  'released',
  'declined',
  'address-conflict',
  'caught-elsewhere',
  'changed-lan',
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
      return `fetched ${ROLE[event.role]}${file} ${over} (${showBytes(event.bytes)})${aside(event)}`;
    case 'fetching':
      return `is fetching ${ROLE[event.role]}${file} ${over} (${showBytes(event.bytes)})`;
    case 'progress':
      return event.role === 'firmware'
        ? `is loading the firmware ${howFar(event)}: do not unplug`
        : `is fetching ${howFar(event)} ${over}`;
    case 'up-to-date':
      return `has ${ROLE[event.role]}${file} already (unchanged)`;
    case 'refused':
      return event.writing === true
        ? `wanted to write ${file} ${over} and was not let, because ${detailed(event)}`
        : `${event.alarm === true ? 'ALARM: ' : ''}asked for ${file} ${over} and got none, because ${detailed(event)}`;
    case 'transfer-ended-early':
      return `stopped fetching ${file} after ${event.bytes} of ${event.of} bytes: ${printable(event.why)}`;
    case 'uploaded':
      return `wrote ${file} ${over} (${showBytes(event.bytes)}${event.how === 'created' ? ', new' : ''})`;
    case 'upload-ended-early':
      return `stopped writing ${file} ${over} after ${event.bytes} bytes, and nothing was changed: ${printable(event.why)}`;
  }
}

function aside({ detail }: EventOf<'fetched'>): string {
  return detail === undefined ? '' : `; ${printable(detail)}`;
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
    case 'address-conflict':
      return `is not given ${showIpv4(event.address)}: ${showMac(event.by)} answers there`;
    case 'caught-elsewhere':
      return `obeys the DHCP server ${showIpv4(event.server)} and not this one`;
    case 'changed-lan':
      return `is on ${printable(event.interface)} now, and its address ${showIpv4(event.address)} is of ${printable(event.before)}: it was plugged over, or is on the wrong LAN`;
    case 'no-answer-given':
      // At PnP a no may be said aloud.
      return `got no ${event.door === 'pnp' ? 'URL by PnP' : `answer at the ${DOOR[event.door]}`}, because ${detailed(event)}`;
  }
}

const DOOR: Readonly<Record<EventOf<'garbled'>['door'], string>> = {
  dhcp: 'DHCP door',
  pnp: 'PnP',
  tftp: 'TFTP door',
  http: 'HTTP door',
  https: 'HTTPS door',
  ftp: 'FTP door',
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

function detailed(event: EventOf<'refused' | 'no-answer-given' | 'tls-refused'>): string {
  return becauseOf(event.because) + (event.detail === undefined ? '' : ` (${printable(event.detail)})`);
}

function foreignServer(event: EventOf<'foreign-server'>): string {
  const hardware = event.hardware === undefined ? 'hardware address not known' : showMac(event.hardware);
  const maker = event.maker === undefined ? '' : `, ${event.maker}`;
  const caught = event.caught.length === 0 ? '' : `; it caught ${event.caught.map(showMac).join(', ')}`;
  const stops = event.stops ? '; no address is offered until it is gone or allowed' : '';
  return `another server answers at the ${DOOR[event.door]}: ${showIpv4(event.server)} (${hardware}${maker})${caught}${stops}`;
}
