// What stands on one LAN: its doors, and those who look for other servers there. The phones, their leases and what is
// told of them are the house's; the settings are looked up as they are now, so that a reload finds the doors open.
import type { FileDoors, FileDoorsParts, FileSite, Renewal } from './back/doors.ts';
import type { Ipv4 } from './base/ipv4.ts';
import type { Log } from './base/log.ts';
import type { Mac } from './base/mac.ts';
import { type Closable, openAll, type World } from './base/world.ts';
import type { Served } from './control/reload-changes.ts';
import { type ConflictCheck, openConflictCheck } from './dhcp/conflict.ts';
import { type Guard, openGuard } from './dhcp/guard.ts';
import type { LeaseTable } from './dhcp/lease-table.ts';
import { type DhcpDoor, type DhcpServer, openDhcpServer } from './dhcp/server.ts';
import type { Recognise } from './files/desk.ts';
import { type LinkWatchParts, watchLink } from './net/link-watch.ts';
import type { HttpOptions, Lan } from './net/ports.ts';
import { makerOf } from './phones/makers.ts';
import type { Register } from './phones/register.ts';
import type { urlFor } from './phones/url.ts';
import { vendorOf } from './phones/vendor.ts';
import { openPnpGuard, type PnpGuard } from './sip/guard.ts';
import { openSip, type SipServer } from './sip/server.ts';
import type { Tell } from './timeline/event.ts';

/** What a URL can speak of. */
type Named = Parameters<typeof urlFor>[0]['phone'];

/** What the doors need besides the settings: the ground they stand on. */
export interface LanGround {
  readonly lan: Lan;
  readonly world: World;
  readonly log: Log;
  /** From which all tokens follow; needed when files.tokens is on. */
  readonly tokenKey?: Uint8Array | undefined;
  /** How the interface is now; throws a Fault when it cannot be used. Absent: nobody looks. */
  readonly linkFacts?: LinkWatchParts['look'] | undefined;
  readonly neighbourOf: (address: Ipv4) => Promise<Mac | undefined>;
  /** Who answers for addresses of the LAN, by dotted address. */
  readonly neighbours: () => Promise<ReadonlyMap<string, Mac>>;
}

export interface ServedLanParts extends LanGround {
  /** The settings as they are now. */
  readonly served: () => Served;
  /** Needed when the HTTPS door is on. */
  readonly tls?: HttpOptions['tls'];
  readonly register: Register;
  readonly leases: LeaseTable;
  readonly commit: DhcpDoor['commit'];
  readonly tell: Tell;
  readonly urlFor: (phone: Named) => string | undefined;
  /** Who asks for a file. */
  readonly recognise: Recognise;
  readonly openFiles: (parts: Omit<FileDoorsParts, 'lan' | 'world'>) => Promise<FileDoors>;
}

export interface ServedLan extends Closable {
  readonly sip: SipServer;
  readonly files: FileDoors;
  /** Why no addresses are given now, if so. */
  readonly objection: DhcpDoor['guard']['objection'];
  /** Makes ready what those settings want of sockets. Rejects with a Fault, nothing changed. */
  renew(next: Served, tls: HttpOptions['tls']): Promise<Renewal>;
}

/** Opens the doors. Rejects with a Fault, none left open, when one of them cannot be opened. */
export async function openServedLan(parts: ServedLanParts): Promise<ServedLan> {
  const { served, tokenKey, tell, recognise } = parts;
  const { lanSite } = served();
  const opened: Opened = {};
  const { close } = await openAll([
    ...linkWatch(parts),
    ...(lanSite.dhcp.mode === 'off' ? [] : dhcpDoors(parts, opened)),
    ...(lanSite.pnp.mode === 'off' || lanSite.dhcp.guard.isOff
      ? []
      : [async () => (opened.pnpGuard = await openPnpGuard({ ...watchParts(parts), tell }))]),
    async () => (opened.sip = await sipDoor(parts, opened)),
    async () => {
      const site = fileSite(served(), { tls: parts.tls, tokenKey });
      opened.files = await parts.openFiles({ site, recognise, tell });
      return opened.files;
    },
  ]);
  const { sip, files, dhcp } = opened;
  if (sip === undefined || files === undefined) throw new Error('openAll did not open all');
  return {
    sip,
    files,
    objection: () => opened.guard?.objection(),
    renew: async (next, tls) => {
      const renewal = await files.renew(fileSite(next, { tls, tokenKey }));
      const commit = (): void => {
        const { urlFor } = parts;
        dhcp?.renew({ lan: next.lanSite, provisioning: next.site.provisioning, urlFor });
        renewal.commit();
      };
      return { ...renewal, commit };
    },
    close,
  };
}

