import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { showIpv4 } from '../../src/base/ipv4.ts';
import { showMac } from '../../src/base/mac.ts';
import {
  detectLeaseFormat,
  LEASE_FORMATS,
  type LeaseFile,
  type LeaseFormat,
  type LeaseRow,
  readDnsmasqLeases,
  readIscLeases,
  readKeaLeases,
  readLeasesCsv,
  writeLeasesCsv,
} from '../../src/dhcp/lease-files.ts';

/** 2026-03-05T12:00:00Z. */
const NOW = 1_772_712_000_000;
const HOUR = 3_600_000;
const TEN_YEARS = 10 * 365 * 24 * HOUR;
const LATER = NOW / 1000 + 3600;

/** `address mac minutes name` per lease, for comparison. */
function shown({ leases }: LeaseFile): readonly string[] {
  return leases.map(({ address, mac, expires, hostname }) =>
    [showIpv4(address), showMac(mac), `+${(expires - NOW) / 60_000}`, hostname].filter(Boolean).join(' '),
  );
}

const DNSMASQ = [
  `${LATER} 00:15:65:aa:bb:cc 10.20.0.50 SIP-T46S 01:00:15:65:aa:bb:cc`,
  `${LATER} 0c:38:3e:00:00:01 10.20.0.51 * *`,
  `0 00:15:65:00:00:02 10.20.0.52 * *`,
  `${NOW / 1000} 00:15:65:00:00:03 10.20.0.53 gone *`,
  `${LATER} 20-00:15:65:00:00:04 10.20.0.54 infiniband *`,
  '',
  'duid 00:01:00:01:2c:aa:bb:cc:00:15:65:00:00:01',
  `${LATER} 12345 fd00::5 sixer 00:01:00:01`,
].join('\n');

test('dnsmasq: infinite leases get an end, ended and foreign ones are left out', () => {
  const read = readDnsmasqLeases(DNSMASQ, NOW);
  expect(shown(read)).toEqual([
    '10.20.0.50 00:15:65:aa:bb:cc +60 SIP-T46S',
    '10.20.0.51 0c:38:3e:00:00:01 +60',
    `10.20.0.52 00:15:65:00:00:02 +${TEN_YEARS / 60_000}`,
  ]);
  expect(read).toMatchObject({ mistakes: [], ended: 1 });
});

const ISC = `# The format of this file is documented in the dhcpd.leases(5) manual page.
authoring-byte-order little-endian;
server-duid "\\000\\001;}";
failover peer "other" state { my state normal at 4 2026/03/05 10:00:00; }
lease 10.20.0.50 {
  starts 4 2026/03/05 11:00:00;
  ends 4 2026/03/05 13:00:00; # an hour left
  cltt 4 2026/03/05 11:00:00;
  binding state active;
  next binding state free;
  rewind binding state free;
  hardware ethernet 00:15:65:aa:bb:cc;
  uid "\\001\\000\\025e\\252\\273\\"};";
  set vendor-class-identifier = "yealink; }";
  client-hostname "SIP \\"T46S\\"";
  on expiry { set a = "b"; }
}
lease 10.20.0.51 { starts epoch 1772708400; ends epoch ${LATER}; binding state active; hardware ethernet c:38:3e:0:0:1; }
lease 10.20.0.52 { starts 4 2026/03/05 11:00:00; ends never; binding state active; hardware ethernet 00:15:65:00:00:02; }
lease 10.20.0.53 { ends 4 2026/03/05 11:59:59; binding state active; hardware ethernet 00:15:65:00:00:03; }
lease 10.20.0.54 { ends 4 2026/03/05 13:00:00; binding state abandoned; }
lease 10.20.0.55 { ends 4 2026/03/05 13:00:00; binding state active; hardware token-ring 00:15:65:00:00:05; }
lease 10.20.0.56 { ends 4 2026/03/05 13:00:00; binding state active; hardware ethernet 00:15:65:00:00:06; }
lease 10.20.0.56 { ends 4 2026/03/05 13:00:00; binding state free; hardware ethernet 00:15:65:00:00:06; }
lease 10.20.0.57 { ends 4 2026/03/05 13:00:00; binding state backup; }
lease 10.20.0.58 { ends 4 2026/03/05 13:00:00; hardware ethernet 00:15:65:00:00:08; }
lease 10.20.0.59 { ends 4 2026/03/05 12:30:00; binding state active; hardware ethernet 00:15:65:00:00:09; }
lease 10.20.0.59 { ends 4 2026/03/05 14:00:00; binding state active; hardware ethernet 00:15:65:00:00:0a; }
lease 10.20.0.60 { ends 4 2026/03/05 13:00:00; abandoned; hardware ethernet 00:15:65:00:00:0b; }
`;

