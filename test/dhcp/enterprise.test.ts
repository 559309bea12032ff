// Options 124 and 125 (RFC 3925) and the identities of TR-069 in them.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { latin1, toHex } from '../../src/base/bytes.ts';
import {
  decodeVendorClasses,
  decodeVendorOptions,
  deviceIdentityOf,
  encodeVendorClasses,
  encodeVendorOptions,
  enterprisesOf,
  gatewayIdentity,
} from '../../src/dhcp/enterprise.ts';

const bytesOf = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** 3561 in four bytes. */
const BBF = '00000de9';
const SUB_OUI = '0106303031353635'; // 1 = 001565
const SUB_SERIAL = '0203534e31'; // 2 = SN1

test.each([
  { when: 'nothing', hex: '', read: [] },
  { when: 'one class', hex: `${BBF} 04 03 414243`, read: [[3561, ['ABC']]] },
  { when: 'two classes', hex: `${BBF} 05 01 41 02 4243`, read: [[3561, ['A', 'BC']]] },
  {
    when: 'two enterprises',
    hex: `${BBF} 02 01 41 00000403 03 02 4243`,
    read: [
      [3561, ['A']],
      [1027, ['BC']],
    ],
  },
  { when: 'no data', hex: `${BBF} 00`, read: [[3561, []]] },
  { when: 'an empty class', hex: `${BBF} 01 00`, read: [[3561, ['']]] },
  { when: 'a data length past the end', hex: `${BBF} ff 01 41`, read: [[3561, ['A']]] },
  { when: 'a class past its data', hex: `${BBF} 04 01 41 09 42`, read: [[3561, ['A']]] },
  { when: 'a number cut short', hex: `${BBF} 02 01 41 0000`, read: [[3561, ['A']]] },
  { when: 'the highest number', hex: 'ffffffff 02 01 41', read: [[4_294_967_295, ['A']]] },
])('124 with $when', ({ hex, read }) => {
  const list = decodeVendorClasses(bytesOf(hex));
  expect(list.map(({ enterprise, classes }) => [enterprise, classes.map(latin1)])).toEqual(read);
});

test.each([
  { when: 'nothing', hex: '', read: [] },
  {
    when: 'two options',
    hex: `${BBF} 07 0102 4142 0401 43`,
    read: [
      [
        3561,
        [
          [1, 'AB'],
          [4, 'C'],
        ],
      ],
    ],
  },
  {
    when: 'two enterprises',
    hex: `${BBF} 03 0101 41 00000403 03 0201 42`,
    read: [
      [3561, [[1, 'A']]],
      [1027, [[2, 'B']]],
    ],
  },
  { when: 'a data length past the end', hex: `${BBF} 80 0101 41`, read: [[3561, [[1, 'A']]]] },
  { when: 'an option past its data', hex: `${BBF} 06 0101 41 0209 42`, read: [[3561, [[1, 'A']]]] },
  { when: 'an option without length', hex: `${BBF} 04 0101 41 02`, read: [[3561, [[1, 'A']]]] },
  { when: 'an option without value', hex: `${BBF} 02 0100`, read: [[3561, [[1, '']]]] },
])('125 with $when', ({ hex, read }) => {
  const list = decodeVendorOptions(bytesOf(hex));
  expect(
    list.map(({ enterprise, options }) => [
      enterprise,
      options.map(({ code, bytes }) => [code, latin1(bytes)]),
    ]),
  ).toEqual(read);
});

const enterprise = fc.integer({ min: 0, max: 0xffff_ffff });
const value = fc.uint8Array({ maxLength: 20 });

test('what is written can be read again', () => {
  const classes = fc.array(fc.record({ enterprise, classes: fc.array(value, { maxLength: 10 }) }));
  fc.assert(
    fc.property(classes, (list) => {
      const read = decodeVendorClasses(encodeVendorClasses(list) ?? new Uint8Array());
      expect(read.map((each) => ({ ...each, classes: each.classes.map(toHex) }))).toEqual(
        list.map((each) => ({ ...each, classes: each.classes.map(toHex) })),
      );
    }),
  );
  const part = fc.record({ code: fc.integer({ min: 0, max: 255 }), bytes: value });
  const plain = (list: ReturnType<typeof decodeVendorOptions>) =>
    list.map((each) => [each.enterprise, each.options.map(({ code, bytes }) => [code, toHex(bytes)])]);
  fc.assert(
    fc.property(fc.array(fc.record({ enterprise, options: fc.array(part, { maxLength: 10 }) })), (list) => {
      expect(plain(decodeVendorOptions(encodeVendorOptions(list) ?? new Uint8Array()))).toEqual(plain(list));
    }),
  );
});

