// What one question at the desk costs, without any door: a rendered file and a static one, from the files thread's
// memory of who asks, and by the register itself.
//   node --import tsx test/bench/ask.ts
// Prints microseconds per question.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAcquaintance } from '../../src/back/acquaintance.ts';
import { ipv4FromNumber, parseIpv4 } from '../../src/base/ipv4.ts';
import { type Mac, parseMac } from '../../src/base/mac.ts';
import { openShelf } from '../../src/files/disk.ts';
import { createAskerRecogniser } from '../../src/files/recognise.ts';
import { createDesk } from '../../src/files/serve.ts';
import { realWorld } from '../../src/net/world.ts';
import { bindAddress, createRegister, meet } from '../../src/phones/register.ts';
import { loadSite } from '../../src/site/load.ts';
import { contentOf, macOf } from './content.ts';

const PHONES = 1000;
const ROUNDS = 20;

const folder = await mkdtemp(join(tmpdir(), 'unboxd-ask-'));
await mkdir(join(folder, 'files'));
const loaded = await loadSite({ facts: () => undefined });
if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
const { catalogue, templates } = loaded.value;
const world = realWorld();
const register = createRegister({ catalogue, list: [] });
const first = parseIpv4('10.99.1.0') ?? 0;
const fleet = Array.from({ length: PHONES }, (_, index) => {
  const mac = parseMac(macOf(index)) as Mac;
  const from = { address: ipv4FromNumber(first + index), port: 40_000 };
  meet(register, {
    mac,
    door: 'dhcp',
    clues: [{ kind: 'listed', vendor: 'yealink', model: 'T46S' }],
    at: world.now(),
  });
  bindAddress(register, mac, from.address);
  return { mac, from };
});
for (const { mac } of fleet) await writeFile(join(folder, 'files', `${mac}-hand.cfg`), contentOf(mac, 4096));

const direct = createAskerRecogniser({
  register,
  neighbourOf: async () => await Promise.resolve(undefined),
  world,
  tell: () => undefined,
});
const { recognise } = createAcquaintance({ catalogue, world, recognise: direct, spoke: () => undefined });

for (const [how, who] of [
  ['by the register', direct],
  ['from memory', recognise],
] as const) {
  const desk = createDesk({
    recognise: who,
    catalogue,
    templates,
    shelf: openShelf(join(folder, 'files'), { now: () => world.now(), isCaseIgnored: true }),
    lan: { address: ipv4FromNumber(first) },
    urlFor: () => 'http://10.99.0.1/',
    secrets: { bind: 'lease', window: {} },
    world,
    tell: () => undefined,
  });
  for (const [what, nameOf] of [
    ['rendered', (mac: string) => `${mac}.cfg`],
    ['static 4 KB', (mac: string) => `${mac}-hand.cfg`],
    ['no such file', (mac: string) => `${mac}-contact.xml`],
  ] as const) {
    const times: number[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const began = performance.now();
      for (const { mac, from } of fleet) {
        const answer = await desk.ask({ door: 'http', name: `/${nameOf(mac)}`, from });
        if (answer.kind === 'file') answer.ended({ complete: true, bytes: answer.content.length });
      }
      times.push(((performance.now() - began) * 1000) / PHONES);
    }
    const [cold = 0, ...warm] = times;
    warm.sort((a, b) => a - b);
    process.stdout.write(
      `${how}, ${what}: first ${cold.toFixed(1)} us, then ${(warm[ROUNDS / 2] ?? 0).toFixed(1)} us\n`,
    );
  }
}
await rm(folder, { recursive: true });
