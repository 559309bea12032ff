// Someone at the other end of the cable, perhaps without an address: `station.ts INTERFACE PORT`.
// Each line of standard input, `ADDRESS PORT TEXT`, is sent; what comes is written.
import { createInterface } from 'node:readline';
import { ANY, parseIpv4, subnetOf } from '../../src/base/ipv4.ts';
import { openLan } from '../../src/net/lan.ts';
import { realWorld } from '../../src/net/world.ts';

const [name = '', port = ''] = process.argv.slice(2);
const write = (line: string): void => void process.stdout.write(`${line}\n`);

const lan = openLan({ interface: name, world: realWorld(), address: ANY, subnet: subnetOf(ANY, 0) });
const socket = await lan.openUdp(
  {
    port: Number(port),
    shared: true,
    purpose: 'the test',
    onTrouble: (error) => write(`trouble: ${error.message}`),
  },
  (bytes) => write(`got ${Buffer.from(bytes).toString()}`),
);
write('ready');
createInterface(process.stdin).on('line', (line) => {
  const [address = '', to = '', ...text] = line.split(' ');
  socket.send(Buffer.from(text.join(' ')), { address: parseIpv4(address) ?? ANY, port: Number(to) });
});
