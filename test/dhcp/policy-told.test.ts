// What the timeline learns from each decision, and the reasons why somebody gets no answer or no address.
import { describe, expect, test } from 'vitest';
import { HOUR, ip, phoneMac, type Said } from './kit.ts';
import {
  BROADCAST,
  classNamed,
  decide,
  kinds,
  lease,
  type Scene,
  STRANGER,
  T0,
  tableOf,
  told,
  URL,
} from './scene.ts';

const OWN = lease('10.20.0.52', 1);

describe('of the URL', () => {
  test.each([
    {
      when: 'the phone asks for the options that carry it',
      asks: [1, 66, 160],
      url: URL,
      urlOptions: [66, 160],
    },
    { when: 'it asks for one of them', asks: [1, 160, 3], url: URL, urlOptions: [160] },
    { when: 'it asks for none of them', asks: [1, 3, 6], url: undefined, urlOptions: [] },
    { when: 'it asks for nothing by name', asks: undefined, url: URL, urlOptions: [66, 160] },
  ])('when $when', ({ asks, url, urlOptions }) => {
    const what: Said = { requested: '10.20.0.50', server: '10.20.0.1', ...(asks && { asks }) };
    expect(decide({ ...what, type: 'request' }).events).toEqual([
      {
        at: T0,
        mac: phoneMac(1),
        kind: 'leased',
        address: ip('10.20.0.50'),
        seconds: 3600,
        how: 'new',
        url,
        urlOptions,
      },
    ]);
    expect(decide({ ...what, type: 'discover' }).events).toMatchObject([
      { kind: 'asked-for-address' },
      { kind: 'offered', address: ip('10.20.0.50'), url },
    ]);
    expect(decide({ ...what, type: 'inform', ciaddr: '10.20.0.7' }).events).toMatchObject([
      { kind: 'informed', address: ip('10.20.0.7'), url },
    ]);
  });
});

test('what a phone asks for, and as what', () => {
  expect(decide({ type: 'discover', asks: [1, 66], vendorClass: 'acme A1\0' }).events[0]).toEqual({
    at: T0,
    mac: phoneMac(1),
    kind: 'asked-for-address',
    asksOptions: [1, 66],
    vendorClass: 'acme A1',
  });
  expect(decide({ type: 'discover' }).events[0]).toMatchObject({ asksOptions: [], vendorClass: undefined });
});

describe('that a lease is', () => {
  const noted = ['asked-for-address', 'leased'];
  test.each([
    { how: 'new', what: { server: '10.20.0.1', requested: '10.20.0.52' }, now: T0, events: ['leased'] },
    { how: 'rebooted', what: { requested: '10.20.0.52' }, now: T0, events: noted },
    { how: 'renewed', what: { ciaddr: '10.20.0.52' }, now: T0 + HOUR / 2, events: ['leased'] },
    // T2 is 7/8 of the lease (RFC 2131 section 4.4.5).
    { how: 'renewed', what: { ciaddr: '10.20.0.52' }, now: T0 + (HOUR * 7) / 8 - 1, events: ['leased'] },
    { how: 'rebound', what: { ciaddr: '10.20.0.52' }, now: T0 + (HOUR * 7) / 8, events: ['leased'] },
    { how: 'rebound', what: { ciaddr: '10.20.0.52', giaddr: '10.20.0.2' }, now: T0, events: ['leased'] },
    { how: 'renewed', what: { ciaddr: '10.20.0.55' }, now: T0, events: ['leased'] },
  ])('$how', ({ how, what, now, events }) => {
    const decision = decide({ type: 'request', ...what }, { stored: [OWN], now });
    expect(kinds(decision)).toEqual(events);
    expect(decision.events.at(-1)).toMatchObject({ kind: 'leased', how });
  });
});

describe('why an address is refused', () => {
  const stored = [lease('10.20.0.51', 2), lease('10.20.0.53', 3, { state: 'declined' })];
  test.each([
    { requested: '10.20.0.51', because: 'address-of-another-phone' },
    { requested: '10.20.0.53', because: 'address-not-given-here' },
    { requested: '10.20.0.60', because: 'address-not-given-here' },
    { requested: '192.168.1.20', because: 'address-of-another-subnet' },
    { requested: '10.20.0.255', because: 'address-of-another-subnet' },
  ])('$requested: $because', ({ requested, because }) => {
    for (const server of [undefined, '10.20.0.1']) {
      const what: Said = { type: 'request', requested, ...(server && { server }) };
      expect(decide(what, { stored }).events).toEqual([
        { at: T0, mac: phoneMac(1), kind: 'address-refused', address: ip(requested), because },
      ]);
    }
  });

  test('a request without an address', () => {
    const decision = decide({ type: 'request', server: '10.20.0.1' });
    expect(told(decision)).toBe(`nak 0.0.0.0 to ${BROADCAST}`);
    expect(decision.events).toMatchObject([
      { kind: 'address-refused', address: undefined, because: 'address-not-given-here' },
    ]);
  });
});

describe('a request to another server', () => {
  const what: Said = { type: 'request', server: '10.20.0.9', requested: '10.20.0.77' };
  test('gets silence, and takes the offer back', () => {
    const leases = tableOf();
    decide({ type: 'discover' }, { leases });
    expect(leases.offers.size).toBe(1);
    const decision = decide(what, { leases });
    expect([told(decision), kinds(decision)]).toEqual(['silence another-server-chosen', ['no-answer-given']]);
    expect([leases.offers.size, leases.offeredTo.size]).toEqual([0, 0]);
  });

  test('is overruled where the settings say takeover: nak, even for an address of ours', () => {
    const dhcp = { takeover: 'nak' } as const;
    for (const requested of ['10.20.0.77', '10.20.0.55', '192.168.1.20']) {
      const decision = decide({ ...what, requested }, { dhcp });
      expect(told(decision)).toBe(`nak 0.0.0.0 to ${BROADCAST}`);
      expect(decision.events).toMatchObject([
        { kind: 'address-refused', address: ip(requested), because: 'another-server-overruled' },
      ]);
      expect(decision.changes).toEqual([]);
    }
  });

  test('is left alone by a server that is not authoritative too', () => {
    expect(told(decide(what, { dhcp: { authoritative: false } }))).toBe('silence another-server-chosen');
  });
});

