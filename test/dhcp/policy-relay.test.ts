// Clients behind relays: which subnet they are in, as which server we speak, and where the answer goes.
import { describe, expect, test } from 'vitest';
import { showIpv4 } from '../../src/base/ipv4.ts';
import { encodeHex, encodeIps, encodeU32 } from '../../src/dhcp/options.ts';
import { ip, phoneMac, type Said } from './kit.ts';
import { BROADCAST, decide, lease, relayedSubnet, replyOf, type Scene, tableOf, told } from './scene.ts';

const dhcp = {
  relayed: [
    relayedSubnet('10.30.0.0/24', { lease: 600_000 }),
    relayedSubnet('10.31.0.0/24', { router: ip('10.31.0.1') }),
  ],
};

/** Option 82 from its sub-options in hex. */
const told82 = (
  ...subOptions: readonly (readonly [code: number, hex: string])[]
): readonly [number, Uint8Array] => [
  82,
  Buffer.concat(
    subOptions.map(([code, hex]) => Buffer.concat([Uint8Array.of(code, hex.length / 2), encodeHex(hex)])),
  ),
];
const LINK_31 = told82([1, '0001'], [5, '0a1f0000']);
const AS_OTHER = told82([11, '0a1e0001']);

describe('the subnet is that of', () => {
  const rows: readonly { what: string; said: Said; is: string }[] = [
    { what: 'the interface', said: {}, is: `offer 10.20.0.50 to ${BROADCAST}` },
    {
      what: 'the interface, for a relay in it',
      said: { giaddr: '10.20.0.2' },
      is: 'offer 10.20.0.50 to 10.20.0.2:67',
    },
    { what: 'the relay', said: { giaddr: '10.30.0.1' }, is: 'offer 10.30.0.50 to 10.30.0.1:67' },
    { what: 'the other relay', said: { giaddr: '10.31.0.1' }, is: 'offer 10.31.0.50 to 10.31.0.1:67' },
    {
      what: 'the link that the relay selects (RFC 3527)',
      said: { giaddr: '10.30.0.1', more: [LINK_31] },
      is: 'offer 10.31.0.50 to 10.30.0.1:67',
    },
    {
      what: 'the interface, where nobody relays: the link is not believed',
      said: { more: [LINK_31] },
      is: `offer 10.20.0.50 to ${BROADCAST}`,
    },
    {
      what: 'the client’s choice (RFC 3011), where nobody relays',
      said: { more: [[118, encodeIps([ip('10.30.0.0')])]] },
      is: `offer 10.30.0.50 to ${BROADCAST}`,
    },
    {
      what: 'the relay, whatever the client chooses',
      said: { giaddr: '10.31.0.1', more: [[118, encodeIps([ip('10.30.0.0')])]] },
      is: 'offer 10.31.0.50 to 10.31.0.1:67',
    },
  ];
  test.each(rows)('$what', ({ said, is }) => {
    expect(told(decide({ ...said, type: 'discover' }, { dhcp }))).toBe(is);
  });

  test('and with it come its router, mask and lease', () => {
    const { options } = replyOf(decide({ type: 'discover', giaddr: '10.30.0.1' }, { dhcp }));
    expect([options.get(3), options.get(1), options.get(28)]).toEqual(
      ['10.30.0.254', '255.255.255.0', '10.30.0.255'].map((text) => encodeIps([ip(text)])),
    );
    expect(options.get(51)).toEqual(encodeU32(600));
    expect(options.get(54)).toEqual(encodeIps([ip('10.20.0.1')]));
  });

  test('a client that chose its subnet hears its choice again, else it would not take the answer (RFC 3011)', () => {
    const choice = encodeIps([ip('10.30.0.0')]);
    const more = [[118, choice]] as const;
    for (const what of [{ type: 'discover' }, { type: 'request', requested: '10.30.0.50' }] as const) {
      expect(replyOf(decide({ ...what, more }, { dhcp })).options.get(118)).toEqual(choice);
    }
    const refused = decide({ type: 'request', requested: '10.20.0.50', more }, { dhcp });
    expect([told(refused), replyOf(refused).options.has(118)]).toEqual([
      `nak 0.0.0.0 to ${BROADCAST}`,
      false,
    ]);
  });
});

describe('a phone that was plugged in elsewhere', () => {
  const scene: Scene = { dhcp, stored: [lease('10.20.0.52', 1)] };
  test('is refused the address of the other subnet, by a relay that broadcasts', () => {
    const decision = decide({ type: 'request', requested: '10.20.0.52', giaddr: '10.30.0.1' }, scene);
    expect(told(decision)).toBe('nak 0.0.0.0 to 10.30.0.1:67');
    expect(replyOf(decision).flags).toBe(0x8000);
    expect(decision.events).toMatchObject([{ because: 'address-of-another-subnet' }]);
  });

  test('is offered one of this subnet, and then leaves the other', () => {
    const leases = tableOf(scene);
    const here: Scene = { dhcp, leases };
    expect(told(decide({ type: 'discover', giaddr: '10.30.0.1' }, here))).toContain('offer 10.30.0.50');
    const { changes } = decide(
      { type: 'request', server: '10.20.0.1', requested: '10.30.0.50', giaddr: '10.30.0.1' },
      here,
    );
    expect(changes.map(({ kind }) => kind)).toEqual(['freed', 'bound']);
    expect([...leases.leases.keys()].map(showIpv4)).toEqual(['10.30.0.50']);
  });
});

