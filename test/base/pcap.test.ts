import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { showIpv4 } from '../../src/base/ipv4.ts';
import { type Capture, readCapture } from '../../src/base/pcap.ts';

function read(bytes: Uint8Array): Capture {
  const found = readCapture(bytes);
  return found.ok ? found.value : expect.fail(found.error.message);
}

function lines({ datagrams }: Capture): readonly string[] {
  return datagrams.map(
    ({ at, from, to, payload }) =>
      `${new Date(at).toISOString()} ${showIpv4(from.address)}:${from.port} > ${showIpv4(to.address)}:${to.port} ${payload.length}`,
  );
}

/** 192.0.2.1:1000 to 192.0.2.2:2000, the payload `abc`. */
const IP = Buffer.concat([
  Buffer.from('4500001f00000000401100 00c0000201c0000202'.replace(' ', ''), 'hex'),
  Buffer.from('03e807d0000b0000', 'hex'),
  Buffer.from('abc'),
]);
const MACS = Buffer.alloc(12);

interface Written {
  readonly isLittle?: boolean;
  readonly magic?: number;
  readonly link?: number;
  readonly frame?: Uint8Array;
}

/** A classic capture of one frame, seen at 1 s and 500,000 parts. */
function pcap({ isLittle = true, magic = 0xa1b2c3d4, link = 101, frame = IP }: Written = {}): Buffer {
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    if (isLittle) bytes.writeUInt32LE(value);
    else bytes.writeUInt32BE(value);
    return bytes;
  };
  const head = [magic, isLittle ? 0x00040002 : 0x00020004, 0, 0, 65_535, link];
  const record = [1, 500_000, frame.length, frame.length];
  return Buffer.concat([...[...head, ...record].map(u32), frame]);
}

test.each(['staging.pcap', 'staging.pcapng'])('%s, as tcpdump and Wireshark write it', (name) => {
  const capture = read(readFileSync(`test/captures/${name}`));
  expect(capture.frames).toBe(5);
  expect(capture.incomplete).toBe(0);
  expect(lines(capture)).toEqual([
    '2023-11-14T22:13:20.000Z 0.0.0.0:68 > 255.255.255.255:67 260',
    '2023-11-14T22:13:20.500Z 0.0.0.0:68 > 255.255.255.255:67 260',
    '2023-11-14T22:13:21.000Z 192.168.88.1:67 > 255.255.255.255:68 250',
    // Behind a VLAN tag.
    '2023-11-14T22:13:21.500Z 0.0.0.0:68 > 255.255.255.255:67 259',
  ]);
});

test.each<{ what: string; written: Written; at: string }>([
  { what: 'little endian, microseconds', written: {}, at: '1970-01-01T00:00:01.500Z' },
  { what: 'big endian', written: { isLittle: false }, at: '1970-01-01T00:00:01.500Z' },
  { what: 'nanoseconds', written: { magic: 0xa1b23c4d }, at: '1970-01-01T00:00:01.000Z' },
  {
    what: 'Ethernet with two tags',
    written: {
      link: 1,
      frame: Buffer.concat([MACS, Buffer.from('88a800148100000508 00'.replace(' ', ''), 'hex'), IP]),
    },
    at: '1970-01-01T00:00:01.500Z',
  },
  {
    what: 'Linux cooked',
    written: { link: 113, frame: Buffer.concat([Buffer.alloc(14), Buffer.from('0800', 'hex'), IP]) },
    at: '1970-01-01T00:00:01.500Z',
  },
  {
    what: 'Linux cooked, second form',
    written: { link: 276, frame: Buffer.concat([Buffer.from('0800', 'hex'), Buffer.alloc(18), IP]) },
    at: '1970-01-01T00:00:01.500Z',
  },
  {
    what: 'BSD loopback',
    written: { link: 0, frame: Buffer.concat([Buffer.from('02000000', 'hex'), IP]) },
    at: '1970-01-01T00:00:01.500Z',
  },
])('$what', ({ written, at }) => {
  expect(lines(read(pcap(written)))).toEqual([`${at} 192.0.2.1:1000 > 192.0.2.2:2000 3`]);
});

test.each<{ what: string; frame: Uint8Array; incomplete: number }>([
  { what: 'cut short by the capture', frame: IP.subarray(0, -1), incomplete: 1 },
  {
    what: 'a fragment',
    frame: Buffer.concat([IP.subarray(0, 6), Buffer.from('2000', 'hex'), IP.subarray(8)]),
    incomplete: 1,
  },
  {
    what: 'TCP',
    frame: Buffer.concat([IP.subarray(0, 9), Buffer.from([6]), IP.subarray(10)]),
    incomplete: 0,
  },
  { what: 'not even a header', frame: IP.subarray(0, 10), incomplete: 0 },
])('$what is no datagram', ({ frame, incomplete }) => {
  expect(read(pcap({ frame }))).toEqual({ datagrams: [], frames: 1, incomplete });
});

test('a file cut in the middle of a record gives what came before', () => {
  const whole = readFileSync('test/captures/staging.pcap');
  for (let length = 24; length < whole.length; length += 7) {
    const { datagrams } = read(whole.subarray(0, length));
    expect(lines({ datagrams, frames: 0, incomplete: 0 })).toEqual(
      lines(read(whole)).slice(0, datagrams.length),
    );
  }
});

test('other files are refused', () => {
  expect(readCapture(Buffer.from('mac,vendor,model and more of it'))).toMatchObject({
    ok: false,
    error: { code: 'bad-magic' },
  });
  expect(readCapture(Buffer.alloc(3))).toMatchObject({ ok: false, error: { code: 'too-short', at: 3 } });
});

test('damaged captures never throw', () => {
  const seen = { some: 0, none: 0 };
  const sources = ['staging.pcap', 'staging.pcapng'].map((name) => readFileSync(`test/captures/${name}`));
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.constantFrom(...sources), damage, (source, changes) => {
      const bytes = Buffer.from(source);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      const found = readCapture(bytes);
      if (found.ok && found.value.datagrams.length > 0) seen.some += 1;
      else seen.none += 1;
    }),
    { seed: 7, numRuns: 3000 },
  );
  expect(seen.some).toBeGreaterThan(500);
  expect(seen.none).toBeGreaterThan(20);
});
