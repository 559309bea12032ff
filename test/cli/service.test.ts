// What the daemon says to systemd around a reload, heard as systemd hears it.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { openService } from '../../src/cli/service.ts';
import { fakeWorld } from '../fakes/world.ts';

const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listening', flush=True)
while True: print(repr(s.recv(4096).decode()), flush=True)
`;

test('a reload is told with its moment, and its end as one is ready', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unboxd-service-'));
  const path = join(folder, 'notify');
  const listener = spawn('python3', ['-c', LISTENER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const lines = createInterface({ input: listener.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<string> => String((await lines.next()).value);
    expect(await next()).toBe('listening');
    const env = { NOTIFY_SOCKET: path };
    const where = { pid: 1, world: fakeWorld(), control: join(folder, 'none.sock') };
    const service = await openService({ env, ...where, status: 'serving\n one' });
    expect(await next()).toBe(String.raw`'READY=1\nSTATUS=serving one'`);
    const before = process.hrtime.bigint() / 1000n;
    service.reloading();
    const [, moment = ''] = /^'RELOADING=1\\nMONOTONIC_USEC=(\d+)'$/.exec(await next()) ?? [];
    expect(BigInt(moment) - before).toBeLessThan(1_000_000n);
    service.ready('serving two');
    expect(await next()).toBe(String.raw`'READY=1\nSTATUS=serving two'`);
    // After a restore it is closed and opened again, by a process that goes on.
    await service.close();
    const again = await openService({ env, ...where, status: 'serving three' });
    expect(await next()).toBe(String.raw`'READY=1\nSTATUS=serving three'`);
    again.stopping();
    await again.close();
    expect(await next()).toBe(String.raw`'STOPPING=1\nSTATUS=stopping'`);
  } finally {
    listener.kill();
    await rm(folder, { recursive: true });
  }
});