describe('option 82', () => {
  const circuit = told82([1, '000a0001'], [2, 'aabb']);
  test.each([
    { when: 'through a relay', what: { giaddr: '10.20.0.2' }, trust82: false },
    { when: 'through no relay', what: {}, trust82: false },
    { when: 'through no relay, trusted', what: {}, trust82: true },
  ])('comes back unchanged and last $when (RFC 3046 section 2.2)', ({ what, trust82 }) => {
    const more = [[61, encodeHex('ff01')], circuit] as const;
    for (const said of [
      { type: 'discover' },
      { type: 'request', requested: '10.20.0.50' },
      { type: 'request', requested: '10.99.0.1' },
      { type: 'inform', ciaddr: '10.20.0.9' },
    ] as const) {
      const { options } = replyOf(decide({ ...said, ...what, more }, { dhcp: { trust82 } }));
      expect([...options].at(-1)).toEqual(circuit);
    }
  });

  test('that overruns itself comes back all the same', () => {
    const broken = [82, encodeHex('01ff00')] as const;
    expect(
      replyOf(decide({ type: 'discover', giaddr: '10.20.0.2', more: [broken] })).options.get(82),
    ).toEqual(broken[1]);
  });
});

describe('as which server we speak (RFC 5107)', () => {
  const relayed: Said = { giaddr: '10.30.0.1', more: [AS_OTHER] };
  test('as the relay wants it: in option 54, of OFFER, ACK and NAK', () => {
    const said: readonly Said[] = [
      { type: 'discover' },
      { type: 'request', requested: '10.30.0.50' },
      { type: 'request', requested: '10.99.0.1' },
    ];
    for (const what of said)
      expect(replyOf(decide({ ...what, ...relayed }, { dhcp })).options.get(54)).toEqual(
        encodeIps([ip('10.30.0.1')]),
      );
  });

  test.each([
    { server: '10.30.0.1', is: 'ack 10.30.0.50 to 10.30.0.1:67' },
    { server: '10.20.0.1', is: 'silence another-server-chosen' },
  ])('a REQUEST to $server: $is', ({ server, is }) => {
    const what: Said = { type: 'request', server, requested: '10.30.0.50', ...relayed };
    expect(told(decide(what, { dhcp }))).toBe(is);
  });

  test('not at the word of a client, nor of a switch without relay', () => {
    for (const trust82 of [false, true]) {
      const { options } = replyOf(
        decide({ type: 'discover', more: [AS_OTHER] }, { dhcp: { ...dhcp, trust82 } }),
      );
      expect(options.get(54)).toEqual(encodeIps([ip('10.20.0.1')]));
    }
  });
});

describe('to which port', () => {
  const from = { address: ip('10.30.0.1'), port: 40_067 };
  const any = told82([19, '']);
  test.each([
    { when: 'the relay sends from another', what: { giaddr: '10.30.0.1' }, is: '10.30.0.1:67' },
    { when: 'it says so (RFC 8357)', what: { giaddr: '10.30.0.1', more: [any] }, is: '10.30.0.1:40067' },
    { when: 'nobody relays', what: { more: [any] }, is: BROADCAST },
  ])('$when: $is', ({ what, is }) => {
    expect(told(decide({ type: 'discover', ...what }, { dhcp, from }))).toContain(` to ${is}`);
  });
});

describe('a client behind a relay that speaks to us directly', () => {
  const stored = [lease('10.30.0.52', 1)];
  test('renews', () => {
    const decision = decide({ type: 'request', ciaddr: '10.30.0.52' }, { dhcp, stored });
    expect(told(decision)).toBe('ack 10.30.0.52 to 10.30.0.52:68');
    expect(decision.events.at(-1)).toMatchObject({ kind: 'leased', mac: phoneMac(1) });
    expect(replyOf(decision).options.get(3)).toEqual(encodeIps([ip('10.30.0.254')]));
  });

  test('gives its address back', () => {
    const { changes } = decide({ type: 'release', ciaddr: '10.30.0.52' }, { dhcp, stored });
    expect(changes).toMatchObject([{ kind: 'freed' }]);
  });

  test('is refused what another has', () => {
    const decision = decide({ type: 'request', ciaddr: '10.30.0.52', mac: phoneMac(2) }, { dhcp, stored });
    expect(told(decision)).toBe(`nak 0.0.0.0 to ${BROADCAST}`);
    expect(decision.events).toMatchObject([{ because: 'address-of-another-phone' }]);
  });

  test('but a DISCOVER comes from here, whatever address it says to have', () => {
    expect(told(decide({ type: 'discover', ciaddr: '10.30.0.52' }, { dhcp, stored }))).toBe(
      `offer 10.20.0.50 to ${BROADCAST}`,
    );
  });

  test('and an address of no served subnet stands for our own subnet', () => {
    const decision = decide({ type: 'request', ciaddr: '172.16.0.9' }, { dhcp, stored });
    expect(decision.events).toMatchObject([{ because: 'address-of-another-subnet' }]);
  });
});
