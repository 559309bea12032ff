// The house: what is known of phones and storms, one timeline and the local API. It opens the doors on each LAN
// (lans.ts, served-lan.ts), and stays while these take other settings.
import { setImmediate as breath } from 'node:timers/promises';
import { Fault } from './base/fault.ts';
import { type Mac, parseMac } from './base/mac.ts';
import { roughly } from './base/units.ts';
import { type Closable, type Millis, openAll } from './base/world.ts';
import type { Appliance } from './control/api.ts';
import { createAppliance } from './control/appliance.ts';
import { createDhcpDesks } from './control/dhcp-desks.ts';
import { type Metrics, openMetrics, timeCommits } from './control/metrics.ts';
import { withSettings } from './control/settings.ts';
import { createStorms, type StormKeeper, type StormParts } from './control/storms.ts';
import type { PlannerParts } from './control/storms-plan.ts';
import { createTeller } from './control/teller.ts';
import { withTokens } from './control/tokens.ts';
import type { Lease } from './dhcp/lease-table.ts';
import { afterSetBack, changesTo, setBackBy } from './dhcp/leases.ts';
import { createAskerRecogniser } from './files/recognise.ts';
import { createLans, type LansParts, leaseLists } from './lans.ts';
import type { HttpOptions } from './net/ports.ts';
import type { Phone } from './phones/phone.ts';
import { bindAddress, createRegister, type Register } from './phones/register.ts';
import { renewRegister } from './phones/renew.ts';
import type { LanGround } from './served-lan.ts';
import { type AwayLan, withAway, withLan } from './site/lans.ts';
import type { LoadedSite } from './site/load.ts';
import type { LanSite } from './site/site.ts';
import type { State, Stored } from './store/state.ts';
import { createTally } from './timeline/counts.ts';
import { createTimeline } from './timeline/journal.ts';
import { rememberedProgress } from './timeline/progress.ts';

export interface AppParts extends Omit<LanGround, 'lan' | 'neighbours'> {
  /** With one LAN at least. */
  readonly site: LoadedSite;
  readonly groundOf: LansParts['groundOf'];
  readonly state: State;
  readonly stored: Stored;
  /** When that was written: a clock that was set back since is found out. */
  readonly written?: Millis | undefined;
  /** Needed when the HTTPS door is on. */
  readonly tls?: HttpOptions['tls'];
}

/** Everything running. Closing gives the sockets back; the state is the caller's. */
export interface App extends Closable {
  readonly appliance: Appliance;
  /** The settings as they are now; its LANs are those that are open. */
  readonly served: () => LoadedSite;
  /** Goes on with those settings (of `changesOf`). Rejects with a Fault, nothing changed, when a door cannot be had. */
  renew(next: LoadedSite, tls: HttpOptions['tls']): Promise<void>;
  /** Opens a LAN that was away. Rejects with a Fault when it still cannot be served. */
  join(lan: LanSite, tls: HttpOptions['tls']): Promise<void>;
}

