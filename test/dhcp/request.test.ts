// Which messages are questions to this server, and which state a REQUEST comes from.
import { describe, expect, test } from 'vitest';
import { showSubnet } from '../../src/base/ipv4.ts';
import type { Mac } from '../../src/base/mac.ts';
import { encodeHex } from '../../src/dhcp/options.ts';
import {
  aliasesOf,
  isHost,
  ownScope,
  questionOf,
  readAddressRequest,
  scopesOf,
} from '../../src/dhcp/request.ts';
import { ip, lanSite, phoneMac, type Said, said } from './kit.ts';
import { relayedSubnet } from './scene.ts';

const noPhone = { ...said({ type: 'discover' }), chaddr: encodeHex('000000000000') };

describe('no question to this server', () => {
  test.each([
    { when: 'it is a BOOTREPLY', message: said({ type: 'offer', op: 2 }), because: 'not-a-request' },
    { when: 'op is neither 1 nor 2', message: said({ type: 'discover', op: 7 }), because: 'not-a-request' },
    { when: 'it is an OFFER', message: said({ type: 'offer' }), because: 'message-not-for-a-server' },
    { when: 'it is a NAK', message: said({ type: 'nak' }), because: 'message-not-for-a-server' },
    {
      when: 'option 53 is of no RFC',
      message: said({ more: [[53, Uint8Array.of(99)]] }),
      because: 'message-not-for-a-server',
    },
    { when: 'there is no MAC', message: noPhone, because: 'unusable-hardware-address' },
    {
      when: 'the relay is elsewhere',
      message: said({ type: 'discover', giaddr: '172.16.1.1' }),
      because: 'relay-not-served',
    },
    {
      when: 'giaddr is broadcast',
      message: said({ type: 'discover', giaddr: '255.255.255.255' }),
      because: 'relay-not-served',
    },
    {
      when: 'giaddr is loopback',
      message: said({ type: 'discover', giaddr: '127.0.0.1' }),
      because: 'relay-not-served',
    },
    {
      when: 'giaddr is multicast',
      message: said({ type: 'discover', giaddr: '224.0.0.1' }),
      because: 'relay-not-served',
    },
    {
      when: 'giaddr is the broadcast address of the LAN',
      message: said({ type: 'discover', giaddr: '10.20.0.255' }),
      because: 'relay-not-served',
    },
    {
      when: 'giaddr is the LAN itself',
      message: said({ type: 'discover', giaddr: '10.20.0.0' }),
      because: 'relay-not-served',
    },
    {
      when: 'giaddr is ours',
      message: said({ type: 'discover', giaddr: '10.20.0.1' }),
      because: 'relay-not-served',
    },
    {
      when: 'it went through too many relays',
      message: { ...said({ type: 'discover', giaddr: '10.20.0.2' }), hops: 17 },
      because: 'relay-not-served',
    },
    {
      when: 'the relay selects a link that is not served',
      message: said({ type: 'discover', giaddr: '10.20.0.2', more: [[82, encodeHex('0504ac100000')]] }),
      because: 'relay-not-served',
    },
    {
      when: 'the client selects a subnet that is not served',
      message: said({ type: 'discover', more: [[118, encodeHex('ac100000')]] }),
      because: 'relay-not-served',
    },
    {
      when: 'chaddr is of another kind and all zeros',
      message: { ...said({ type: 'discover' }), htype: 32, chaddr: new Uint8Array(16) },
      because: 'unusable-hardware-address',
    },
    {
      when: 'chaddr is a group address',
      message: said({ type: 'discover', mac: '01005e000001' as Mac }),
      because: 'unusable-hardware-address',
    },
    {
      when: 'there is neither MAC nor more than one byte of identifier',
      message: {
        ...said({ type: 'discover', more: [[61, encodeHex('01')]] }),
        htype: 32,
        chaddr: new Uint8Array(),
      },
      because: 'unusable-hardware-address',
    },
  ])('$when', ({ message, because }) => {
    expect(questionOf(message, lanSite())).toEqual({ ok: false, error: because });
  });
});

test.each(['discover', 'request', 'decline', 'release', 'inform'] as const)('a %s is a question', (type) => {
  const lan = lanSite();
  const request = said({ type, giaddr: '10.20.0.2' });
  expect(questionOf(request, lan)).toEqual({
    ok: true,
    value: {
      request,
      type,
      client: phoneMac(1),
      mac: phoneMac(1),
      scope: ownScope(lan),
      server: ip('10.20.0.1'),
      relay: undefined,
      relayPort: 67,
    },
  });
});

test('without option 53 it is BOOTP (RFC 1534)', () => {
  expect(questionOf(said({}), lanSite())).toMatchObject({ ok: true, value: { type: 'bootp' } });
});

test('sixteen relays are not too many (RFC 1542 section 4.1.1)', () => {
  const request = { ...said({ type: 'discover', giaddr: '10.20.0.2' }), hops: 16 };
  expect(questionOf(request, lanSite()).ok).toBe(true);
});

