// Who is who: MACs, client identifiers, hardware of other kinds, clients that ask twice and clients that race.
import { describe, expect, test } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { encodeHex } from '../../src/dhcp/options.ts';
import type { DhcpSite } from '../../src/site/site.ts';
import { HOUR, ip, phoneMac, type Said } from './kit.ts';
import { BROADCAST, decide, lease, replyOf, T0, tableOf, told } from './scene.ts';

const id = (hex: string): Pick<Said, 'more'> => ({ more: [[61, encodeHex(hex)]] });
const BY_ID: Partial<DhcpSite> = { identity: 'client-id' };

describe('what tells clients apart', () => {
  const cloned = 'ff00010203';
  const pairs: readonly {
    when: string;
    dhcp?: Partial<DhcpSite>;
    one: Said;
    two: Said;
    are: 'same' | 'different';
  }[] = [
    { when: 'a boot loader without, a firmware with identifier', one: {}, two: id(cloned), are: 'same' },
    { when: 'one MAC, two identifiers', one: id('ff01'), two: id('ff02'), are: 'same' },
    {
      when: 'two MACs, one identifier',
      one: { mac: phoneMac(1), ...id(cloned) },
      two: { mac: phoneMac(2), ...id(cloned) },
      are: 'different',
    },
    {
      when: 'by identifier: two MACs, one identifier',
      dhcp: BY_ID,
      one: { mac: phoneMac(1), ...id(cloned) },
      two: { mac: phoneMac(2), ...id(cloned) },
      are: 'same',
    },
    {
      when: 'by identifier: one MAC, two identifiers',
      dhcp: BY_ID,
      one: id('ff01'),
      two: id('ff02'),
      are: 'different',
    },
    { when: 'by identifier: one MAC and none', dhcp: BY_ID, one: {}, two: id('ff01'), are: 'different' },
    { when: 'by identifier: the same MAC, none', dhcp: BY_ID, one: {}, two: {}, are: 'same' },
    {
      // RFC 2132 section 9.14: one of a single byte is none.
      when: 'by identifier: two MACs, an identifier of one byte',
      dhcp: BY_ID,
      one: { mac: phoneMac(1), ...id('00') },
      two: { mac: phoneMac(2), ...id('00') },
      are: 'different',
    },
  ];
  test.each(pairs)('$when: $are', ({ dhcp = {}, one, two, are }) => {
    const leases = tableOf({ dhcp });
    const [first, second] = [one, two].map(
      (what) => replyOf(decide({ type: 'discover', ...what }, { leases, dhcp })).yiaddr,
    );
    expect(first === second ? 'same' : 'different').toBe(are);
  });

  test('the identifier comes back as it was sent, in OFFER, ACK and NAK alike (RFC 6842)', () => {
    for (const hex of ['01020304050607', '00', 'ff', '61'.repeat(255)]) {
      for (const what of [
        { type: 'discover' },
        { type: 'request', requested: '10.20.0.50' },
        { type: 'request', requested: '10.99.0.1' },
        { type: 'inform', ciaddr: '10.20.0.9' },
      ] as const) {
        const echoed = replyOf(decide({ ...what, ...id(hex) })).options.get(61);
        expect(echoed && toHex(echoed)).toBe(hex);
      }
    }
    expect(replyOf(decide({ type: 'discover' })).options.has(61)).toBe(false);
    expect(replyOf(decide({ type: 'discover', ...id('') })).options.has(61)).toBe(false);
  });
});

