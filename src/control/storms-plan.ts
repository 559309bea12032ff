// From an order to a plan: who, in which order, in which waves; and the same as a dry run.
import { showIpv4 } from '../base/ipv4.ts';
import { type Mac, showMac } from '../base/mac.ts';
import type { World } from '../base/world.ts';
import type { Phone } from '../phones/phone.ts';
import type { Register } from '../phones/register.ts';
import type { Vendor } from '../phones/vendor.ts';
import { randomToken } from '../sip/notifier.ts';
import type { Past, StormPlan, WakeManner } from '../sip/storm-plan.ts';
import type { Storm } from '../sip/storm-state.ts';
import { showPeer } from '../sip/uri.ts';
import type { Waking } from '../site/load-wake.ts';
import { accountOf, parsePeer, planWake } from './resync-plan.ts';
import type { PlannedPhone, StormOrder } from './storms-api.ts';
import { WHY } from './storms-say.ts';
import { selectPhones } from './storms-select.ts';

export interface PlannerParts {
  readonly world: World;
  readonly register: Register;
  readonly waking: Waking;
  /** Where each phone stands, for selections by stage. */
  readonly stages: () => Promise<ReadonlyMap<Mac, string>>;
}

export interface PlannerNeeds {
  readonly vendorFor: (phone: Phone) => Vendor | undefined;
  readonly storms: () => readonly Storm[];
}

export interface Made {
  readonly plan: StormPlan;
  readonly past: ReadonlyMap<Mac, Past>;
}

export interface Planner {
  make(order: StormOrder): Promise<Made | string>;
  planned(order: StormOrder): Promise<readonly PlannedPhone[] | string>;
}

export function createPlanner(parts: PlannerParts, { vendorFor, storms }: PlannerNeeds): Planner {
  const select = async (order: StormOrder): Promise<readonly Phone[] | string> => {
    const wrong = mistakeIn(order);
    if (wrong !== undefined) return wrong;
    const found = await selectPhones(order.selection, {
      phones: parts.register.phones.values(),
      vendorOf: vendorFor,
      stages: parts.stages,
      unconfirmedOf: (id) => {
        const storm = storms().find(({ plan }) => plan.id === id);
        return (
          storm &&
          [...storm.targets.values()]
            .filter(({ outcome }) => outcome?.verdict !== 'confirmed')
            .map(({ mac }) => mac)
        );
      },
    });
    return typeof found !== 'string' && found.length === 0 ? 'no phone fits that selection' : found;
  };
  return {
    make: async (order) => {
      const phones = await select(order);
      if (typeof phones === 'string') return phones;
      const now = parts.world.now();
      const targets = phones.map(({ mac }) => mac);
      const { perSecond, atOnce, spread, stopAt, retries, patience } = order;
      const plan: StormPlan = {
        id: randomToken(parts.world).slice(0, 8),
        madeAt: now,
        startAt: order.startAt ?? now,
        targets,
        manner: mannerOf(order),
        waves: wavesOf(order, targets.length),
        ...{ perSecond, atOnce, spread, stopAt, retries, patience },
      };
      return { plan, past: new Map(targets.filter(isTaken(storms())).map((mac) => [mac, taken(now)])) };
    },
    planned: async (order) => {
      const phones = await select(order);
      if (typeof phones === 'string') return phones;
      const manner = mannerOf(order);
      return phones.map((phone) => {
        const vendor = vendorFor(phone);
        const wake = planWake(phone, vendor, { manner, waking: parts.waking });
        const who = {
          mac: showMac(phone.mac),
          label: phone.listed?.label,
          vendor: vendor?.name,
          model: phone.identity.model,
          account: accountOf(phone),
        };
        if (typeof wake === 'string') {
          const to = phone.address === undefined ? undefined : showIpv4(phone.address);
          return { ...who, to, because: WHY[wake] };
        }
        const { address, port, event, message, http, via } = wake.request;
        const { contentType, body } = message ?? {};
        const to = showPeer(via ?? { address, port });
        return { ...who, to, event: http ?? event, effect: wake.effect, contentType, body };
      });
    },
  };
}

function mistakeIn({ what, url, via, startAt }: StormOrder): string | undefined {
  if (what === 'profile' && url === undefined)
    return 'name the file that the phones must fetch: --profile URL';
  if (url !== undefined && !/^[!#-;=?-~]+$/.test(url)) return `"${url}" is no URL`;
  if (via !== undefined && parsePeer(via) === undefined)
    return `"${via}" is no address (write 10.20.0.5 or 10.20.0.5:5060)`;
  return startAt === 0 ? 'that time is no time' : undefined;
}

function mannerOf({ what, url, transport, via, byHttp }: StormOrder): WakeManner {
  return { what, url, transport, via, byHttp };
}

/** `10%` is a part of all, rounded up. */
function wavesOf({ waves }: StormOrder, of: number): readonly number[] {
  return waves.map((size) =>
    size.endsWith('%') ? Math.ceil((of * Number(size.slice(0, -1))) / 100) : Number(size),
  );
}

/**
 * A phone is in one storm at a time: two would wake it twice. Who was woken by a storm that is over by now has its verdict
 * still to come.
 */
function isTaken(storms: readonly Storm[]): (mac: Mac) => boolean {
  return (mac) =>
    storms.some(({ mode, targets }) => {
      const state = targets.get(mac)?.state ?? 'done';
      return state !== 'done' && (state !== 'waiting' || (mode !== 'done' && mode !== 'cancelled'));
    });
}

function taken(at: number): Past {
  return { wokenAt: 0, times: 0, outcome: { verdict: 'skipped', at, why: 'in-another-storm' } };
}
