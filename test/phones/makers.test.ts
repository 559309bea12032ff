import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { showMistake } from '../../src/base/yaml-text.ts';
import { readMakers } from '../../src/net/makers.ts';
import { makerOf } from '../../src/phones/makers.ts';
import { mac } from '../net/watched.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-makers-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function read(text: string) {
  await writeFile(join(folder, 'makers.yaml'), text);
  const { makers, mistakes } = await readMakers(folder);
  return { makers: [...makers], mistakes: mistakes.map((one) => showMistake(one).replace(folder, '')) };
}

test.each([
  ['4C:5E:0C:12:34:56', 'MikroTik'],
  ['CC:CE:1E:00:00:01', 'AVM (FRITZ!Box)'],
  ['24:A4:3C:00:00:01', 'Ubiquiti'],
  ['00:09:0F:00:00:01', 'Fortinet'],
  ['00:A0:57:00:00:01', 'LANCOM'],
  ['00:1D:AA:00:00:01', 'DrayTek'],
  ['B8:27:EB:00:00:01', 'Raspberry Pi'],
  ['DC:A6:32:00:00:01', 'Raspberry Pi'],
  ['00:00:0C:00:00:01', 'Cisco'],
  ['00:0C:29:00:00:01', 'VMware (virtual machine)'],
  ['00:15:5D:00:00:01', 'Hyper-V (virtual machine)'],
  ['08:00:27:00:00:01', 'VirtualBox (virtual machine)'],
  ['52:54:00:00:00:01', 'QEMU/KVM (virtual machine)'],
  ['02:42:AC:11:00:02', 'Docker (container)'],
  // Made up by a program, and a phone: neither is a box of this list.
  ['02:00:00:00:00:01', undefined],
  ['80:5E:C0:00:00:01', undefined],
])('%s is by %s', async (address, maker) => {
  const { makers, mistakes } = await readMakers('config');
  expect(mistakes).toEqual([]);
  expect(makerOf(makers, mac(address))).toBe(maker);
});

test('prefixes may stand in one line or in many', async () => {
  expect(await read('A: 00000A\nB: >-\n  00000B 00000C\n  00000D\n')).toEqual({
    makers: [
      ['00000a', 'A'],
      ['00000b', 'B'],
      ['00000c', 'B'],
      ['00000d', 'B'],
    ],
    mistakes: [],
  });
});

test.each([
  ['A: 00:00:0A\n', '/makers.yaml:1:1: A: "00:00:0A" is not a prefix (write 4C5E0C)'],
  ['A: 00000A\nB: 00000A\n', '/makers.yaml:2:1: B: 00000A stands under A too'],
  ['A: [00000A\n', '/makers.yaml:2:1: '],
  ['- A\n', '/makers.yaml:1:1: '],
])('a mistake in %j is told with its place', async (text, says) => {
  const { makers, mistakes } = await read(text);
  expect(makers).toEqual([]);
  expect(mistakes).toHaveLength(1);
  expect(mistakes[0]?.startsWith(says), mistakes[0]).toBe(true);
});
