// Which options a client gets, and whose word they are.
import { describe, expect, test } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { showIpv4 } from '../../src/base/ipv4.ts';
import { createHabitReader } from '../../src/dhcp/clues.ts';
import {
  leaseTimes,
  makeOffer,
  type Offer,
  type OfferCase,
  type OfferedOptions,
} from '../../src/dhcp/offer.ts';
import { encodeHex } from '../../src/dhcp/options.ts';
import { ownScope } from '../../src/dhcp/request.ts';
import type { OptionValue } from '../../src/phones/option-value.ts';
import type { LanSite, Provisioning } from '../../src/site/site.ts';
import { ip, lanSite, phoneMac, phoneOf, provisioning, type Said, said, vendor } from './kit.ts';
import { relayedSubnet, STRANGER, URL } from './scene.ts';

type Case = Partial<Omit<OfferCase, 'habits'>> & { readonly says?: Said };

function offer({ says = {}, lan = lanSite(), ...changes }: Case = {}): Offer {
  const habits = createHabitReader()(said({ type: 'discover', ...says }));
  const scope = ownScope(lan);
  return makeOffer({
    ...{ lan, scope, provisioning, vendor: vendor(), client: phoneOf(1), url: URL, habits },
    ...changes,
  });
}

const offered = (changes: Case = {}): OfferedOptions => offer(changes).options;
const texts = (options: OfferedOptions): Record<string, string> =>
  Object.fromEntries([...options].map(([code, { from, text }]) => [code, `${from}: ${text}`]));
const withExtra = (extraOptions: Provisioning['extraOptions']): Provisioning => ({
  ...provisioning,
  extraOptions,
});
const carriers = (options: OfferedOptions): readonly number[] =>
  [...options.values()].filter(({ url }) => url !== undefined).map(({ code }) => code);

describe('what there is for', () => {
  const subnet = {
    1: 'lan: 255.255.255.0',
    3: 'lan: 10.20.0.254',
    6: 'lan: 10.20.0.253',
    28: 'lan: 10.20.0.255',
    51: 'lan: 3600 s',
    54: 'lan: 10.20.0.1',
    58: 'lan: 1800 s',
    59: 'lan: 3150 s',
    66: 'lan: 10.20.0.1',
    150: 'lan: 10.20.0.1',
  };

  test('a phone of a known make: the subnet and the URL', () => {
    expect(texts(offered())).toEqual({ ...subnet, 66: `site: ${URL}`, 160: `site: ${URL}` });
    expect(offer()).toMatchObject({ lease: 3_600_000, siaddr: 0, sname: '', file: '', isPersonal: false });
  });

  test('a phone of no known make: no URL, no option 43, but our TFTP', () => {
    const options = offered({
      vendor: undefined,
      client: STRANGER,
      provisioning: withExtra({
        '43': { text: 'http://x/' },
        '114': { text: '{url}' },
        '161': { text: 'x' },
      }),
      lan: lanSite({ options: { '43': { hex: '0100' }, '163': { text: 'y' } } }),
    });
    expect(texts(options)).toEqual({ ...subnet, 161: 'site: x', 163: 'site: y' });
    expect(carriers(options)).toEqual([]);
  });

  test('a host of a subnet behind a relay: that subnet', () => {
    const scope = relayedSubnet('10.30.0.0/16', { lease: 120_000, dns: [ip('10.30.0.2'), ip('10.30.0.3')] });
    expect(texts(offered({ scope }))).toMatchObject({
      1: 'lan: 255.255.0.0',
      3: 'lan: 10.30.0.254',
      6: 'lan: 10.30.0.2, 10.30.0.3',
      28: 'lan: 10.30.255.255',
      51: 'lan: 120 s',
      54: 'lan: 10.20.0.1',
    });
  });

  test('a subnet without router and name servers: none', () => {
    const lan = lanSite({
      router: undefined,
      dns: [],
      ntp: [ip('10.20.0.9'), ip('10.20.0.8')],
      domain: 'staging.example',
    });
    const options = offered({ lan });
    expect([options.has(3), options.has(6)]).toEqual([false, false]);
    expect(options.get(15)?.text).toBe('staging.example');
    expect(options.get(42)?.text).toBe('10.20.0.9, 10.20.0.8');
  });
});

