// What each event means for the installer who asks, and what to try.
import type { EventKind } from './event.ts';

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
  'address-conflict':
    'Before the offer, the address was found in use. It is left alone for an hour; look for a device with a fixed address inside the pool.',
  'caught-elsewhere':
    'The phone obeys another DHCP server on this LAN and gets its address there, perhaps without a URL. Unplug that server, then plug the phone in again.',
  'foreign-server':
    'Another server answers on this LAN. Its hardware address and maker help to find it. For DHCP in mode full nothing is offered until it is gone or allowed under dhcp.guard.allow.',
  'foreign-server-gone': 'The other server was not heard any more. Offers go on.',
  'strangers-limited':
    'More unknown clients ask than a staging LAN has. Listed and recognised phones still get addresses. If it is no flood, raise dhcp.strangers.share.',
  'asked-by-pnp': 'SIP PnP: a multicast SUBSCRIBE for ua-profile. The phone looks for its provisioning URL.',
  'told-url': 'The phone was told where its files are. The same URL goes out by every channel.',
  'pnp-acknowledged': 'The phone answered the NOTIFY that carried the URL.',
  'pnp-unacknowledged':
    'The phone never answered the NOTIFY. Many still fetch; if not, look at multicast settings of the switch.',
  fetched:
    'The last byte went out and was acknowledged where the protocol tells. When it is the phone’s own file in its final form, the phone is proven.',
  fetching: 'A transfer began.',
  progress:
    'How far a long transfer is. While it is firmware, do not unplug the phone: half a firmware may leave it dead.',
  'up-to-date': 'The phone asked whether the file changed and was told no: it holds the final bytes.',
  refused: 'The file was not served; the reason says why. Optional files are missing at every healthy boot.',
  'transfer-ended-early':
    'The phone stopped or fell silent in the middle. Normal for firmware it already has; else look at cable and switch.',
  uploaded:
    'The phone wrote a file of its own, such as settings made at the phone, contacts or a log. It lies in the folder for uploads, with earlier versions beside it.',
  'upload-ended-early':
    'The phone went away while it was writing. The file from before is still there, whole. It writes again by itself.',
  access:
    'files.tokens is on. The URL that is handed out holds the first token of the phone, its files tell the lasting URL; once the phone comes with that one, the first opens nothing any more. After a reset of the phone: "unboxd tokens --mac MAC --renew".',
  woken: 'A SIP NOTIFY told the phone to fetch its files again.',
  'wake-answered': 'The phone answered. 200 alone proves nothing: the fetch that follows does.',
  'wake-unanswered':
    'No answer in 32 s. Phones that obey only their registrar stay silent: wake them through the PBX.',
  'wake-confirmed': 'The phone fetched its own file after the wake-up: it has the final bytes.',
  'wake-unconfirmed': 'The phone answered but did not fetch. It may be in a call, or wait for idle.',
  'tls-refused':
    'The phone and the HTTPS door did not come to terms, so no file was asked for; the reason says who refused whom.',
  garbled: 'Bytes that are no message of this protocol. Counted and never answered.',
  'changed-lan':
    'Several LANs are served, and the phone asks on another one than that of its address. If it belongs there, nothing is to do: it gets an address of the new LAN. If not, look at which network card or VLAN its switch hangs.',
  'interface-back':
    'The interface can be used again. All doors open by themselves within seconds; phones ask again by themselves too.',
  fault: 'The appliance itself is in trouble; the hint says what to do.',
};