test('ISC dhcpd: the last entry of an address counts, and only leases that are in use', () => {
  const read = readIscLeases(ISC, NOW);
  expect(read.mistakes).toEqual([]);
  expect(shown(read)).toEqual([
    '10.20.0.50 00:15:65:aa:bb:cc +60 SIP "T46S"',
    '10.20.0.51 0c:38:3e:00:00:01 +60',
    `10.20.0.52 00:15:65:00:00:02 +${TEN_YEARS / 60_000}`,
    '10.20.0.58 00:15:65:00:00:08 +60',
    '10.20.0.59 00:15:65:00:00:0a +120',
  ]);
  expect(read.ended).toBe(1);
});

const KEA = `address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id
10.20.0.50,00:15:65:aa:bb:cc,01:00:15:65:aa:bb:cc,7200,${LATER},1,0,0,t46s&#x2cx,0,{ "a": 1 },0
10.20.0.51,0c:38:3e:00:00:01,,7200,${NOW / 1000 - 1},1,0,0,,0,,0
10.20.0.52,00:15:65:00:00:02,,4294967295,1772708399,1,0,0,,0,,0
10.20.0.53,,,3600,${LATER},1,0,0,,1,,0
10.20.0.54,00:15:65:00:00:04,,3600,${LATER},1,0,0,,0,,0
10.20.0.54,00:15:65:00:00:04,,3600,${LATER},1,0,0,,2,,0
10.20.0.55,00:15:65:00:00:05,,3600,${LATER},1,0,0,,0,,0
10.20.0.55,00:15:65:00:00:05,,0,${LATER},1,0,0,,0,,0
10.20.0.51,0c:38:3e:00:00:01,,7200,${LATER + 60},1,0,0,,0,,0
`;

test('Kea: the last row of an address counts; declined, cleared and deleted leases are left out', () => {
  const read = readKeaLeases(KEA, NOW);
  expect(shown(read)).toEqual([
    '10.20.0.50 00:15:65:aa:bb:cc +60 t46s,x',
    '10.20.0.51 0c:38:3e:00:00:01 +61',
    `10.20.0.52 00:15:65:00:00:02 +${TEN_YEARS / 60_000}`,
  ]);
  expect(read).toMatchObject({ mistakes: [], ended: 0 });
});

const CSV = 'address,mac,state,expires,hostname\r\n';

