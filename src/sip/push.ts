// The URL, unasked: a NOTIFY to a phone of a make that takes it without having subscribed.
import { Fault } from '../base/fault.ts';
import { showSubnet } from '../base/ipv4.ts';
import { type Mac, showMac } from '../base/mac.ts';
import { pushRequest } from './dialog.ts';
import { encodeMessage } from './message.ts';
import { randomBranch, randomToken } from './notifier.ts';
import { type Answering, acknowledgement } from './pnp.ts';
import { isServed } from './policy.ts';
import { SIP_PORT } from './sockets.ts';
import { type ClientEnd, clientKey } from './transaction.ts';
import { showPeer } from './uri.ts';

/**
 * Sends it and waits for the end, 32 s at the longest. Rejects with a Fault where the phone cannot be told so. Aborted,
 * nothing is sent any more, and of the end nothing told.
 */
export async function pushUrl(door: Answering, mac: Mac, until?: AbortSignal): Promise<ClientEnd> {
  const { to, url } = whereAndWhat(door, mac);
  const { world, server } = door;
  const ids = { callId: randomToken(world), tag: randomToken(world), branch: randomBranch(world) };
  const request = pushRequest({ url, to, from: server, ...ids });
  const bytes = encodeMessage(request);
  const from = showPeer(to);
  return await new Promise((settle) => {
    const onEnd = (end: ClientEnd): void => {
      if (until?.aborted !== true) door.tell({ mac, from, at: world.now(), ...acknowledgement(end) });
      settle(end);
    };
    const send = (): void => door.send(bytes, to);
    const key = clientKey(request) ?? '';
    const cancel = door.pending.begin({ key, carrier: 'datagrams', send, onEnd });
    until?.addEventListener('abort', cancel);
    door.tell({ mac, from, at: world.now(), kind: 'told-url', door: 'notify', url });
  });
}

function whereAndWhat({ register, takesPush, urlFor, lan, wakeable }: Answering, mac: Mac) {
  const phone = register.phones.get(mac);
  if (phone === undefined) {
    throw new Fault(
      'phone-not-known',
      `${showMac(mac)} is not known`,
      'see "unboxd phones" for those that are',
    );
  }
  if (!takesPush(phone)) {
    const hint = 'wake it with "unboxd resync", or power it off and on: then it asks by itself';
    throw new Fault('push-not-taken', `${showMac(mac)} takes no URL that it did not ask for`, hint);
  }
  const url = urlFor(phone);
  if (url === undefined) {
    const hint =
      'put it into the phone list with its vendor, or add a vendor file; with files.tokens on: "unboxd tokens --mac MAC --renew"';
    throw new Fault('no-url', `there is no URL to tell ${showMac(mac)}`, hint);
  }
  if (phone.address === undefined) {
    const hint = 'it has not been seen on this LAN yet: plug it in';
    throw new Fault('no-address', `no address is known for ${showMac(mac)}`, hint);
  }
  const to = { address: phone.address, port: phone.sipPort ?? SIP_PORT };
  const { served = [] } = wakeable ?? {};
  if (isServed(to, lan.subnet, served)) return { to, url };
  const hint = `only phones on ${[lan.subnet, ...served].map(showSubnet).join(', ')} are told from here`;
  throw new Fault('push-off-the-lan', `${showPeer(to)} is not a host of the served LAN`, hint);
}
