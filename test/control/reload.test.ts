// What a reload says and does: what changed, what waits for a restart, mistakes, faults, and the command on top of it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { parseIpv4, subnetOf } from '../../src/base/ipv4.ts';
import { ok } from '../../src/base/result.ts';
import type { Closable } from '../../src/base/world.ts';
import { reload } from '../../src/cli/commands/reload.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { Appliance } from '../../src/control/api.ts';
import type { Care } from '../../src/control/care.ts';
import { controlClient } from '../../src/control/client.ts';
import { createReload, type ReloadAnswer, type ReloadParts } from '../../src/control/reload.ts';
import { changesOf, reservationsOf } from '../../src/control/reload-changes.ts';
import { openControl } from '../../src/control/server.ts';
import { type LoadedSite, loadSite } from '../../src/site/load.ts';
import { authority } from '../certs/kit.ts';
import { listeningTerminal } from '../cli/listening-terminal.ts';

let folder = '';
const open: Closable[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-reload-'));
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  await rm(folder, { recursive: true });
});

const ip = (text: string) => parseIpv4(text) ?? expect.fail();
const facts = (name: string) => {
  const address = ip(name === 'lan1' ? '10.77.0.1' : '10.99.0.1');
  return { address, subnet: subnetOf(address, 24) };
};

async function served(yaml: string, where = facts): Promise<LoadedSite> {
  const file = join(folder, 'unboxd.yaml');
  await writeFile(file, yaml);
  const loaded = await loadSite({ file, facts: where });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return loaded.value;
}

const LAN = 'lans: [{ interface: lan0 }]\n';
const HTTPS = 'doors: { https: { port: 443, clientCertificates: ';

test.each<{
  what: string;
  is: string;
  was?: string;
  changes?: readonly string[];
  restart?: readonly string[];
}>([
  { what: 'nothing', is: LAN },
  {
    what: 'another interface: nothing of its LAN holds before the restart',
    is: 'lans: [{ interface: lan1, dhcp: { lease: 5m } }]\nprovisioning: { url: "http://{server}/x/" }\n',
    changes: ['settings: provisioning.url'],
    restart: ['lans.0.interface'],
  },
  {
    what: 'classes, PnP rules and limits',
    is: [
      'lans:',
      '  - interface: lan0',
      '    dhcp: { classes: [{ name: door, when: { vendor: yealink, model: "T4.*" } }], limits: { perClient: 9 } }',
      '    pnp: { mode: discover, limits: { perSource: 3 } }',
      '',
    ].join('\n'),
    changes: [
      'settings: lans.0.dhcp.limits.perClient, lans.0.dhcp.classes, lans.0.pnp.mode, lans.0.pnp.limits.perSource',
    ],
  },
  {
    what: 'what sockets and watchers stand on',
    is: 'lans: [{ interface: lan0, dhcp: { mode: off, guard: off, conflictCheck: off }, pnp: { mode: provision, tcp: off } }]\n',
    restart: ['lans.0.dhcp.mode', 'lans.0.dhcp.guard', 'lans.0.dhcp.conflictCheck', 'lans.0.pnp.tcp'],
  },
  {
    what: 'places of the daemon itself',
    is: `${LAN}state: elsewhere\ncontrol: { socket: other.sock, metrics: 9750 }\nlog: { level: debug }\nfiles: { uploads: off }\n`,
    restart: ['files.uploads', 'control.socket', 'control.metrics', 'state', 'log.level'],
  },
  {
    what: 'tokens from now on: phones get URLs without them until the restart',
    is: `${LAN}files: { tokens: on }\n`,
    restart: ['files.tokens'],
  },
  {
    what: 'no tokens any more: phones get URLs with them until the restart',
    was: `${LAN}files: { tokens: on }\n`,
    is: `${LAN}files: { tokens: off }\n`,
    restart: ['files.tokens'],
  },
  {
    what: 'a password, which is not shown',
    was: `${LAN}doors: { accounts: [{ folder: x, user: u, password: first-one }] }\n`,
    is: `${LAN}doors: { accounts: [{ folder: x, user: u, password: other-one }] }\n`,
    changes: ['settings: doors.accounts'],
  },
  {
    what: 'vendor files and names that are written otherwise',
    is: `${LAN}vendors: { yealink: { url: "{url}x" } }\nfiles: { case: exact, firmwareAtOnce: 7 }\nprovisioning: { extra: { 132: { text: "20" } } }\n`,
    changes: [
      'vendor files: 1 changed (yealink)',
      'settings: provisioning.extra, files.firmwareAtOnce, files.case',
    ],
  },
])('$what', async ({ was = LAN, is, changes = [], restart = [] }) => {
  const found = changesOf(await served(was), await served(is));
  expect(found.changes).toEqual(changes);
  expect(found.needsRestart).toEqual(restart);
});