/** Opens all doors; a LAN that cannot be opened is told and left away, the last one rejects with its Fault. */
export async function openApp(parts: AppParts): Promise<App> {
  const { stored, world, log } = parts;
  let served = parts.site;
  const { state, commits } = timeCommits(parts.state);
  const timeline = createTimeline(
    stored.phones.map(({ mac, ownFile }) => [mac, rememberedProgress(mac, ownFile)]),
    (mac) => register.phones.has(mac),
  );
  const tally = createTally();
  timeline.follow(tally.add);
  const setBack = setBackBy(parts.written, world.now());
  const kept = afterSetBack(stored.leases, setBack);
  const register = rememberPhones(parts, kept);
  const { tell, book } = withTokens(
    tokenParts(parts, () => served),
    {
      register,
      tell: createTeller({ state, register, log, tell: timeline.tell }),
    },
  );
  timeline.follow((event) => book?.note(event));
  const recognise = createAskerRecogniser({ register, neighbourOf: parts.neighbourOf, world, tell });
  const lans = createLans({
    ...parts,
    ...{ register, tell, recognise, book, leases: kept, commit: state.commit, site: () => served },
  });
  state.follow(() => lans.leases());

  let metrics: Metrics | undefined;
  const doors = await openAll([
    async () => {
      const away = await openEach(parts.site.lans, async (lan) => await lans.open(lan, parts.tls));
      served = withAway(served, away);
      return lans;
    },
    async () => {
      metrics = await openMetrics({
        ...{ tally, commits, world, appliance: () => appliance },
        lans: () => lans.all().map((one) => ({ lanSite: one.served().lanSite, leases: one.leases })),
        get site() {
          return served;
        },
      });
      return metrics;
    },
  ]);
  timeline.follow((event) => {
    if (event.kind === 'leased' || event.kind === 'released' || event.kind === 'declined')
      lans.at(event.address)?.there.files.moved?.(event.address);
  });

  /** As they are now: whoever keeps this object sees what a reload changes. */
  const settings = {
    get provisioning() {
      return served.provisioning;
    },
    get waking() {
      return served.wake;
    },
  };
  // The first LAN says why none of them reaches it.
  const wake: StormParts['wake'] = async (request) =>
    await (lans.at(request.address) ?? lans.of(undefined)).there.sip.wake(request);
  let storms: StormKeeper | undefined;
  const appliance = createAppliance(
    withSettings(settings, {
      ...{ register, timeline, world, wake },
      lanOf: (phone: Phone) => lans.of(phone).served().lanSite,
      leases: () => leaseLists(lans),
      desk: book === undefined ? lans.desk : book.desk(lans.desk),
      urlFor: (phone: Phone) => lans.of(phone).urls().shown(phone),
      push: async (mac: Mac, until: AbortSignal) =>
        await lans.of(register.phones.get(mac) ?? { mac }).there.sip.push(mac, until),
      storms: (stages: PlannerParts['stages']) => {
        storms = createStorms(
          withSettings(settings, {
            ...{ world, timeline, register, stages, state, wake, stored: stored.storms },
          }),
        );
        return storms;
      },
      dhcp: createDhcpDesks(withSettings(settings, { register, world, lans, commit: state.commit })),
    }),
  );
  if (stored.cut > 0) {
    const hint = 'nothing to do: the last record was not complete, so no phone was answered on it';
    tell({
      kind: 'fault',
      at: world.now(),
      code: 'journal-cut',
      message: `${stored.cut} torn bytes cut off the journal`,
      hint,
    });
  }
  if (setBack > 0) {
    const message = `the clock was set back by ${roughly(setBack)} since the state was written; leases keep the time that was left to them`;
    const hint = 'see that it is right: timedatectl';
    tell({ kind: 'fault', at: world.now(), code: 'clock-set-back', message, hint });
    // Else they would be back at the next start, which finds a journal of the right time.
    await state.commit(changesTo(kept));
  }
  for (const { interface: name, fault } of served.away) {
    const message = `the phones on ${name} are not served: ${fault.message}`;
    tell({ kind: 'fault', at: world.now(), code: fault.code, message, hint: fault.hint });
  }
  // One after the other: a LAN that joins in the middle of a reload would stand on settings of before.
  let line: Promise<unknown> = Promise.resolve();
  const inTurn = async (work: () => Promise<void>): Promise<void> => {
    const turn = line.then(work);
    line = turn.catch(() => undefined);
    await turn;
  };
  const renew: App['renew'] = async (next, tls) => {
    // All that can fail comes first. The rest is done in one go: no phone meets half of the old and half of the new.
    const commit = await lans.renew(next, tls);
    served = served.lans.reduce(withLan, next);
    const steps = renewRegister(register, { catalogue: next.catalogue, list: next.phones });
    let step = steps.next();
    commit();
    for (; step.done !== true; step = steps.next()) await breath();
  };
  const join: App['join'] = async (lan, tls) => {
    await lans.open(lan, tls);
    served = withLan(served, lan);
    tell({ kind: 'interface-back', at: world.now(), interface: lan.interface });
  };
  // Storms rest first: a wake-up that our closing cuts off is not one that a phone left unanswered.
  const close = async (): Promise<void> => {
    await storms?.close();
    await doors.close();
  };
  const whole: Appliance = {
    ...appliance,
    metrics: metrics?.text,
    health: async () => {
      for (const { there } of lans.all()) await there.files.answers?.();
    },
  };
  return {
    appliance: book === undefined ? whole : book.explained({ ...whole, tokens: book }),
    served: () => served,
    renew: async (next, tls) => await inTurn(async () => await renew(next, tls)),
    join: async (lan, tls) => await inTurn(async () => await join(lan, tls)),
    close,
  };
}

/** One that cannot be opened does not take the doors from the phones on the others. */
async function openEach(
  lans: readonly LanSite[],
  open: (lan: LanSite) => Promise<void>,
): Promise<readonly AwayLan[]> {
  const away: AwayLan[] = [];
  for (const lan of lans) {
    try {
      await open(lan);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      away.push({ interface: lan.interface, fault: error });
    }
  }
  const [first] = away;
  if (first !== undefined && away.length === lans.length) throw first.fault;
  return away;
}

/** When files with secrets are given out may change; whether there are tokens may not. */
function tokenParts(parts: AppParts, served: () => LoadedSite) {
  const files = {
    tokens: parts.site.files.tokens,
    get window() {
      return served().files.window;
    },
    get windows() {
      return served().files.windows;
    },
  };
  return { ...parts, site: { files } };
}

function rememberPhones({ site, stored, world }: AppParts, leases: readonly Lease[]): Register {
  // A phone that was plugged over may have one on each LAN: the one that runs longest is the latest.
  const holders = [...leases]
    .sort((a, b) => a.expires - b.expires)
    .flatMap(({ state, expires, client, mac, address }) => {
      const holder: Mac | undefined = mac ?? parseMac(client);
      return state === 'bound' && expires > world.now() && holder !== undefined
        ? [{ mac: holder, address }]
        : [];
    });
  const known = new Set(stored.phones.map(({ mac }) => mac));
  const register = createRegister({
    catalogue: site.catalogue,
    list: site.phones,
    remembered: [
      ...stored.phones,
      ...holders.filter(({ mac }) => !known.has(mac)).map(({ mac }) => ({ mac, clues: [] })),
    ],
  });
  for (const { mac, address } of holders) bindAddress(register, mac, address);
  return register;
}
