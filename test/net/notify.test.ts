// What the daemon says to systemd: ready, alive as long as work gets done, stopping.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from 'vitest';
import { feedWatchdog, openNotify, watchdogTime } from '../../src/net/systemd.ts';
import { fakeWorld } from '../fakes/world.ts';

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
name = sys.argv[1]
s.bind('\\0' + name[1:] if name.startswith('@') else name)
print('listening', flush=True)
while True: print(repr(s.recv(4096).decode()), flush=True)
`;

/** A process that listens as systemd does, by the C library of another language; gives its next line. */
function listen(name: string): () => Promise<string> {
  const child = spawn('python3', ['-c', LISTENER, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  undo.push(() => void child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async () => String((await lines.next()).value);
}

test.each([{ kind: 'a path' }, { kind: 'an abstract name' }])(
  'datagrams to $kind arrive as they are',
  async ({ kind }) => {
    const folder = await mkdtemp(join(tmpdir(), 'unboxd-notify-'));
    undo.push(async () => await rm(folder, { recursive: true }));
    const name = kind === 'a path' ? join(folder, 'notify') : `@unboxd-test-${process.pid}`;
    const next = listen(name);
    expect(await next()).toBe('listening');
    const notify = await openNotify({ NOTIFY_SOCKET: name });
    notify('READY=1\nSTATUS=serving');
    notify('WATCHDOG=1');
    expect([await next(), await next()]).toEqual(["'READY=1\\nSTATUS=serving'", "'WATCHDOG=1'"]);
  },
);

test('without systemd nothing is said, and a systemd that went away does no harm', async () => {
  (await openNotify({}))('READY=1');
  (await openNotify({ NOTIFY_SOCKET: '/nonexistent/notify' }))('READY=1');
  const tooLong = openNotify({ NOTIFY_SOCKET: `/${'x'.repeat(108)}` });
  await expect(tooLong).rejects.toMatchObject({ code: 'cannot-notify' });
});

test.each([
  { env: {}, gives: undefined },
  { env: { WATCHDOG_USEC: '30000000' }, gives: 30_000 },
  { env: { WATCHDOG_USEC: '30000000', WATCHDOG_PID: '42' }, gives: 30_000 },
  { env: { WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' }, gives: undefined },
  { env: { WATCHDOG_USEC: '0' }, gives: undefined },
  { env: { WATCHDOG_USEC: 'soon' }, gives: undefined },
])('the limit of $env is $gives ms', ({ env, gives }) => {
  expect(watchdogTime(env, 42)).toBe(gives);
});

function watched(isHealthy: (world: ReturnType<typeof fakeWorld>) => Promise<boolean>) {
  const world = fakeWorld();
  const began = world.now();
  const fed: number[] = [];
  const notify = (state: string): void => {
    expect(state).toBe('WATCHDOG=1');
    fed.push(world.now() - began);
  };
  const watchdog = feedWatchdog({
    world,
    notify,
    limit: 30_000,
    isHealthy: async () => await isHealthy(world),
  });
  return { world, fed, watchdog };
}

test('a healthy daemon gives three signs of life in each limit, until it is closed', async () => {
  const { world, fed, watchdog } = watched(async () => await Promise.resolve(true));
  await world.advance(30_000);
  expect(fed).toEqual([0, 10_000, 20_000, 30_000]);
  await watchdog.close();
  await world.advance(60_000);
  expect(fed).toHaveLength(4);
});

test.each([
  { how: 'says no', check: async () => await Promise.resolve(false) },
  { how: 'is refused', check: async () => await Promise.reject(new Error('no answer')) },
  { how: 'never answers', check: async () => await new Promise<boolean>(() => undefined) },
])('a daemon that $how gives none, although its timers run', async ({ check }) => {
  const { world, fed } = watched(check);
  await world.advance(120_000);
  expect(fed).toEqual([]);
});

test('an answer that comes too late is none, the next one in time is', async () => {
  const delays = [12_000, 1000];
  const slow = async (world: ReturnType<typeof fakeWorld>): Promise<boolean> =>
    await new Promise((done) => world.after(delays.shift() ?? 0, () => done(true)));
  const { world, fed } = watched(slow);
  await world.advance(14_000);
  expect(fed).toEqual([13_000]);
});