test('an interface with another address keeps its LAN as it was', async () => {
  const moved = () => ({ address: ip('10.99.0.2'), subnet: subnetOf(ip('10.99.0.2'), 24) });
  const before = await served(LAN);
  const found = changesOf(before, await served(`${LAN}provisioning: { url: "http://{server}/x/" }\n`, moved));
  expect(found.needsRestart).toEqual(['the address of the interface']);
  expect(found.site.lan).toBe(before.lan);
  expect(found.site.provisioning.url).toBe('http://{server}/x/');
});

test.each([
  { was: 'off', is: 'on', url: 'http://{server}/x/' },
  { was: 'on', is: 'off', url: 'http://{server}/{token}/x/' },
])('until the restart a new URL is one for tokens $was', async ({ was, is, url }) => {
  const found = changesOf(
    await served(`${LAN}files: { tokens: ${was} }\n`),
    await served(`${LAN}files: { tokens: ${is} }\nprovisioning: { url: "http://{server}/x/" }\n`),
  );
  expect(found.changes).toEqual(['settings: provisioning.url']);
  expect(found.site.provisioning.url).toBe(url);
});

test('whether phones are asked for certificates is settled when the door opens; how strictly is not', async () => {
  const authorities = 'authorities: roots.pem';
  await writeFile(join(folder, 'roots.pem'), authority('Phone Maker').certificate);
  const was = await served(`${LAN}${HTTPS}optional, ${authorities} } }\n`);
  const stricter = changesOf(was, await served(`${LAN}${HTTPS}required, ${authorities} } }\n`));
  expect([stricter.changes, stricter.needsRestart]).toEqual([
    ['settings: doors.https.clientCertificates'],
    [],
  ]);
  const off = changesOf(was, await served(`${LAN}${HTTPS}off } }\n`));
  expect([off.changes, off.needsRestart]).toEqual([[], ['doors.https.clientCertificates']]);
  expect(off.site.doors.https).toMatchObject({ clientCertificates: 'optional' });
  expect(off.site.clientAuthorities).toEqual(was.clientAuthorities);
  expect(was.clientAuthorities).toHaveLength(1);
});

test('an address that this LAN cannot give is kept for nobody', async () => {
  await writeFile(join(folder, 'phones.csv'), 'mac,vendor,address\n00:15:65:00:00:01,yealink,10.77.0.9\n');
  const before = await served(LAN);
  const found = changesOf(before, await served('lans: [{ interface: lan1 }]\nphones: phones.csv\n'));
  expect(found.changes).toEqual(['phone list: 1 added (001565000001)']);
  const lanSite = found.site.lan ?? expect.fail('no LAN');
  expect(reservationsOf({ site: found.site, lanSite })).toEqual([{ client: '001565000001' }]);
});

/** A reload of settings that change each time. */
async function reloading(parts: Partial<ReloadParts> = {}) {
  const heard: string[] = [];
  const now = await served(LAN);
  const again = createReload({
    load: async () => await Promise.resolve(ok(now)),
    served: () => now,
    renew: async () => {
      heard.push('renew');
      await Promise.resolve();
      heard.push('renewed');
    },
    file: 'unboxd.yaml',
    onBegin: () => heard.push('begin'),
    onEnd: ({ done }) => heard.push(`end ${done}`),
    ...parts,
  });
  return { again, heard };
}

