// Thousands of phones that are woken, in virtual time: a lossy wire, phones that fetch, and a journal in memory.
import { ipv4FromNumber, parseSubnet, showIpv4 } from '../../src/base/ipv4.ts';
import { type Mac, parseMac } from '../../src/base/mac.ts';
import type { World } from '../../src/base/world.ts';
import { createStorms, type StormKeeper } from '../../src/control/storms.ts';
import { checkOrder, type StormPhone } from '../../src/control/storms-api.ts';
import type { Peer } from '../../src/net/ports.ts';
import { bindAddress, createRegister } from '../../src/phones/register.ts';
import { decodeMessage, encodeMessage, header, type SipRequest } from '../../src/sip/message.ts';
import { wakePhone } from '../../src/sip/notifier.ts';
import { createPending } from '../../src/sip/pending.ts';
import { replayStorm, type StormRecord, type StormTable } from '../../src/store/storms.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { createTimeline } from '../../src/timeline/journal.ts';
import { catalogue } from '../fakes/vendors.ts';
import { respond } from '../sip/wake-kit.ts';

/** A clock for many timers: a heap, and promises settle between two of them. */
function quickWorld(): World & { run(until: number): Promise<void> } {
  let now = Date.UTC(2026, 0, 1);
  const start = now;
  let dice = 7;
  let due: { at: number; order: number; action: (() => void) | undefined }[] = [];
  let order = 0;
  const isBefore = (a: number, b: number): boolean => {
    const [one, other] = [due[a], due[b]];
    if (one === undefined || other === undefined) return false;
    return one.at < other.at || (one.at === other.at && one.order < other.order);
  };
  const swap = (a: number, b: number): void => {
    const [one, other] = [due[a], due[b]];
    if (one === undefined || other === undefined) return;
    due[a] = other;
    due[b] = one;
  };
  const push = (one: (typeof due)[number]): void => {
    due.push(one);
    for (let at = due.length - 1; at > 0 && isBefore(at, (at - 1) >> 1); at = (at - 1) >> 1)
      swap(at, (at - 1) >> 1);
  };
  const pop = () => {
    const [first] = due;
    swap(0, due.length - 1);
    due.pop();
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const least = isBefore(right, left) ? right : left;
      if (!isBefore(least, at)) return first;
      swap(at, least);
      at = least;
    }
  };
  return {
    now: () => now,
    after: (delay, action) => {
      const one = {
        at: now + Math.max(0, delay),
        order: order++,
        action: action as (() => void) | undefined,
      };
      push(one);
      return () => {
        one.action = undefined;
      };
    },
    random: () => {
      dice = (Math.imul(dice, 1_664_525) + 1_013_904_223) >>> 0;
      return dice / 2 ** 32;
    },
    run: async (until) => {
      // What was begun before goes on first: its timers are not set yet.
      await new Promise<void>((done) => setImmediate(done));
      for (let [first] = due; first !== undefined && first.at <= start + until; [first] = due) {
        pop();
        if (first.action === undefined) continue;
        now = first.at;
        first.action();
        for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
      }
      now = start + until;
      due = due.filter(({ action }) => action !== undefined);
      due.sort((a, b) => a.at - b.at || a.order - b.order);
      await new Promise<void>((done) => setImmediate(done));
    },
  };
}

export interface Habits {
  /** Of datagrams, each way. */
  readonly loss?: number;
  /** What phone number `index` answers; 0: nothing. */
  readonly status?: (index: number) => number;
  /** ms from the wake-up to the fetch of its own file; undefined: it never does. */
  readonly fetches?: (index: number) => number | undefined;
  /** Whether it asks for an address before, as after a restart. */
  readonly restarts?: (index: number) => boolean;
  /** Whether it has an address on the LAN. */
  readonly homes?: (index: number) => boolean;
  /** Whether the journal can be written. */
  readonly disk?: () => boolean;
}

export interface Fleet {
  readonly world: ReturnType<typeof quickWorld>;
  readonly macs: readonly Mac[];
  /** How many different wake-ups each phone has heard, by its number. */
  readonly heard: readonly number[];
  readonly records: readonly StormRecord[];
  keeper: StormKeeper;
  /** The daemon dies; another one starts on what the journal has. */
  crash(): Promise<void>;
  start(order: object): Promise<string>;
  /** That phone fetches its own file, unasked. */
  fetch(index: number): void;
  /** What was told of the phones. */
  readonly told: readonly PhoneEvent[];
  phones(id: string): readonly StormPhone[];
  counts(id: string): Readonly<Record<string, number>>;
}