describe('silence to a DISCOVER', () => {
  const one = { pool: { first: ip('10.20.0.51'), last: ip('10.20.0.51') } };
  const cases: readonly { because: string; scene: Scene }[] = [
    { because: 'pool-exhausted', scene: { dhcp: one, stored: [lease('10.20.0.51', 2)] } },
    { because: 'foreign-server-answers', scene: { objection: 'foreign-server-answers' } },
    { because: 'looking-around', scene: { objection: 'looking-around', stored: [OWN] } },
    { because: 'companion-mode', scene: { dhcp: { mode: 'companion' } } },
    {
      because: 'strangers-share-used',
      scene: {
        client: STRANGER,
        dhcp: { strangers: { share: 0.1, probation: 300_000 } },
        stored: [lease('10.20.0.51', 2, { standing: 'stranger' })],
      },
    },
    {
      because: 'quota-used',
      scene: {
        dhcp: { classes: [classNamed('few', { quota: 1 })] },
        stored: [lease('10.20.0.51', 2, { class: 'few' })],
      },
    },
    {
      because: 'kept-for-listed',
      scene: {
        dhcp: { pool: { first: ip('10.20.0.51'), last: ip('10.20.0.52') } },
        stored: [lease('10.20.0.51', 2)],
        list: [{ client: phoneMac(9) }],
      },
    },
  ];
  test.each(cases)('$because', ({ because, scene }) => {
    const decision = decide({ type: 'discover', asks: [1, 66] }, scene);
    expect(told(decision)).toBe(`silence ${because}`);
    expect(decision.events).toEqual([
      { at: T0, mac: phoneMac(1), kind: 'asked-for-address', asksOptions: [1, 66], vendorClass: undefined },
      { at: T0, mac: phoneMac(1), kind: 'no-answer-given', door: 'dhcp', because },
    ]);
    expect([decision.changes, decision.fresh]).toEqual([[], undefined]);
  });

  test('an objection holds no lease back: phones at work renew', () => {
    const scene: Scene = { objection: 'foreign-server-answers', stored: [OWN] };
    expect(told(decide({ type: 'request', ciaddr: '10.20.0.52' }, scene))).toBe(
      'ack 10.20.0.52 to 10.20.0.52:68',
    );
  });

  test('a stranger without a share gets no address by a REQUEST either, and no NAK: it may be wanted elsewhere', () => {
    const scene: Scene = {
      client: STRANGER,
      dhcp: { strangers: { share: 0.1, probation: 300_000 } },
      stored: [lease('10.20.0.51', 2, { standing: 'stranger' })],
    };
    const decision = decide({ type: 'request', requested: '10.20.0.55' }, scene);
    expect(told(decision)).toBe('silence strangers-share-used');
    expect(kinds(decision)).toEqual(['no-answer-given']);
  });
});

describe('companion mode: another server gives the addresses', () => {
  test.each([
    {
      what: { type: 'discover' },
      is: 'silence companion-mode',
      events: ['asked-for-address', 'no-answer-given'],
    },
    {
      what: { type: 'request', requested: '10.20.0.50' },
      is: 'silence companion-mode',
      events: ['no-answer-given'],
    },
    {
      what: { type: 'request', server: '10.20.0.9', requested: '10.20.0.50' },
      is: 'silence companion-mode',
      events: ['no-answer-given'],
    },
    {
      what: { type: 'release', ciaddr: '10.20.0.51' },
      is: 'silence companion-mode',
      events: ['no-answer-given'],
    },
    {
      what: { type: 'decline', requested: '10.20.0.51' },
      is: 'silence companion-mode',
      events: ['no-answer-given'],
    },
    { what: {}, is: 'silence companion-mode', events: ['no-answer-given'] },
    {
      what: { type: 'inform', ciaddr: '10.20.0.7' },
      is: 'ack 0.0.0.0 to 10.20.0.7:68',
      events: ['informed'],
    },
  ] as const)('$what: $is', ({ what, is, events }) => {
    const decision = decide(what, { dhcp: { mode: 'companion', takeover: 'nak' } });
    expect(told(decision)).toBe(is);
    expect(kinds(decision)).toEqual(events);
    expect(decision.changes).toEqual([]);
  });
});

test('a class that is never answered is never answered, whatever it asks', () => {
  const classes = [classNamed('printers', { answer: 'never', when: { option60: /^print/ } })];
  const rows: readonly Said[] = [
    { type: 'discover' },
    { type: 'request', requested: '10.20.0.52' },
    { type: 'request', ciaddr: '10.20.0.52' },
    { type: 'inform', ciaddr: '10.20.0.7' },
    { type: 'release', ciaddr: '10.20.0.52' },
    {},
  ];
  for (const what of rows) {
    const scene: Scene = { dhcp: { classes }, stored: [OWN] };
    const decision = decide({ ...what, vendorClass: 'printer 9' }, scene);
    expect([told(decision), kinds(decision), decision.changes]).toEqual([
      'silence class-gets-nothing',
      ['no-answer-given'],
      [],
    ]);
    expect(told(decide({ ...what, vendorClass: 'acme' }, scene))).not.toContain('class-gets-nothing');
  }
});
