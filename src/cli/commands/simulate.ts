import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { ANY, type Ipv4, showIpv4, subnetOf } from '../../base/ipv4.ts';
import { parseMac, showMac } from '../../base/mac.ts';
import { checkShape, shape } from '../../base/shape.ts';
import { openLan } from '../../net/lan.ts';
import { realWorld } from '../../net/world.ts';
import { type Catalogue, modelOf, vendorOf } from '../../phones/vendor.ts';
import { plugCrowd } from '../../rehearse/many.ts';
import type { PhoneSetup } from '../../rehearse/phone.ts';
import { plugPhone } from '../../rehearse/plug.ts';
import { webGet } from '../../rehearse/web-get.ts';
import { loadSite } from '../../site/load.ts';
import { type Command, type Flags, type Terminal, textFlag, UsageError } from '../command.ts';

/** `unboxd simulate`: simulated phones on an interface of this machine, for the demo, rehearsals and tests. */
export const simulate: Command = {
  name: 'simulate',
  summary: 'be factory phones on an interface of this machine (only in a private network!)',
  hidden: true,
  flags: [
    { flags: '--interface <name>', what: 'where it is plugged in' },
    { flags: '--mac <mac>', what: 'its hardware address' },
    { flags: '--vendor <id>', what: 'the vendor file it follows' },
    { flags: '--model <name>', what: 'its model' },
    { flags: '--crowd <file>', what: 'instead of one phone, those that this JSON file describes' },
    { flags: '--config <file>', what: 'settings with overrides of vendor files' },
  ],
  examples: [],
  run: async ({ flags, terminal }) => {
    const loaded = await loadSite({ file: textFlag(flags, 'config'), facts: () => undefined });
    const catalogue = loaded.ok ? loaded.value.catalogue : { vendors: [] };
    const device = textFlag(flags, 'interface');
    if (device === undefined) throw new UsageError('simulate needs --interface');
    const stopped = new Promise<void>((stop) => terminal.onStop(stop));
    const crowd = textFlag(flags, 'crowd');
    const plugged =
      crowd === undefined
        ? await plugOne(catalogue, device, flags, terminal)
        : await plugMany(catalogue, device, crowd, terminal);
    await stopped;
    await plugged.close();
    return 0;
  },
};

async function plugOne(catalogue: Catalogue, device: string, flags: Flags, terminal: Terminal) {
  const { world, ...parts } = partsAt(device, terminal);
  const phone = {
    ...{ mac: textFlag(flags, 'mac'), vendor: textFlag(flags, 'vendor'), model: textFlag(flags, 'model') },
    seed: Math.floor(world.random() * 2 ** 31),
  };
  const setup = setupFor(catalogue, phone);
  if (setup === undefined) {
    throw new UsageError('simulate needs --interface, --mac, --vendor and --model, all of them known');
  }
  return await plugPhone({ ...parts, world, setup, say: (line) => terminal.out(line) });
}

const crowdShape = shape.strictObject({
  loss: shape.number().min(0).max(1),
  atOnce: shape.int().min(1),
  phones: shape.array(
    shape.strictObject({
      mac: shape.string(),
      vendor: shape.string(),
      model: shape.string(),
      seed: shape.int(),
    }),
  ),
});

async function plugMany(catalogue: Catalogue, device: string, file: string, terminal: Terminal) {
  const read = checkShape(crowdShape, JSON.parse(await readFile(file, 'utf8')));
  if (!read.ok) throw new UsageError(`${file} describes no crowd: ${read.error[0]?.message ?? ''}`);
  const { loss, atOnce } = read.value;
  const phones = read.value.phones.flatMap((phone) => setupFor(catalogue, phone) ?? []);
  return await plugCrowd({
    ...partsAt(device, terminal),
    ...{ phones, loss, atOnce },
    tell: (mac, doing) => terminal.out(JSON.stringify({ mac: showMac(mac), ...doing })),
  });
}

interface Said {
  readonly mac: string | undefined;
  readonly vendor: string | undefined;
  readonly model: string | undefined;
  readonly seed: number;
}

function setupFor(catalogue: Catalogue, { seed, ...said }: Said): PhoneSetup | undefined {
  const vendor = vendorOf(catalogue, said.vendor);
  const model = vendor && modelOf(vendor, said.model);
  const mac = parseMac(said.mac ?? '');
  if (vendor === undefined || model === undefined || mac === undefined) return undefined;
  return { mac, vendor, model, seed };
}

/** What every phone at that interface shares. */
function partsAt(device: string, terminal: Terminal) {
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
  const takeAddress = async (address: Ipv4, prefix: number): Promise<void> => {
    await run('ip', ['address', 'replace', `${showIpv4(address)}/${prefix}`, 'dev', device]);
  };
  return { lan, world, takeAddress, webGet };
}

const run = promisify(execFile);