test('a site that names no URL for this phone: what needs one is left out', () => {
  const options = offered({ url: undefined, vendor: vendor({ options: { '43': { text: '{url}' } } }) });
  expect([options.has(43), options.has(160), options.get(66)?.text]).toEqual([false, false, '10.20.0.1']);
});

test('a phone of no known make gets no URL even where one is at hand', () => {
  expect(carriers(offered({ vendor: undefined, url: URL }))).toEqual([]);
});

test('the URL is put under codes of text only, never under those of the lease or the message', () => {
  const options = offered({ provisioning: { ...provisioning, options: [6, 43, 51, 54, 150, 161, 240] } });
  expect(carriers(options)).toEqual([161, 240]);
  expect([options.get(150)?.text, options.get(54)?.text]).toEqual(['10.20.0.1', '10.20.0.1']);
});

describe('the later word counts', () => {
  const value = (text: string): OptionValue => ({ text });
  const LAYERS: readonly { from: string; of: (text: string) => Case }[] = [
    { from: 'the subnet’s own', of: () => ({}) },
    { from: 'the URL', of: () => ({ provisioning: { ...provisioning, options: [66] } }) },
    {
      from: 'the site',
      of: (text) => ({ provisioning: { ...withExtra({ '66': value(text) }), options: [66] } }),
    },
    { from: 'the subnet’s options', of: (text) => ({ lan: lanSite({ options: { '66': value(text) } }) }) },
    { from: 'the make', of: (text) => ({ vendor: vendor({ options: { '66': { text } } }) }) },
    {
      from: 'the rescue',
      of: (text) => ({
        vendor: vendor({
          options: { '66': { text: 'x' } },
          rescue: [{ option60: '^half', options: { '66': { text } } }],
        }),
        says: { vendorClass: 'half-flashed' },
      }),
    },
    {
      from: 'the class',
      of: (text) => ({
        class: {
          name: 'c',
          when: {},
          answer: 'always',
          options: { '66': value(text) },
          force: [],
          suppress: [],
        },
      }),
    },
  ];
  test.each(LAYERS.map(({ from }, index) => ({ from, index })))(
    '$from beats what comes before it',
    ({ index }) => {
      let changes: Case = { provisioning: { ...provisioning, options: [] } };
      for (const [at, { of }] of LAYERS.slice(0, index + 1).entries())
        changes = { ...changes, ...of(`by ${at}`) };
      const wanted = index === 0 ? '10.20.0.1' : index === 1 ? URL : `by ${index}`;
      expect(offered(changes).get(66)?.text).toBe(wanted);
    },
  );

  test('what is said of the URL goes with the last word', () => {
    const extra = withExtra({ '66': value('site'), '160': value('site') });
    const made = vendor({ options: { '66': { text: '{url}{mac}.cfg' } } });
    const options = offered({ provisioning: extra, vendor: made });
    expect(options.get(66)?.text).toBe(`${URL}${phoneMac(1)}.cfg`);
    expect([options.get(66)?.url, options.get(160)?.url]).toEqual([URL, undefined]);
  });
});

test('data cannot touch the lease or the message itself', () => {
  const lies: Readonly<Record<string, OptionValue>> = Object.fromEntries(
    [0, 50, 51, 52, 53, 54, 55, 57, 58, 59, 61, 82, 255].map((code) => [code, { hex: '01' }]),
  );
  const honest = texts(offered());
  expect(texts(offered({ provisioning: withExtra(lies) }))).toEqual(honest);
  expect(texts(offered({ lan: lanSite({ options: lies }) }))).toEqual(honest);
  expect(texts(offered({ vendor: { ...vendor(), dhcp: { ...vendor().dhcp, options: lies } } }))).toEqual(
    honest,
  );
});

