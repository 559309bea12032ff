// The LANs of the house. Each has doors, leases and URLs of its own; phones, timeline and state are the house's. Which
// LAN a phone is on, its address tells: no address is of two of them (site/lans.ts).
import { openFileDoors } from './back/doors.ts';
import type { Ipv4 } from './base/ipv4.ts';
import type { Mac } from './base/mac.ts';
import { type Closable, openAll } from './base/world.ts';
import { reservationsOf, type Served } from './control/reload-changes.ts';
import type { TokenBook } from './control/tokens.ts';
import type { Lease, LeaseTable } from './dhcp/lease-table.ts';
import { createLeaseTable, relayTable } from './dhcp/leases.ts';
import type { Recognise } from './files/desk.ts';
import type { Desk } from './files/serve.ts';
import type { HttpOptions } from './net/ports.ts';
import type { Phone } from './phones/phone.ts';
import { createUrlFor } from './phones/url.ts';
import { type LanGround, openServedLan, type ServedLan, type ServedLanParts } from './served-lan.ts';
import { isOnLan } from './site/lans.ts';
import type { LoadedSite } from './site/load.ts';
import type { LanSite } from './site/site.ts';
import type { PhoneEvent } from './timeline/event.ts';

/** What one LAN needs of its own. */
export type OwnGround = Pick<LanGround, 'lan' | 'neighbours'> & {
  /** Opens the doors for files elsewhere than in this thread. */
  readonly openFiles?: ServedLanParts['openFiles'] | undefined;
};

export interface LansParts
  extends Pick<
    ServedLanParts,
    'world' | 'log' | 'tokenKey' | 'linkFacts' | 'neighbourOf' | 'register' | 'commit' | 'tell' | 'recognise'
  > {
  readonly groundOf: (lan: LanSite) => OwnGround;
  /** The settings as they are now. */
  readonly site: () => LoadedSite;
  readonly book: TokenBook | undefined;
  /** What was stored: each LAN takes the leases of its subnets. */
  readonly leases: readonly Lease[];
}

export interface OpenLan {
  readonly served: () => Served;
  readonly leases: LeaseTable;
  readonly there: ServedLan;
  readonly urls: () => Urls;
}

type UrlOf = ReturnType<typeof createUrlFor>;

/** The URL of a phone as it is handed out, and as it is shown to people. */
interface Urls {
  readonly handedOut: UrlOf;
  readonly shown: UrlOf;
}

export interface Lans extends Closable {
  /** In the order of the settings. */
  all(): readonly OpenLan[];
  /** That of the address. */
  at(address: Ipv4): OpenLan | undefined;
  /** That of the phone's address, else where it was heard last, else the first. */
  of(phone: Pick<Phone, 'mac' | 'address'> | undefined): OpenLan;
  /** Opens the doors on it. Rejects with a Fault, none left open, when one of them cannot be opened. */
  open(lan: LanSite, tls: HttpOptions['tls']): Promise<void>;
  /** Makes ready, on all of them, what that site wants. Rejects with a Fault, nothing changed. */
  renew(site: LoadedSite, tls: HttpOptions['tls']): Promise<() => void>;
  /** Everything that is leased, also by LANs that are not served now: it is kept for them. */
  leases(): Iterable<Lease>;
  /** Of those the leases of no LAN that is served. */
  strays(): readonly Lease[];
  /** Files, by the desk of the phone's LAN. */
  readonly desk: Desk;
}

