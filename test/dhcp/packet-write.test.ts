// Packets as they are written: the order of options, and where those go that do not fit.
import { describe, expect, test } from 'vitest';
import { fromLatin1, latin1 } from '../../src/base/bytes.ts';
import { type DhcpMessage, encodePacket } from '../../src/dhcp/packet.ts';
import { said } from './kit.ts';
import { decoded } from './packet-kit.ts';

describe('writing', () => {
  const plain = said({ type: 'discover' });
  const withOptions = (...options: (readonly [number, Uint8Array])[]): DhcpMessage => ({
    ...plain,
    options: new Map([...plain.options, ...options]),
  });
  const filled = (count: number): Uint8Array => new Uint8Array(count).fill(0x61);

  test('at least 300 bytes', () => {
    expect(encodePacket(plain).bytes).toHaveLength(300);
  });

  test('option 53 first, 82 last, whatever the order', () => {
    const options = new Map([
      [82, filled(4)],
      [66, filled(3)],
      [53, Uint8Array.of(2)],
      [1, filled(4)],
    ]);
    expect([...decoded(encodePacket({ ...plain, options }).bytes).options.keys()]).toEqual([53, 66, 1, 82]);
  });

  test.each([0, 1, 254, 255, 256, 510, 511, 900])('a value of %i bytes comes back whole', (length) => {
    const message = withOptions([66, filled(length)]);
    const { bytes, dropped } = encodePacket(message, { maxLength: 1500 });
    expect(dropped).toEqual([]);
    expect(decoded(bytes).options.get(66)).toHaveLength(length);
  });

  test.each([
    { when: 'the client names none', maxLength: undefined, most: 548 },
    { when: 'the client claims less than every client must take', maxLength: 300, most: 548 },
    { when: 'the client takes 800', maxLength: 800, most: 772 },
    { when: 'the client takes more than Ethernet', maxLength: 65_535, most: 1472 },
  ])('never above the limit when $when', ({ maxLength, most }) => {
    const many = Array.from({ length: 60 }, (_, index) => [100 + index, filled(40)] as const);
    const { bytes, dropped } = encodePacket(withOptions(...many), { maxLength });
    expect(bytes.length).toBeLessThanOrEqual(most);
    expect(bytes.length).toBeGreaterThan(most - 42);
    expect(dropped.length).toBeGreaterThan(0);
    expect([...decoded(bytes).options.keys(), ...dropped].sort()).toEqual(
      [53, ...many.map(([code]) => code)].sort(),
    );
  });

  test('what does not fit goes to file, then sname, and the last is dropped', () => {
    const message = withOptions(
      [66, filled(250)],
      [160, filled(100)],
      [161, filled(50)],
      [159, filled(60)],
      [82, filled(20)],
    );
    const { bytes, dropped } = encodePacket(message);
    expect(dropped).toEqual([159]);
    expect(bytes[108]).toBe(160);
    expect(bytes[44]).toBe(161);
    const again = decoded(bytes);
    expect([...again.options.keys()]).toEqual([53, 66, 82, 160, 161]);
    expect(again.options.get(160)).toHaveLength(100);
    // The relay looks for its option at the end of the options field.
    expect(bytes.subarray(-23, -1)).toEqual(Uint8Array.from([82, 20, ...filled(20)]));
  });

  test('fields with text take no options', () => {
    const message = { ...withOptions([66, filled(250)], [160, filled(100)]), file: 'boot' };
    const { bytes, dropped } = encodePacket(message);
    expect(dropped).toEqual([160]);
    expect(decoded(bytes).file).toBe('boot');
  });

  test('text longer than its field is cut and still ends in NUL', () => {
    const { bytes } = encodePacket({ ...plain, sname: 'x'.repeat(100) });
    expect(decoded(bytes).sname).toBe('x'.repeat(63));
  });

  test('pad, end and overload are no content', () => {
    const message = withOptions([0, filled(1)], [255, filled(1)], [52, filled(1)]);
    expect([...decoded(encodePacket(message).bytes).options.keys()]).toEqual([53]);
  });

  test('a relay option beyond one piece gives way like any other', () => {
    const message = withOptions([82, filled(400)], [66, filled(200)]);
    const { bytes, dropped } = encodePacket(message);
    expect(dropped).toEqual([82]);
    expect(latin1(decoded(bytes).options.get(66) ?? fromLatin1(''))).toBe('a'.repeat(200));
  });
});