describe('our own table', () => {
  test('is written by RFC 4180, and no cell is a formula', () => {
    const rows: readonly LeaseRow[] = [
      { address: '10.20.0.50', mac: '00:15:65:aa:bb:cc', state: 'bound', expires: NOW, hostname: 'a "b", c' },
      { address: '10.20.0.51', mac: '00:15:65:aa:bb:cd', state: 'offered', expires: NOW + 5 },
      { address: '10.20.0.52', mac: '00:15:65:aa:bb:ce', state: 'bound', expires: NOW, hostname: '=cmd|"x"' },
      { address: '10.20.0.53', mac: '00:15:65:aa:bb:cf', state: 'bound', expires: NOW, hostname: '@a' },
    ];
    expect(writeLeasesCsv(rows)).toBe(
      `${CSV}10.20.0.50,00:15:65:aa:bb:cc,bound,2026-03-05T12:00:00.000Z,"a ""b"", c"\r\n` +
        '10.20.0.51,00:15:65:aa:bb:cd,offered,2026-03-05T12:00:00.005Z,\r\n' +
        '10.20.0.52,00:15:65:aa:bb:ce,bound,2026-03-05T12:00:00.000Z,"\'=cmd|""x"""\r\n' +
        "10.20.0.53,00:15:65:aa:bb:cf,bound,2026-03-05T12:00:00.000Z,'@a\r\n",
    );
  });

  test('as a spreadsheet saves it: other separator, order and case, a byte order mark', () => {
    const text =
      '\ufeffExpires;MAC;Address;Note\n2026-03-05T13:00:00Z;0015.65aa.bbcc;10.20.0.50;desk\n\nnever;0c383e000001;10.20.0.51;\n';
    expect(detectLeaseFormat(text)).toBe('csv');
    const read = readLeasesCsv(text, NOW);
    expect(read.mistakes).toEqual([]);
    expect(shown(read)).toEqual([
      '10.20.0.50 00:15:65:aa:bb:cc +60',
      `10.20.0.51 0c:38:3e:00:00:01 +${TEN_YEARS / 60_000}`,
    ]);
  });

  test('what is written is read again, whatever the phones call themselves', () => {
    const hex = fc.integer({ min: 0, max: 255 }).map((byte) => byte.toString(16).padStart(2, '0'));
    const row = fc.record({
      address: fc.ipV4(),
      mac: fc.array(hex, { minLength: 6, maxLength: 6 }).map((bytes) => bytes.join(':')),
      state: fc.constantFrom('bound', 'offered', 'declined'),
      expires: fc.integer({ min: NOW - HOUR, max: NOW + TEN_YEARS }),
      hostname: fc.oneof(
        fc.constant(undefined),
        fc.string({ minLength: 1 }),
        fc.string({ unit: fc.constantFrom(...'=+-@\'",;\r\n\t x'), minLength: 1, maxLength: 6 }),
      ),
    });
    fc.assert(
      fc.property(fc.uniqueArray(row, { selector: ({ address }) => address }), (rows) => {
        const read = readLeasesCsv(writeLeasesCsv(rows), NOW);
        expect(read.mistakes).toEqual([]);
        expect(
          read.leases.map(({ address, mac, expires, hostname }) => [
            showIpv4(address),
            showMac(mac),
            expires,
            hostname,
          ]),
        ).toEqual(
          rows
            .filter(({ state, expires }) => state === 'bound' && expires > NOW)
            .map(({ address, mac, expires, hostname }) => [address, mac, expires, hostname]),
        );
      }),
    );
  });
});

const LEASE =
  'lease 10.20.0.50 {\n ends 4 2026/03/05 13:00:00;\n binding state active;\n hardware ethernet 00:15:65:00:00:01;\n}';