/** First: while doors are opened again, the reason is told already. */
function linkWatch({
  lan,
  world,
  tell,
  linkFacts: look,
}: ServedLanParts): readonly (() => Promise<Closable>)[] {
  if (look === undefined) return [];
  return [async () => await Promise.resolve(watchLink({ ...lan, look, world, tell }))];
}

interface Opened {
  dhcp?: DhcpServer;
  sip?: SipServer;
  files?: FileDoors;
  pnpGuard?: PnpGuard;
  guard?: Guard;
}

/** A door that outlives every reload: calls and transactions of minutes are under way there. */
async function sipDoor(parts: ServedLanParts, opened: Opened): Promise<SipServer> {
  const { lan, world, register, tell, urlFor, served } = parts;
  const vendorFor = (id: string | undefined) => vendorOf(register.catalogue, id);
  return await openSip({
    ...{ lan, world, register, tell, urlFor },
    site: {
      get pnp() {
        return served().lanSite.pnp;
      },
    },
    isProbe: (mac) => opened.pnpGuard?.isProbe(mac) === true,
    wakeable: {
      get via() {
        return served().site.wake.via;
      },
      get served() {
        return served().lanSite.dhcp.relayed.map(({ subnet }) => subnet);
      },
    },
    notifyStyleFor: ({ identity }) => vendorFor(identity.vendor)?.pnp.notify ?? 'rfc',
    takesPush: ({ identity }) => vendorFor(identity.vendor)?.pnp.push === true,
  });
}

function fileSite(
  { site, lanSite }: Served,
  { tls, tokenKey }: Pick<FileSite, 'tls' | 'tokenKey'>,
): FileSite {
  const { catalogue, templates, filesRoot, doors, provisioning } = site;
  // Where another server gives the addresses, a phone's own word must do.
  const bind = site.files.bind ?? (lanSite.dhcp.mode === 'full' ? 'lease' : 'claim');
  const files = { ...site.files, bind };
  return {
    catalogue,
    templates,
    filesRoot,
    files,
    doors,
    url: provisioning.url,
    server: lanSite.address,
    tls,
    tokenKey,
  };
}

/** What those need who look for other servers. */
function watchParts({ lan, served, world, neighbourOf }: ServedLanParts) {
  const { every } = served().lanSite.dhcp.guard;
  return { lan, world, every, neighbourOf, makerOf: (mac: Mac) => makerOf(served().site.makers, mac) };
}

/** What looks around before the door opens, and the door. */
function dhcpDoors(parts: ServedLanParts, opened: Opened): readonly (() => Promise<Closable>)[] {
  const { lan, served, world, tell, register, leases, urlFor, commit } = parts;
  const { lanSite, site } = served();
  const { guard: settings, conflictCheck } = lanSite.dhcp;
  let check: ConflictCheck | undefined;
  const openers = {
    guard: async () => {
      const isFull = lanSite.dhcp.mode === 'full';
      // Beside a companion another server is what is wanted.
      const allow = isFull ? settings.allow : 'any';
      opened.guard = await openGuard({ ...watchParts(parts), tell, allow, stops: isFull });
      return opened.guard;
    },
    check: async () => {
      const { neighbours } = parts;
      const onTrouble = (error: unknown): void =>
        parts.log.warn({ error: String(error) }, 'the address check failed');
      check = await openConflictCheck({ lan, world, neighbours, onTrouble });
      return check;
    },
    door: async () => {
      opened.dhcp = await openDhcpServer({
        port: lan,
        lan: lanSite,
        provisioning: site.provisioning,
        ...{ register, leases, commit, world, tell, urlFor },
        probe: async (address) => (await check?.probe(address)) ?? 'unchecked',
        guard: {
          objection: () => opened.guard?.objection(),
          isProbe: (mac) => opened.guard?.isProbe(mac) === true,
          heard: (server, mac) => opened.guard?.heard(server, mac),
        },
      });
      return opened.dhcp;
    },
  };
  return [
    ...(settings.isOff ? [] : [openers.guard]),
    ...(conflictCheck ? [openers.check] : []),
    openers.door,
  ];
}
