// A door that echoes, for the tests of isolation: `door.ts INTERFACE udp PORT [GROUP] [shared|plain]`, or
// `door.ts INTERFACE http PORT`. Writes a line for each thing that happens.
import { Fault } from '../../src/base/fault.ts';
import { BROADCAST, parseIpv4, showIpv4 } from '../../src/base/ipv4.ts';
import { openLan, type RealLan } from '../../src/net/lan.ts';
import type { UdpSocket } from '../../src/net/ports.ts';
import { systemdSockets } from '../../src/net/systemd.ts';
import { realWorld } from '../../src/net/world.ts';

const [name = '', kind = '', portText = '', ...more] = process.argv.slice(2);
const port = Number(portText);
const group = more.map((word) => parseIpv4(word)).find((address) => address !== undefined);
const write = (line: string): void => void process.stdout.write(`${line}\n`);

async function openUdp(lan: RealLan): Promise<string> {
  let socket: UdpSocket | undefined;
  const options = {
    port,
    shared: more.includes('shared'),
    purpose: 'the test',
    onTrouble: (error: Error) => write(`trouble: ${error.message}`),
    ...(group === undefined ? {} : { group }),
  };
  const open = await lan.openUdp(options, (bytes, from) => {
    const text = Buffer.from(bytes).toString();
    write(`heard ${text} from ${showIpv4(from.address)}:${from.port}`);
    const to = port === 67 ? { address: BROADCAST, port: 68 } : from;
    socket?.send(Buffer.from(`${name} answers ${text}`), to);
  });
  socket = open;
  return open.way;
}

async function openHttp(lan: RealLan): Promise<string> {
  const options = {
    port,
    onTrouble: (error: Error) => write(`trouble: ${error.message}`),
    onGarbled: () => write('garbled'),
  };
  const { way } = await lan.listenHttp(options, async ({ target }) => {
    write(`asked for ${target}`);
    return await Promise.resolve({ status: 200, headers: {}, body: Buffer.from(`${name} has ${target}`) });
  });
  return way;
}

try {
  const lan = openLan({
    interface: name,
    world: realWorld(),
    inherited: systemdSockets(process.env, process.pid),
    onWarning: (message) => write(`warning: ${message}`),
    ...(more.includes('plain')
      ? { deviceSockets: async () => await Promise.resolve('the test says so') }
      : {}),
  });
  const way = kind === 'http' ? await openHttp(lan) : await openUdp(lan);
  write(`ready by ${way}`);
} catch (error) {
  write(error instanceof Fault ? `fault ${error.code}: ${error.message} (${error.hint})` : String(error));
  process.exitCode = 1;
}
