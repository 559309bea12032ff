// Why a rule said no. Each reason has one sentence for the table and one paragraph for the installer who asks.

import { FILE_REASONS } from './file-reason.ts';
import { FTP_REASONS } from './ftp-reason.ts';
import { HTTP_REASONS } from './http-reason.ts';
import { TLS_REASONS } from './tls-reason.ts';

interface Words {
  /** Ends the sentence "…, because …". */
  readonly because: string;
  /** What it means and what to try. */
  readonly meaning: string;
}

const REASONS = {
  // DHCP: no answer
  'not-a-request': {
    because: 'it is an answer and not a question (op 2)',
    meaning:
      'A BOOTREPLY reached the server port: another DHCP server or a relay is on this LAN. Nothing to do unless phones misbehave.',
  },
  'another-server-chosen': {
    because: 'the phone chose another DHCP server',
    meaning:
      'Option 54 of the REQUEST names a server that is not this one. A second DHCP server is on the LAN: find it and switch it off, or run unboxd in companion mode.',
  },
  'pool-exhausted': {
    because: 'no address of the pool is free',
    meaning:
      'Every address of the pool is leased or offered. Widen dhcp.pool, shorten dhcp.lease, or wait for leases to end.',
  },
  'companion-mode': {
    because: 'companion mode gives no addresses',
    meaning:
      'dhcp.mode is companion: another server gives the addresses, unboxd answers INFORM only. Set dhcp.mode to full to give addresses.',
  },
  'unusable-hardware-address': {
    because: 'its hardware address cannot be that of a phone',
    meaning:
      'chaddr is all zeros, a group address, or not six bytes of Ethernet. Such a client cannot be told apart from others.',
  },
  'relay-not-served': {
    because: 'it came through a relay of a subnet that is not served here',
    meaning:
      'giaddr is not within the served subnet. Serve that subnet, or point the relay at the right server.',
  },
  'message-not-for-a-server': {
    because: 'this message type is not for a server',
    meaning: 'Option 53 holds a type that only servers send, or none that RFC 2131 knows. Nothing to do.',
  },
  'no-reservation': {
    because: 'it speaks BOOTP, for which an address must be reserved',
    meaning:
      'There is no option 53 in the request. BOOTP clients keep an address for ever, so they get one only by a reservation: give it an address in the phone list.',
  },
  'foreign-server-answers': {
    because: 'another DHCP server answers on this LAN',
    meaning:
      'Two servers would give addresses twice. Unplug the other one, or allow it under dhcp.guard.allow, or set dhcp.mode to companion. "unboxd story" without a MAC names it.',
  },
  'looking-around': {
    because: 'the LAN is still searched for another DHCP server',
    meaning: 'For a second after the start nobody gets an offer. Phones ask again by themselves.',
  },
  'strangers-share-used': {
    because: 'clients that nobody knows hold their whole share of the pool',
    meaning:
      'Listed and recognised phones have the rest of the pool to themselves. Put the device into the phone list, or raise dhcp.strangers.share.',
  },
  'kept-for-listed': {
    because: 'the addresses left are kept for phones of the list',
    meaning:
      'As many addresses are free as listed phones are still missing. Widen dhcp.pool, or take phones that will not come off the list.',
  },
  'quota-used': {
    because: 'its class holds as many addresses as it may',
    meaning: 'The quota of the class in dhcp.classes is used up. Raise it, or wait for leases to end.',
  },
  'class-gets-nothing': {
    because: 'its class is given no addresses',
    meaning: 'dhcp.classes says "answer: never" for it.',
  },
  'asked-too-often': {
    because: 'it asks too often',
    meaning:
      'More messages than any phone sends. It is heard again within seconds; if this repeats, the device is broken or is a flood.',
  },
  'port-asks-too-often': {
    because: 'too much comes from its switch port',
    meaning:
      'Option 82 names the port. Look what is plugged in there; dhcp.limits.perPort sets how much one port may ask.',
  },
  'address-not-known': {
    because: 'this server knows no lease of it and does not rule the LAN alone',
    meaning: 'dhcp.authoritative is off, so only leases of our own are confirmed or refused.',
  },
  // DHCP: NAK
  'address-of-another-subnet': {
    because: 'the address it asks for is not of this LAN',
    meaning:
      'The phone remembers an address from where it was before. It is told to forget it (NAK) and asks afresh within seconds.',
  },
  'address-of-another-phone': {
    because: 'the address it asks for belongs to another phone',
    meaning:
      'The lease of that address is held by another MAC. The phone is told to forget it (NAK) and asks afresh within seconds.',
  },
  'address-not-given-here': {
    because: 'that address is not given to phones',
    meaning:
      'The phone asks for an address outside the pool, for one that is kept back or in quarantine, or names none. It is told to ask afresh (NAK).',
  },
  'another-server-overruled': {
    because: 'the server that the phone chose is not to give addresses here',
    meaning: 'dhcp.takeover is nak: requests to other servers are refused, so that the phone asks afresh.',
  },
  'not-its-address': {
    because: 'the address is held by another phone',
    meaning:
      'The phone gives back or declines an address that another MAC holds. Nothing is changed: only the holder may do that.',
  },
  // PnP
  'event-not-served': {
    because: 'only the event ua-profile is served',
    meaning:
      'The SUBSCRIBE is for another event package, such as presence. Phones that look for provisioning ask for ua-profile.',
  },
  'no-url-for-this-phone': {
    because: 'there is no URL to tell this phone',
    meaning:
      'The vendor is not known, so no file could follow. A URL that leads nowhere is worse than none: the phone keeps it. Put the phone into the phone list with its vendor, or add a vendor file. With files.tokens on, a phone that has confirmed its lasting URL is told no other; if it was reset: "unboxd tokens --mac MAC --renew".',
  },
  'no-mac-in-request': {
    because: 'no MAC is in the request and none is known for its address',
    meaning:
      'The phone does not name itself and got its address elsewhere. Let unboxd give the addresses, or enter the phone by hand.',
  },
  'sender-off-the-lan': {
    because: 'the sender is not on the served subnet',
    meaning:
      'Answers go to addresses of the served subnet only, so that nobody can use unboxd to send packets elsewhere.',
  },
  'discover-only': {
    because: 'PnP is set to discover only',
    meaning: 'pnp: discover listens and shows phones but never answers. Set pnp: provision to answer.',
  },
  'not-a-subscribe': {
    because: 'only SUBSCRIBE asks for one',
    meaning:
      'Another SIP method reached the PnP address: OPTIONS got 200, all others 405, and at the group silence. Phones that register look for a PBX: staging is not the place for it.',
  },
  'subscription-elsewhere': {
    because: 'it renews a subscription of another server',
    meaning:
      'The SUBSCRIBE belongs to a dialog that began elsewhere: another PnP server, or a PBX, has answered this phone before. Look for it on this LAN.',
  },
  'phone-of-another-lan': {
    because: 'its address belongs to another LAN than the served one',
    meaning:
      'A phone asks for provisioning on this interface with an address of another subnet. Either the phones are plugged into the wrong network card (compare "ip address" with lans.interface), or another DHCP server gave it that address before: power the phone off and on.',
  },
  'contact-elsewhere': {
    because: 'it names an address off the served LAN as its own',
    meaning:
      'Contact or Via of the SUBSCRIBE lead somewhere else than to this LAN. No phone here needs that: somebody may be trying to make unboxd send packets to others. Look who is at the address it came from.',
  },
  'ignored-by-rule': {
    because: 'a rule says to ignore it',
    meaning: 'lans.pnp.rules has "do: ignore" for this phone.',
  },
  'denied-by-rule': {
    because: 'a rule says to refuse it',
    meaning:
      'lans.pnp.rules has "do: deny" for this phone: it was told 403, and most phones stop asking then.',
  },
  'asked-too-late': {
    because: 'its question had waited too long',
    meaning:
      'More phones ask than can be answered, so the oldest questions are dropped: their senders ask again anyway. If this stays, look for a flood, or power the phones on in groups.',
  },
  // Files
  'unknown-phone': {
    because: 'no phone is known at this address',
    meaning:
      'The address has no lease of ours, and neither the file name nor the User-Agent names a MAC. Let unboxd give the addresses.',
  },
  'no-such-file': {
    because: 'there is no such file',
    meaning:
      'No template makes a file of that name for this phone, and the files folder has none. Put it there if the phone needs it.',
  },
  'left-out-on-purpose': {
    because: 'it is left out on purpose',
    meaning:
      'Serving this file would keep the phone from asking for its own file (the stop rule of its vendor). The phone goes on to the next name.',
  },
  'optional-file': {
    because: 'it is optional and there is none',
    meaning: 'Phones of this vendor ask for this file at every boot and go on without it. Nothing to do.',
  },
  'file-of-another-phone': {
    because: 'it is the file of another phone',
    meaning:
      'The address was given to one MAC and asks for the file of another. Configuration files hold passwords, so each phone gets its own only.',
  },
  'name-not-allowed': {
    because: 'the name is not allowed',
    meaning:
      'The name climbs out of the files folder, names a hidden file or holds forbidden bytes. No phone asks so: look who is at that address.',
  },
  'template-broken': {
    because: 'its template does not render',
    meaning:
      'A variable of the template has no value for this phone, or the template has a mistake. "unboxd check" names file and line.',
  },
  'writing-not-served': {
    because: 'uploads are not taken',
    meaning: 'The phone wants to write a file (TFTP WRQ, HTTP PUT or POST). It works without that.',
  },
  'mode-not-served': {
    because: 'only the modes octet and netascii are served',
    meaning:
      'The TFTP request asks for another mode, such as mail. No phone of today does: look who is at that address.',
  },
  'method-not-served': {
    because: 'only GET and HEAD are served',
    meaning: 'The phone used another HTTP method. It works without that.',
  },
  'too-busy': {
    because: 'too much is under way at a time',
    meaning:
      'The limit of transfers or answers at a time is reached, for one sender or for all. Phones ask again by themselves.',
  },
  ...TLS_REASONS,
  ...FILE_REASONS,
  ...HTTP_REASONS,
  ...FTP_REASONS,
} as const satisfies Record<string, Words>;

/** Why a door stayed silent or refused. */
export type Reason = keyof typeof REASONS;

/** The words after "because". */
export function becauseOf(reason: Reason): string {
  return REASONS[reason].because;
}

/** What it means and what to try. */
export function meaningOf(reason: Reason): string {
  return REASONS[reason].meaning;
}

/** All reasons, for the documentation and for the test that each has its words. */
export function allReasons(): readonly Reason[] {
  return Object.keys(REASONS) as Reason[];
}

/** Refusals that every healthy boot contains: told, but no cause for alarm. */
export function isNormal(reason: Reason): boolean {
  return reason === 'left-out-on-purpose' || reason === 'optional-file' || reason === 'sign-in-needed';
}
