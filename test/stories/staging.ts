// A whole staging LAN in memory: the real daemon with all its doors, simulated phones, virtual time, no socket.
import { expect } from 'vitest';
import { type App, openApp } from '../../src/app.ts';
import { latin1 } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { ANY, type Ipv4, parseIpv4, subnetOf } from '../../src/base/ipv4.ts';
import { parseMac } from '../../src/base/mac.ts';
import type { PhoneLine } from '../../src/control/api.ts';
import { createReload } from '../../src/control/reload.ts';
import type { Lease, LeaseChange } from '../../src/dhcp/lease-table.ts';
import { modelOf, vendorOf } from '../../src/phones/vendor.ts';
import { type PluggedPhone, plugPhone } from '../../src/rehearse/plug.ts';
import { type LoadedSite, loadSite } from '../../src/site/load.ts';
import type { State, Stored, StoredPhone, StoredToken } from '../../src/store/state.ts';
import { replayStorm, type StormTable } from '../../src/store/storms.ts';
import { fakeLan } from '../fakes/lan.ts';
import { fakeWorld } from '../fakes/world.ts';

export const SERVER = parseIpv4('10.99.0.1') ?? expect.fail();
const SUBNET = subnetOf(SERVER, 24);
/** Where a test has two LANs. */
export const OFFICE = parseIpv4('10.98.0.1') ?? expect.fail();
const OFFICE_SUBNET = subnetOf(OFFICE, 24);

interface Options {
  /** Settings file; default: everything by default. */
  readonly file?: string;
  readonly phones?: string;
  readonly seed?: number;
  /** The settings have two LANs: lan0 and lan1. */
  readonly office?: boolean;
}

interface Plugged {
  readonly mac: string;
  readonly vendor: string;
  readonly model: string;
  /** Into which LAN; default: lan0. */
  readonly into?: 'lan0' | 'lan1';
}

const SILENT_LOG = {
  isLevelEnabled: () => true,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export async function stagingLan(options: Options = {}) {
  const world = fakeWorld(options.seed);
  const lan = fakeLan(world, SUBNET);
  const office = fakeLan(world, OFFICE_SUBNET);
  let away = new Set<string>();
  const facts = (name: string) => {
    if (away.has(name)) throw new Fault('interface-down', `${name} is down`, `ip link set ${name} up`);
    return name === 'lan1' ? { address: OFFICE, subnet: OFFICE_SUBNET } : { address: SERVER, subnet: SUBNET };
  };
  const request = { ...options, interface: options.office === true ? undefined : 'lan0', facts };
  const loaded = await loadSite(request);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  let site: LoadedSite = loaded.value;
  const memory = memoryState();
  const start = async (): Promise<App> =>
    await openApp({
      site,
      groundOf: ({ interface: name }) => ({
        lan: name === 'lan1' ? { ...office.host(() => OFFICE), interface: name } : lan.host(() => SERVER),
        neighbours: async () => await Promise.resolve(new Map()),
      }),
      state: memory.state,
      stored: memory.stored(),
      world,
      log: SILENT_LOG,
      tokenKey: Buffer.alloc(32, 7),
      neighbourOf: async () => await Promise.resolve(undefined),
    });
  let app = await start();
  const reload = createReload({
    file: options.file ?? 'the command line',
    load: async () => await loadSite(request),
    served: () => app.served(),
    renew: async (next) => await app.renew(next.site, undefined),
    onBegin: () => undefined,
    onEnd: () => undefined,
  });
  // Nobody is offered an address before the LAN was searched for another server.
  await world.advance(1_000);
  const plugged: PluggedPhone[] = [];

  return {
    world,
    lan,
    office,
    memory,
    get app() {
      return app;
    },
    facts,
    load: async () => await loadSite(request),
    /** Those interfaces are down from now on, and no others. */
    takeAway: (...names: readonly string[]) => {
      away = new Set(names);
    },
    get appliance() {
      return app.appliance;
    },
    /** The daemon reads its settings anew. */
    reload,
    /** The daemon stops and starts again with what it had stored. */
    restart: async () => {
      await app.close();
      const again = await loadSite(request);
      site = again.ok ? again.value : expect.fail(JSON.stringify(again.error));
      app = await start();
      await world.advance(1_000);
    },
    plug: async ({ mac, vendor: id, model: name, into = 'lan0' }: Plugged) => {
      const wire = into === 'lan1' ? office : lan;
      const vendor = vendorOf(site.catalogue, id) ?? expect.fail(`no vendor ${id}`);
      const model = modelOf(vendor, name) ?? expect.fail(`no model ${name}`);
      let own: Ipv4 = ANY;
      const said: string[] = [];
      const phone = await plugPhone({
        setup: { mac: parseMac(mac) ?? expect.fail(mac), vendor, model, seed: plugged.length * 7919 + 1 },
        lan: wire.host(() => own),
        world,
        takeAddress: async (address) => {
          own = address;
          await Promise.resolve();
        },
        webGet: async ({ to, from, target, userAgent }) => {
          const request = {
            method: 'GET',
            target,
            headers: { 'user-agent': userAgent },
            from: { address: from, port: 40_000 },
          };
          const answer = await wire.http(to, request);
          const body = answer.body ?? new Uint8Array();
          return { status: answer.status, bytes: body.length, text: latin1(body) };
        },
        say: (line) => said.push(line),
      });
      plugged.push(phone);
      return { said, phone, story: () => (app.appliance.story(mac) ?? []).map(({ sentence }) => sentence) };
    },
    line: async (mac: string): Promise<PhoneLine | undefined> =>
      (await app.appliance.phones()).find((line) => parseMac(line.mac) === parseMac(mac)),
    close: async () => {
      for (const phone of plugged) await phone.close();
      await app.close();
    },
  };
}

/** What the journal keeps, without a disk; `failing` makes it refuse. */
function memoryState() {
  const changes: LeaseChange[] = [];
  const phones: StoredPhone[] = [];
  const storms: StormTable = new Map();
  const tokens = new Map<string, StoredToken>();
  const state: State = {
    commit: async (more) => {
      if (memory.failing) await Promise.reject(new Error('the disk is full'));
      changes.push(...more);
    },
    notePhone: async (phone) => {
      phones.push(phone);
      await Promise.resolve();
    },
    noteToken: async (token) => await Promise.resolve(void tokens.set(token.mac, token)),
    noteStorm: async (record) => await Promise.resolve(replayStorm(storms, record)),
    follow: () => undefined,
    close: async () => await Promise.resolve(),
  };
  const memory = {
    failing: false,
    state,
    stored: (): Stored => ({
      cut: 0,
      leases: leasesFrom(changes),
      phones: [...phones],
      storms: [...storms.values()],
      tokens: [...tokens.values()],
    }),
  };
  return memory;
}

function leasesFrom(changes: readonly LeaseChange[]): readonly Lease[] {
  const leases = new Map<Ipv4, Lease>();
  for (const change of changes) {
    if (change.kind === 'freed') leases.delete(change.address);
    else leases.set(change.lease.address, change.lease);
  }
  return [...leases.values()];
}
