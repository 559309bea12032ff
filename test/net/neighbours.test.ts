import { expect, test } from 'vitest';
import { isUnusableMac } from '../../src/base/mac.ts';
import { neighbourOf, parseNeighbours, readNeighbours } from '../../src/net/neighbours.ts';
import { ip } from './watched.ts';

const TABLE = `IP address       HW type     Flags       HW address            Mask     Device
10.99.1.7        0x1         0x2         02:00:00:aa:bb:cc     *        eth1
10.99.1.8        0x1         0x0         00:00:00:00:00:00     *        eth1
10.99.1.9        0x1         0x6         02:00:00:AA:BB:CD     *        eth1
10.99.1.10       0x1         0x0         02:00:00:aa:bb:ce     *        eth1
10.99.1.11       0x1         0x2         00:00:00:00:00:00     *        eth1
10.99.1.7        0x1         0x2         02:00:00:aa:bb:dd     *        eth10
`;

test('complete entries are neighbours, also those set by hand; an unanswered question is none', () => {
  expect([...parseNeighbours(TABLE, 'eth1')]).toEqual([
    ['10.99.1.7', '020000aabbcc'],
    ['10.99.1.9', '020000aabbcd'],
  ]);
});

test('two LANs with the same addresses are told apart by interface', () => {
  expect([...parseNeighbours(TABLE, 'eth10')]).toEqual([['10.99.1.7', '020000aabbdd']]);
  expect([...parseNeighbours(TABLE, 'eth')]).toEqual([]);
  expect(parseNeighbours(TABLE).get('10.99.1.9')).toBe('020000aabbcd');
});

test.each(['', '\n\n', 'IP address HW type', 'a b\nc'])('a table of nothing, %j, has none', (text) => {
  expect(parseNeighbours(text).size).toBe(0);
});

test('the table of this machine can be read', async () => {
  const all = await readNeighbours();
  for (const [address, mac] of all) {
    expect(isUnusableMac(mac)).toBe(false);
    expect(await neighbourOf(ip(address))).toBe(mac);
  }
  expect((await readNeighbours('no-such-interface')).size).toBe(0);
  expect(await neighbourOf(ip('127.0.0.1'))).toBeUndefined();
});
