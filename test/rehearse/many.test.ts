// Many simulated phones against the real daemon, in virtual time: what they ask for, how they end, and a bad cable.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ANY } from '../../src/base/ipv4.ts';
import { parseMac } from '../../src/base/mac.ts';
import { modelOf, vendorOf } from '../../src/phones/vendor.ts';
import { seededDice } from '../../src/rehearse/loss.ts';
import { type Ended, plugCrowd } from '../../src/rehearse/many.ts';
import type { Doing } from '../../src/rehearse/plug.ts';
import { trackPhones } from '../../src/rehearse/tracker.ts';
import { loadSite } from '../../src/site/load.ts';
import { stagingLan } from '../stories/staging.ts';

const close: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const one of close.splice(0).reverse()) await one();
});

/** A make that is nowhere but in the settings: its boot file names what follows, and that names another. */
const OMEGA = `
provisioning: { url: "tftp://{server}/" }
vendors:
  omega:
    name: Omega
    silence: 1m
    recognise: { ouis: ["0200aa"], userAgent: ['^Omega (?<model>\\w+)'] }
    dhcp: { obeys: [66] }
    pnp: { asks: false }
    url: "{url}"
    files:
      - { ask: "{mac}.boot", role: boot, template: boot.cfg }
      - { ask: common.cfg, role: common, template: common.cfg }
      - { ask: "{mac}.cfg", role: own, template: phone.cfg }
    config: { type: text/plain, include: '^include (?<name>\\S+)$' }
    wake:
      fetch: { event: check-sync, effect: fetches }
      reboot: { event: reboot, effect: restarts }
    speaks: { option55: [1, 3, 66], userAgent: "Omega {model} {firmware}", firmware: "1.0", discovery: [dhcp] }
    models: [{ name: A1 }]
files: { templates: templates }
`;

const TEMPLATES = {
  'omega/boot.cfg': 'include {{ mac }}.cfg\n',
  'omega/common.cfg': 'nobody asks for this\n',
  'omega/phone.cfg': 'name=x\ninclude {{ mac }}.cfg\ninclude extra.cfg\n',
};

interface Rehearsal {
  readonly settings?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly macs: readonly string[];
  readonly vendor: string;
  readonly loss?: number;
  readonly atOnce?: number;
  readonly minutes: number;
}

async function rehearse({ settings, files = {}, macs, ...rest }: Rehearsal) {
  const folder = await mkdtemp(join(tmpdir(), 'unboxd-crowd-'));
  close.push(async () => await rm(folder, { recursive: true }));
  const file = join(folder, 'unboxd.yaml');
  await writeFile(file, settings ?? '');
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, 'templates', name)), { recursive: true });
    await writeFile(join(folder, 'templates', name), text);
  }
  const lan = await stagingLan({ file });
  close.push(lan.close);
  const loaded = await loadSite({ file, facts: () => undefined });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const vendor = vendorOf(loaded.value.catalogue, rest.vendor) ?? expect.fail(rest.vendor);
  const model = modelOf(vendor, vendor.models[0]?.name) ?? expect.fail('no model');
  let all = false;
  const tracker = trackPhones(macs.length, () => {
    all = true;
  });
  const ends = new Map<string, string>();
  let booting = 0;
  let most = 0;
  const crowd = await plugCrowd({
    phones: macs.map((mac, index) => ({
      ...{ mac: parseMac(mac) ?? expect.fail(mac), vendor, model, seed: index * 7919 + 1 },
    })),
    lan: lan.lan.host(() => ANY),
    world: lan.world,
    loss: rest.loss ?? 0,
    atOnce: rest.atOnce ?? macs.length,
    takeAddress: async () => await Promise.resolve(),
    webGet: async ({ to, from, target, userAgent }) => {
      const headers = { 'user-agent': userAgent };
      const asked = { method: 'GET', target, headers, from: { address: from, port: 40_000 } };
      const { status, body } = await lan.lan.http(to, asked);
      return { status, bytes: body?.length ?? 0, text: Buffer.from(body ?? []).toString('latin1') };
    },
    tell: (mac, doing: Doing | Ended) => {
      tracker.hear(JSON.stringify({ mac, ...doing }));
      if (doing.kind === 'asks' && doing.tries === 1 && !ends.has(`${mac} seen`)) {
        ends.set(`${mac} seen`, '');
        booting += 1;
        most = Math.max(most, booting);
      }
      if (doing.kind !== 'ended') return;
      ends.set(mac, doing.how);
      booting -= 1;
    },
  });
  close.push(async () => await crowd.close());
  await lan.world.advance(rest.minutes * 60_000);
  const asked = (mac: string): readonly string[] =>
    (tracker.asked.get(parseMac(mac) ?? expect.fail(mac)) ?? []).map(
      ({ url, found }) => `${found ? '' : 'no '}${url}`,
    );
  return { lan, tracker, ends, asked, all: () => all, most: () => most };
}

