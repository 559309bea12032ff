// Files that go out sealed or compressed: the phone gets back the very text, always by the same bytes, and nobody sees
// the key.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkShape } from '../../src/base/shape.ts';
import type { FileAnswer, FileAsk } from '../../src/files/desk.ts';
import { answerWith } from '../../src/http/policy.ts';
import { type Catalogue, type Vendor, vendorShape } from '../../src/phones/vendor.ts';
import { unsealAs } from '../../src/seal/forms.ts';
import { meaningOf } from '../../src/timeline/reason.ts';
import { A1, catalogue, deskIn, LISTED } from './kit.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'unboxd-dress-'));
});
afterEach(async () => await rm(root, { recursive: true }));

const OWN = '02ac3e000001.cfg';
const COMMON = 'a000010.cfg';
const PLAIN = 'user=101\npassword=hush-101\n';
const KEY = 'SixteenCharsKey!';
type Config = Partial<Pick<Vendor['config'], 'gzip'>> & { readonly seal?: object };

/** Acme with these settings in its file. */
function acmeWith(config: Config): Catalogue {
  const [acme, ...others] = catalogue.vendors;
  const shaped = checkShape(vendorShape.shape.config, { type: 'text/plain', ...config });
  if (acme === undefined) return expect.fail('no acme');
  if (!shaped.ok) return expect.fail(JSON.stringify(shaped.error));
  return { vendors: [{ ...acme, config: shaped.value }, ...others] };
}

async function desk(config: Config, key: string | null = KEY) {
  const listed = key === null ? LISTED : { ...LISTED, seal_key: key };
  const made = await deskIn(root, { catalogue: acmeWith(config), listed });
  made.lease(A1, '10.99.0.50');
  return made;
}

function file(answer: FileAnswer) {
  return answer.kind === 'file' ? answer : expect.fail(answer.because);
}

function opened(content: Uint8Array, form: 'openssl' | 'rfc8188' | 'aes-ecb', digest?: 'md5' | 'sha256') {
  const result = unsealAs(content, { form, key: Buffer.from(KEY), digest });
  return result.ok ? Buffer.from(result.value.content) : expect.fail(result.error);
}

const LADDER = [{ until: '11.2', digest: 'md5' }, { digest: 'sha256' }];

test.each([
  { firmware: '11.0', digest: 'md5' },
  { firmware: '11.2', digest: 'md5' },
  { firmware: '11.2.4', digest: 'md5' },
  { firmware: '11.3', digest: 'sha256' },
  { firmware: '12.0.1', digest: 'sha256' },
  { firmware: '9.4', digest: 'md5' },
  { firmware: undefined, digest: 'md5' },
] as const)('openssl: firmware $firmware gets the digest $digest', async ({ firmware, digest }) => {
  const { ask } = await desk({ seal: { as: 'openssl', digest: LADDER, gzip: true } });
  const userAgent = firmware === undefined ? undefined : `Acme A10 ${firmware} 02:ac:3e:00:00:01`;
  const got = file(await ask(OWN, '10.99.0.50', { userAgent }));
  expect(gunzipSync(opened(got.content, 'openssl', digest)).toString()).toBe(PLAIN);
  const other = digest === 'md5' ? 'sha256' : 'md5';
  const wrong = unsealAs(got.content, { form: 'openssl', key: Buffer.from(KEY), digest: other });
  expect(
    wrong.ok &&
      Buffer.from(wrong.value.content)
        .subarray(0, 2)
        .equals(Buffer.from([0x1f, 0x8b])),
  ).toBe(false);
});

test('after an update of its firmware the phone gets the digest of the new one', async () => {
  const { ask } = await desk({ seal: { as: 'openssl', digest: LADDER } });
  const asFirmware = async (version: string) =>
    file(await ask(OWN, '10.99.0.50', { userAgent: `Acme A10 ${version} 02:ac:3e:00:00:01` })).content;
  expect(opened(await asFirmware('11.2'), 'openssl', 'md5').toString()).toBe(PLAIN);
  expect(opened(await asFirmware('11.3'), 'openssl', 'sha256').toString()).toBe(PLAIN);
});

test.each([
  { as: 'openssl', gzip: true },
  { as: 'rfc8188', gzip: true },
  { as: 'aes-ecb', gzip: false },
] as const)('$as: the same input gives the same bytes', async ({ as, gzip }) => {
  const [one, two] = [await desk({ seal: { as, gzip } }), await desk({ seal: { as, gzip } })];
  const [first, second] = [file(await one.ask(OWN)), file(await two.ask(OWN))];
  expect(Buffer.from(first.content).equals(Buffer.from(second.content))).toBe(true);
  expect(first.digest).toBe(second.digest);
  const plain = opened(first.content, as);
  expect((gzip ? gunzipSync(plain) : plain).toString()).toBe(PLAIN);
});

test('a container that holds text only is not asked to hold gzip', () => {
  const config = { type: 'text/plain', seal: { as: 'aes-ecb', gzip: true } };
  expect(checkShape(vendorShape.shape.config, config)).toMatchObject({ ok: false });
});