describe('who asks', () => {
  const port = encodeHex(`0104${Buffer.from('gi/7').toString('hex')}`);
  const rows: readonly {
    who: string;
    message?: Partial<ReturnType<typeof said>>;
    what?: Said;
    identity?: 'mac' | 'client-id';
    trust82?: boolean;
    is: { client: string; aliases: readonly string[]; mac?: string };
  }[] = [
    {
      who: 'a phone',
      is: { client: '02ac3e000001', aliases: ['02ac3e000001'], mac: '02ac3e000001' },
    },
    {
      who: 'a phone with identifier',
      what: { more: [[61, encodeHex('ff01')]] },
      is: { client: '02ac3e000001', aliases: ['02ac3e000001', 'id:ff01'], mac: '02ac3e000001' },
    },
    {
      who: 'the same, by identifier',
      what: { more: [[61, encodeHex('ff01')]] },
      identity: 'client-id',
      is: { client: 'id:ff01', aliases: ['id:ff01', '02ac3e000001'], mac: '02ac3e000001' },
    },
    {
      who: 'a phone without identifier, by identifier',
      identity: 'client-id',
      is: { client: '02ac3e000001', aliases: ['02ac3e000001'], mac: '02ac3e000001' },
    },
    {
      who: 'a phone at a port, through a relay',
      what: { giaddr: '10.20.0.2', more: [[82, port]] },
      is: { client: '02ac3e000001', aliases: ['02ac3e000001', 'port:gi/7'], mac: '02ac3e000001' },
    },
    {
      who: 'a phone at a port, through no relay',
      what: { more: [[82, port]] },
      is: { client: '02ac3e000001', aliases: ['02ac3e000001'], mac: '02ac3e000001' },
    },
    {
      who: 'a phone at a port, through a switch that is trusted',
      what: { more: [[82, port]] },
      trust82: true,
      is: { client: '02ac3e000001', aliases: ['02ac3e000001', 'port:gi/7'], mac: '02ac3e000001' },
    },
    {
      who: 'InfiniBand with identifier',
      message: { htype: 32, chaddr: new Uint8Array() },
      what: { more: [[61, encodeHex('ff0102')]] },
      is: { client: 'id:ff0102', aliases: ['id:ff0102'] },
    },
    {
      who: 'Token Ring',
      message: { htype: 6 },
      is: { client: 'hw6:02ac3e000001', aliases: ['hw6:02ac3e000001'] },
    },
    {
      who: 'Ethernet of sixteen bytes',
      message: { chaddr: Uint8Array.from({ length: 16 }, (_, at) => at) },
      is: {
        client: 'hw1:000102030405060708090a0b0c0d0e0f',
        aliases: ['hw1:000102030405060708090a0b0c0d0e0f'],
      },
    },
  ];
  test.each(rows)(
    '$who: $is.client',
    ({ message = {}, what = {}, identity = 'mac', trust82 = false, is }) => {
      const asked = questionOf(
        { ...said({ type: 'discover', ...what }), ...message },
        lanSite({ identity, trust82 }),
      );
      expect(
        asked.ok && { client: asked.value.client, aliases: [...new Set(aliasesOf(asked.value))] },
      ).toEqual({
        client: is.client,
        aliases: is.aliases,
      });
      expect(asked.ok && asked.value.mac).toBe(is.mac);
    },
  );
});

describe('subnets', () => {
  const lan = lanSite({ relayed: [relayedSubnet('10.30.0.0/24')] });
  test('ours comes first, and each is the same object for every message', () => {
    expect(scopesOf(lan).map(({ subnet }) => showSubnet(subnet))).toEqual(['10.20.0.0/24', '10.30.0.0/24']);
    expect(scopesOf(lan)[0]).toBe(ownScope(lan));
    const asked = questionOf(said({ type: 'discover', giaddr: '10.30.0.1' }), lan);
    expect(asked.ok && asked.value.scope).toBe(scopesOf(lan)[1]);
  });

  test.each([
    { address: '10.20.0.0', is: false },
    { address: '10.20.0.1', is: true },
    { address: '10.20.0.254', is: true },
    { address: '10.20.0.255', is: false },
    { address: '10.30.0.1', is: false },
  ])('$address may be a host of 10.20.0.0/24: $is', ({ address, is }) => {
    expect(isHost(ownScope(lan), ip(address))).toBe(is);
  });

  test('.0 and .255 inside a large subnet are hosts', () => {
    const scope = relayedSubnet('10.30.0.0/16');
    expect([isHost(scope, ip('10.30.7.0')), isHost(scope, ip('10.30.7.255'))]).toEqual([true, true]);
  });
});

describe('RFC 2131 section 4.3.2, table 4', () => {
  const states: readonly { from: string; what: Said; state: string; address: string | undefined }[] = [
    {
      from: 'SELECTING',
      what: { server: '10.20.0.1', requested: '10.20.0.50' },
      state: 'selecting',
      address: '10.20.0.50',
    },
    { from: 'INIT-REBOOT', what: { requested: '10.20.0.50' }, state: 'init-reboot', address: '10.20.0.50' },
    { from: 'RENEWING', what: { ciaddr: '10.20.0.50' }, state: 'extending', address: '10.20.0.50' },
    {
      from: 'a renewal with option 50',
      what: { ciaddr: '10.20.0.50', requested: '10.20.0.51' },
      state: 'extending',
      address: '10.20.0.50',
    },
    {
      from: 'SELECTING without an address',
      what: { server: '10.20.0.1' },
      state: 'selecting',
      address: undefined,
    },
    { from: 'nowhere', what: {}, state: 'init-reboot', address: undefined },
  ];
  test.each(states)('$from', ({ what, state, address }) => {
    expect(readAddressRequest(said({ type: 'request', ...what }))).toEqual({
      state,
      server: what.server === undefined ? undefined : ip(what.server),
      address: address === undefined ? undefined : ip(address),
    });
  });
});
