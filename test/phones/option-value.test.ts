// Option values as people write them: in full, short, by name, and with mistakes.
import { describe, expect, test } from 'vitest';
import { checkShape } from '../../src/base/shape.ts';
import { optionCode, optionValues, parseRoute } from '../../src/phones/option-value.ts';

const check = (written: unknown) => checkShape(optionValues, written);

/** The mistakes as "path: sentence". */
function mistakes(written: unknown): readonly string[] {
  const checked = check(written);
  return checked.ok ? [] : checked.error.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test.each([
  { key: 66, raw: 'http://x', value: { text: 'http://x' } },
  { key: 'tftp-server', raw: '{url}', code: 66, value: { text: '{url}' } },
  { key: 'ntp-servers', raw: ['10.0.0.1'], code: 42, value: { ips: ['10.0.0.1'] } },
  { key: 'NTP', raw: '10.0.0.1', code: 42, value: { ips: '10.0.0.1' } },
  { key: 132, raw: 20, value: { text: '20' } },
  { key: 'mtu', raw: 1400, code: 26, value: { u16: 1400 } },
  { key: 19, raw: true, value: { bool: true } },
  { key: 19, raw: 'off', value: { bool: false } },
  { key: 2, raw: -3600, value: { i32: -3600 } },
  { key: 24, raw: '1h', value: { u32: 3600 } },
  { key: 24, raw: 600, value: { u32: 600 } },
  { key: 25, raw: 1500, value: { u16s: [1500] } },
  { key: 28, raw: '10.0.0.255', value: { ip: '10.0.0.255' } },
  { key: 97, raw: '00:11', value: { hex: '0011' } },
  { key: 119, raw: 'example.com', value: { domains: ['example.com'] } },
  { key: 120, raw: ['10.0.0.1', '{server}'], value: { sip: ['10.0.0.1', '{server}'] } },
  { key: 121, raw: '10.0.0.0/8 via 10.0.0.1', value: { routes: ['10.0.0.0/8 via 10.0.0.1'] } },
  { key: 43, raw: '{url}', value: { text: '{url}' } },
  { key: 43, raw: [{ code: 1, u8: 5 }], value: { tlv: [{ code: 1, u8: 5 }] } },
  {
    key: 125,
    raw: [{ number: 1, tlv: [{ code: 1, u8: 5 }] }],
    value: { enterprise: [{ number: 1, tlv: [{ code: 1, u8: 5 }] }] },
  },
  { key: 199, raw: 'text', value: { text: 'text' } },
])('$key: $raw is read by the form of the option', ({ key, raw, code = key, value }) => {
  expect(check({ [key]: raw })).toEqual({ ok: true, value: { [code]: value } });
});

test.each([
  { key: 66, raw: { text: 'x', nul: true } },
  { key: 3, raw: { ip: '10.0.0.1' } },
  { key: 1, raw: { ips: '255.0.0.0' } },
  { key: 16, raw: { ips: ['10.0.0.1'] } },
  { key: 2, raw: { u32: 3600 } },
  { key: 19, raw: { u8: 1 } },
  { key: 3, raw: { hex: '0a 00 00 01' }, value: { hex: '0a000001' } },
  { key: 43, raw: { tr069: { url: '{url}', code: 7 } }, value: { tr069: { url: '{url}', code: '7' } } },
  { key: 132, raw: { u32: 20 } },
  { key: 199, raw: { tlv: [{ code: 254, text: 'x', nul: true }] } },
  { key: 199, raw: { tr069: { url: 'x' } } },
])('$key: $raw is taken as written', ({ key, raw, value = raw }) => {
  expect(check({ [key]: raw })).toEqual({ ok: true, value: { [key]: value } });
});

describe('mistakes', () => {
  test.each([
    [{ 66: { u32: 1 } }, '66: option 66 (tftp-server-name) holds text, not u32'],
    [
      { dns: { text: 'x' } },
      'dns: option 6 (dns-server) holds addresses (write [10.20.0.1, 10.20.0.2]), not text',
    ],
    [
      { 150: 'http://x' },
      '150: option 150 (tftp-server-address) holds addresses (write [10.20.0.1, 10.20.0.2]): "http://x" is not an IPv4 address (write 10.20.0.1)',
    ],
    [
      { 42: ['10.0.0.1', '10.0.0'] },
      '42.1: option 42 (ntp-servers) holds addresses (write [10.20.0.1, 10.20.0.2]): "10.0.0" is not an IPv4 address (write 10.20.0.1)',
    ],
    [{ 42: { ips: ['10.0.0'] } }, '42.ips.0: "10.0.0" is not an IPv4 address (write 10.20.0.1)'],
    [
      { 42: [] },
      '42: option 42 (ntp-servers) holds addresses (write [10.20.0.1, 10.20.0.2]): write at least one',
    ],
    [{ 66: ['a'] }, '66: option 66 (tftp-server-name) holds text: write text, in quotes if need be'],
    [{ 66: true }, '66: option 66 (tftp-server-name) holds text: write text, in quotes if need be'],
    [
      { mtu: 70_000 },
      'mtu: option 26 (interface-mtu) holds a number of two bytes: write a whole number from 0 to 65535',
    ],
    [
      { 26: 'x' },
      '26: option 26 (interface-mtu) holds a number of two bytes: write a whole number from 0 to 65535',
    ],
    [{ 19: 'maybe' }, '19: option 19 (ip-forwarding) holds on or off: write on or off'],
    [
      { 33: ['10.0.0.1'] },
      '33: option 33 (static-routes) holds addresses two by two (write [10.1.0.0, 10.20.0.1])',
    ],
    [
      { 28: { ips: ['10.0.0.1', '10.0.0.2'] } },
      '28: option 28 (broadcast-address) holds one address (write 10.20.0.1)',
    ],
    [
      { 121: '10.0.0.0/8' },
      '121: option 121 (classless-routes) holds routes (write ["10.0.0.0/8 via 10.20.0.1"]): "10.0.0.0/8" is not a route (write 10.0.0.0/8 via 10.20.0.1)',
    ],
    [{ 119: { domains: ['a b'] } }, '119.domains.0: "a b" is not a domain name (write voice.example.com)'],
    [
      { 120: { sip: ['a.b', '10.0.0.1'] } },
      '120.sip: write either names or addresses: the option holds one kind only',
    ],
    [
      { 199: 5 },
      '199: option 199 has no form of its own: say which you mean (write {u8: 5}, {ips: [10.20.0.1]} …)',
    ],
    [{ 199: { hex: 'abc' } }, '199.hex: write hex digits in pairs (0a:14:00:01)'],
    [{ 199: { u8: 256 } }, '199.u8: write a whole number from 0 to 255'],
    [{ 66: { text: 'x', nil: true } }, '66.nil: unknown key "nil"'],
    [
      { 43: [{ code: 1 }] },
      '43.0: option 43 (vendor-specific) holds text or sub-options (write [{code: 1, text: abc}]): write one of text, ip, ips, u8, u16, u32, i32, bool, hex',
    ],
    [{ 43: { tlv: [{ code: 0, u8: 1 }] } }, '43.tlv.0.code: write a whole number from 1 to 254'],
    [
      {
        43: {
          tlv: [
            { code: 1, u8: 1 },
            { code: 2, u8: -1 },
          ],
        },
      },
      '43.tlv.1.u8: write a whole number from 0 to 255',
    ],
    [
      { 43: { tlv: [{ code: 1, tlv: [] }] } },
      '43.tlv.0: write one of text, ip, ips, u8, u16, u32, i32, bool, hex',
    ],
    [
      { 43: { tr069: { url: 'x', retryMultiplier: 10 } } },
      '43.tr069.retryMultiplier: write a whole number from 1000 to 65535',
    ],
    [
      { 43: { ips: '10.0.0.1' } },
      '43: option 43 (vendor-specific) holds text or sub-options (write [{code: 1, text: abc}]), not ips',
    ],
    [{ 66: { tr069: { url: 'x' } } }, '66: option 66 (tftp-server-name) holds text, not tr069'],
    [
      { 125: { enterprise: [{ number: 1, classes: ['a'] }] } },
      '125: option 125 (vendor-options-by-enterprise) holds options of enterprises (write [{number: 3561, tlv: [{code: 1, text: abc}]}])',
    ],
    [
      { 124: { enterprise: [{ number: 1, tlv: [{ code: 1, u8: 1 }] }] } },
      '124: option 124 (vendor-class-by-enterprise) holds classes of enterprises (write [{number: 3561, classes: [abc]}])',
    ],
    [{ 77: { text: 'x' } }, '77: option 77 (user-class) holds bytes (write {hex: "0a14"}), not text'],
    [
      { 66: 'a', 'tftp-server': 'b' },
      'tftp-server: option 66 (tftp-server-name) is written twice, once by another name',
    ],
    [
      { 'tftp-sever': 'x' },
      'tftp-sever: "tftp-sever" is not a DHCP option (write a number from 1 to 254 or a name such as tftp-server-name)',
    ],
    [
      { 256: 'x' },
      '256: "256" is not a DHCP option (write a number from 1 to 254 or a name such as tftp-server-name)',
    ],
    [{ 51: 3600 }, '51: option 51 (lease-time) cannot be set: write the setting `lease`'],
    [{ lease: { u32: 60 } }, 'lease: option 51 (lease-time) cannot be set: write the setting `lease`'],
    [
      { 58: { hex: '00' } },
      '58: option 58 (renewal-time) cannot be set: it follows from the setting `lease`',
    ],
    [{ 0: 'x' }, '0: option 0 cannot be set: it fills gaps and has no value'],
    [{ 255: 'x' }, '255: option 255 cannot be set: it ends the options and has no value'],
    [{ 80: true }, '80: option 80 (rapid-commit) cannot be set: write the setting `rapidCommit`'],
  ])('%j', (written, mistake) => {
    expect(mistakes(written)).toEqual([mistake]);
  });

  test('all are told at once, each at its key', () => {
    const written = { 66: 5.5, dns: 'x', 67: 'fine', 200: null };
    expect(mistakes(written).map((line) => line.split(':')[0])).toEqual(['66', '200', 'dns']);
  });

  test.each([50, 51, 52, 53, 54, 55, 57, 58, 59, 61, 80, 82])('option %i is not for data', (code) => {
    expect(mistakes({ [code]: { hex: '00' } })).toHaveLength(1);
  });

  test.each([[[]], ['66'], [66], [null]])('%j is no list of options', (written) => {
    expect(mistakes(written)).toEqual([': write option: value, one a line']);
  });
});

test.each([
  { raw: 66, code: 66 },
  { raw: '66', code: 66 },
  { raw: 'bootfile', code: 67 },
  { raw: 'option-199', code: 199 },
])('the code $raw is $code', ({ raw, code }) => {
  expect(checkShape(optionCode, raw)).toEqual({ ok: true, value: code });
});

test.each([
  { raw: 0, says: '"0" is not a DHCP option' },
  { raw: 255, says: '"255" is not a DHCP option' },
  { raw: 6.5, says: '"6.5" is not a DHCP option' },
  { raw: 'nonsense', says: '"nonsense" is not a DHCP option' },
  { raw: true, says: 'write the number or the name of a DHCP option' },
])('the code $raw is a mistake', ({ raw, says }) => {
  const checked = checkShape(optionCode, raw);
  expect(checked.ok ? '' : checked.error[0]?.message).toContain(says);
});

test.each([
  { text: '10.0.0.0/8 via 10.20.0.1', route: { network: 0x0a00_0000, prefix: 8, gateway: 0x0a14_0001 } },
  { text: ' 10.9.8.7/8   via  10.20.0.1 ', route: { network: 0x0a00_0000, prefix: 8, gateway: 0x0a14_0001 } },
  { text: '0.0.0.0/0 via 10.20.0.1', route: { network: 0, prefix: 0, gateway: 0x0a14_0001 } },
  { text: '10.0.0.0/33 via 10.20.0.1', route: undefined },
  { text: '10.0.0.0/8 10.20.0.1', route: undefined },
  { text: '', route: undefined },
])('the route "$text"', ({ text, route }) => {
  const parsed = parseRoute(text);
  const flat = parsed === undefined ? undefined : { ...parsed.subnet, gateway: parsed.gateway };
  expect(flat).toEqual(route);
});