describe('hardware that is no phone', () => {
  const infiniband = { htype: 32, chaddr: new Uint8Array() };
  test('InfiniBand (RFC 4390): no chaddr, known by its identifier, answered by broadcast', () => {
    const leases = tableOf();
    const ask = (hex: string) =>
      decide({ type: 'discover', flags: 0x8000, ...id(hex) }, { leases, frame: infiniband });
    const [one, again, two] = [
      ask('ff0000001'.padEnd(16, '0')),
      ask('ff0000001'.padEnd(16, '0')),
      ask('ff02'),
    ];
    expect(told(one)).toBe(`offer 10.20.0.50 to ${BROADCAST}`);
    expect([told(again), told(two)]).toEqual([told(one), `offer 10.20.0.51 to ${BROADCAST}`]);
    expect(replyOf(one)).toMatchObject({ htype: 32, chaddr: new Uint8Array(), flags: 0x8000 });
    expect(one.events[0]?.mac).toBeUndefined();
  });

  test('chaddr of 16 bytes comes back whole', () => {
    const chaddr = encodeHex('000102030405060708090a0b0c0d0e0f');
    const leases = tableOf();
    const decision = decide({ type: 'request', requested: '10.20.0.55' }, { leases, frame: { chaddr } });
    expect(told(decision)).toBe(`ack 10.20.0.55 to ${BROADCAST}`);
    expect(replyOf(decision).chaddr).toEqual(chaddr);
    expect(leases.leases.get(ip('10.20.0.55'))).toMatchObject({
      client: `hw1:${toHex(chaddr)}`,
      mac: undefined,
    });
  });

  test('an identifier made of a MAC is that MAC, where there is no chaddr', () => {
    const decision = decide(
      { type: 'discover', ...id(`01${phoneMac(7)}`) },
      { frame: { htype: 32, chaddr: new Uint8Array() } },
    );
    expect(decision.events[0]?.mac).toBe(phoneMac(7));
  });

  test('known by its identifier, its MAC stands with the lease', () => {
    const leases = tableOf();
    decide({ type: 'request', requested: '10.20.0.55', ...id('ff0102') }, { leases, dhcp: BY_ID });
    expect(leases.leases.get(ip('10.20.0.55'))).toMatchObject({ client: 'id:ff0102', mac: phoneMac(1) });
  });
});

describe('an address is kept', () => {
  const port = encodeHex(`0107${Buffer.from('gi1/0/7').toString('hex')}`);
  test.each([
    { by: 'its MAC', client: phoneMac(1), what: {} },
    { by: 'its identifier', client: 'id:ff0102', what: id('ff0102') },
    {
      by: 'its switch port, through a relay',
      client: 'port:gi1/0/7',
      what: { giaddr: '10.20.0.2', more: [[82, port]] as const },
    },
  ])('by $by', ({ client, what }) => {
    const list = [{ client, address: ip('10.20.0.200') }];
    expect(told(decide({ type: 'discover', ...what }, { list }))).toContain('offer 10.20.0.200');
    expect(told(decide({ type: 'discover', mac: phoneMac(2) }, { list }))).toContain('offer 10.20.0.50');
  });

  test('by its MAC also where identifiers tell clients apart: the phone list knows MACs', () => {
    const list = [{ client: phoneMac(1), address: ip('10.20.0.200') }];
    const what: Said = { type: 'discover', ...id('ff0102') };
    expect(told(decide(what, { list, dhcp: BY_ID }))).toContain('offer 10.20.0.200');
  });

  test('but not by a switch port that no relay vouches for', () => {
    const list = [{ client: 'port:gi1/0/7', address: ip('10.20.0.200') }];
    const what: Said = { type: 'discover', more: [[82, port]] };
    expect(told(decide(what, { list }))).toContain('offer 10.20.0.50');
    expect(told(decide(what, { list, dhcp: { trust82: true } }))).toContain('offer 10.20.0.200');
  });

  test('in another subnet it is of no use here', () => {
    const list = [{ client: phoneMac(1), address: ip('10.30.0.7') }];
    expect(told(decide({ type: 'discover' }, { list }))).toContain('offer 10.20.0.50');
  });
});

