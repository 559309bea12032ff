// What the local API offers, made from the rooms of the daemon.
import { showIpv4 } from '../base/ipv4.ts';
import { type Mac, parseMac, showMac } from '../base/mac.ts';
import type { World } from '../base/world.ts';
import type { Lease, LeaseTable } from '../dhcp/leases.ts';
import { offeredOptions } from '../dhcp/offer.ts';
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
import { explanation, phoneLine, storyLine } from './views.ts';

export interface ApplianceParts {
  readonly register: Register;
  readonly timeline: Timeline;
  readonly desk: Desk;
  readonly leases: LeaseTable;
  readonly lan: LanSite;
  readonly provisioning: Provisioning;
  readonly urlFor: (phone: Phone) => string | undefined;
  readonly wake: ResyncParts['wake'];
  readonly world: World;
}

/** How often `watch` looks for phones that fell silent: their line changes without an event. */
const LOOK_AGAIN = 5_000;

export function createAppliance(parts: ApplianceParts): Appliance {
  const { register, timeline, desk, leases, world } = parts;
  const vendorFor = (phone: Phone): Vendor | undefined => vendorOf(register.catalogue, phone.identity.vendor);

  /** A phone that has never been seen is explained by its MAC alone. */
  const phoneFor = (text: string): Phone | undefined => {
    const mac = parseMac(text);
    if (mac === undefined) return undefined;
    const oui = { kind: 'oui', mac } as const;
    const stranger = {
      mac,
      clues: new Map([['oui', oui] as const]),
      identity: identify(register.catalogue, [oui]),
    };
    return register.phones.get(mac) ?? stranger;
  };

  const lineFor = async (phone: Phone): Promise<PhoneLine> => {
    const progress = timeline.progress(phone.mac);
    const own = progress?.ownFile && (await desk.prepare(phone, progress.ownFile.file));
    const wanted = own?.kind === 'file' ? own.digest : undefined;
    return phoneLine({ phone, vendor: vendorFor(phone), progress, wanted, now: world.now() });
  };

  return {
    phones: async () => {
      const lines = await Promise.all([...register.phones.values()].map(lineFor));
      return lines.sort((a, b) => a.mac.localeCompare(b.mac));
    },
    story: (text) => {
      if (text === undefined) return timeline.story().map(storyLine);
      const mac = parseMac(text);
      return mac && timeline.story(mac).map(storyLine);
    },
    explain: async (text) => {
      const phone = phoneFor(text);
      if (phone === undefined) return undefined;
      const { lan, provisioning } = parts;
      const url = parts.urlFor(phone);
      const vendor = vendorFor(phone);
      const asked = phone.clues.get('option-55');
      return explanation({
        phone,
        vendor,
        url,
        offered: offeredOptions({ lan, provisioning, vendor, phone, url }),
        asked: asked?.kind === 'option-55' ? asked.codes : undefined,
        files: await desk.explain(phone),
        pnpAnswers: lan.pnp === 'provision',
      });
    },
    file: async (text, name) => {
      const phone = phoneFor(text);
      if (phone === undefined) return 'that is no MAC';
      const gets = await desk.prepare(phone, name);
      if (gets.kind === 'file') return gets.content;
      return `${name} is not served to it, because ${becauseOf(gets.because)}${gets.detail === undefined ? '' : ` (${gets.detail})`}`;
    },
    leases: () => [...leases.leases.values(), ...leases.offers.values()].map(leaseLine).sort(byAddress),
    resync: async (order, say) => {
      const phone = phoneFor(order.mac);
      if (phone === undefined) return say({ verdict: 'unreachable', sentence: 'that is no MAC' });
      await resyncPhone(parts, { phone, vendor: vendorFor(phone), order }, say);
    },
    watch: (show) => watch(parts, lineFor, show),
  };
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

function leaseLine(lease: Lease): LeaseLine {
  const { address, mac, state, expires } = lease;
  return { address: showIpv4(address), mac: showMac(mac), state, expires };
}

function byAddress(a: LeaseLine, b: LeaseLine): number {
  return a.address.localeCompare(b.address, 'en', { numeric: true });
}
