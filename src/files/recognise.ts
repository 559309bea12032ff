// Who asks for a file: the phone's lease, its own word, or the kernel's; and the register learns that it spoke.
import type { Ipv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { World } from '../base/world.ts';
import type { Clue } from '../phones/clues.ts';
import { macInUserAgent, tells } from '../phones/identify.ts';
import { claimAddress, leaseHolderAt, meet, phoneAt, type Register } from '../phones/register.ts';
import type { Tell } from '../timeline/event.ts';
import { type Asker, type FileAsk, type Recognise, showPeer } from './desk.ts';
import { cleanName, macInName } from './resolve.ts';

export interface RecogniseParts {
  readonly register: Register;
  /** Whose hardware address the kernel knows for an address of the LAN. */
  readonly neighbourOf: (address: Ipv4) => Promise<Mac | undefined>;
  readonly world: World;
  readonly tell: Tell;
}

/** Stands where the register is; the desk may stand in another thread. */
export function createAskerRecogniser(parts: RecogniseParts): Recognise {
  const { register, world, tell } = parts;
  return async (ask) => {
    const cleaned = cleanName(ask.name);
    const name = cleaned.ok ? cleaned.value : undefined;
    const mac = await macOf(parts, ask, name);
    if (mac === undefined) return undefined;
    const clues: Clue[] = [];
    if (ask.userAgent !== undefined) clues.push({ kind: 'user-agent', text: ask.userAgent.slice(0, 256) });
    // A name that speaks for no vendor would push a telling one out.
    if (name !== undefined && tells(register.catalogue, { kind: 'file-name', text: name })) {
      clues.push({ kind: 'file-name', text: name });
    }
    const seen = { mac, door: ask.door, at: world.now(), from: showPeer(ask.from) };
    const { phone, events } = meet(register, { clues, ...seen });
    events.forEach(tell);
    claimAddress(register, mac, ask.from.address);
    return {
      mac,
      identity: phone.identity,
      listed: phone.listed,
      held: heldBy(register, mac, ask.from.address),
    };
  };
}

/** Where the lease of the phone is, seen from the address that asks. */
function heldBy({ byAddress, phones }: Register, mac: Mac, from: Ipv4): Asker['held'] {
  if (byAddress.get(from) === mac) return 'here';
  const address = phones.get(mac)?.address;
  return address !== undefined && byAddress.get(address) === mac ? 'elsewhere' : undefined;
}

/**
 * A certificate or a lasting token proves who asks, a lease of ours settles it. The first token went out to that phone,
 * but everybody on the wire may have heard it. Elsewhere the phone's own word counts: its User-Agent, the MAC in the file name,
 * or what was last said from that address. When all are silent, the kernel may know who is there.
 */
async function macOf(
  { register, neighbourOf }: RecogniseParts,
  { from: { address }, userAgent, proof }: FileAsk,
  name: string | undefined,
): Promise<Mac | undefined> {
  const proven = proof?.certificate?.macs ?? [];
  return (
    (proven.length === 1 ? proven[0] : undefined) ??
    (proof?.token?.kind === 'lasting' ? proof.token.mac : undefined) ??
    leaseHolderAt(register, address)?.mac ??
    proof?.token?.mac ??
    (userAgent === undefined ? undefined : macInUserAgent(register.catalogue, userAgent)) ??
    (name === undefined ? undefined : macInName(register.catalogue, name)) ??
    phoneAt(register, address)?.mac ??
    (await neighbourOf(address))
  );
}