const macsOf = (oui: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${oui}${index.toString(16).padStart(6, '0')}`);

test('a make of the settings alone: over TFTP, by its boot file, and what that names once', async () => {
  const [mac = ''] = macsOf('0200aa', 1);
  const { asked, ends, lan, all } = await rehearse({
    ...{ settings: OMEGA, files: TEMPLATES, macs: [mac], vendor: 'omega', minutes: 1 },
  });
  const url = 'tftp://10.99.0.1';
  expect(asked(mac)).toEqual([`${url}/${mac}.boot`, `${url}/${mac}.cfg`, `no ${url}/extra.cfg`]);
  expect([ends.get(mac), all()]).toEqual(['own-file', true]);
  expect(await lan.line(mac)).toMatchObject({ stage: 'proven', vendor: 'Omega' });
});

test('a template without its value: the phone ends without its file, and asks again later', async () => {
  const files = { ...TEMPLATES, 'omega/phone.cfg': 'name={{ nothing }}\n' };
  const [mac = ''] = macsOf('0200aa', 1);
  const { asked, ends } = await rehearse({
    settings: OMEGA,
    files,
    macs: [mac],
    vendor: 'omega',
    minutes: 2,
  });
  expect(asked(mac)).toEqual([`tftp://10.99.0.1/${mac}.boot`, `no tftp://10.99.0.1/${mac}.cfg`]);
  expect(ends.get(mac)).toBe('no-own-file');
});

test('a full pool: the last phone ends without an address', async () => {
  const settings = 'lans: [{ interface: lan0, dhcp: { pool: 10.99.0.50-10.99.0.51 } }]\n';
  const macs = macsOf('001565', 3);
  const { ends } = await rehearse({ settings, macs, vendor: 'yealink', atOnce: 1, minutes: 2 });
  expect(macs.map((mac) => ends.get(mac))).toEqual(['own-file', 'own-file', 'no-address']);
});

test.each([
  { vendor: 'yealink', oui: '001565' },
  { vendor: 'omega', oui: '0200aa' },
])('of forty $vendor on a cable that loses 5 %, every one is proven', async ({ vendor, oui }) => {
  const macs = macsOf(oui, 40);
  const { lan, ends, all } = await rehearse({
    ...{ settings: OMEGA, files: TEMPLATES, macs, vendor, loss: 0.05, minutes: 5 },
  });
  expect([all(), new Set(macs.map((mac) => ends.get(mac)))]).toEqual([true, new Set(['own-file'])]);
  for (const mac of macs) expect(await lan.line(mac)).toMatchObject({ stage: 'proven' });
});

test('no more boot at a time than are to, and each is told of by its own name', async () => {
  const macs = macsOf('001565', 12);
  const { most, all, tracker } = await rehearse({ macs, vendor: 'yealink', atOnce: 4, minutes: 2 });
  expect([most(), all(), tracker.own.size]).toEqual([4, true, 12]);
});

test('the dice fall the same way again, differ by seed and are fair', () => {
  const rolls = (seed: number): readonly number[] => Array.from({ length: 5_000 }, seededDice(seed));
  expect(rolls(7)).toEqual(rolls(7));
  expect(rolls(7)).not.toEqual(rolls(8));
  const lost = rolls(7).filter((roll) => roll < 0.02).length;
  expect(lost).toBeGreaterThan(70);
  expect(lost).toBeLessThan(130);
});
