// Which messages are questions to this server, and which state a REQUEST comes from.
import { describe, expect, test } from 'vitest';
import { encodeHex } from '../../src/dhcp/options.ts';
import { questionOf, readAddressRequest } from '../../src/dhcp/request.ts';
import { ip, lanSite, phoneMac, type Said, said } from './kit.ts';

const noPhone = { ...said({ type: 'discover' }), chaddr: encodeHex('000000000000') };

describe('no question to this server', () => {
  test.each([
    { when: 'it is a BOOTREPLY', message: said({ type: 'offer', op: 2 }), because: 'not-a-request' },
    { when: 'op is neither 1 nor 2', message: said({ type: 'discover', op: 7 }), because: 'not-a-request' },
    { when: 'option 53 is missing', message: said({}), because: 'no-reservation' },
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
  ])('$when', ({ message, because }) => {
    expect(questionOf(message, lanSite())).toEqual({ ok: false, error: because });
  });
});

test.each(['discover', 'request', 'decline', 'release', 'inform'] as const)('a %s is a question', (type) => {
  const request = said({ type, giaddr: '10.20.0.2' });
  expect(questionOf(request, lanSite())).toEqual({ ok: true, value: { request, type, mac: phoneMac(1) } });
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
