// Over a real message channel, so that all that crosses is cloned as between threads.
import { MessageChannel } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { openWire } from '../../src/back/wire.ts';
import { Fault } from '../../src/base/fault.ts';

interface Far {
  double(value: number): number;
  later(text: string): Promise<string>;
  fail(how: 'fault' | 'errno' | 'plain'): Promise<never>;
  never(): Promise<void>;
  note(text: string): void;
  noted(): readonly string[];
}

const channels: MessageChannel[] = [];
afterEach(() => {
  for (const { port1 } of channels.splice(0)) port1.close();
});

const FAILURES = {
  fault: new Fault('port-taken', 'UDP port 69 is taken', 'see who has it', new Error('EADDRINUSE')),
  errno: Object.assign(new Error('no space left'), { code: 'ENOSPC' }),
  plain: new Error('boom'),
};

function pair() {
  const channel = new MessageChannel();
  channels.push(channel);
  const notes: string[] = [];
  const far: Far = {
    double: (value) => 2 * value,
    later: async (text) => await new Promise((done) => setImmediate(() => done(`${text} later`))),
    fail: async (how) => await Promise.reject(FAILURES[how]),
    never: async () => await new Promise<void>(() => undefined),
    note: (text) => void notes.push(text),
    noted: () => notes,
  };
  openWire<object, Far>(channel.port2, far);
  return openWire<Far, object>(channel.port1, {});
}

test('calls are answered, each with its own value, whatever their order', async () => {
  const wire = pair();
  const calls = [wire.call('later', 'one'), wire.call('double', 21), wire.call('later', 'two')];
  expect(await Promise.all(calls)).toEqual(['one later', 42, 'two later']);
});

test('what is said first is heard first, and before what is asked after it', async () => {
  const wire = pair();
  wire.say('note', 'a');
  wire.say('note', 'b');
  expect(await wire.call('noted')).toEqual(['a', 'b']);
});

test('a Fault crosses with its code and its hint', async () => {
  const error = await pair()
    .call('fail', 'fault')
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Fault);
  expect(error).toMatchObject({
    code: 'port-taken',
    message: 'UDP port 69 is taken',
    hint: 'see who has it',
  });
});

test.each([
  { how: 'errno', is: { message: 'no space left', code: 'ENOSPC' } },
  { how: 'plain', is: { message: 'boom' } },
] as const)('an error of another kind ($how) stays one', async ({ how, is }) => {
  const error = await pair()
    .call('fail', how)
    .catch((thrown: unknown) => thrown);
  expect(error).not.toBeInstanceOf(Fault);
  expect(error).toMatchObject(is);
});

test('a cut wire fails the calls that wait and those to come', async () => {
  const wire = pair();
  const waiting = wire.call('never');
  wire.cut(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  await expect(wire.call('double', 1)).rejects.toThrow('gone');
});

test('what cannot cross takes nothing else with it', async () => {
  const wire = pair();
  wire.say('note', 'before');
  const broken = wire.call('later', (() => 'a function') as never).catch((thrown: unknown) => thrown);
  wire.say('note', 'after');
  expect(String(await broken)).toContain('could not be cloned');
  expect(await wire.call('noted')).toEqual(['before', 'after']);
});

test('what is said in one turn crosses together, and no more than 64 at a time', async () => {
  const sizes: number[] = [];
  const wire = openWire<Far, object>(
    { on: () => undefined, postMessage: (messages) => void sizes.push(messages.length) },
    {},
  );
  for (let word = 0; word < 100; word += 1) wire.say('note', String(word));
  expect(sizes).toEqual([64]);
  await new Promise((done) => setImmediate(done));
  expect(sizes).toEqual([64, 36]);
});

test('what is mentioned waits for more, keeps its place, and crosses by itself in the end', async () => {
  const crossings: (readonly unknown[])[] = [];
  let crossed: () => void = () => undefined;
  const wire = openWire<Far, object>(
    {
      on: () => undefined,
      postMessage: (messages) => {
        crossings.push(messages.map((message) => ('args' in message ? message.args[0] : undefined)));
        crossed();
      },
    },
    {},
  );
  wire.mention('note', 'a');
  await new Promise((done) => setImmediate(done));
  expect(crossings).toEqual([]);
  wire.say('note', 'b');
  wire.mention('note', 'c');
  await new Promise((done) => setImmediate(done));
  expect(crossings).toEqual([['a', 'b', 'c']]);
  const next = new Promise<void>((done) => {
    crossed = done;
  });
  wire.mention('note', 'd');
  await next;
  expect(crossings).toEqual([['a', 'b', 'c'], ['d']]);
});
