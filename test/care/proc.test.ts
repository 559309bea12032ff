import { expect, test } from 'vitest';
import { parseCapabilities, parseSockets, parseUnit } from '../../src/care/proc.ts';

// As Linux 6.1 writes them.
const UDP = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  187: 00000000:0043 00000000:0000 07 00000000:00001A00 00:00000000 00000000     0        0 17183 2 0000000000000000 12
  512: 0100007F:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000   105        0 20111 2 0000000000000000 0
`;
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31337 1 0000000000000000 100 0 0 10 0
   1: 0100007F:0050 0100007F:D2B0 01 00000000:00000000 00:00000000 00000000     0        0 31338 1 0000000000000000 20 4 30 10 -1
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 999 1 0000000000000000 100 0 0 10 0
`;

test('sockets of UDP, with what waits and what they lost', () => {
  expect(parseSockets(UDP, 'udp')).toEqual([
    { port: 67, inode: '17183', queue: 0x1a00, drops: 12, listens: true },
    { port: 5060, inode: '20111', queue: 0, drops: 0, listens: true },
  ]);
});

test('of TCP those that listen are marked, also of IPv6', () => {
  expect(parseSockets(TCP, 'tcp').map(({ port, listens }) => [port, listens])).toEqual([
    [80, true],
    [80, false],
  ]);
  expect(parseSockets(TCP6, 'tcp')).toEqual([{ port: 443, inode: '999', queue: 0, drops: 0, listens: true }]);
  expect(parseSockets('', 'tcp')).toEqual([]);
  expect(parseSockets('', 'udp')).toEqual([]);
});

test.each([
  ['CapEff:\t0000000000000400', ['NET_BIND_SERVICE']],
  ['CapEff:\t0000000000002400', ['NET_BIND_SERVICE', 'NET_RAW']],
  ['CapEff:\t000001ffffffffff', ['NET_BIND_SERVICE', 'NET_RAW']],
  ['CapEff:\t0000000000000000', []],
  ['Name:\tnode', []],
])('capabilities of %j', (line, gives) => {
  expect([...parseCapabilities(`Name:\tnode\nCapPrm:\tffffffffffffffff\n${line}\nSeccomp:\t2\n`)]).toEqual(
    gives,
  );
});

test.each([
  [['AmbientCapabilities=CAP_NET_BIND_SERVICE'], ['NET_BIND_SERVICE']],
  [
    ['AmbientCapabilities=CAP_NET_BIND_SERVICE', '[Service]\nAmbientCapabilities=CAP_NET_RAW\n'],
    ['NET_BIND_SERVICE', 'NET_RAW'],
  ],
  [
    [
      'AmbientCapabilities=CAP_NET_BIND_SERVICE CAP_NET_RAW',
      'AmbientCapabilities=\nAmbientCapabilities=CAP_NET_RAW',
    ],
    ['NET_RAW'],
  ],
  [['# AmbientCapabilities=CAP_NET_RAW\nUser=x'], []],
])('a unit %j', (texts, gives) => {
  expect([...parseUnit(texts)]).toEqual(gives);
});