test('reloads go one after the other, and each tells its beginning and its end', async () => {
  const { again, heard } = await reloading();
  await Promise.all([again(), again()]);
  expect(heard).toEqual(['begin', 'renew', 'renewed', 'end true', 'begin', 'renew', 'renewed', 'end true']);
});

test('a fault is a mistake with its hint, and the next reload is none the worse', async () => {
  let isTaken = true;
  const { again, heard } = await reloading({
    renew: async () => {
      if (isTaken)
        await Promise.reject(new Fault('port-taken', 'port 8080 is taken', 'see who has it: ss -ltnp'));
    },
  });
  expect(await again()).toEqual({
    done: false,
    changes: [],
    needsRestart: [],
    mistakes: [{ file: 'unboxd.yaml', message: 'port 8080 is taken; see who has it: ss -ltnp' }],
  });
  isTaken = false;
  expect((await again()).done).toBe(true);
  expect(heard).toEqual(['begin', 'end false', 'begin', 'end true']);
});

/** The command against a daemon that answers so. */
async function said(answer: ReloadAnswer, ...flags: readonly string[]) {
  const socket = join(folder, 'control.sock');
  const care: Pick<Care, 'reload'> = { reload: async () => await Promise.resolve(answer) };
  open.push(await openControl(socket, {} as Appliance, care as Care));
  const { terminal, outs, notes } = listeningTerminal();
  const argv = ['reload', '--control', socket, ...flags];
  const code = await runProgram({ version: '1', commands: [reload], terminal }, argv);
  return { code, outs, notes };
}

const DONE: ReloadAnswer = { done: true, changes: [], needsRestart: [], mistakes: [] };

test.each<{ answer: Partial<ReloadAnswer>; says: readonly string[] }>([
  { answer: {}, says: ['nothing new in settings, vendor files, templates and phone list'] },
  {
    answer: { changes: ['templates: 2 changed (a, b)'], needsRestart: ['state', 'log.level'] },
    says: ['templates: 2 changed (a, b)', 'needs a restart: state, log.level'],
  },
])('the command says $says', async ({ answer, says }) => {
  expect(await said({ ...DONE, ...answer })).toEqual({ code: 0, outs: says, notes: [] });
});

test('the command lists mistakes by their place and fails', async () => {
  const mistakes = [
    { file: '/etc/unboxd/phones.csv', line: 3, message: 'no MAC' },
    { file: '/etc/unboxd/phones.csv', line: 2, message: 'no vendor' },
  ];
  const answer = { ...DONE, done: false, mistakes };
  expect(await said(answer)).toEqual({
    code: 1,
    outs: [],
    notes: [
      '/etc/unboxd/phones.csv:2: no vendor',
      '/etc/unboxd/phones.csv:3: no MAC',
      'unboxd: 2 mistakes; nothing was changed or started',
    ],
  });
});

test('with --json the answer is given as it is', async () => {
  const answer = { ...DONE, done: false, mistakes: [{ file: 'x', message: 'y' }] };
  const { code, outs } = await said(answer, '--json');
  expect([code, JSON.parse(outs.join('\n'))]).toEqual([1, answer]);
});

test('who asks for health learns when a part of the daemon does not answer', async () => {
  const socket = join(folder, 'control.sock');
  let isWell = true;
  const health = async (): Promise<void> => {
    if (!isWell) await Promise.reject(new Error('the thread that serves files does not answer'));
  };
  open.push(await openControl(socket, { health } as Appliance));
  const client = controlClient(socket);
  expect(await client.get('/v1/health')).toEqual({ ok: true });
  isWell = false;
  await expect(client.get('/v1/health')).rejects.toThrow('the thread that serves files does not answer');
});
