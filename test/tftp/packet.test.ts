import { expect, test } from 'vitest';
import { fromLatin1 } from '../../src/base/bytes.ts';
import { decodePacket, encodePacket, type TftpPacket } from '../../src/tftp/packet.ts';

const request = (filename: string, mode: string, options: readonly { name: string; value: string }[] = []) =>
  ({ kind: 'rrq', filename, mode, options }) as const;

test.each<{ what: string; bytes: string; packet: TftpPacket }>([
  { what: 'a plain RRQ', bytes: '\0\x01a.cfg\0octet\0', packet: request('a.cfg', 'octet') },
  { what: 'a WRQ', bytes: '\0\x02a.cfg\0octet\0', packet: { ...request('a.cfg', 'octet'), kind: 'wrq' } },
  {
    what: 'an RRQ with options',
    bytes: '\0\x01a\0octet\0tsize\x000\0blksize\x00512\0',
    packet: request('a', 'octet', [
      { name: 'tsize', value: '0' },
      { name: 'blksize', value: '512' },
    ]),
  },
  {
    what: 'DATA',
    bytes: '\0\x03\x01\x02abc',
    packet: { kind: 'data', block: 258, data: Uint8Array.of(97, 98, 99) },
  },
  { what: 'empty DATA', bytes: '\0\x03\0\x07', packet: { kind: 'data', block: 7, data: new Uint8Array() } },
  { what: 'an ACK', bytes: '\0\x04\xff\xff', packet: { kind: 'ack', block: 65_535 } },
  { what: 'an ERROR', bytes: '\0\x05\0\x01no\0', packet: { kind: 'error', code: 1, message: 'no' } },
  {
    what: 'an OACK',
    bytes: '\0\x06blksize\x008\0',
    packet: { kind: 'oack', options: [{ name: 'blksize', value: '8' }] },
  },
])('$what is read, written, and read again', ({ bytes, packet }) => {
  const wire = fromLatin1(bytes);
  expect(decodePacket(Uint8Array.from(wire))).toEqual({ ok: true, value: packet });
  expect(decodePacket(Uint8Array.from(encodePacket(packet)))).toEqual({ ok: true, value: packet });
  expect(Buffer.from(encodePacket(packet))).toEqual(Buffer.from(wire));
});

test.each([
  { what: 'one extra NUL at the end', bytes: '\0\x01a\0OCTET\0\0', packet: request('a', 'octet') },
  {
    what: 'an option name without a value',
    bytes: '\0\x01a\0octet\0blksize\0',
    packet: request('a', 'octet'),
  },
  { what: 'a value without its NUL', bytes: '\0\x01a\0octet\0tsize\x000', packet: request('a', 'octet') },
  {
    what: 'an ERROR without a NUL',
    bytes: '\0\x05\0\0gone',
    packet: { kind: 'error', code: 0, message: 'gone' },
  },
  { what: 'an ERROR without a text', bytes: '\0\x05\0\0', packet: { kind: 'error', code: 0, message: '' } },
  { what: 'bytes after an ACK', bytes: '\0\x04\0\x01junk', packet: { kind: 'ack', block: 1 } },
  {
    what: 'a name of 1,000 bytes',
    bytes: `\0\x01${'n'.repeat(1000)}\0octet\0`,
    packet: request('n'.repeat(1000), 'octet'),
  },
])('$what is tolerated', ({ bytes, packet }) => {
  expect(decodePacket(fromLatin1(bytes))).toEqual({ ok: true, value: packet });
});

test.each([
  { what: 'nothing', bytes: '', code: 'overrun' },
  { what: 'one byte', bytes: '\0', code: 'overrun' },
  { what: 'opcode 0', bytes: '\0\0a\0octet\0', code: 'bad-value' },
  { what: 'opcode 7', bytes: '\0\x07abc', code: 'bad-value' },
  { what: 'a request without a mode', bytes: '\0\x01a\0', code: 'overrun' },
  { what: 'a name without an end', bytes: '\0\x01abc', code: 'overrun' },
  { what: 'an ACK cut short', bytes: '\0\x04\0', code: 'overrun' },
])('$what is no packet', ({ bytes, code }) => {
  const decoded = decodePacket(fromLatin1(bytes));
  expect(decoded.ok ? 'ok' : decoded.error.code).toBe(code);
});
