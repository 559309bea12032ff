// What the local API offers, made from the rooms of the daemon.
import { setImmediate as breath } from 'node:timers/promises';
import { showIpv4 } from '../base/ipv4.ts';
import { type Mac, ouiOf, parseMac, showMac } from '../base/mac.ts';
import type { World } from '../base/world.ts';
import type { Lease } from '../dhcp/lease-table.ts';
import { makeOffer } from '../dhcp/offer.ts';
import { ownScope } from '../dhcp/request.ts';
import type { Desk } from '../files/serve.ts';
import { identify } from '../phones/identify.ts';
import type { Phone } from '../phones/phone.ts';
import type { Register } from '../phones/register.ts';
import { type Vendor, vendorOf } from '../phones/vendor.ts';
import type { LanSite, Provisioning } from '../site/site.ts';
import type { Timeline } from '../timeline/journal.ts';
import { becauseOf } from '../timeline/reason.ts';
import type { Appliance, LeaseLine, PhoneLine } from './api.ts';
import { type ResyncParts, resyncPhone } from './resync.ts';
import type { StormDesk } from './storms-api.ts';
import type { PlannerParts } from './storms-plan.ts';
import { explanation, phoneLine, storyLine } from './views.ts';

export interface ApplianceParts {
  readonly register: Register;
  readonly timeline: Timeline;
  readonly desk: Desk;
  /** All leases and offers, and where several LANs are served the interface of each. */
  readonly leases: () => Iterable<readonly [Lease, string | undefined]>;
  /** The LAN that the phone is on. */
  readonly lanOf: (phone: Phone) => LanSite;
  readonly provisioning: Provisioning;
  readonly urlFor: (phone: Phone) => string | undefined;
  readonly wake: ResyncParts['wake'];
  readonly push: ResyncParts['push'];
  readonly waking: ResyncParts['waking'];
  /** Opens what keeps the storms; it asks the appliance where phones stand. */
  readonly storms?: ((stages: PlannerParts['stages']) => StormDesk) | undefined;
  /** What DHCP adds; it needs more of that room than the rest of the API does. */
  readonly dhcp: Pick<Appliance, 'explainDhcp' | 'importLeases'>;
  readonly world: World;
}

/** How often `watch` looks for phones that fell silent: their line changes without an event. */
const LOOK_AGAIN = 5_000;

export function createAppliance(parts: ApplianceParts): Appliance {
  const { register, timeline, desk, world } = parts;
  const vendorFor = (phone: Phone): Vendor | undefined => vendorOf(register.catalogue, phone.identity.vendor);

  /** A phone that has never been seen is explained by its MAC alone. */
  const phoneFor = (text: string): Phone | undefined => {
    const mac = parseMac(text);
    if (mac === undefined) return undefined;
    const oui = { kind: 'oui', oui: ouiOf(mac) } as const;
    const stranger = {
      mac,
      clues: new Map([['oui', oui] as const]),
      identity: identify(register.catalogue, [oui]),
    };
    return register.phones.get(mac) ?? stranger;
  };

  const lineFor = async (phone: Phone): Promise<PhoneLine> => {
    const progress = timeline.progress(phone.mac);
    const wanted = progress?.ownFile && (await desk.digest(phone, progress.ownFile.file));
    return phoneLine({ phone, vendor: vendorFor(phone), progress, wanted, now: world.now() });
  };

  return {
    phones: async () => {
      const phones = [...register.phones.values()].sort((a, b) => (a.mac < b.mac ? -1 : 1));
      return await inSlices(phones, async (slice) => await Promise.all(slice.map(lineFor)));
    },
    story: (text) => {
      if (text === undefined) return timeline.story().map(storyLine);
      const mac = parseMac(text);
      return mac && timeline.story(mac).map(storyLine);
    },
    explain: async (text) => {
      const phone = phoneFor(text);
      if (phone === undefined) return undefined;
      const { provisioning } = parts;
      const lan = parts.lanOf(phone);
      const url = parts.urlFor(phone);
      const vendor = vendorFor(phone);
      const asked = phone.clues.get('option-55');
      return explanation({
        phone,
        vendor,
        url,
        lan,
        offered: makeOffer({ lan, scope: ownScope(lan), provisioning, vendor, client: phone, url }).options,
        asked: asked?.kind === 'option-55' ? asked.codes : undefined,
        files: await desk.explain(phone),
        pnpAnswers: lan.pnp.mode === 'provision',
      });
    },
    file: async (text, name) => {
      const phone = phoneFor(text);
      if (phone === undefined) return 'that is no MAC';
      const gets = await desk.prepare(phone, name);
      if (gets.kind === 'file') return gets.content;
      return `${name} is not served to it, because ${becauseOf(gets.because)}${gets.detail === undefined ? '' : ` (${gets.detail})`}`;
    },
    ...parts.dhcp,
    storms: parts.storms?.(async () => await stagesOf(register.phones.values(), lineFor)),
    leases: async () => await leaseLines(parts),
    resync: async (order, say) => {
      const phone = phoneFor(order.mac);
      if (phone === undefined) return say({ verdict: 'unreachable', sentence: 'that is no MAC' });
      await resyncPhone(parts, { phone, vendor: vendorFor(phone), order }, say);
    },
    watch: (show) => watch(parts, lineFor, show),
  };
}

