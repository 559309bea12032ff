import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { parseMac } from '../../src/base/mac.ts';
import { openShelf } from '../../src/files/disk.ts';
import type { Templates } from '../../src/files/layers.ts';
import { createAskerRecogniser } from '../../src/files/recognise.ts';
import { parseTemplate, render } from '../../src/files/render.ts';
import { createDesk } from '../../src/files/serve.ts';
import { bindAddress, createRegister, meet } from '../../src/phones/register.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { catalogue } from '../fakes/vendors.ts';
import { fakeWorld } from '../fakes/world.ts';

const address = (text: string) => parseIpv4(text) ?? expect.fail(text);
const mac = (text: string) => parseMac(text) ?? expect.fail(text);
const SERVER = address('10.99.0.1');
const A1 = mac('02ac3e000001');

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'unboxd-files-'));
});
afterEach(async () => await rm(root, { recursive: true }));

function templates(texts: Readonly<Record<string, string>>): Templates {
  return new Map(
    Object.entries(texts).map(([key, text]) => {
      const parsed = parseTemplate(key, text);
      if (!parsed.ok) throw new Error(parsed.error.message);
      return [key, parsed.value];
    }),
  );
}

function desk(texts: Readonly<Record<string, string>>) {
  const events: PhoneEvent[] = [];
  const register = createRegister({
    catalogue,
    list: [
      {
        mac: A1,
        label: 'Front desk',
        columns: { mac: '02:ac:3e:00:00:01', label: 'Front desk', sip_user: '101' },
      },
    ],
  });
  const [world, tell] = [fakeWorld(), (event: PhoneEvent) => void events.push(event)];
  const neighbourOf = async () => await Promise.resolve(undefined);
  const made = createDesk({
    recognise: createAskerRecogniser({ register, neighbourOf, world, tell }),
    catalogue,
    templates: templates(texts),
    shelf: openShelf(join(root, 'files'), { now: world.now, isCaseIgnored: true }),
    lan: { address: SERVER },
    urlFor: () => 'http://10.99.0.1/',
    world,
    tell,
  });
  const ask = async (name: string, from = '10.99.0.50') =>
    await made.ask({ door: 'http', name, from: { address: address(from), port: 40_000 } });
  return { made, ask, events, register };
}

const TEXTS = {
  'acme/phone.cfg':
    '#!first\nuser={{ sip_user | default: "none" }}\nlabel={{ label }}\nserver={{ server }}\n',
  'acme/common.cfg': 'model={{ model }}\n',
};

test('a phone gets its own file rendered from its row, and the fetch is told with the digest of the bytes', async () => {
  const { ask, events } = desk(TEXTS);
  const answer = await ask('02ac3e000001.cfg');
  if (answer.kind !== 'file') throw new Error(answer.because);
  expect(Buffer.from(answer.content).toString()).toBe(
    '#!first\nuser=101\nlabel=Front desk\nserver=10.99.0.1\n',
  );
  answer.ended({ complete: true, bytes: answer.content.length });
  expect(events.map(({ kind }) => kind)).toEqual(['appeared', 'fetched']);
  expect(events[1]).toMatchObject({ role: 'own', mac: A1, digest: answer.digest, file: '02ac3e000001.cfg' });
  expect(answer.digest).toMatch(/^[0-9a-f]{64}$/);
});

test('the same input gives the same bytes', async () => {
  const { ask } = desk(TEXTS);
  const [one, two] = [await ask('02ac3e000001.cfg'), await ask('02AC3E000001.cfg')];
  expect(one.kind === 'file' && two.kind === 'file' && one.digest === two.digest).toBe(true);
});

test('a broken connection is told as such and proves nothing', async () => {
  const { ask, events } = desk(TEXTS);
  const answer = await ask('02ac3e000001.cfg');
  if (answer.kind !== 'file') throw new Error(answer.because);
  answer.ended({ complete: false, bytes: 3, why: 'the phone hung up' });
  expect(events.at(-1)).toMatchObject({ kind: 'transfer-ended-early', bytes: 3, of: answer.content.length });
});

