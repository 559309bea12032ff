// Rapid commit (RFC 4039): an ACK straight to the DISCOVER, where the settings want it and the address is no risk.
import { describe, expect, test } from 'vitest';
import type { ClientClass, DhcpSite } from '../../src/site/site.ts';
import { HOUR, ip, phoneMac, type Said } from './kit.ts';
import {
  BROADCAST,
  classNamed,
  decide,
  kinds,
  lease,
  replyOf,
  type Scene,
  STRANGER,
  T0,
  tableOf,
  told,
} from './scene.ts';

const RAPID: Said = { type: 'discover', more: [[80, new Uint8Array()]] };
const inClass = (changes: Partial<ClientClass>): Partial<DhcpSite> => ({
  classes: [classNamed('c', changes)],
});
const OWN = lease('10.20.0.52', 1);

describe('a DISCOVER with option 80', () => {
  const rows: readonly { when: string; what?: Said; scene: Scene; is: string; fresh?: string }[] = [
    { when: 'nothing is written', scene: {}, is: 'offer 10.20.0.50', fresh: '10.20.0.50' },
    { when: 'it is on', scene: { dhcp: { rapidCommit: true } }, is: 'ack 10.20.0.50' },
    { when: 'it is on for its class', scene: { dhcp: inClass({ rapidCommit: true }) }, is: 'ack 10.20.0.50' },
    {
      when: 'it is on, but off for its class',
      scene: { dhcp: { rapidCommit: true, ...inClass({ rapidCommit: false }) } },
      is: 'offer 10.20.0.50',
      fresh: '10.20.0.50',
    },
    {
      when: 'it is on, and its class says nothing',
      scene: { dhcp: { rapidCommit: true, ...inClass({}) } },
      is: 'ack 10.20.0.50',
    },
    {
      when: 'it is on for a class of others',
      scene: { dhcp: inClass({ rapidCommit: true, when: { hostname: /^none/ } }) },
      is: 'offer 10.20.0.50',
      fresh: '10.20.0.50',
    },
    {
      when: 'a fresh address is to be looked for first',
      scene: { dhcp: { rapidCommit: true, conflictCheck: true } },
      is: 'offer 10.20.0.50',
      fresh: '10.20.0.50',
    },
    {
      when: 'the address that it asks for is to be looked for first',
      what: { ...RAPID, requested: '10.20.0.55' },
      scene: { dhcp: { rapidCommit: true, conflictCheck: true } },
      is: 'offer 10.20.0.55',
      fresh: '10.20.0.55',
    },
    {
      when: 'the address is its own already',
      scene: { dhcp: { rapidCommit: true, conflictCheck: true }, stored: [OWN] },
      is: 'ack 10.20.0.52',
    },
    {
      when: 'the address was its own until now',
      scene: { dhcp: { rapidCommit: true, conflictCheck: true }, stored: [OWN], now: T0 + HOUR },
      is: 'ack 10.20.0.52',
    },
    {
      when: 'another server is there',
      scene: { dhcp: { rapidCommit: true }, objection: 'foreign-server-answers' },
      is: 'silence foreign-server-answers',
    },
    {
      when: 'it does not say so',
      what: { type: 'discover' },
      scene: { dhcp: { rapidCommit: true } },
      is: 'offer 10.20.0.50',
      fresh: '10.20.0.50',
    },
    {
      when: 'another server gives the addresses',
      scene: { dhcp: { rapidCommit: true, mode: 'companion' } },
      is: 'silence companion-mode',
    },
  ];
  test.each(rows)('$when: $is', ({ what = RAPID, scene, is, fresh }) => {
    const decision = decide(what, scene);
    expect(told(decision)).toBe(is.startsWith('silence') ? is : `${is} to ${BROADCAST}`);
    expect(decision.fresh).toBe(fresh === undefined ? undefined : ip(fresh));
    const { answer, changes } = decision;
    const isAck = is.startsWith('ack');
    expect(changes.map(({ kind }) => kind)).toEqual(isAck ? ['bound'] : []);
    expect(answer.kind === 'reply' && answer.reply.options.has(80)).toBe(isAck);
  });
});

test('the ACK carries option 80, empty, and the lease', () => {
  const decision = decide({ ...RAPID, asks: [1, 66] }, { dhcp: { rapidCommit: true } });
  const { options } = replyOf(decision);
  expect([...options.keys()]).toEqual([53, 54, 80, 51, 1, 66, 58, 59]);
  expect(options.get(80)).toEqual(new Uint8Array());
  expect(kinds(decision)).toEqual(['asked-for-address', 'leased']);
  expect(decision.events[1]).toMatchObject({
    kind: 'leased',
    how: 'new',
    seconds: 3600,
    address: ip('10.20.0.50'),
  });
});

test('the ACK to a REQUEST carries none, whatever the client sends', () => {
  const what: Said = { ...RAPID, type: 'request', requested: '10.20.0.50', server: '10.20.0.1' };
  expect(replyOf(decide(what, { dhcp: { rapidCommit: true } })).options.has(80)).toBe(false);
});

test('it goes to everybody, whatever address the client says to have', () => {
  const decision = decide({ ...RAPID, ciaddr: '192.0.2.1' }, { dhcp: { rapidCommit: true } });
  expect([told(decision), replyOf(decision).ciaddr]).toEqual([`ack 10.20.0.50 to ${BROADCAST}`, 0]);
});

test('a stranger is on probation by this way too', () => {
  const decision = decide(RAPID, { dhcp: { rapidCommit: true }, client: STRANGER });
  expect(decision.events.at(-1)).toMatchObject({ seconds: 300 });
});

test('the offer becomes the lease: no second address is held', () => {
  const leases = tableOf();
  decide(RAPID, { dhcp: { rapidCommit: true }, leases });
  expect([leases.offers.size, leases.offeredTo.size, leases.leases.size]).toEqual([0, 0, 1]);
  expect(leases.addressOf.get(phoneMac(1))).toBe(ip('10.20.0.50'));
});
