import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseIpv4, showIpv4, subnetOf } from '../../src/base/ipv4.ts';
import { loadSite } from '../../src/site/load.ts';
import { IDS } from '../phones/kit.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-site-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

const address = parseIpv4('10.99.0.1') ?? expect.fail();
const facts = (name: string) => (name === 'lan0' ? { address, subnet: subnetOf(address, 24) } : undefined);

async function put(files: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text);
  }
  return join(folder, 'unboxd.yaml');
}

async function mistakesOf(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const loaded = await loadSite({ file: await put(files), facts });
  if (loaded.ok) return [];
  return loaded.error.map(({ file, line, message }) => `${basename(file)}:${line ?? '-'}: ${message}`);
}

test('with an interface and nothing else, all defaults hold', async () => {
  const loaded = await loadSite({ interface: 'lan0', facts });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const { lan, provisioning, doors, catalogue } = loaded.value;
  expect(lan && [showIpv4(lan.dhcp.pool.first), showIpv4(lan.dhcp.pool.last)]).toEqual([
    '10.99.0.128',
    '10.99.0.254',
  ]);
  expect(lan).toMatchObject({ pnp: { mode: 'provision' }, dhcp: { mode: 'full', lease: 3_600_000 } });
  expect(provisioning).toMatchObject({ url: 'http://{server}/', options: [66, 160, 161] });
  expect(doors).toEqual({ tftp: 'on', http: 80, https: 'off', httpsLegacy: 'off', ftp: 'off', accounts: [] });
  expect(catalogue.vendors.map(({ id }) => id)).toEqual([...IDS]);
});

test('the settings file that comes with unboxd has no mistake and says the defaults', async () => {
  const shipped = await loadSite({ file: 'config/unboxd.yaml', interface: 'lan0', facts });
  const bare = await loadSite({ interface: 'lan0', facts });
  if (!shipped.ok || !bare.ok) throw new Error(JSON.stringify([shipped, bare]));
  expect(shipped.value.lan).toEqual(bare.value.lan);
  expect(shipped.value.provisioning).toEqual(bare.value.provisioning);
  expect(shipped.value.doors).toEqual(bare.value.doors);
});

test('the example phone list has no mistake', async () => {
  const loaded = await loadSite({ interface: 'lan0', phones: 'config/phones.example.csv', facts });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  expect(loaded.value.phones.length).toBeGreaterThan(3);
});

test('paths are relative to the file', async () => {
  const file = await put({
    'unboxd.yaml': 'phones: lists/p.csv\nstate: state\n',
    'lists/p.csv': 'mac\n02ac3e000001\n',
  });
  const loaded = await loadSite({ file, facts });
  expect(loaded.ok && [loaded.value.phones.length, loaded.value.state]).toEqual([1, join(folder, 'state')]);
});

test('all mistakes of the settings at once, each with its line', async () => {
  const text = [
    'lans:',
    '  - interface: lan0',
    '    dhcp: { lease: soon, pool: 10.99.0.9-10.99.0.3, mode: loud }',
    'provisionning: {}',
    'doors:',
    '  http: 99999',
  ].join('\n');
  expect(await mistakesOf({ 'unboxd.yaml': text })).toEqual([
    'unboxd.yaml:3: lans.0.dhcp.mode: write full, companion or off',
    'unboxd.yaml:3: lans.0.dhcp.pool: "10.99.0.9-10.99.0.3" is not a range of addresses (write 10.20.0.50-10.20.3.250)',
    'unboxd.yaml:3: lans.0.dhcp.lease: "soon" is not a duration (write 30s, 10m, 1h or 2d)',
    'unboxd.yaml:6: doors.http: Too big: expected number to be <=65535',
    'unboxd.yaml:4: provisionning: unknown key "provisionning"',
  ]);
});