describe('clients that ask again', () => {
  test('a repeated DISCOVER, with the same or a new xid, within half a minute gets the same offer', () => {
    const leases = tableOf();
    const ask = (xid: number, now: number) =>
      told(decide({ type: 'discover' }, { leases, now, frame: { xid } }));
    expect([ask(1, T0), ask(1, T0 + 4000), ask(2, T0 + 8000), ask(3, T0 + 37_999)]).toEqual(
      Array.from({ length: 4 }, () => `offer 10.20.0.50 to ${BROADCAST}`),
    );
  });

  test('a repeated REQUEST gets the same ACK, with its own xid', () => {
    const leases = tableOf();
    for (const xid of [1, 1, 2]) {
      const decision = decide(
        { type: 'request', server: '10.20.0.1', requested: '10.20.0.50' },
        { leases, frame: { xid } },
      );
      expect([told(decision), replyOf(decision).xid]).toEqual([`ack 10.20.0.50 to ${BROADCAST}`, xid]);
    }
    expect(leases.leases.size).toBe(1);
  });

  test('a REQUEST long after the offer has run out is granted while the address is free', () => {
    const leases = tableOf();
    decide({ type: 'discover' }, { leases });
    const select: Said = { type: 'request', server: '10.20.0.1', requested: '10.20.0.50' };
    expect(told(decide(select, { leases, now: T0 + 120_000 }))).toContain('ack 10.20.0.50');
  });

  test('two phones and one address: whoever asks for it first has it, the other is refused', () => {
    const dhcp = { pool: { first: ip('10.20.0.50'), last: ip('10.20.0.50') } };
    const leases = tableOf({ dhcp });
    const select = (number: number): Said => ({
      ...{ type: 'request', server: '10.20.0.1', requested: '10.20.0.50', mac: phoneMac(number) },
    });
    const [first, second] = [select(1), select(2)].map((what) => decide(what, { leases, dhcp }));
    expect([first && told(first), second && told(second)]).toEqual([
      `ack 10.20.0.50 to ${BROADCAST}`,
      `nak 0.0.0.0 to ${BROADCAST}`,
    ]);
    expect(first?.changes).toMatchObject([
      { kind: 'bound', lease: { client: phoneMac(1), expires: T0 + HOUR } },
    ]);
    expect(second?.changes).toEqual([]);
  });

  test('a phone that moves to another address leaves the first', () => {
    const leases = tableOf({ stored: [lease('10.20.0.52', 1)] });
    const { changes } = decide({ type: 'request', requested: '10.20.0.55' }, { leases });
    expect(changes).toMatchObject([
      { kind: 'freed', address: ip('10.20.0.52'), client: phoneMac(1) },
      { kind: 'bound', lease: { address: ip('10.20.0.55') } },
    ]);
    expect([...leases.leases.keys()]).toEqual([ip('10.20.0.55')]);
  });
});

describe('what is given back', () => {
  test('after RELEASE another client gets the address that asks for it', () => {
    const leases = tableOf({ stored: [lease('10.20.0.52', 1)] });
    expect(decide({ type: 'release', ciaddr: '10.20.0.52' }, { leases }).changes).toEqual([
      { kind: 'freed', client: phoneMac(1), address: ip('10.20.0.52') },
    ]);
    const what: Said = { type: 'discover', requested: '10.20.0.52', mac: phoneMac(2) };
    expect(told(decide(what, { leases }))).toContain('offer 10.20.0.52');
  });

  test('after DECLINE nobody gets it for an hour, its client another one', () => {
    const leases = tableOf({ stored: [lease('10.20.0.52', 1)] });
    const { changes } = decide({ type: 'decline', requested: '10.20.0.52' }, { leases });
    expect(changes).toMatchObject([
      { kind: 'declined', lease: { address: ip('10.20.0.52'), expires: T0 + HOUR } },
    ]);
    const what = (number: number): Said => ({
      ...{ type: 'discover', requested: '10.20.0.52', mac: phoneMac(number) },
    });
    expect(told(decide(what(1), { leases }))).toContain('offer 10.20.0.50');
    expect(told(decide(what(2), { leases, now: T0 + HOUR - 1 }))).not.toContain('10.20.0.52');
    expect(told(decide(what(3), { leases, now: T0 + HOUR }))).toContain('offer 10.20.0.52');
  });

  test('DECLINE without option 50 means ciaddr', () => {
    const decision = decide({ type: 'decline', ciaddr: '10.20.0.52' }, { stored: [lease('10.20.0.52', 1)] });
    expect(decision.changes).toMatchObject([{ kind: 'declined' }]);
  });
});
