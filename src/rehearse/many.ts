// Many simulated phones in one process, behind one DHCP socket: what is broadcast to all of them is read once, and
// handed to the phone it names.
import type { Ipv4 } from '../base/ipv4.ts';
import { type Mac, macFromBytes } from '../base/mac.ts';
import type { Closable, World } from '../base/world.ts';
import type { Lan, OnDatagram, UdpSocket } from '../net/ports.ts';
import { lossyLan, seededDice } from './loss.ts';
import type { PhoneSetup } from './phone.ts';
import { type Doing, plugPhone, type WebAnswer, type WebRequest } from './plug.ts';

export interface CrowdParts {
  readonly phones: readonly PhoneSetup[];
  readonly lan: Lan;
  readonly world: World;
  /** Of the datagrams of each phone, 0 to 1. */
  readonly loss: number;
  /** How many boot at the same time; the next is plugged in when one has come to an end, good or bad. */
  readonly atOnce: number;
  readonly takeAddress: (address: Ipv4, prefix: number) => Promise<void>;
  readonly webGet: (request: WebRequest) => Promise<WebAnswer>;
  readonly tell: (mac: Mac, doing: Doing | Ended) => void;
}

/** Said once of each phone: what it did since will not change. */
export interface Ended {
  readonly kind: 'ended';
  readonly how: 'own-file' | 'no-own-file' | 'no-address';
}

/** Where chaddr begins in a DHCP message (RFC 2131 section 2). */
const CHADDR = 28;
/** Asking so often without an address is the end: the third question is heard after 12 s, the fifth after a minute. */
const TRIES = { sure: 3, lossy: 5 } as const;
/** What was lost once may get through in the next round. */
const ROUNDS = { sure: 1, lossy: 3 } as const;

/** Plugs all of them in, some at a time. */
export async function plugCrowd(parts: CrowdParts): Promise<Closable> {
  const { phones, loss, atOnce, tell } = parts;
  const shared = await sharedDhcp(parts.lan);
  const plugged: Closable[] = [];
  const waiting = [...phones];
  const cable = loss === 0 ? 'sure' : 'lossy';
  let open = true;

  const plugNext = async (): Promise<void> => {
    const setup = waiting.shift();
    if (setup === undefined || !open) return;
    const ends = endOf(cable);
    let ended = false;
    const phone = await plugPhone({
      ...parts,
      setup,
      lan: lossyLan(shared.lanFor(setup.mac), loss, seededDice(setup.seed)),
      say: () => undefined,
      tell: (doing) => {
        tell(setup.mac, doing);
        const how = ended ? undefined : ends(doing);
        if (how === undefined) return;
        ended = true;
        tell(setup.mac, { kind: 'ended', how });
        void plugNext();
      },
    });
    plugged.push(phone);
  };
  for (let count = 0; count < Math.min(atOnce, phones.length); count += 1) await plugNext();
  return {
    close: async () => {
      open = false;
      await Promise.all(plugged.map(async (phone) => await phone.close()));
      await shared.close();
    },
  };
}

/** Tells from what a phone does whether it has come to an end. */
function endOf(cable: 'sure' | 'lossy'): (doing: Doing) => Ended['how'] | undefined {
  let rounds = 0;
  let hadAddress = false;
  return (doing) => {
    if (doing.kind === 'has-address') hadAddress = true;
    if (doing.kind === 'asks' && !hadAddress && doing.tries >= TRIES[cable]) return 'no-address';
    if (doing.kind !== 'finished') return undefined;
    if (doing.own) return 'own-file';
    rounds += 1;
    return rounds >= ROUNDS[cable] ? 'no-own-file' : undefined;
  };
}

interface Shared extends Closable {
  lanFor(mac: Mac): Lan;
}

async function sharedDhcp(lan: Lan): Promise<Shared> {
  const readers = new Map<Mac, OnDatagram>();
  let socket: UdpSocket | undefined;
  const lanFor = (mac: Mac): Lan => ({
    ...lan,
    openUdp: async (options, onDatagram) => {
      if (options.shared !== true) return await lan.openUdp(options, onDatagram);
      socket ??= await lan.openUdp(options, (bytes, from) => {
        const named = macFromBytes(bytes.subarray(CHADDR));
        if (named !== undefined) readers.get(named)?.(bytes, from);
      });
      readers.set(mac, onDatagram);
      const { port, send } = socket;
      return {
        port,
        send,
        close: async () => {
          readers.delete(mac);
          await Promise.resolve();
        },
      };
    },
  });
  return { lanFor, close: async () => await Promise.resolve(socket?.close()) };
}
