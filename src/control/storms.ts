// Keeps the storms: feeds their machines with what is heard, performs what these say, and writes it all down. A storm
// that was running when the daemon ended goes on by itself.
import type { Mac } from '../base/mac.ts';
import type { Closable } from '../base/world.ts';
import type { Phone } from '../phones/phone.ts';
import { type Vendor, vendorOf } from '../phones/vendor.ts';
import type { WakeOutcome, WakeRequest } from '../sip/notifier.ts';
import { type StormInput, type StormOutput, stepStorm } from '../sip/storm.ts';
import type { Outcome, Past, StormPlan } from '../sip/storm-plan.ts';
import { openStorm, type Storm } from '../sip/storm-state.ts';
import type { State, Stored } from '../store/state.ts';
import { forgetOldest } from '../store/storms.ts';
import type { PhoneEvent } from '../timeline/event.ts';
import type { Timeline } from '../timeline/journal.ts';
import { planWake } from './resync-plan.ts';
import type { StormDesk, StormNews } from './storms-api.ts';
import { createPlanner, type PlannerParts } from './storms-plan.ts';
import { stormLine, stormPhone } from './storms-say.ts';

export interface StormParts extends PlannerParts {
  readonly timeline: Timeline;
  readonly wake: (request: WakeRequest) => Promise<WakeOutcome>;
  readonly state: Pick<State, 'noteStorm'>;
  readonly stored: Stored['storms'];
}

/** Closing leaves the storms as they are: they go on at the next start. */
export type StormKeeper = StormDesk & Closable;

interface Running {
  readonly storm: Storm;
  readonly followers: Set<{ readonly say: (news: StormNews) => void; readonly end: () => void }>;
  cancelTick: () => void;
  /** Verdicts that are not yet written down. */
  unwritten: [Mac, Outcome][];
  /** Wake-ups that have no end yet. */
  readonly asking: Map<Mac, AbortController>;
}

/** Verdicts are written together: each is only worth a fetch that would be waited for once more. */
const WRITE_AFTER = 100;
/** How often followers are told how the storm stands, ms. */
const NEWS_EVERY = 200;