test('rfc8188 has its Content-Encoding over HTTP, and goes by no door that has none', async () => {
  const { ask } = await desk({ seal: { as: 'rfc8188' } });
  for (const door of ['http', 'https'] as const) {
    const got = file(await ask(OWN, undefined, { door }));
    const { headers, body } = answerWith(got, { method: 'GET', headers: {} });
    expect([headers['content-encoding'], headers['content-length']]).toEqual([
      'aes128gcm',
      String(body?.length),
    ]);
  }
  for (const door of ['tftp', 'ftp'] as const)
    expect(await ask(OWN, undefined, { door })).toMatchObject({ because: 'sealed-for-http-only' });
  expect(meaningOf('sealed-for-http-only')).toContain('otherDoors');
});

test('where the data says so, doors without Content-Encoding give the file unsealed', async () => {
  const { ask } = await desk({ seal: { as: 'rfc8188', otherDoors: 'plain' } });
  const got = file(await ask(OWN, undefined, { door: 'tftp' }));
  expect([Buffer.from(got.content).toString(), got.encoding]).toEqual([PLAIN, undefined]);
});

test('only the own file is sealed, of phones that have a key', async () => {
  const seal = { as: 'openssl' } as const;
  const { get } = await desk({ seal });
  expect(await get(COMMON)).toBe('model=A10\n');
  expect(await (await desk({ seal }, null)).get(OWN)).toBe(PLAIN);
  expect(await (await desk({ seal }, '')).get(OWN)).toBe(PLAIN);
  expect(await (await desk({})).get(OWN)).toBe(PLAIN);
});

test('a key that does not fit: nothing goes out, and the reason says what to do', async () => {
  const { get, said } = await desk({ seal: { as: 'aes-ecb' } }, 'too short');
  expect(await get(OWN)).toBe('seal-key-unusable');
  expect(said().at(-1)).toBe(
    `asked for ${OWN} over HTTP and got none, because the seal_key of its phone cannot be used (a key for aes-ecb has 16 or 32 characters)`,
  );
});

test('the key is in no event and in no explanation; that and how it is sealed is', async () => {
  for (const key of [KEY, 'unfitkey-unfitkey']) {
    const { desk: one, get, events, register } = await desk({ seal: { as: 'aes-ecb' } }, key);
    await get(OWN);
    await get(COMMON);
    const phone = register.phones.get(A1) ?? expect.fail();
    const told = JSON.stringify([events, await one.explain(phone)]);
    expect(told).not.toContain(key);
    expect(told).not.toContain(Buffer.from(key).toString('base64'));
  }
  const { get, said } = await desk({ seal: { as: 'openssl' } });
  await get(OWN);
  expect(said().at(-1)).toContain('AES-256-CBC with md5; the phone must expect the same digest');
});

const asking = (more: Partial<FileAsk>): Partial<FileAsk> => more;

test.each([
  { gzip: 'file', ask: asking({}), encoding: undefined, isGzip: true, vary: undefined },
  { gzip: 'file', ask: asking({ door: 'tftp' }), encoding: undefined, isGzip: false, vary: undefined },
  {
    gzip: 'encoding',
    ask: asking({ acceptsGzip: true }),
    encoding: 'gzip',
    isGzip: true,
    vary: 'accept-encoding',
  },
  { gzip: 'encoding', ask: asking({}), encoding: undefined, isGzip: false, vary: 'accept-encoding' },
  {
    gzip: undefined,
    ask: asking({ acceptsGzip: true }),
    encoding: undefined,
    isGzip: false,
    vary: undefined,
  },
] as const)(
  'gzip $gzip, asked with $ask: compressed $isGzip',
  async ({ gzip, ask: how, encoding, isGzip, vary }) => {
    const { ask, events } = await desk({ ...(gzip === undefined ? {} : { gzip }) });
    const got = file(await ask(COMMON, undefined, how));
    const text = isGzip ? gunzipSync(got.content) : Buffer.from(got.content);
    expect(text.toString()).toBe('model=A10\n');
    // No time, no name, no system in the head: RFC 1952 section 2.3.
    if (isGzip) expect(Buffer.from(got.content.subarray(0, 10)).toString('hex')).toBe('1f8b08000000000002ff');
    const { headers } = answerWith(got, { method: 'GET', headers: {} });
    expect([headers['content-encoding'], headers['vary']]).toEqual([encoding, vary]);
    got.ended({ complete: true, bytes: got.content.length });
    // By the digest of what was made a phone is known to be up to date, in whatever form it fetched.
    const plain = await (await desk({})).ask(COMMON);
    expect(events.at(-1)).toMatchObject({
      kind: 'fetched',
      digest: file(plain).digest,
      bytes: got.content.length,
    });
  },
);

test('a file of the folder goes out as it is: the installer may have sealed it himself', async () => {
  const { get } = await desk({ seal: { as: 'openssl' }, gzip: 'file' });
  await writeFile(join(root, 'files', OWN), 'by hand\n');
  expect(await get(OWN)).toBe('by hand\n');
});

test('a phone is told the size that it will get', async () => {
  const { ask, desk: one, asking: asks } = await desk({ seal: { as: 'openssl', gzip: true } });
  const size = file(await ask(OWN, undefined, { door: 'ftp', look: true })).content.length;
  expect(size).toBe(file(await ask(OWN, undefined, { door: 'ftp' })).content.length);
  const files = await one.list(asks('', undefined, { userAgent: 'Acme A10 1.2.3 02:ac:3e:00:00:01' }));
  expect(files?.find(({ name }) => name === OWN)?.bytes).toBe(size);
});
