// The house: what is known of phones, leases and storms, one timeline and the local API. It opens the doors on the LAN
// (served-lan.ts), and stays while these take other settings.
import { setImmediate as breath } from 'node:timers/promises';
import { type FileDoors, type FileDoorsParts, openFileDoors } from './back/doors.ts';
import { type Mac, parseMac } from './base/mac.ts';
import { roughly } from './base/units.ts';
import { type Closable, type Millis, openAll } from './base/world.ts';
import type { Appliance } from './control/api.ts';
import { createAppliance } from './control/appliance.ts';
import { createDhcpDesk } from './control/dhcp.ts';
import { type Metrics, openMetrics, timeCommits } from './control/metrics.ts';
import { reservationsOf, type Served } from './control/reload-changes.ts';
import { createStorms, type StormKeeper } from './control/storms.ts';
import type { PlannerParts } from './control/storms-plan.ts';
import { createTeller } from './control/teller.ts';
import { type TokenBook, withTokens } from './control/tokens.ts';
import type { LeaseTable } from './dhcp/lease-table.ts';
import { afterSetBack, changesTo, createLeaseTable, relayTable, setBackBy } from './dhcp/leases.ts';
import { createRecogniser } from './files/recognise.ts';
import type { HttpOptions } from './net/ports.ts';
import { bindAddress, createRegister, type Register } from './phones/register.ts';
import { renewRegister } from './phones/renew.ts';
import { createUrlFor } from './phones/url.ts';
import { type LanGround, openServedLan, type ServedLan } from './served-lan.ts';
import type { State, Stored } from './store/state.ts';
import { createTally } from './timeline/counts.ts';
import { createTimeline } from './timeline/journal.ts';
import { rememberedProgress } from './timeline/progress.ts';

export interface AppParts extends Served, LanGround {
  readonly state: State;
  readonly stored: Stored;
  /** When that was written: a clock that was set back since is found out. */
  readonly written?: Millis | undefined;
  /** Needed when the HTTPS door is on. */
  readonly tls?: HttpOptions['tls'];
  /** Opens the doors for files elsewhere than in this thread. */
  readonly openFiles?: (parts: Omit<FileDoorsParts, 'lan' | 'world'>) => Promise<FileDoors>;
}

/** Everything running on one LAN. Closing gives the sockets back; the state is the caller's. */
export interface App extends Closable {
  readonly appliance: Appliance;
  /** The settings as they are now. */
  readonly served: () => Served;
  /** Goes on with those settings (of `changesOf`). Rejects with a Fault, nothing changed, when a door cannot be had. */
  renew(next: Served, tls: HttpOptions['tls']): Promise<void>;
}