/** None is open yet. */
export function createLans(parts: LansParts): Lans {
  const { register, book, world } = parts;
  const open = new Map<string, Room>();
  const heard = new Map<Mac, string>();
  let strays = parts.leases;
  const inOrder = (): readonly Room[] =>
    parts.site().lans.flatMap(({ interface: name }) => open.get(name) ?? []);
  const at = (address: Ipv4): Room | undefined =>
    [...open.values()].find(({ served }) => isOnLan(served().lanSite, address));
  const of: Lans['of'] = (phone) => {
    const byAddress = phone?.address === undefined ? undefined : at(phone.address);
    const room = byAddress ?? open.get((phone && heard.get(phone.mac)) ?? '') ?? inOrder()[0];
    if (room === undefined) throw new Error('no LAN is open');
    return room;
  };
  const note = (mac: Mac, name: string): void => {
    if (heard.size >= MOST_HEARD) heard.clear();
    heard.set(mac, name);
  };
  const running = (): readonly Lease[] => strays.filter(({ expires }) => expires > world.now());

  const tellOf = (name: string): ServedLanParts['tell'] => {
    return (event) => {
      const { mac } = event;
      if (mac !== undefined) note(mac, name);
      const changed = mac === undefined ? undefined : changeOf(event, { mac, name });
      if (changed !== undefined) parts.tell(changed);
      parts.tell(event);
    };
  };
  /** A phone that has an address of another of our LANs, or asks for one. */
  const changeOf = (event: PhoneEvent, { mac, name }: { mac: Mac; name: string }): PhoneEvent | undefined => {
    const had =
      event.kind === 'address-refused' && event.because === 'address-of-another-subnet'
        ? event.address
        : event.kind === 'asked-for-address'
          ? register.phones.get(mac)?.address
          : undefined;
    const before = had === undefined ? undefined : at(had)?.served().lanSite.interface;
    if (had === undefined || before === undefined || before === name) return undefined;
    return { kind: 'changed-lan', at: event.at, mac, address: had, interface: name, before };
  };
  /** On this wire nobody has an address of another LAN: who says so may be after the passwords of its phone. */
  const recogniseOn = (name: string, inner: Recognise): Recognise => {
    return async (ask) => {
      const where = at(ask.from.address)?.served().lanSite.interface;
      if (where !== undefined && where !== name) return undefined;
      const phone = await inner(ask);
      if (phone !== undefined) note(phone.mac, name);
      return phone;
    };
  };

  const openOne = async (lan: LanSite, tls: HttpOptions['tls']): Promise<void> => {
    const { interface: name } = lan;
    const ground = parts.groundOf(lan);
    const isOwn = ({ address }: Lease): boolean => isOnLan(lan, address);
    const view = { site: parts.site(), lanSite: lan };
    const leases = createLeaseTable(lan, strays.filter(isOwn), reservationsOf(view));
    const room: Settled = { view, urls: urlsOf(view, book) };
    const there = await openServedLan({
      ...parts,
      ...ground,
      ...{ leases, tls },
      tell: tellOf(name),
      served: () => room.view,
      urlFor: (phone) => room.urls.handedOut(phone),
      recognise: recogniseOn(name, book === undefined ? parts.recognise : book.recognise(parts.recognise)),
      openFiles:
        ground.openFiles ??
        (async (files) => await openFileDoors({ ...files, lan: ground.lan, world: parts.world })),
    });
    // Only now: a LAN that could not be opened must not lose them.
    strays = strays.filter((lease) => !isOwn(lease));
    open.set(name, { room, leases, there, served: () => room.view, urls: () => room.urls });
  };
  const renew: Lans['renew'] = async (site, tls) => {
    const ready: { readonly one: Room; readonly next: Served; readonly commit: () => void }[] = [];
    const undo: (() => Promise<void>)[] = [];
    try {
      for (const one of open.values()) {
        const { lanSite } = one.served();
        const next = {
          site,
          lanSite: site.lans.find((lan) => lan.interface === lanSite.interface) ?? lanSite,
        };
        const renewal = await one.there.renew(next, tls);
        undo.push(async () => await renewal.undo());
        ready.push({ one, next, commit: () => renewal.commit() });
      }
    } catch (error) {
      for (const back of undo) await back();
      throw error;
    }
    return () => {
      for (const { one, next, commit } of ready) {
        one.room.view = next;
        one.room.urls = urlsOf(next, book);
        relayTable(one.leases, next.lanSite, reservationsOf(next));
        commit();
      }
    };
  };

  return {
    all: inOrder,
    at,
    of,
    open: openOne,
    renew,
    strays: running,
    leases: function* () {
      for (const { leases } of open.values()) yield* leases.leases.values();
      yield* running();
    },
    desk: {
      prepare: async (phone, name) => await of(known(phone)).there.files.desk.prepare(phone, name),
      digest: async (phone, name) => await of(known(phone)).there.files.desk.digest(phone, name),
      explain: async (phone) => await of(known(phone)).there.files.desk.explain(phone),
    },
    close: async () => {
      const { close } = await openAll(
        [...open.values()].map(
          ({ there }) =>
            async () =>
              await Promise.resolve(there),
        ),
      );
      await close();
    },
  };

  function known(phone: { readonly mac: Mac } | undefined): Pick<Phone, 'mac' | 'address'> | undefined {
    return phone && (register.phones.get(phone.mac) ?? phone);
  }
}

/** All leases and offers, and where several LANs are served the interface of each. */
export function* leaseLists(
  lans: Pick<Lans, 'all' | 'strays'>,
): Iterable<readonly [Lease, string | undefined]> {
  const all = lans.all();
  for (const { leases, served } of all) {
    const name = all.length > 1 ? served().lanSite.interface : undefined;
    for (const lease of leases.leases.values()) yield [lease, name];
    for (const offer of leases.offers.values()) yield [offer, name];
  }
  for (const lease of lans.strays()) yield [lease, undefined];
}

/** As many as the register knows at the most. */
const MOST_HEARD = 24_000;

/** What a reload changes. */
interface Settled {
  view: Served;
  urls: Urls;
}

interface Room extends OpenLan {
  readonly room: Settled;
}

function urlsOf({ site, lanSite }: Served, book: TokenBook | undefined): Urls {
  const { provisioning, catalogue } = site;
  const parts = { url: provisioning.url, server: lanSite.address, catalogue };
  const handedOut = createUrlFor({ ...parts, token: book?.handedOut });
  const shown = book === undefined ? handedOut : createUrlFor({ ...parts, token: book.shown });
  return { handedOut, shown };
}