test.each<{ format: LeaseFormat; text: string; line: number; says: string }>([
  {
    format: 'dnsmasq',
    text: `${DNSMASQ.split('\n')[0]}\nhello\n`,
    line: 2,
    says: 'not the four or five fields',
  },
  { format: 'dnsmasq', text: `soon 00:15:65:00:00:01 10.20.0.5 * *`, line: 1, says: '"soon" is no time' },
  { format: 'dnsmasq', text: `99999999999999 00:15:65:00:00:01 10.20.0.5 * *`, line: 1, says: 'is no time' },
  {
    format: 'dnsmasq',
    text: `${LATER} 00:15:65:00:00 10.20.0.5 * *`,
    line: 1,
    says: '"00:15:65:00:00" is not a MAC',
  },
  {
    format: 'dnsmasq',
    text: `${LATER} 00:15:65:00:00:01 10.20.0.256 * *`,
    line: 1,
    says: 'not an IPv4 address',
  },
  {
    format: 'isc',
    text: `${LEASE}\nlease 10.20.0.51 {\n ends 4`,
    line: 7,
    says: 'ends in the middle of "ends"',
  },
  { format: 'isc', text: `${LEASE}\nlease 10.20.0.51 {\n`, line: 6, says: 'opened and never closed' },
  { format: 'isc', text: `${LEASE}\n}\n`, line: 6, says: 'closed that was never opened' },
  {
    format: 'isc',
    text: LEASE.replace('00:01;', '00:01'),
    line: 5,
    says: 'semicolon is missing after "hardware"',
  },
  { format: 'isc', text: `${LEASE}\nuid "abc\n`, line: 6, says: 'a quote is opened' },
  {
    format: 'isc',
    text: LEASE.replace('2026/03/05', '2026/02/31'),
    line: 1,
    says: '"4 2026/02/31 13:00:00" is no time',
  },
  { format: 'isc', text: LEASE.replace(/ends.*;/, ''), line: 1, says: 'is no time' },
  { format: 'isc', text: LEASE.replace('00:15:65', 'zz:15:65'), line: 1, says: 'not a MAC' },
  { format: 'isc', text: 'a {'.repeat(5000), line: 1, says: 'too many braces' },
  { format: 'kea', text: 'address,duid,valid_lifetime,expire\n', line: 1, says: 'no column "hwaddr"' },
  { format: 'kea', text: KEA.replace(`${LATER},1`, 'soon,1'), line: 2, says: '"soon" is no time' },
  { format: 'csv', text: '', line: 1, says: 'no column "address", "mac", "expires"' },
  {
    format: 'csv',
    text: `${CSV}10.20.0.50,00:15:65:00:00:01,bound,"2026\r\n`,
    line: 2,
    says: 'never closed',
  },
  {
    format: 'csv',
    text: `${CSV}10.20.0.50,00:15:65:00:00:01,bound,"a"b\r\n`,
    line: 2,
    says: 'follows a closed quote',
  },
  {
    format: 'csv',
    text: `${CSV}10.20.0.50,00:15:65:00:00:01,bound,5 March,\r\n`,
    line: 2,
    says: '"5 March" is no time',
  },
  { format: 'csv', text: `${CSV}1.2.3.4,00:15:65:00:00:01,bound,never,a,b\r\n`, line: 2, says: '6 cells' },
  {
    format: 'csv',
    text: `${CSV}a,"b\nc",,,\r\n10.20.0.50,x,bound,never,\r\n`,
    line: 4,
    says: '"x" is not a MAC',
  },
])('$format: line $line: $says', ({ format, text, line, says }) => {
  const { mistakes } = LEASE_FORMATS[format](text, NOW);
  expect(mistakes.filter((mistake) => mistake.line === line).map(({ message }) => message)).toContainEqual(
    expect.stringContaining(says),
  );
});

test.each<{ text: string; format: LeaseFormat | undefined }>([
  { text: DNSMASQ, format: 'dnsmasq' },
  { text: 'duid 00:01:00:01\n', format: 'dnsmasq' },
  { text: `\ufeff\n${DNSMASQ}`, format: 'dnsmasq' },
  { text: ISC, format: 'isc' },
  { text: LEASE, format: 'isc' },
  { text: KEA, format: 'kea' },
  { text: CSV, format: 'csv' },
  { text: '', format: undefined },
  { text: '{"leases": []}', format: undefined },
])('detects $format', ({ text, format }) => {
  expect(detectLeaseFormat(text)).toBe(format);
});

test('no text makes a reader throw or hang', () => {
  const soup = fc.string({
    unit: fc.constantFrom(...'lease {};"\\\n#,\'10.2:a ends', 'lease ', 'never', '00:15:65:00:00:01'),
  });
  fc.assert(
    fc.property(soup, (text) => {
      for (const read of Object.values(LEASE_FORMATS)) {
        const { leases, ended } = read(text, NOW);
        expect(leases.length + ended).toBeGreaterThanOrEqual(0);
      }
    }),
    { numRuns: 500 },
  );
});
