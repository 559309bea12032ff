// The door on a LAN of one socket: when answers leave, and what happens when the store or a message is broken.
import { beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { ANY, showIpv4 } from '../../src/base/ipv4.ts';
import type { Closable } from '../../src/base/world.ts';
import { messageType } from '../../src/dhcp/clues.ts';
import { createLeaseTable, type LeaseChange } from '../../src/dhcp/leases.ts';
import { decodePacket, encodePacket } from '../../src/dhcp/packet.ts';
import { type DhcpDoor, openDhcpServer } from '../../src/dhcp/server.ts';
import type { Lan, OnDatagram, Peer, UdpOptions } from '../../src/net/ports.ts';
import { createRegister, leaseHolderAt } from '../../src/phones/register.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { ip, lanSite, phoneMac, provisioning, type Said, said, settled, vendor } from './kit.ts';

/** A commit that waits until the test lets it go, well or badly. */
interface Commit {
  readonly changes: readonly LeaseChange[];
  readonly done: () => void;
  readonly fail: (error: Error) => void;
}

interface Bench {
  readonly door: DhcpDoor;
  readonly events: PhoneEvent[];
  readonly commits: Commit[];
  /** What was sent, as `ack 10.20.0.50 to 255.255.255.255:68`. */
  readonly sent: string[];
  hear(bytes: Uint8Array): void;
  ask(what: Said): void;
  trouble(error: Error): void;
  clock: number;
}

function bench(changes: Partial<DhcpDoor> = {}): Bench {
  const [events, commits, sent]: [PhoneEvent[], Commit[], string[]] = [[], [], []];
  let socket: { options: UdpOptions; onDatagram: OnDatagram } | undefined;
  const site = lanSite();
  const lan: Lan = {
    interface: site.interface,
    address: site.address,
    subnet: site.subnet,
    openUdp: async (options, onDatagram) => {
      socket = { options, onDatagram };
      return await Promise.resolve({
        port: options.port,
        send: (bytes: Uint8Array, to: Peer) => {
          const reply = decodePacket(bytes);
          const type = reply.ok ? messageType(reply.value.options) : 'garbage';
          sent.push(
            `${type} ${reply.ok ? showIpv4(reply.value.yiaddr) : ''} to ${showIpv4(to.address)}:${to.port}`,
          );
        },
        close: async () => {
          socket = undefined;
          await Promise.resolve();
        },
      });
    },
    listenHttp: () => Promise.reject(new Error('no HTTP here')),
  };
  const from: Peer = { address: ANY, port: 68 };
  const hear = (bytes: Uint8Array): void => socket?.onDatagram(bytes, from);
  const made: Bench = {
    events,
    commits,
    sent,
    hear,
    ask: (what) => hear(encodePacket(said(what)).bytes),
    trouble: (error) => socket?.options.onTrouble(error),
    clock: 1_000_000,
    door: {
      lan,
      site,
      provisioning,
      register: createRegister({ catalogue: { vendors: [vendor()] }, list: [], remembered: [] }),
      leases: createLeaseTable(site, []),
      commit: (waiting) =>
        new Promise<void>((done, fail) => {
          commits.push({ changes: waiting, done, fail });
        }),
      world: { now: () => made.clock, after: () => () => {}, random: () => 0 },
      tell: (event) => events.push(event),
      urlFor: () => 'http://10.20.0.1/',
      ...changes,
    },
  };
  return made;
}

const SELECT: Said = { type: 'request', server: '10.20.0.1', requested: '10.20.0.50', asks: [1, 66] };
const ACK = 'ack 10.20.0.50 to 255.255.255.255:68';

let it: Bench;
let server: Closable;

beforeEach(async () => {
  it = bench();
  server = await openDhcpServer(it.door);
});

const kinds = (): readonly string[] => it.events.map(({ kind }) => kind);
const faults = (): readonly unknown[] => it.events.filter(({ kind }) => kind === 'fault');

describe('a phone comes', () => {
  test('and is met, offered and leased', async () => {
    it.ask({ type: 'discover', asks: [1, 66], vendorClass: 'acme A1' });
    expect(it.sent).toEqual(['offer 10.20.0.50 to 255.255.255.255:68']);
    it.ask(SELECT);
    it.commits[0]?.done();
    await settled();
    expect(it.sent).toEqual(['offer 10.20.0.50 to 255.255.255.255:68', ACK]);
    expect(kinds()).toEqual(['appeared', 'asked-for-address', 'offered', 'leased']);
    expect(it.events[0]).toMatchObject({
      mac: phoneMac(1),
      door: 'dhcp',
      model: 'A1',
      by: 'DHCP option 60',
    });
    expect(it.events[3]).toMatchObject({ url: 'http://10.20.0.1/', urlOptions: [66] });
    expect(leaseHolderAt(it.door.register, ip('10.20.0.50'))?.mac).toBe(phoneMac(1));
  });

  test('and gives its address back', async () => {
    it.ask(SELECT);
    it.ask({ type: 'release', ciaddr: '10.20.0.50' });
    for (const commit of it.commits) commit.done();
    await settled();
    expect(it.sent).toEqual([ACK]);
    expect(kinds()).toEqual(['appeared', 'leased', 'released']);
    expect(leaseHolderAt(it.door.register, ip('10.20.0.50'))).toBeUndefined();
  });

  test('and only asks for settings: where it says to be is a claim, not a lease', () => {
    it.ask({ type: 'inform', ciaddr: '10.20.0.7', asks: [66] });
    expect(it.sent).toEqual(['ack 0.0.0.0 to 10.20.0.7:68']);
    expect(it.commits).toEqual([]);
    expect(leaseHolderAt(it.door.register, ip('10.20.0.7'))).toBeUndefined();
    expect(it.door.register.claims.get(ip('10.20.0.7'))).toBe(phoneMac(1));
  });
});

describe('the lease is stored before the ACK leaves (RFC 2131 section 3.1)', () => {
  test('no ACK and no word of it until the commit has resolved', async () => {
    it.ask(SELECT);
    await settled();
    expect(it.sent).toEqual([]);
    expect(kinds()).toEqual(['appeared']);
    expect(it.commits.map(({ changes }) => changes)).toMatchObject([
      [{ kind: 'bound', address: ip('10.20.0.50') }],
    ]);
    it.commits[0]?.done();
    await settled();
    expect(it.sent).toEqual([ACK]);
    expect(kinds()).toEqual(['appeared', 'leased']);
  });

  test('another phone that asks meanwhile is refused the address', () => {
    it.ask(SELECT);
    it.ask({ ...SELECT, mac: phoneMac(2) });
    expect(it.sent).toEqual(['nak 0.0.0.0 to 255.255.255.255:68']);
  });

  test('no ACK when the commit fails, but a fault; the next try is answered', async () => {
    it.ask(SELECT);
    it.commits[0]?.fail(new Fault('disk-full', 'no space left', 'make room'));
    await settled();
    expect(it.sent).toEqual([]);
    expect(faults()).toEqual([
      {
        kind: 'fault',
        at: it.clock,
        mac: phoneMac(1),
        code: 'disk-full',
        message: 'DHCP: no space left',
        hint: 'make room',
      },
    ]);
    expect(leaseHolderAt(it.door.register, ip('10.20.0.50'))).toBeUndefined();
    it.ask(SELECT);
    it.commits[1]?.done();
    await settled();
    expect(it.sent).toEqual([ACK]);
  });

  test('an address whose lease was not stored is free again as soon as an offer would be', async () => {
    it.ask(SELECT);
    it.commits[0]?.fail(new Error('no disk'));
    await settled();
    it.clock += 30_000;
    it.ask({ ...SELECT, mac: phoneMac(2) });
    it.commits[1]?.done();
    await settled();
    expect(it.sent).toEqual([ACK]);
  });

  test('an error that is no Fault is told as well', async () => {
    it.ask(SELECT);
    it.commits[0]?.fail(Object.assign(new Error('read-only'), { code: 'EROFS' }));
    await settled();
    expect(faults()).toMatchObject([{ code: 'EROFS', message: 'DHCP: read-only' }]);
  });
});

describe('what comes is broken', () => {
  test('garbage is told, and the next message answered', () => {
    it.hear(new Uint8Array(100));
    it.hear(new Uint8Array(300));
    it.ask({ type: 'discover' });
    expect(it.events.slice(0, 2)).toEqual([
      {
        kind: 'garbled',
        at: it.clock,
        from: '0.0.0.0:68',
        door: 'dhcp',
        because: 'too-short',
        offset: 100,
        bytes: 100,
      },
      {
        kind: 'garbled',
        at: it.clock,
        from: '0.0.0.0:68',
        door: 'dhcp',
        because: 'bad-magic',
        offset: 236,
        bytes: 300,
      },
    ]);
    expect(it.sent).toHaveLength(1);
  });

  test('what is no question introduces no phone', () => {
    it.ask({ type: 'offer', op: 2 });
    expect(it.events).toEqual([
      { kind: 'no-answer-given', at: it.clock, mac: phoneMac(1), door: 'dhcp', because: 'not-a-request' },
    ]);
    expect(it.door.register.phones.size).toBe(0);
  });

  test('one word a second on the silence that a phone gets', () => {
    const other: Said = { type: 'request', server: '10.20.0.9', requested: '10.20.0.50' };
    for (let time = 0; time < 100; time += 1) {
      it.clock += 20;
      it.ask(other);
      it.ask({ ...other, mac: phoneMac(2) });
    }
    const silences = it.events.filter(({ kind }) => kind === 'no-answer-given');
    expect(silences.filter(({ mac }) => mac === phoneMac(1))).toHaveLength(2);
    expect(silences).toHaveLength(4);
  });

  test('a bug in deciding does not close the door', async () => {
    let broken = true;
    it = bench({
      urlFor: () => {
        if (broken) throw new Error('bug');
        return undefined;
      },
    });
    server = await openDhcpServer(it.door);
    it.ask({ type: 'discover' });
    expect(faults()).toMatchObject([{ code: 'dhcp-failed', message: 'DHCP: bug' }]);
    broken = false;
    it.ask({ type: 'discover' });
    expect(it.sent).toHaveLength(1);
  });
});

test('options without room are told', async () => {
  const long = `http://10.20.0.1/${'x'.repeat(200)}/`;
  it = bench({ urlFor: () => long });
  server = await openDhcpServer(it.door);
  it.ask({ type: 'discover', asks: [66, 160] });
  expect(faults()).toMatchObject([{ code: 'dhcp-reply-full', mac: phoneMac(1) }]);
  it.events.length = 0;
  it.ask({ type: 'discover', asks: [66, 160], more: [[57, Uint8Array.of(5, 220)]] });
  expect(faults()).toEqual([]);
});

test('a socket in trouble is told', () => {
  it.trouble(Object.assign(new Error('network is down'), { code: 'ENETDOWN' }));
  expect(faults()).toMatchObject([{ code: 'ENETDOWN', message: 'DHCP: network is down' }]);
});

test('a closed door answers nothing, not even what was under way', async () => {
  it.ask(SELECT);
  await server.close();
  it.commits[0]?.done();
  await settled();
  await server.close();
  expect(it.sent).toEqual([]);
});
