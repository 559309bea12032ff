// Which options a phone gets, whose word they are, and which of them a reply carries.
import { describe, expect, test } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import {
  leaseTimes,
  type OfferCase,
  type OfferedOptions,
  offeredOptions,
  selectOptions,
  urlOptions,
} from '../../src/dhcp/offer.ts';
import type { Provisioning } from '../../src/site/site.ts';
import { ip, lanSite, phoneMac, phoneOf, provisioning, vendor } from './kit.ts';

const URL = 'http://10.20.0.1/';

function offered(changes: Partial<OfferCase> = {}): OfferedOptions {
  return offeredOptions({
    lan: lanSite(),
    provisioning,
    vendor: vendor(),
    phone: phoneOf(1),
    url: URL,
    ...changes,
  });
}

const texts = (options: OfferedOptions): Record<string, string> =>
  Object.fromEntries([...options].map(([code, { from, text }]) => [code, `${from}: ${text}`]));

const withExtra = (extraOptions: Provisioning['extraOptions']): Provisioning => ({
  ...provisioning,
  extraOptions,
});

test('a recognised phone gets the LAN and the URL', () => {
  expect(texts(offered())).toEqual({
    1: 'lan: 255.255.255.0',
    3: 'lan: 10.20.0.254',
    6: 'lan: 10.20.0.253',
    28: 'lan: 10.20.0.255',
    51: 'lan: 3600 s',
    54: 'lan: 10.20.0.1',
    58: 'lan: 1800 s',
    59: 'lan: 3150 s',
    66: `site: ${URL}`,
    150: 'lan: 10.20.0.1',
    160: `site: ${URL}`,
  });
});

