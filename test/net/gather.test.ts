import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { gather } from '../../src/net/gather.ts';

test('what a turn brings goes out at its end, together and in its order', async () => {
  const sent: string[] = [];
  const out = gather<string>((item) => sent.push(item));
  out.put('a');
  await Promise.resolve();
  out.put('b');
  expect(sent).toEqual([]);
  await turn();
  expect(sent).toEqual(['a', 'b']);
  out.put('c');
  await turn();
  expect(sent).toEqual(['a', 'b', 'c']);
});

test('what is brought while others go out waits for the next turn', async () => {
  const sent: string[] = [];
  const out = gather<string>((item) => {
    sent.push(item);
    if (item === 'question') out.put('answer');
  });
  out.put('question');
  await turn();
  expect(sent).toEqual(['question']);
  await turn();
  expect(sent).toEqual(['question', 'answer']);
});

test('what was handed over already does not go out again', async () => {
  const sent: string[] = [];
  const out = gather<string>((item) => sent.push(item));
  out.put('a');
  out.flush();
  expect(sent).toEqual(['a']);
  out.put('b');
  await turn();
  expect(sent).toEqual(['a', 'b']);
});
