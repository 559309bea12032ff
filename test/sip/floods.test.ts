import { expect, test } from 'vitest';
import { ipv4FromNumber } from '../../src/base/ipv4.ts';
import { createFloodGate } from '../../src/sip/floods.ts';

const source = (index: number) => ipv4FromNumber(0x0a010000 + index);

/** How many of so many pass. */
function passed(
  gate: ReturnType<typeof createFloodGate>,
  count: number,
  at: number,
  from = source(1),
): number {
  return Array.from({ length: count }, () => gate.admit(from, at)).filter((word) => word === 'pass').length;
}

test('ten seconds of the share in a burst, then the share', () => {
  const gate = createFloodGate({ perSource: 20, total: 10_000 });
  expect(passed(gate, 1000, 0)).toBe(200);
  expect(passed(gate, 1000, 1000)).toBe(20);
  expect(passed(gate, 1000, 60_000)).toBe(200);
});

test('one that is too fast takes nothing from the others', () => {
  const gate = createFloodGate({ perSource: 20, total: 1000 });
  passed(gate, 100_000, 0);
  expect(passed(gate, 100, 0, source(2))).toBe(100);
});

test('all together are bounded too, however many there are', () => {
  const gate = createFloodGate({ perSource: 20, total: 1000 });
  const words = Array.from({ length: 50_000 }, (_, index) => gate.admit(source(index), 0));
  expect(words.filter((word) => word === 'pass')).toHaveLength(1000);
  expect(words.at(-1)).toBe('all-too-fast');
  expect(gate.admit(source(1), 1000)).toBe('pass');
});
