// What systemd does for a socket unit with BindToDevice=: `activate.ts INTERFACE PORT COMMAND...` opens the socket
// and hands it over as descriptor 3.
import { spawn } from 'node:child_process';
import { ANY } from '../../src/base/ipv4.ts';
import { loadDeviceSockets } from '../../src/net/device-socket.ts';

const [name = '', port = '', ...command] = process.argv.slice(2);
const sockets = await loadDeviceSockets();
if (typeof sockets === 'string') throw new Error(sockets);
const descriptor = sockets.open({
  transport: 'udp',
  interface: name,
  address: ANY,
  port: Number(port),
  purpose: 'the test',
  shared: false,
});
const child = spawn('/bin/sh', ['-c', 'LISTEN_PID=$$ exec "$@"', 'sh', ...command], {
  stdio: ['ignore', 'inherit', 'inherit', descriptor],
  env: { ...process.env, LISTEN_FDS: '1', LISTEN_FDNAMES: `udp-${port}` },
});
child.on('exit', (code) => process.exit(code ?? 1));
process.on('SIGTERM', () => child.kill('SIGTERM'));