async function stagesOf(
  phones: Iterable<Phone>,
  lineFor: (phone: Phone) => Promise<PhoneLine>,
): Promise<ReadonlyMap<Mac, string>> {
  const lines = await inSlices(
    [...phones],
    async (slice) =>
      await Promise.all(slice.map(async (phone) => [phone.mac, (await lineFor(phone)).stage] as const)),
  );
  return new Map(lines);
}

/** Shows every phone once, then each whose line changes. Bursts of events of one phone are shown as one. */
function watch(
  { register, timeline, world }: ApplianceParts,
  lineFor: (phone: Phone) => Promise<PhoneLine>,
  show: (line: PhoneLine) => void,
): () => void {
  const shown = new Map<Mac, string>();
  const due = new Set<Mac>();
  let open = true;

  const refresh = async (mac: Mac): Promise<void> => {
    due.delete(mac);
    const phone = register.phones.get(mac);
    if (phone === undefined) return;
    const line = await lineFor(phone);
    const key = `${line.stage} ${line.sentence} ${line.address} ${line.vendor} ${line.model}`;
    if (!open || shown.get(mac) === key) return;
    shown.set(mac, key);
    show(line);
  };
  const soon = (mac: Mac): void => {
    if (due.has(mac)) return;
    due.add(mac);
    world.after(50, () => void refresh(mac));
  };
  const lookAtAll = (): void => {
    if (!open) return;
    for (const mac of register.phones.keys()) soon(mac);
    world.after(LOOK_AGAIN, lookAtAll);
  };

  lookAtAll();
  const unfollow = timeline.follow((event) => {
    if (event.mac !== undefined) soon(event.mac);
  });
  return () => {
    open = false;
    unfollow();
  };
}

async function leaseLines({ leases, register }: ApplianceParts): Promise<readonly LeaseLine[]> {
  const all = [...leases()].sort(([a], [b]) => a.address - b.address);
  return await inSlices(all, (slice) =>
    slice.map(([lease, name]) => ({ ...leaseLine(lease, register), interface: name })),
  );
}

/** Phones wait for nobody: between two slices of a long list the loop is free for them. */
const SLICE = 100;

async function inSlices<Item, Line>(
  items: readonly Item[],
  make: (slice: readonly Item[]) => readonly Line[] | Promise<readonly Line[]>,
): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for (let at = 0; at < items.length; at += SLICE) {
    if (at > 0) await breath();
    lines.push(...(await make(items.slice(at, at + SLICE))));
  }
  return lines;
}

function leaseLine({ address, client, mac, state, expires }: Lease, { phones }: Register): LeaseLine {
  const holder = mac ?? parseMac(client);
  const name = holder === undefined ? undefined : phones.get(holder)?.clues.get('hostname');
  return {
    address: showIpv4(address),
    mac: holder === undefined ? client : showMac(holder),
    state,
    expires,
    hostname: name?.kind === 'hostname' ? name.text : undefined,
  };
}
