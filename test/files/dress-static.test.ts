// Files that an installer laid into the files folder, sealed for their phone where the vendor's data want that.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkShape } from '../../src/base/shape.ts';
import type { FileAnswer } from '../../src/files/desk.ts';
import { sealStatic } from '../../src/files/dress.ts';
import { type Catalogue, vendorShape } from '../../src/phones/vendor.ts';
import { unsealAs } from '../../src/seal/forms.ts';
import { A1, A2, catalogue, deskIn, LISTED } from './kit.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'unboxd-static-'));
  await mkdir(join(root, 'files'));
});
afterEach(async () => await rm(root, { recursive: true }));

const OWN = '02ac3e000001.cfg';
const KEY = 'SixteenCharsKey!';
const PLAIN = 'user=by-hand\npassword=hush\n';

function acmeWith(seal: object): Catalogue {
  const [acme, ...others] = catalogue.vendors;
  const shaped = checkShape(vendorShape.shape.config, { type: 'text/plain', seal });
  if (acme === undefined || !shaped.ok) return expect.fail(JSON.stringify(shaped));
  return { vendors: [{ ...acme, config: shaped.value }, ...others] };
}

async function desk(
  seal: object,
  content: Uint8Array | string = PLAIN,
  name = OWN,
  key: string | null = KEY,
) {
  await writeFile(join(root, 'files', name), content);
  const listed = key === null ? LISTED : { ...LISTED, seal_key: key };
  const made = await deskIn(root, { catalogue: acmeWith(seal), listed });
  made.lease(A1, '10.99.0.50');
  made.lease(A2, '10.99.0.60');
  return made;
}

function bytes(answer: FileAnswer): Buffer {
  return answer.kind === 'file' ? Buffer.from(answer.content) : expect.fail(answer.because);
}

// Made by `openssl enc -aes-256-cbc -k KEY -md ... -S` with the first 8 bytes of HMAC-SHA256(KEY, "unboxd salt" and the text).
test.each([
  {
    digest: 'md5',
    hex: '53616c7465645f5f99e8cccef9b3c4f82bf9ecf701e82ea25b0cd780e1b456bc957cd48ddcade51903bb251a5b57887e',
  },
  {
    digest: 'sha256',
    hex: '53616c7465645f5f99e8cccef9b3c4f8c48668a0547c7c5627037508e1f60b0e9dda4d23eeab77c52b230ab2d6596efb',
  },
] as const)(
  'the very bytes of openssl, with $digest, however often it is asked for',
  async ({ digest, hex }) => {
    const { ask, said } = await desk({ as: 'openssl', digest, statics: true });
    for (let count = 0; count < 3; count += 1) expect(bytes(await ask(OWN)).toString('hex')).toBe(hex);
    const answer = await ask(OWN);
    if (answer.kind === 'file') answer.ended({ complete: true, bytes: answer.content.length });
    expect(said().at(-1)).toContain(`sealed: AES-256-CBC with ${digest}`);
    expect(said().join()).not.toContain(KEY);
  },
);

test.each([
  { what: 'nobody wants it', seal: { as: 'openssl' }, content: PLAIN },
  {
    what: 'it is sealed already',
    seal: { as: 'openssl', statics: true },
    content: Buffer.from('53616c7465645f5f0011223344556677a0b1', 'hex'),
  },
  {
    what: 'it is sealed already, in base64',
    seal: { as: 'openssl', statics: true },
    content: 'U2FsdGVkX18AESIzRFVmd6Cx\n',
  },
  {
    what: 'it is compressed',
    seal: { as: 'openssl', statics: true },
    content: Buffer.from('1f8b0800', 'hex'),
  },
  {
    what: 'it is noise',
    seal: { as: 'aes-ecb', statics: true },
    content: Buffer.from('00ff10203040506070', 'hex'),
  },
])('it goes out as it is where $what', async ({ seal, content }) => {
  const { ask } = await desk(seal, content);
  expect(bytes(await ask(OWN))).toEqual(Buffer.from(content));
});

test('without a key in the list, or for a file of another part in the boot, nothing is sealed', async () => {
  const bare = await desk({ as: 'openssl', statics: true }, PLAIN, OWN, null);
  expect(bytes(await bare.ask(OWN)).toString()).toBe(PLAIN);
  const common = await desk({ as: 'openssl', statics: true }, 'common=1\n', 'a000010.cfg');
  expect(
    bytes(
      await common.ask('a000010.cfg', '10.99.0.50', { userAgent: 'Acme A10 1.0 02:ac:3e:00:00:01' }),
    ).toString(),
  ).toBe('common=1\n');
  const logo = await desk({ as: 'openssl', statics: true }, 'logo', 'logo.txt');
  expect(bytes(await logo.ask('logo.txt')).toString()).toBe('logo');
});

test('a changed file is sealed anew, and the phone learns by its sum that it changed', async () => {
  const { ask, world } = await desk({ as: 'openssl', statics: true });
  const before = await ask(OWN);
  await writeFile(join(root, 'files', OWN), 'user=later\npassword=hush\n');
  await world.advance(5_000);
  const after = await ask(OWN);
  const opened = unsealAs(bytes(after), { form: 'openssl', key: Buffer.from(KEY) });
  expect(opened.ok && Buffer.from(opened.value.content).toString()).toBe('user=later\npassword=hush\n');
  expect(before.kind === 'file' && after.kind === 'file' && before.digest !== after.digest).toBe(true);
});

test('rfc8188 by a door that cannot say so is refused, as for files from templates', async () => {
  const { ask } = await desk({ as: 'rfc8188', statics: true });
  expect(await ask(OWN)).toMatchObject({ kind: 'file', encoding: 'aes128gcm' });
  expect(await ask(OWN, '10.99.0.50', { door: 'tftp' })).toMatchObject({ because: 'sealed-for-http-only' });
});

test('a key that does not fit: nothing goes out', async () => {
  const { ask } = await desk({ as: 'aes-ecb', statics: true }, PLAIN, OWN, 'short');
  expect(await ask(OWN)).toMatchObject({ because: 'seal-key-unusable' });
});

test('sealed once for each key, and nothing of 16 MiB is looked at', () => {
  const [vendor] = acmeWith({ as: 'openssl', statics: true }).vendors;
  const phone = (key: string) => ({
    mac: A1,
    identity: { vendor: 'acme', model: 'A10', by: '', conflicts: [] },
    listed: { mac: A1, columns: { seal_key: key } },
  });
  const content = Buffer.from(PLAIN);
  const once = sealStatic({ vendor, phone: phone('k1'), role: 'own', content });
  expect(sealStatic({ vendor, phone: phone('k1'), role: 'own', content })).toBe(once);
  expect(sealStatic({ vendor, phone: phone('k2'), role: 'own', content })).not.toBe(once);
  const firmware = Buffer.alloc(16 * 1024 * 1024, 'text ');
  expect(sealStatic({ vendor, phone: phone('k1'), role: 'own', content: firmware })).toBe(undefined);
});
