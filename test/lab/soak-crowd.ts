// Hundreds of simulated phones that are plugged in again and again: `soak-crowd.ts INTERFACE CROWD`, where CROWD is a
// JSON text. Says what they do, one JSON line each, until its standard input ends or says stop; says echo when that does.
import { setMaxListeners } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { type Mac, parseMac, showMac } from '../../src/base/mac.ts';
import { realWorld } from '../../src/net/world.ts';
import { readCatalogue } from '../../src/phones/catalogue.ts';
import type { Catalogue } from '../../src/phones/vendor.ts';
import { seededDice } from '../../src/rehearse/loss.ts';
import type { PhoneSetup } from '../../src/rehearse/phone.ts';
import { openPhonesLan } from './soak-net.ts';
import { live, type Pace, type Said } from './soak-phone.ts';

export interface CrowdSettings {
  readonly phones: number;
  /** The address of the daemon. */
  readonly server: string;
  /** How probably the next life is that of a phone just unboxed, 0 to 1. */
  readonly fresh: number;
  /** The first lives begin within so many ms. */
  readonly within: number;
  readonly pace: Pace;
  readonly seed: number;
}

/** MACs of one vendor: three bytes are left for the phones. */
const ROOM = 0x1000000;

async function main(name: string, text: string): Promise<void> {
  const settings = JSON.parse(text) as CrowdSettings;
  const say = (said: Said): void => void process.stdout.write(`${JSON.stringify(said)}\n`);
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  const stopped = new Promise<void>((stop) => {
    const input = createInterface(process.stdin);
    input.on('line', (line) => {
      if (line === 'stop') stop();
      if (line === 'echo') say({ kind: 'echo' });
    });
    input.on('close', stop);
  });
  const folder = fileURLToPath(new URL('../../config/vendors', import.meta.url));
  const { catalogue } = await readCatalogue(folder, {
    values: {},
    at: (_path, message) => ({ message, file: folder }),
  });
  const factory = openFactory(catalogue);
  const phones = await openPhonesLan(name);
  const server = parseIpv4(settings.server);
  if (server === undefined) throw new Error(`no address: ${settings.server}`);
  const world = realWorld();

  const keepLiving = async (slot: number): Promise<void> => {
    const dice = seededDice(settings.seed + slot);
    let { setup, lives } = { setup: factory(slot), lives: 0 };
    await new Promise((begin) => setTimeout(begin, dice() * settings.within));
    while (!over.signal.aborted) {
      lives += 1;
      say({ kind: 'plugged', slot, mac: showMac(setup.mac) });
      const seed = Math.floor(dice() * 2 ** 31);
      const life = {
        setup: { ...setup, seed },
        number: lives,
        pace: settings.pace,
        phones,
        server,
        world,
        dice,
        say,
      };
      await live({ ...life, until: over.signal });
      if (dice() < settings.fresh) setup = factory(slot);
    }
  };
  say({ kind: 'ready' });
  const lives = Array.from({ length: settings.phones }, async (_, slot) => await keepLiving(slot));
  await stopped;
  over.abort();
  await Promise.all(lives);
  await phones.close();
  process.stdin.destroy();
}

/** Makes phones: every other one of the make that writes files, the others of each make in turn. */
function openFactory({ vendors }: Catalogue): (slot: number) => PhoneSetup {
  let made = 0;
  const writers = vendors.filter(({ uploads }) => uploads.length > 0);
  return (slot) => {
    const vendor = (slot % 2 === 0 ? writers[0] : undefined) ?? vendors[slot % vendors.length] ?? vendors[0];
    const model = vendor?.models[slot % vendor.models.length];
    const mac = macOf(vendor?.recognise.ouis[0] ?? '02005e', made);
    made += 1;
    if (vendor === undefined || model === undefined) throw new Error('no vendor files');
    return { mac, vendor, model, seed: 0 };
  };
}

function macOf(oui: string, number: number): Mac {
  const mac = parseMac(`${oui}${(number % ROOM).toString(16).padStart(6, '0')}`);
  if (mac === undefined) throw new Error(`no prefix: ${oui}`);
  return mac;
}

const [name = '', text = ''] = process.argv.slice(2);
await main(name, text);