test('a pool that is not of the interface is named, with the line', async () => {
  const text =
    'lans:\n  - interface: lan0\n    dhcp:\n      pool: 10.20.0.50-10.20.0.99\n      router: 192.0.2.1\n';
  expect(await mistakesOf({ 'unboxd.yaml': text })).toEqual([
    'unboxd.yaml:4: lans.0.dhcp.pool: the first address 10.20.0.50 is not in 10.99.0.0/24, the subnet of lan0',
    'unboxd.yaml:4: lans.0.dhcp.pool: the last address 10.20.0.99 is not in 10.99.0.0/24, the subnet of lan0',
    'unboxd.yaml:5: lans.0.dhcp.router: the router 192.0.2.1 is not in 10.99.0.0/24, the subnet of lan0',
  ]);
});

test('mistakes of settings, list and templates come together; nothing is half-loaded', async () => {
  const mistakes = await mistakesOf({
    'unboxd.yaml':
      'phones: phones.csv\nprovisioning: { url: "{nobody}" }\nfiles: { templates: templates, root: nowhere }\n',
    'phones.csv': [
      'mac,vendor,model,label',
      '00:15:65:aa:bb:cc,yealink,T46S,ok',
      '00:15:65:aa:bb:zz,yealink,T46S,bad MAC',
      '00:15:65:aa:bb:cd,nobody,T46S,bad vendor',
      '00:15:65:aa:bb:ce,yealink,T1000,bad model',
      '0015.65aa.bbcc,yealink,T46S,twice',
      ',yealink,T46S,none',
    ].join('\n'),
    'templates/yealink/phone.cfg': 'one\n{{ mac\n',
    'templates/yealink/fone.cfg': 'a slip of the pen\n',
  });
  expect(mistakes.filter((one) => one.startsWith('phones.csv'))).toEqual([
    'phones.csv:3: "00:15:65:aa:bb:zz" is not a MAC address',
    `phones.csv:4: vendor "nobody" is not known (known: ${IDS.join(', ')})`,
    'phones.csv:5: model "T1000" is not in the vendor file of Yealink',
    'phones.csv:6: 00:15:65:aa:bb:cc stands in line 2 already',
    'phones.csv:7: the MAC is missing',
  ]);
  expect(mistakes.filter((one) => one.startsWith('unboxd.yaml'))).toEqual([
    'unboxd.yaml:2: provisioning.url: nothing fills {nobody} (known: server, mac, MAC, model, token)',
    'unboxd.yaml:2: provisioning.url: "{nobody}" is no http, https, tftp or ftp URL',
    expect.stringMatching(/^unboxd\.yaml:3: files\.root: .*nowhere is no folder$/),
  ]);
  expect(mistakes).toContainEqual(expect.stringMatching(/^phone\.cfg:2: /));
  expect(mistakes).toContainEqual('fone.cfg:-: no vendor file names this template');
});

test('an override of a vendor file is merged and its mistakes are named in the settings', async () => {
  const file = await put({ 'unboxd.yaml': 'vendors:\n  yealink:\n    silence: 9m\n' });
  const loaded = await loadSite({ file, facts });
  expect(loaded.ok && loaded.value.catalogue.vendors.find(({ id }) => id === 'yealink')?.silence).toBe(
    540_000,
  );
  const mistakes = await mistakesOf({
    'unboxd.yaml': 'vendors:\n  yealink:\n    silence: long\n  acme:\n    name: Acme\n',
  });
  expect(mistakes[0]).toBe(
    'unboxd.yaml:3: vendors.yealink.silence: "long" is not a duration (write 30s, 10m, 1h or 2d)',
  );
  expect(mistakes).toContainEqual(expect.stringMatching(/^unboxd\.yaml:4: vendors\.acme\.files: /));
});