function requestIn(bytes: Uint8Array): SipRequest {
  const decoded = decodeMessage(bytes);
  if (decoded.ok && decoded.value.kind === 'request') return decoded.value;
  throw new Error('no request left');
}

const NETWORK = parseSubnet('10.1.0.0/16');
const SERVER = ipv4FromNumber(0x0a010001);

export function fleet(size: number, habits: Habits = {}): Fleet {
  const {
    loss = 0,
    status = () => 200,
    fetches = () => 2000,
    restarts = () => false,
    homes = () => true,
    disk = () => true,
  } = habits;
  if (NETWORK === undefined) throw new Error('odd subnet');
  const world = quickWorld();
  const macs = Array.from({ length: size }, (_, index) => {
    const mac = parseMac(`02ac3e${index.toString(16).padStart(6, '0')}`);
    if (mac === undefined) throw new Error('odd MAC');
    return mac;
  });
  const list = macs.map((mac, index) => ({ mac, label: `desk ${index}`, columns: {} }));
  const register = createRegister({ catalogue, list });
  for (const [index, mac] of macs.entries())
    if (homes(index)) bindAddress(register, mac, ipv4FromNumber(SERVER + 1 + index));
  const timeline = createTimeline();
  const told: PhoneEvent[] = [];
  timeline.follow((event) => void told.push(event));
  const heard = macs.map(() => 0);
  const branches = macs.map(() => new Set<string>());
  const records: StormRecord[] = [];
  const isLost = (): boolean => world.random() < loss;

  const isNew = (index: number, branch: string): boolean => {
    if (branches[index]?.has(branch) !== false) return false;
    branches[index].add(branch);
    heard[index] = (heard[index] ?? 0) + 1;
    return true;
  };
  /** A phone absorbs copies, answers each, and acts once. */
  const phoneHears = (index: number, bytes: Uint8Array, back: (bytes: Uint8Array) => void): void => {
    const request = requestIn(bytes);
    const code = status(index);
    if (code === 0) return;
    const after = fetches(index);
    const acts = isNew(index, header(request, 'Via') ?? '') && code < 300;
    if (acts && after !== undefined) world.after(after, () => fetch(index));
    if (!isLost()) world.after(1, () => back(encodeMessage(respond(request, { status: code }))));
  };
  const fetch = (index: number): void => {
    const seen = { at: world.now(), mac: macs[index] };
    if (restarts(index)) timeline.tell({ ...seen, kind: 'asked-for-address', asksOptions: [] });
    const file = { door: 'http', file: 'own.cfg', role: 'own', bytes: 1, digest: 'd' } as const;
    timeline.tell({ ...seen, kind: 'fetched', ...file });
  };

  const boot = (): StormKeeper => {
    const stored: StormTable = new Map();
    for (const record of structuredClone(records)) replayStorm(stored, record);
    let isAlive = true;
    const pending = createPending({ world, most: Number.POSITIVE_INFINITY });
    const send = (bytes: Uint8Array, to: Peer): void => {
      const hear = (back: Uint8Array): void => {
        const response = decodeMessage(back);
        if (isAlive && response.ok && response.value.kind === 'response') pending.hear(response.value);
      };
      if (isAlive && !isLost()) world.after(1, () => phoneHears(to.address - SERVER - 1, bytes, hear));
    };
    const lan = {
      subnet: NETWORK,
      dialTcp: () => Promise.reject(new Error(`no TCP at ${showIpv4(SERVER)}`)),
    };
    const server = { address: SERVER, port: 5060 };
    const parts = { pending, send, lan, server, world, tell: timeline.tell };
    const keeper = createStorms({
      world,
      timeline,
      register,
      waking: { credentials: [], via: [] },
      wake: async (request) => await wakePhone(parts, request),
      state: {
        noteStorm: async (record) => {
          if (!disk()) return await Promise.reject(new Error('the disk is full'));
          records.push(structuredClone(record));
          return await Promise.resolve();
        },
      },
      stored: [...stored.values()],
      stages: async () => await Promise.resolve(new Map()),
    });
    stop = async () => {
      isAlive = false;
      await keeper.close();
    };
    return keeper;
  };
  let stop = async (): Promise<void> => await Promise.resolve();

  const self: Fleet = {
    ...{ world, macs, heard, records, fetch, told },
    keeper: boot(),
    crash: async () => {
      await stop();
      self.keeper = boot();
    },
    start: async (order) => {
      const started = await self.keeper.start(checkOrder(order));
      if (typeof started === 'string') throw new Error(started);
      return started.id;
    },
    phones: (id) => self.keeper.phones(id) ?? [],
    counts: (id) => self.keeper.list().find((storm) => storm.id === id)?.counts ?? {},
  };
  return self;
}