/** Opens all doors. Rejects with a Fault, nothing left open, when one of them cannot be opened. */
export async function openApp(parts: AppParts): Promise<App> {
  const { lan, stored, world, log } = parts;
  let served: Served = { site: parts.site, lanSite: parts.lanSite };
  const { state, commits } = timeCommits(parts.state);
  const timeline = createTimeline(
    stored.phones.map(({ mac, ownFile }) => [mac, rememberedProgress(mac, ownFile)]),
    (mac) => register.phones.has(mac),
  );
  const tally = createTally();
  timeline.follow(tally.add);
  const setBack = setBackBy(parts.written, world.now());
  const kept = afterSetBack(stored.leases, setBack);
  const leases = createLeaseTable(parts.lanSite, kept, reservationsOf(served));
  state.follow(() => leases.leases.values());
  const register = rememberPhones(parts, leases);
  const { tell, book } = withTokens(
    tokenParts(parts, () => served),
    {
      register,
      tell: createTeller({ state, register, log, tell: timeline.tell }),
    },
  );
  timeline.follow((event) => book?.note(event));
  let urls = urlsOf(served, book);
  const shownUrl: typeof urls.shown = (phone) => urls.shown(phone);
  const recognise = createRecogniser({ register, neighbourOf: parts.neighbourOf, world, tell });

  let metrics: Metrics | undefined;
  let there: ServedLan | undefined;
  const doors = await openAll([
    async () => {
      there = await openServedLan({
        ...parts,
        ...{ register, leases, tell, commit: state.commit, served: () => served },
        urlFor: (phone) => urls.handedOut(phone),
        recognise: book === undefined ? recognise : book.recognise(recognise),
        openFiles: parts.openFiles ?? (async (files) => await openFileDoors({ ...files, lan, world })),
      });
      return there;
    },
    async () => {
      metrics = await openMetrics({
        ...{ leases, tally, commits, world, appliance: () => appliance },
        get site() {
          return served.site;
        },
        get lanSite() {
          return served.lanSite;
        },
      });
      return metrics;
    },
  ]);
  if (there === undefined) throw new Error('openAll did not open all');
  const { sip, files, objection } = there;
  timeline.follow((event) => {
    if (event.kind === 'leased' || event.kind === 'released' || event.kind === 'declined')
      files.moved?.(event.address);
  });

  /** As they are now: whoever keeps this object sees what a reload changes. */
  const settings = {
    get lan() {
      return served.lanSite;
    },
    get provisioning() {
      return served.site.provisioning;
    },
    get waking() {
      return served.site.wake;
    },
  };
  let storms: StormKeeper | undefined;
  const appliance = createAppliance(
    withSettings(settings, {
      ...{ register, timeline, leases, world },
      desk: book === undefined ? files.desk : book.desk(files.desk),
      urlFor: shownUrl,
      wake: sip.wake,
      push: sip.push,
      storms: (stages: PlannerParts['stages']) => {
        storms = createStorms(
          withSettings(settings, {
            ...{ world, timeline, register, stages, state, wake: sip.wake, stored: stored.storms },
          }),
        );
        return storms;
      },
      dhcp: createDhcpDesk(
        withSettings(settings, {
          register,
          leases,
          urlFor: shownUrl,
          world,
          commit: state.commit,
          objection,
        }),
      ),
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
  const renew = async (next: Served, tls: HttpOptions['tls']): Promise<void> => {
    // All that can fail comes first. The rest is done in one go: no phone meets half of the old and half of the new.
    const commit = await there?.renew(next, tls);
    served = next;
    urls = urlsOf(served, book);
    relayTable(leases, next.lanSite, reservationsOf(next));
    const steps = renewRegister(register, { catalogue: next.site.catalogue, list: next.site.phones });
    let step = steps.next();
    commit?.();
    for (; step.done !== true; step = steps.next()) await breath();
  };
  // Storms rest first: a wake-up that our closing cuts off is not one that a phone left unanswered.
  const close = async (): Promise<void> => {
    await storms?.close();
    await doors.close();
  };
  const whole: Appliance = {
    ...appliance,
    metrics: metrics?.text,
    health: async () => await files.answers?.(),
  };
  return {
    appliance: book === undefined ? whole : book.explained({ ...whole, tokens: book }),
    served: () => served,
    renew,
    close,
  };
}

/** Both in one, by the settings' own properties: a spread would take them as they are today. */
function withSettings<Settings extends object, Parts extends object>(
  settings: Settings,
  parts: Parts,
): Settings & Parts {
  return Object.defineProperties(parts, Object.getOwnPropertyDescriptors(settings)) as Settings & Parts;
}

/** The URL of a phone as it is handed out, and as it is shown to people. */
function urlsOf({ site, lanSite }: Served, book: TokenBook | undefined) {
  const { provisioning, catalogue } = site;
  const parts = { url: provisioning.url, server: lanSite.address, catalogue };
  const handedOut = createUrlFor({ ...parts, token: book?.handedOut });
  const shown = book === undefined ? handedOut : createUrlFor({ ...parts, token: book.shown });
  return { handedOut, shown };
}

/** When files with secrets are given out may change; whether there are tokens may not. */
function tokenParts(parts: AppParts, served: () => Served) {
  const files = {
    tokens: parts.site.files.tokens,
    get window() {
      return served().site.files.window;
    },
    get windows() {
      return served().site.files.windows;
    },
  };
  return { ...parts, site: { files } };
}

function rememberPhones({ site, stored, world }: AppParts, leases: LeaseTable): Register {
  const holders = [...leases.leases.values()].flatMap(({ state, expires, client, mac, address }) => {
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