test('any bytes are read without a throw, and nothing is read that is not there', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const parts = [
        ...decodeVendorClasses(bytes).flatMap(({ classes }) => classes),
        ...decodeVendorOptions(bytes).flatMap(({ options }) => options.map((option) => option.bytes)),
      ];
      for (const part of parts) expect(part.length).toBeLessThanOrEqual(bytes.length);
      const options = new Map([[125, bytes]]);
      deviceIdentityOf(options);
      enterprisesOf(options);
    }),
  );
});

test('data beyond 255 bytes cannot be written', () => {
  const most = { code: 1, bytes: new Uint8Array(253) };
  expect(encodeVendorOptions([{ enterprise: 1, options: [most] }])).toHaveLength(260);
  expect(
    encodeVendorOptions([{ enterprise: 1, options: [most, { code: 2, bytes: new Uint8Array() }] }]),
  ).toBe(undefined);
  expect(encodeVendorClasses([{ enterprise: 1, classes: [new Uint8Array(254)] }])).toHaveLength(260);
  expect(encodeVendorClasses([{ enterprise: 1, classes: [new Uint8Array(255)] }])).toBeUndefined();
});

test('the enterprises of both options, each once', () => {
  const options = new Map([
    [124, bytesOf(`00000403 00 ${BBF} 00`)],
    [125, bytesOf(`${BBF} 00 00000009 00`)],
  ]);
  expect(enterprisesOf(options)).toEqual([1027, 3561, 9]);
  expect(enterprisesOf(new Map())).toEqual([]);
});

test.each([
  { when: 'OUI and serial', hex: `${BBF} 0d ${SUB_OUI} ${SUB_SERIAL}`, is: { oui: '001565', serial: 'SN1' } },
  {
    when: 'a product class',
    hex: `${BBF} 11 ${SUB_OUI} ${SUB_SERIAL} 0302 5434`,
    is: { oui: '001565', serial: 'SN1', productClass: 'T4' },
  },
  {
    when: 'NULs at the end of texts',
    hex: `${BBF} 0f 0107 30303135363500 0204 534e3100`,
    is: { oui: '001565', serial: 'SN1' },
  },
  {
    when: 'another enterprise first',
    hex: `00000009 03 0101 41 ${BBF} 0d ${SUB_OUI} ${SUB_SERIAL}`,
    is: { oui: '001565', serial: 'SN1' },
  },
  {
    when: 'a class that overruns',
    hex: `${BBF} 10 ${SUB_OUI} ${SUB_SERIAL} 0302 54`,
    is: { oui: '001565', serial: 'SN1' },
  },
  { when: 'no serial', hex: `${BBF} 08 ${SUB_OUI}`, is: undefined },
  { when: 'an empty serial', hex: `${BBF} 0a ${SUB_OUI} 0200`, is: undefined },
  { when: 'only another enterprise', hex: `00000009 0d ${SUB_OUI} ${SUB_SERIAL}`, is: undefined },
  { when: 'nothing', hex: '', is: undefined },
])('a device with $when', ({ hex, is }) => {
  expect(deviceIdentityOf(new Map([[125, bytesOf(hex)]]))).toEqual(is);
});

test('a gateway gives its identity in sub-options 4, 5 and 6', () => {
  const hex = toHex(gatewayIdentity({ oui: '001565', serial: 'SN1', productClass: 'T4' }));
  expect(hex).toBe(`${BBF}1104063030313536350503534e3106025434`);
  expect(toHex(gatewayIdentity({ oui: '001565', serial: 'SN1' }))).toBe(`${BBF}0d04063030313536350503534e31`);
});

test('an identity longer than TR-069 allows is cut, not lost', () => {
  const long = 'x'.repeat(300);
  expect(gatewayIdentity({ oui: long, serial: long, productClass: long })).toHaveLength(5 + 8 + 66 + 66);
});
