// Layers of templates and variables, parts of templates, firmware, and what `check` and `render` make of a whole site.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openPress } from '../../src/control/render-offline.ts';
import { compareVersions } from '../../src/files/firmware.ts';
import { loadSite } from '../../src/site/load.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'unboxd-layers-'));
});
afterEach(async () => await rm(root, { recursive: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
}

const LIST = `mac,vendor,model,label,sip_server,sip_user,sip_password,greeting
00:15:65:00:00:01,yealink,T46S,One,pbx,101,hush,from the list
00:15:65:00:00:02,yealink,T46S,Two,pbx,102,hush,
00:15:65:00:00:03,yealink,T42S,Three,pbx,103,hush,
00:56:2b:00:00:04,cisco,CP-6841-3PCC,Four,pbx,104,hush,
`;
const HEADER = '#!version:1.0.0.1\n';

async function load(settings: string, files: Readonly<Record<string, string>> = {}) {
  await write({ 'unboxd.yaml': `phones: phones.csv\n${settings}`, 'phones.csv': LIST, ...files });
  return await loadSite({ file: join(root, 'unboxd.yaml'), facts: () => undefined });
}

async function press(settings: string, files: Readonly<Record<string, string>> = {}) {
  const loaded = await load(settings, files);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const made = await openPress(loaded.value);
  const text = async (mac: string, name: string): Promise<string> => {
    const phone = made.phone(mac) ?? expect.fail(mac);
    const gets = await made.file(phone, name);
    return gets.kind === 'file'
      ? Buffer.from(gets.content).toString()
      : `${gets.because} ${gets.detail ?? ''}`;
  };
  return { ...made, text };
}

test('the most special template wins: phone, model, vendor', async () => {
  const { text } = await press('files: { templates: t }\n', {
    't/yealink/phone.cfg': `${HEADER}vendor = 1\n`,
    't/yealink/t46s/phone.cfg': `${HEADER}model = 1\n`,
    't/phones/00-15-65-00-00-01/phone.cfg': `${HEADER}phone = 1\n`,
  });
  expect(await text('001565000001', '001565000001.cfg')).toBe(`${HEADER}phone = 1\n`);
  expect(await text('001565000002', '001565000002.cfg')).toBe(`${HEADER}model = 1\n`);
  expect(await text('001565000003', '001565000003.cfg')).toBe(`${HEADER}vendor = 1\n`);
});

test('the most special variable wins: list, model, vendor, site', async () => {
  const template = { 't/yealink/phone.cfg': `${HEADER}say = {{ greeting }} {{ site }}\n` };
  const settings = `files: { templates: t, variables: { greeting: from the site, site: here } }
vendors: { yealink: { variables: { greeting: from the vendor } } }
`;
  const { text } = await press(settings, template);
  expect(await text('001565000001', '001565000001.cfg')).toBe(`${HEADER}say = from the list here\n`);
  expect(await text('001565000002', '001565000002.cfg')).toBe(`${HEADER}say = from the vendor here\n`);
});

test('templates render parts of the same folders, and a mistake in a part is named', async () => {
  const { text, mistakes } = await press('files: { templates: t }\n', {
    't/yealink/phone.cfg': `${HEADER}{% render 'parts/sip.cfg', user: sip_user %}`,
    't/parts/sip.cfg': 'user = {{ user }}\n',
  });
  expect(await text('001565000001', '001565000001.cfg')).toBe(`${HEADER}user = 101\n`);
  expect(await mistakes()).toEqual([]);
});

test('a template cannot reach the disk by its parts', async () => {
  const { text } = await press('files: { templates: t }\n', {
    't/yealink/phone.cfg': `${HEADER}{% render '../../unboxd.yaml' %}`,
  });
  expect(await text('001565000001', '001565000001.cfg')).toContain('template-broken');
});

test('check finds every mistake of every phone once, with file and line', async () => {
  const { mistakes } = await press('files: { templates: t }\n', {
    't/yealink/phone.cfg': `${HEADER}a = 1\nb = {{ nobody }}\n`,
    't/yealink/common.cfg': 'c = 1\n',
    't/cisco/phone.xml': '<flat-profile>\n<A>{{ label }} & co</A>\n</flat-profile>\n',
  });
  const found = (await mistakes()).map(
    ({ file, line, message }) => `${file.replace(`${root}/`, '')}:${line} ${message}`,
  );
  expect(found.sort()).toEqual([
    't/cisco/phone.xml:undefined line 2 of 00562b000004.xml for 00:56:2b:00:00:04: a bare & (write &amp;, or use "| escape")',
    't/yealink/common.cfg:undefined line 1 of y000000000066.cfg for 00:15:65:00:00:01: the first line must begin with #!version:1.0.0.1 (and for 2 more)',
    't/yealink/phone.cfg:3 undefined variable: nobody, for 00:15:65:00:00:01 (and for 2 more)',
  ]);
});

test('the built-in templates and the example list have no mistakes', async () => {
  expect(await (await press('')).mistakes()).toEqual([]);
  const loaded = await loadSite({
    file: 'config/unboxd.yaml',
    phones: 'config/phones.example.csv',
    facts: () => undefined,
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  expect(await (await openPress(loaded.value)).mistakes()).toEqual([]);
});

test('a template that nothing names is a mistake', async () => {
  const loaded = await load('files: { templates: t }\n', {
    't/yealink/phnoe.cfg': 'x',
    't/yealink/t99/phone.cfg': HEADER,
  });
  expect(loaded.ok ? [] : loaded.error.map(({ message }) => message)).toEqual([
    'no vendor file names this template',
    'no vendor file names this template',
  ]);
});

test('firmware: of the model before that of all, the newest or the wanted one', async () => {
  const { text, firmware } = await press('files: { templates: t, firmware: fw }\n', {
    't/yealink/phone.cfg': `${HEADER}{% if firmware %}url = {{ firmware.url }}\nv = {{ firmware.version }} {{ firmware.file }}\n{% endif %}`,
    'fw/yealink/T46S/66.86.0.9/T46S.rom': 'old',
    'fw/yealink/T46S/66.86.0.15/T46S (2).rom': 'new',
    'fw/yealink/T46S/66.86.0.15/a-note.txt': 'read me',
    'fw/yealink/*/1.0/all.rom': 'all',
    'fw/yealink/nonsense/1/x.rom': 'x',
  });
  expect(firmware.map(({ path }) => path)).toEqual([
    'yealink/*/1.0/all.rom',
    'yealink/T46S/66.86.0.15/T46S (2).rom',
    'yealink/T46S/66.86.0.15/a-note.txt',
    'yealink/T46S/66.86.0.9/T46S.rom',
  ]);
  expect(await text('001565000001', '001565000001.cfg')).toBe(
    `${HEADER}url = http://192.0.2.1/firmware/yealink/T46S/66.86.0.15/T46S%20(2).rom\nv = 66.86.0.15 T46S (2).rom\n`,
  );
  expect(await text('001565000003', '001565000003.cfg')).toContain('/firmware/yealink/*/1.0/all.rom\n');
  expect(await text('001565000001', 'firmware/yealink/T46S/66.86.0.15/T46S (2).rom')).toBe('new');
  expect(await text('001565000001', 'firmware/../../phones.csv')).toContain('name-not-allowed');
});

test('versions are compared by their numbers', () => {
  expect(['1.10', '1.9', '1.9.1', '66.86.0.15', '66.86.0.9'].sort(compareVersions)).toEqual([
    '1.9',
    '1.9.1',
    '1.10',
    '66.86.0.9',
    '66.86.0.15',
  ]);
});