test.each([
  { what: 'a file that is not there', files: {}, says: /there is no such file/ },
  { what: 'YAML that is none', files: { 'unboxd.yaml': 'a: [1\nb: 2\n' }, says: /unboxd\.yaml:\d: / },
  {
    what: 'a list that is not there',
    files: { 'unboxd.yaml': 'phones: none.csv\n' },
    says: /unboxd\.yaml:1: phones: .*none\.csv does not exist/,
  },
  {
    what: 'a list without MACs',
    files: { 'unboxd.yaml': 'phones: p.csv', 'p.csv': 'name,label\na,b\n' },
    says: /p\.csv:1: .*no column "mac"/,
  },
  {
    what: 'a broken CSV',
    files: { 'unboxd.yaml': 'phones: p.csv', 'p.csv': 'mac,label\n0015651234ab,"open\n' },
    says: /p\.csv:\d: /,
  },
  {
    what: 'a list with a line break in a value',
    files: { 'unboxd.yaml': 'phones: p.csv', 'p.csv': 'mac,label\n0015651234ab,"a\nb"\n' },
    says: /p\.csv:\d: .*line break/,
  },
])('$what is told in a sentence', async ({ files, says }) => {
  expect((await mistakesOf(files)).join('\n')).toMatch(says);
});

test('a list from a spreadsheet: semicolons, BOM, blanks, capital headings', async () => {
  const file = await put({
    'unboxd.yaml': 'phones: p.csv\n',
    'p.csv': '\ufeffMAC; Vendor ;Label\r\n00-15-65-12-34-AB; Yealink ; Front desk \r\n',
  });
  const loaded = await loadSite({ file, facts });
  expect(loaded.ok && loaded.value.phones).toMatchObject([
    { mac: '0015651234ab', vendor: 'yealink', label: 'Front desk' },
  ]);
});

test('the loopback and other vast networks are no staging LAN', async () => {
  const loopback = parseIpv4('127.0.0.1') ?? expect.fail();
  const loaded = await loadSite({
    interface: 'lo',
    facts: () => ({ address: loopback, subnet: subnetOf(loopback, 8) }),
  });
  expect(loaded.ok ? 'ok' : loaded.error[0]?.message).toContain('127.0.0.0/8 is no staging LAN');
});

test('an address kept for a phone must be one that can be given', async () => {
  const lan =
    'lans: [{ interface: lan0, dhcp: { router: 10.99.0.2, dns: [10.99.0.3], ntp: [10.99.0.4] } }]\n';
  const rows = ['10.99.0.1', '10.99.0.2', '10.99.0.3', '10.99.0.4', '10.99.0.0', '10.99.0.255', '10.98.0.9'];
  const phones = rows.map((kept, index) => `00156500000${index + 1},yealink,${kept}\n`).join('');
  expect(
    await mistakesOf({
      'unboxd.yaml': `${lan}phones: phones.csv\n`,
      'phones.csv': `mac,vendor,address\n${phones}00156500000a,yealink,10.99.0.9\n`,
    }),
  ).toEqual([
    'phones.csv:2: 10.99.0.1 is kept for a phone, but is our own address',
    'phones.csv:3: 10.99.0.2 is kept for a phone, but is that of the router',
    'phones.csv:4: 10.99.0.3 is kept for a phone, but is that of a DNS server',
    'phones.csv:5: 10.99.0.4 is kept for a phone, but is that of an NTP server',
    'phones.csv:6: 10.99.0.0 is kept for a phone, but is that of the subnet 10.99.0.0/24 itself',
    'phones.csv:7: 10.99.0.255 is kept for a phone, but is the broadcast address of 10.99.0.0/24',
    'phones.csv:8: 10.98.0.9 is kept for a phone, but is in none of the served subnets',
  ]);
});

test('a class for a make that nobody knows is a mistake', async () => {
  const text =
    'lans:\n  - interface: lan0\n    dhcp:\n      classes:\n        - name: desk\n          when: { vendor: yaelink }\n';
  expect(await mistakesOf({ 'unboxd.yaml': text })).toEqual([
    `unboxd.yaml:6: lans.0.dhcp.classes.0.when.vendor: there is no vendor "yaelink" (known: ${IDS.join(', ')})`,
  ]);
});
