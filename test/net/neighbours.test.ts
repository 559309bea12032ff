import { expect, test } from 'vitest';
import { parseNeighbours } from '../../src/net/neighbours.ts';

const TABLE = `IP address       HW type     Flags       HW address            Mask     Device
10.99.1.7        0x1         0x2         02:00:00:aa:bb:cc     *        eth1
10.99.1.8        0x1         0x0         00:00:00:00:00:00     *        eth1
10.99.1.9        0x1         0x6         02:00:00:AA:BB:CD     *        eth1
10.99.1.10       0x1         0x0         02:00:00:aa:bb:ce     *        eth1
`;

test('complete entries are neighbours, also those set by hand; an unanswered question is none', () => {
  expect([...parseNeighbours(TABLE)]).toEqual([
    ['10.99.1.7', '020000aabbcc'],
    ['10.99.1.9', '020000aabbcd'],
  ]);
});

test.each(['', '\n\n', 'IP address HW type', 'a b\nc'])('a table of nothing, %j, has none', (text) => {
  expect(parseNeighbours(text).size).toBe(0);
});