test('the holder of a lease does not get the file of another phone', async () => {
  const { ask, events, register } = desk(TEXTS);
  meet(register, { mac: A1, door: 'dhcp', clues: [], at: 1 });
  bindAddress(register, A1, address('10.99.0.50'));
  expect(await ask('02ac3e000002.cfg')).toMatchObject({ kind: 'refused', because: 'file-of-another-phone' });
  expect(events.at(-1)).toMatchObject({ kind: 'refused', mac: A1 });
});

test('a phone without a lease of ours is known by the MAC in the name, then by its address', async () => {
  const { ask } = desk(TEXTS);
  expect(await ask('a000010.cfg')).toMatchObject({ kind: 'refused', because: 'unknown-phone' });
  await ask('02ac3e000001.cfg');
  const common = await ask('a000010.cfg');
  expect(common.kind === 'file' && Buffer.from(common.content).toString()).toBe('model=A10\n');
});

test('a file in the files folder wins over the template', async () => {
  await mkdir(join(root, 'files'));
  await writeFile(join(root, 'files', '02ac3e000001.cfg'), 'by hand');
  const answer = await desk(TEXTS).ask('02AC3E000001.CFG');
  expect(answer.kind === 'file' && Buffer.from(answer.content).toString()).toBe('by hand');
});

test('no way out of the files folder', async () => {
  await mkdir(join(root, 'files', 'inside'), { recursive: true });
  await writeFile(join(root, 'secret.txt'), 'secret');
  await writeFile(join(root, 'files', 'plain.txt'), 'plain');
  await symlink(join(root, 'secret.txt'), join(root, 'files', 'out.txt'));
  await symlink('plain.txt', join(root, 'files', 'in.txt'));
  const { ask } = desk(TEXTS);
  for (const name of [
    '../secret.txt',
    'inside/../../secret.txt',
    'out.txt',
    'inside',
    '/etc/passwd',
    '..%2fsecret.txt',
  ]) {
    expect((await ask(name)).kind, name).toBe('refused');
  }
  expect((await ask('in.txt')).kind).toBe('file');
  expect((await ask('/inside//..')).kind).toBe('refused');
});

test('a template that lacks a value is refused, told, and names the variable', async () => {
  const { ask, events } = desk({ ...TEXTS, 'acme/phone.cfg': 'password={{ sip_password }}\n' });
  expect(await ask('02ac3e000001.cfg')).toMatchObject({ kind: 'refused', because: 'template-broken' });
  expect(events.at(-1)).toMatchObject({ kind: 'refused', because: 'template-broken' });
  expect(JSON.stringify(events.at(-1))).toContain('sip_password');
});

test('explain lists the files in request order with what each comes to', async () => {
  const { made, register } = desk(TEXTS);
  const phone = register.phones.get(A1) ?? expect.fail('not listed');
  const files = await made.explain(phone);
  expect(
    files.map(({ name, gets }) => `${name}: ${gets.kind === 'file' ? gets.origin : gets.because}`),
  ).toEqual([
    '02ac3e000001.boot: left-out-on-purpose',
    'a{number:6}.cfg: no-such-file',
    '02ac3e000001.cfg: rendered',
    '02ac3e000001-local.cfg: optional-file',
  ]);
});

test('the digest is that of the bytes, also where nobody fetches', async () => {
  const { ask, made, register } = desk(TEXTS);
  const answer = await ask('02ac3e000001.cfg');
  const phone = register.phones.get(A1);
  expect(await made.digest(phone, '02ac3e000001.cfg')).toBe(answer.kind === 'file' && answer.digest);
  expect(await made.digest(phone, 'nothing.cfg')).toBe(undefined);
});

test.each([
  { what: 'read a file', text: "{% include 'etc/passwd' %}" },
  { what: 'reach a prototype', text: '{{ mac.constructor.name }}' },
  { what: 'run for ever', text: '{% for i in (1..100000000) %}{{ i }}{% endfor %}' },
  { what: 'know the time', text: "{{ 'now' | date: '%s' }}" },
])('a template cannot $what', ({ text }) => {
  const parsed = parseTemplate('evil', text);
  const rendered = parsed.ok ? render(parsed.value, { mac: 'x' }) : parsed;
  expect(rendered.ok).toBe(false);
});

test('a mistake in a template has its line', () => {
  const parsed = parseTemplate('x', 'one\ntwo {% if %}\n');
  const rendered = parsed.ok ? render(parsed.value, {}) : parsed;
  expect(rendered.ok ? undefined : rendered.error.line).toBe(2);
});
