import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { promisify } from 'node:util';
import { ANY, showIpv4, subnetOf } from '../../base/ipv4.ts';
import { parseMac } from '../../base/mac.ts';
import { openLan } from '../../net/lan.ts';
import { realWorld } from '../../net/world.ts';
import { modelOf, vendorOf } from '../../phones/vendor.ts';
import { plugPhone, type WebRequest } from '../../rehearse/plug.ts';
import { loadSite } from '../../site/load.ts';
import { type Command, textFlag, UsageError } from '../command.ts';

/** `unboxd simulate`: one simulated phone on an interface of this machine, for the demo and for tests. */
export const simulate: Command = {
  name: 'simulate',
  summary: 'be one factory phone on an interface of this machine (only in a private network!)',
  hidden: true,
  flags: [
    { flags: '--interface <name>', what: 'where it is plugged in' },
    { flags: '--mac <mac>', what: 'its hardware address' },
    { flags: '--vendor <id>', what: 'the vendor file it follows' },
    { flags: '--model <name>', what: 'its model' },
    { flags: '--config <file>', what: 'settings with overrides of vendor files' },
  ],
  examples: [],
  run: async ({ flags, terminal }) => {
    const loaded = await loadSite({ file: textFlag(flags, 'config'), facts: () => undefined });
    const catalogue = loaded.ok ? loaded.value.catalogue : { vendors: [] };
    const vendor = vendorOf(catalogue, textFlag(flags, 'vendor'));
    const model = vendor && modelOf(vendor, textFlag(flags, 'model'));
    const mac = parseMac(textFlag(flags, 'mac') ?? '');
    const device = textFlag(flags, 'interface');
    if (vendor === undefined || model === undefined || mac === undefined || device === undefined) {
      throw new UsageError('simulate needs --interface, --mac, --vendor and --model, all of them known');
    }
    const world = realWorld();
    const lan = openLan({
      interface: device,
      // It has no address yet: sockets are pinned to the interface, and DHCP brings the rest.
      address: ANY,
      subnet: subnetOf(ANY, 0),
      world,
      inherited: new Map(),
      allowPlain: false,
      onWarning: (message) => terminal.note(message),
    });
    const phone = await plugPhone({
      setup: { mac, vendor, model, seed: Math.floor(world.random() * 2 ** 31) },
      lan,
      world,
      takeAddress: async (address) => {
        await run('ip', ['address', 'replace', `${showIpv4(address)}/24`, 'dev', device]);
      },
      webGet,
      say: (line) => terminal.out(line),
    });
    await new Promise<void>((stop) => terminal.onStop(stop));
    await phone.close();
    return 0;
  },
};

const run = promisify(execFile);

async function webGet({
  to,
  from,
  target,
  userAgent,
}: WebRequest): Promise<{ status: number; bytes: number }> {
  return await new Promise((done, failed) => {
    const asked = request(
      {
        host: showIpv4(to.address),
        port: to.port,
        localAddress: showIpv4(from),
        path: target,
        headers: { 'user-agent': userAgent },
        agent: false,
        timeout: 10_000,
      },
      (response) => {
        let bytes = 0;
        response.on('data', (chunk: Uint8Array) => {
          bytes += chunk.length;
        });
        response.on('end', () => done({ status: response.statusCode ?? 0, bytes }));
        response.on('error', failed);
      },
    );
    asked.on('timeout', () => asked.destroy(new Error('no answer in 10 s')));
    asked.on('error', failed);
    asked.end();
  });
}