describe('placeholders', () => {
  test('of the phone, its model and the LAN', () => {
    const made = vendor({
      options: { '43': { text: '{server} {MAC} {mac:colons} {model} {number:4} {url}' } },
    });
    expect(offered({ vendor: made, client: phoneOf(1, 'A1') }).get(43)?.text).toBe(
      `10.20.0.1 02AC3E000001 02:ac:3e:00:00:01 A1 0028 ${URL}`,
    );
  });

  test('of the device that names itself by TR-069', () => {
    const made = vendor({ options: { '43': { text: '{oui}-{serial}-{productClass}' } } });
    expect(offered({ vendor: made }).has(43)).toBe(false);
    // 3561: OUI ABC, serial S1, class M10.
    const device = encodeHex('00000de90e' + '0103414243' + '02025331' + '03034d3130');
    const told = offered({ vendor: made, says: { more: [[125, Uint8Array.from(device)]] } });
    expect(told.get(43)?.text).toBe('ABC-S1-M10');
  });

  test.each([
    { code: 43, value: { text: '{number}' }, because: 'the model is not known' },
    { code: 43, value: { text: '{serial}' }, because: 'the device does not say it' },
    { code: 72, value: { ips: '{url}' }, because: 'it is no address' },
    { code: 43, value: { tlv: [{ code: 1, text: '{serial}' }] }, because: 'a part of it waits' },
  ])('that nobody fills, or not fittingly ($because), leave the option out', ({ code, value }) => {
    expect(offered({ vendor: vendor({ options: { [code]: value } }) }).has(code)).toBe(false);
  });
});

test('a device that names itself is told the same of its gateway (TR-069 annex F): 125, sub-options 4 to 6', () => {
  // 3561: OUI 001565, serial S1, class M10.
  const device = encodeHex('00000de9' + '11' + '0106303031353635' + '02025331' + '03034d3130');
  const { options, isPersonal } = offer({ says: { more: [[125, Uint8Array.from(device)]] } });
  const echoed = options.get(125);
  expect(echoed && toHex(echoed.bytes)).toBe(
    '00000de9' + '11' + '0406303031353635' + '05025331' + '06034d3130',
  );
  expect([echoed?.from, isPersonal]).toEqual(['device', true]);
  expect(offered().has(125)).toBe(false);
});

describe('fields beside the options', () => {
  test('of the make, filled', () => {
    const made = vendor({ siaddr: '{server}', sname: 'boot', file: '{mac}.cfg', lease: '2h' });
    const { siaddr, sname, file, lease, options } = offer({ vendor: made });
    expect([showIpv4(siaddr), sname, file, lease]).toEqual([
      '10.20.0.1',
      'boot',
      `${phoneMac(1)}.cfg`,
      7_200_000,
    ]);
    expect([51, 58, 59].map((code) => options.get(code)?.text)).toEqual(['7200 s', '3600 s', '6300 s']);
    expect(options.get(51)?.from).toBe('vendor');
  });

  test('stay empty where a placeholder has no filling', () => {
    const made = vendor({ siaddr: '{serial}', sname: '{serial}', file: 'a{number}.cfg' });
    expect(offer({ vendor: made })).toMatchObject({ siaddr: 0, sname: '', file: '' });
  });

  test('a next server that is no address is none', () => {
    expect(offer({ vendor: vendor({ siaddr: 'boot.example' }) }).siaddr).toBe(0);
  });
});

test('T1 is half of the lease, T2 seven eighths', () => {
  expect(leaseTimes(7201).map(([code, bytes]) => [code, toHex(bytes)])).toEqual([
    [51, '00001c21'],
    [58, '00000e10'],
    [59, '0000189c'],
  ]);
});

test('what a subnet gives is worked out anew after a reload', () => {
  const before: LanSite = lanSite({ dns: [ip('10.20.0.2')] });
  const after: LanSite = lanSite({ dns: [ip('10.20.0.3')] });
  expect([before, after].map((lan) => offered({ lan }).get(6)?.text)).toEqual(['10.20.0.2', '10.20.0.3']);
});
