import { expect, test } from 'vitest';
import { unlessStopped } from '../../src/cli/stopped.ts';

const trouble = new Error('the daemon did not start');

test.each([
  { when: 'nothing happens', isStopped: false, fails: false, ends: 0, notes: [] },
  { when: 'it fails by itself', isStopped: false, fails: true, ends: trouble, notes: [] },
  { when: 'it was stopped and fails', isStopped: true, fails: true, ends: 1, notes: ['stopped'] },
  { when: 'it was stopped and was done already', isStopped: true, fails: false, ends: 0, notes: [] },
])('when $when it ends with $ends', async ({ isStopped, fails, ends, notes }) => {
  const said: string[] = [];
  const stop = new AbortController();
  const work = async (): Promise<0> => {
    if (isStopped) stop.abort();
    if (fails) throw trouble;
    return await Promise.resolve(0);
  };
  const end = unlessStopped({ note: (line) => void said.push(line) }, stop.signal, work);
  expect(await end.catch((error: unknown) => error)).toBe(ends);
  expect(said.map((line) => line.split(';')[0])).toEqual(notes);
});