test('what the LAN does not have is not offered', () => {
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

test('a phone of no known vendor gets no URL and no option 43, but finds our TFTP', () => {
  const options = offered({
    vendor: undefined,
    provisioning: withExtra({ '43': { text: 'http://x/' }, '114': { text: '{url}' }, '161': { text: 'x' } }),
  });
  expect(options.get(66)?.text).toBe('10.20.0.1');
  expect([...options.values()].filter(({ url }) => url !== undefined)).toEqual([]);
  expect([43, 114, 160, 161].map((code) => options.has(code))).toEqual([false, false, false, true]);
});

test('the vendor beats the site, the site beats the LAN', () => {
  const options = offered({
    provisioning: withExtra({
      '6': { ips: '{server}' },
      '42': { ips: ['10.20.0.7'] },
      '66': { text: 'site' },
      '160': { text: 'site' },
    }),
    vendor: vendor({ options: { '66': { text: '{url}{mac}.cfg' }, '42': { ips: '{server}' } } }),
  });
  expect(texts(options)).toMatchObject({
    6: 'site: 10.20.0.1',
    42: 'vendor: 10.20.0.1',
    66: `vendor: ${URL}${phoneMac(1)}.cfg`,
    160: 'site: site',
  });
  expect([options.get(66)?.url, options.get(160)?.url]).toEqual([URL, undefined]);
});

describe('values of vendor data', () => {
  test.each([
    { value: { text: '{url}' }, hex: Buffer.from(URL).toString('hex') },
    { value: { text: 'a', nul: true }, hex: '6100' },
    {
      value: { text: '{MAC} {mac:colons} {model} {number:4}' },
      hex: Buffer.from('02AC3E000001 02:ac:3e:00:00:01 A1 0028').toString('hex'),
    },
    { value: { ips: ['{server}', '10.20.0.2'] }, hex: '0a1400010a140002' },
    { value: { u8: 7 }, hex: '07' },
    { value: { u16: 258 }, hex: '0102' },
    { value: { u32: 16_909_060 }, hex: '01020304' },
    { value: { hex: '00fF' }, hex: '00ff' },
    {
      value: {
        tlv: [
          { code: 66, text: '{server}', nul: true },
          { code: 2, text: 'x' },
        ],
      },
      hex: '420a31302e32302e302e3100020178',
    },
    { value: { text: '{unheard-of}' }, hex: Buffer.from('{unheard-of}').toString('hex') },
    { value: { text: '{serial}' }, hex: undefined },
    { value: { ips: '{serial}' }, hex: undefined },
    { value: { ips: 'pbx.example' }, hex: undefined },
    { value: { tlv: [{ code: 1, text: '{serial}' }] }, hex: undefined },
    { value: { tlv: [{ code: 1, text: 'x'.repeat(256) }] }, hex: undefined },
  ])('$value', ({ value, hex }) => {
    const option = offered({ vendor: vendor({ options: { '43': value } }), phone: phoneOf(1, 'A1') }).get(43);
    expect(option && toHex(option.bytes)).toBe(hex);
  });

  test('a placeholder of the model waits until the model is known', () => {
    const options = { '43': { text: '{number}' } };
    expect(offered({ vendor: vendor({ options }) }).has(43)).toBe(false);
    expect(offered({ vendor: vendor({ options }), phone: phoneOf(1, 'A1') }).get(43)?.text).toBe('28');
  });

  test('without a URL, what needs one is left out', () => {
    const options = offered({ url: undefined, vendor: vendor({ options: { '43': { text: '{url}' } } }) });
    expect([options.has(43), options.has(160), options.get(66)?.text]).toEqual([false, false, '10.20.0.1']);
  });

  test('option 43 that carries the URL says so', () => {
    const options = { '43': { tlv: [{ code: 66, text: '{url}' }] } };
    expect(offered({ vendor: vendor({ options }) }).get(43)?.url).toBe(URL);
  });
});

test('data cannot touch the lease or the message itself', () => {
  const lies = {
    '51': { u32: 1 },
    '53': { u8: 6 },
    '54': { ips: '10.9.9.9' },
    '58': { u32: 1 },
    '82': { hex: '00' },
  };
  const options = offered({ provisioning: withExtra(lies), vendor: vendor({ options: lies }) });
  expect(texts(options)).toMatchObject({ 51: 'lan: 3600 s', 54: 'lan: 10.20.0.1', 58: 'lan: 1800 s' });
  expect([options.has(53), options.has(82)]).toEqual([false, false]);
});

test('the URL is not put under codes of another form', () => {
  const options = offered({ provisioning: { ...provisioning, options: [6, 43, 51, 150, 161, 240] } });
  expect([...options.values()].filter(({ url }) => url !== undefined).map(({ code }) => code)).toEqual([
    161, 240,
  ]);
  expect(options.get(150)?.text).toBe('10.20.0.1');
});

test('T1 is half of the lease, T2 seven eighths', () => {
  expect(leaseTimes(7201).map(([code, bytes]) => [code, toHex(bytes)])).toEqual([
    [51, '00001c21'],
    [58, '00000e10'],
    [59, '0000189c'],
  ]);
});

describe('what a reply carries', () => {
  const options = offered({ vendor: vendor({ options: { '43': { text: '{url}' } }, force: [43] }) });
  const codes = (asked: readonly number[] | undefined): number[] =>
    selectOptions(options, asked).map(({ code }) => code);

  test.each([
    { when: 'the phone asks in its own order', asked: [66, 6, 3], codes: [54, 51, 1, 43, 66, 6, 3, 58, 59] },
    { when: 'the router comes before the mask', asked: [3, 1], codes: [54, 51, 1, 43, 3, 58, 59] },
    {
      when: 'it asks for T1 and the forced option itself',
      asked: [58, 43, 66],
      codes: [54, 51, 1, 58, 43, 66, 59],
    },
    {
      when: 'it repeats itself and asks for what there is not',
      asked: [66, 66, 0, 255, 53, 119, 82],
      codes: [54, 51, 1, 43, 66, 58, 59],
    },
    {
      when: 'it asks for nothing by name',
      asked: undefined,
      codes: [54, 51, 1, 3, 6, 28, 58, 59, 66, 150, 160, 43],
    },
  ])('$when', ({ asked, codes: wanted }) => {
    expect(codes(asked)).toEqual(wanted);
  });

  test.each([
    { asked: [1, 3, 6], urls: [] },
    { asked: [160, 43, 1, 66, 66, 150], urls: [160, 43, 66] },
    { asked: undefined, urls: [66, 160, 43] },
  ])('of $asked the URL comes by $urls', ({ asked, urls }) => {
    expect(urlOptions(options, asked)).toEqual(urls);
  });
});