export function createStorms(parts: StormParts): StormKeeper {
  const { world, timeline, register, state } = parts;
  const all = new Map<string, Running>();
  let isOpen = true;
  const vendorFor = (phone: Phone): Vendor | undefined => vendorOf(register.catalogue, phone.identity.vendor);

  const isActive = ({ storm }: Running): boolean =>
    storm.active > 0 || (storm.mode !== 'done' && storm.mode !== 'cancelled');

  function feed(one: Running, input: StormInput): void {
    if (!isOpen) return;
    one.cancelTick();
    const { outputs, wakeAt } = stepStorm(world.now(), one.storm, input);
    // One timer a storm, set before the outputs are performed: these may feed it again.
    if (wakeAt !== undefined && isActive(one))
      one.cancelTick = world.after(wakeAt - world.now(), () => feed(one, { kind: 'tick' }));
    for (const output of outputs) perform(one, output);
  }

  function perform(one: Running, output: StormOutput): void {
    const { id } = one.storm.plan;
    switch (output.kind) {
      case 'store': {
        const { macs } = output;
        state.noteStorm({ kind: 'storm-woken', id, at: world.now(), macs }).then(
          () => feed(one, { kind: 'stored', macs }),
          () => feed(one, { kind: 'not-stored', macs }),
        );
        return;
      }
      case 'wake':
        void wake(one, output.mac);
        return;
      case 'verdict':
        verdict(one, output.mac, output.outcome);
        return;
      case 'mode':
        note({ kind: 'storm-mode', id, mode: output.mode });
        write(one);
        tellNews(one);
    }
  }

  async function wake(one: Running, mac: Mac): Promise<void> {
    const phone = register.phones.get(mac);
    const { manner } = one.storm.plan;
    const planned =
      phone === undefined
        ? 'no-address'
        : planWake(phone, vendorFor(phone), { manner, waking: parts.waking });
    if (typeof planned === 'string') return feed(one, { kind: 'unwakeable', mac, why: planned });
    const over = new AbortController();
    one.asking.set(mac, over);
    try {
      const end = await parts.wake({ ...planned.request, until: over.signal });
      one.asking.delete(mac);
      feed(one, { kind: 'ended', mac, end });
    } catch {
      one.asking.delete(mac);
      // The one Fault there is: the address, or that of the proxy, is none we may send to.
      feed(one, { kind: 'unwakeable', mac, why: 'off-the-lan' });
    }
  }

  function verdict(one: Running, mac: Mac, outcome: Outcome): void {
    const { patience } = one.storm.plan;
    // It was off, came back and fetched: a NOTIFY that is still sent again would make it fetch once more.
    one.asking.get(mac)?.abort();
    const { verdict: what, file = '', afterMs = 0 } = outcome;
    if (what === 'confirmed') timeline.tell({ kind: 'wake-confirmed', at: world.now(), mac, file, afterMs });
    if (what === 'acknowledged' && patience > 0)
      timeline.tell({ kind: 'wake-unconfirmed', at: world.now(), mac, waitedMs: patience });
    if (one.unwritten.length === 0) world.after(WRITE_AFTER, () => write(one));
    one.unwritten.push([mac, outcome]);
    const phone = register.phones.get(mac);
    if (phone === undefined) return;
    if (one.followers.size === 0) return;
    const news = {
      kind: 'phone',
      phone: stormPhone({ phone, vendor: vendorFor(phone), storm: one.storm }),
    } as const;
    for (const { say } of one.followers) say(news);
  }

  function write(one: Running): void {
    if (!isOpen || one.unwritten.length === 0) return;
    const verdicts = one.unwritten.splice(0);
    note({ kind: 'storm-verdicts', id: one.storm.plan.id, verdicts });
  }

  /** What cannot be written is told by the state's owner; the storm itself stops when a wake-up cannot. */
  function note(record: Parameters<State['noteStorm']>[0]): void {
    state.noteStorm(record).catch(() => undefined);
  }

  function tellNews(one: Running): void {
    if (one.followers.size === 0) return;
    const storm = stormLine(one.storm);
    const isAtRest = one.storm.mode !== 'running' && one.storm.active === 0;
    for (const follower of one.followers) {
      follower.say({ kind: 'storm', storm });
      if (isAtRest && one.unwritten.length === 0) follower.end();
    }
  }

  function open(plan: StormPlan, mode: Storm['mode'], past: ReadonlyMap<Mac, Past>): Running {
    const storm = openStorm(plan, past, mode, world.now());
    const one: Running = {
      storm,
      followers: new Set(),
      cancelTick: () => undefined,
      unwritten: [],
      asking: new Map(),
    };
    all.set(plan.id, one);
    // As the store does: a daemon that wakes thousands of phones every night must not grow with each.
    forgetOldest(all, {
      planOf: ({ storm: { plan } }) => plan,
      isOver: (one) => !isActive(one) && one.followers.size === 0 && one.unwritten.length === 0,
    });
    return one;
  }

  const unfollow = timeline.follow((event) => {
    const input = inputOf(event);
    if (input === undefined) return;
    for (const one of all.values()) if (isActive(one) && one.storm.targets.has(input.mac)) feed(one, input);
  });
  for (const { plan, mode, past } of parts.stored) {
    const one = open(plan, mode, past);
    if (isActive(one)) feed(one, { kind: 'tick' });
  }

  const planner = createPlanner(parts, {
    vendorFor,
    storms: () => [...all.values()].map(({ storm }) => storm),
  });
  return {
    plan: planner.planned,
    start: async (order) => {
      const made = await planner.make(order);
      if (typeof made === 'string') return made;
      const { plan, past } = made;
      await state.noteStorm({ kind: 'storm', plan, mode: 'running', past: [...past] });
      const one = open(plan, 'running', past);
      feed(one, { kind: 'tick' });
      return stormLine(one.storm);
    },
    list: () => [...all.values()].map(({ storm }) => stormLine(storm)),
    phones: (id) => {
      const one = all.get(id);
      return one?.storm.plan.targets.flatMap((mac) => {
        const phone = register.phones.get(mac);
        return phone === undefined ? [] : [stormPhone({ phone, vendor: vendorFor(phone), storm: one.storm })];
      });
    },
    command: (id, what) => {
      const one = all.get(id);
      if (one === undefined) return `there is no storm ${id}`;
      feed(one, { kind: what });
      write(one);
      return stormLine(one.storm);
    },
    follow: (id, say, end) => {
      const one = all.get(id);
      if (one === undefined) return undefined;
      const follower = { say, end };
      one.followers.add(follower);
      // Not at once: whoever follows must first have what ends it.
      let cancel = world.after(0, () => look());
      const look = (): void => {
        cancel = world.after(NEWS_EVERY, look);
        if (!isActive(one) || one.storm.mode !== 'running') tellNews(one);
        else say({ kind: 'storm', storm: stormLine(one.storm) });
      };
      return () => {
        cancel();
        one.followers.delete(follower);
      };
    },
    close: async () => {
      for (const one of all.values()) write(one);
      isOpen = false;
      unfollow();
      for (const { cancelTick } of all.values()) cancelTick();
      await Promise.resolve();
    },
  };
}

/** What an event says to a storm: a fetch, or the beginning of a boot. */
function inputOf(event: PhoneEvent): Extract<StormInput, { readonly kind: 'fetched' | 'back' }> | undefined {
  const { mac, kind } = event;
  if (mac === undefined) return undefined;
  if (kind === 'fetched' || kind === 'up-to-date')
    return event.role === 'own' ? { kind: 'fetched', mac, file: event.file } : undefined;
  const isRenewal = kind === 'leased' && (event.how === 'renewed' || event.how === 'rebound');
  const isBoot =
    kind === 'asked-for-address' || kind === 'leased' || kind === 'informed' || kind === 'asked-by-pnp';
  return isBoot && !isRenewal ? { kind: 'back', mac } : undefined;
}
