// Tokens where the file doors have a thread of their own: key and settings cross, and so does how far a phone is.
import { afterEach, expect, test } from 'vitest';
import type { FileDoors } from '../../src/back/doors.ts';
import { openFileThread } from '../../src/back/thread.ts';
import { subnetOf } from '../../src/base/ipv4.ts';
import type { Asker } from '../../src/files/desk.ts';
import { parseTemplate } from '../../src/files/render.ts';
import { mintToken, type Token, type TokenState } from '../../src/files/tokens.ts';
import { realWorld } from '../../src/net/world.ts';
import { fileSettings, filesShape } from '../../src/site/files.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { catalogue } from '../fakes/vendors.ts';
import { A1, fetched, freePort, HOST, PHONE, REAL } from './kit.ts';

const KEY = Buffer.alloc(32, 7);
const opened: FileDoors[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

const token = (kind: Token['kind'], generation = 0): string => mintToken(KEY, { mac: A1, kind, generation });

test('first, lasting, first again; and what the main thread knows counts there', async () => {
  const http = await freePort();
  const events: PhoneEvent[] = [];
  let tokens: TokenState = { generation: 0 };
  const phone: Asker = {
    ...PHONE,
    listed: { mac: A1, columns: { sip_password: 'hush' } },
    held: 'here',
  };
  const template = parseTemplate('phone.cfg', 'password={{ sip_password }}\nserver={{ url }}\n');
  if (!template.ok) return expect.fail(template.error.message);
  const files = fileSettings(filesShape.parse({ tokens: 'on', uploads: 'off' }), {
    inBase: (path) => path,
    inState: (path) => path,
  });
  const doors = await openFileThread({
    site: {
      ...{ catalogue, files, tokenKey: KEY, server: HOST, url: 'http://{server}/{token}/' },
      templates: new Map([['acme/phone.cfg', template.value]]),
      doors: { tftp: 'off', http, https: 'off', httpsLegacy: 'off', ftp: 'off', accounts: [] },
    },
    ground: { interface: 'lo', address: HOST, subnet: subnetOf(HOST, 8) },
    recognise: async () => await Promise.resolve({ ...phone, tokens }),
    tell: (event) => void events.push(event),
    world: realWorld(),
    onWarning: () => undefined,
    entry: REAL,
  });
  opened.push(doors);
  const whole = (generation: number) =>
    `200 password=hush\nserver=http://127.0.0.1/${token('lasting', generation)}/\n`;
  const blank = '200 password=\nserver=http://127.0.0.1/\n';

  expect(await fetched(http, `/${token('first')}/02ac3e000001.cfg`)).toBe(whole(0));
  expect(await fetched(http, `/${token('lasting')}/02ac3e000001.cfg`)).toBe(whole(0));
  expect(await fetched(http, `/${token('first')}/02ac3e000001.cfg`)).toBe(blank);
  expect(await fetched(http, '/02ac3e000001.cfg')).toBe(blank);
  expect(await fetched(http, `/${token('lasting', 1).slice(0, -1)}2/02ac3e000001.cfg`)).toMatch(/^403 /);
  await expect
    .poll(() => events.filter(({ kind }) => kind === 'access'))
    .toMatchObject([{ step: 'first-used' }, { step: 'confirmed' }]);
  expect(JSON.stringify(events)).not.toContain('tok-');

  tokens = { generation: 2, confirmed: 0 };
  const made = await doors.desk.prepare({ ...phone, tokens }, '02ac3e000001.cfg');
  expect(made.kind === 'file' && `200 ${Buffer.from(made.content).toString()}`).toBe(whole(2));
});
