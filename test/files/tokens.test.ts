// URLs with two tokens: what each opens, when the first is used up, and what nobody ever sees.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mintToken, readToken } from '../../src/files/tokens.ts';
import { A1, A2, mac } from './kit.ts';
import { BLANK, HERE, KEY, LED, OWN, THERE, token, tokenDesk, whole } from './token-kit.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'unboxd-tokens-'));
});
afterEach(async () => await rm(root, { recursive: true }));

const LASTING = whole(token('lasting'));

test('from the factory to the lasting URL: whole by the first token, whole by the second, then the first is blank', async () => {
  const { get, lease, said, book, kept } = await tokenDesk(root);
  lease();
  expect(book.handedOut(A1)).toBe(token('first'));
  expect(await get(`/${token('first')}/a000010.cfg`)).toBe(
    `model=A10\nserver=http://10.99.0.1/${token('lasting')}/\n`,
  );
  expect(await get(`/${token('first')}/${OWN}`)).toBe(LASTING);
  expect(book.list()[0]).toMatchObject({ step: 'first-used', renewed: 0 });
  expect(await get(`/${token('lasting')}/${OWN}`)).toBe(LASTING);
  expect(book.list()[0]).toMatchObject({ step: 'confirmed' });
  expect(book.handedOut(A1)).toBe(undefined);
  expect(await get(`/${token('first')}/${OWN}`)).toBe(BLANK);
  expect(await get(`/${token('lasting')}/${OWN}`)).toBe(LASTING);
  expect(said().filter((one) => one.includes('token') || one.includes('lasting'))).toEqual([
    'came with its first token over HTTP and was told its lasting URL',
    'came with its lasting URL over HTTP: its first token is used up',
    expect.stringContaining('passwords left out: its first token is used up'),
  ]);
  expect(kept.at(-1)).toMatchObject({ mac: A1, generation: 0, confirmed: 0 });
});

test('no token: the file without its passwords, and where to begin; or no such file, where the site says so', async () => {
  const blank = await tokenDesk(root);
  blank.lease();
  expect(await blank.get(OWN)).toBe(LED);
  expect(blank.said().at(-1)).toContain('passwords left out: it came without a token');
  const strict = await tokenDesk(root, { tokens: { without: 'refuse' } });
  strict.lease();
  expect(await strict.get(OWN)).toBe('token-needed');
  expect(await strict.get('a000010.cfg')).toBe(`model=A10\nserver=http://10.99.0.1/${token('first')}/\n`);
  expect(await strict.get(`/${token('first')}/${OWN}`)).toBe(LASTING);
});

test('only the holder of the lease is led to the first URL, and only until it came with the lasting one', async () => {
  const { get, lease } = await tokenDesk(root);
  expect(await get(OWN)).toBe(BLANK);
  lease();
  expect(await get(OWN, THERE)).toBe(BLANK);
  expect(await get(OWN)).toBe(LED);
  expect(await get(`/${token('lasting')}/${OWN}`)).toBe(LASTING);
  expect(await get(OWN)).toBe(BLANK);
});

test('first: blank gives passwords to the lasting URL only', async () => {
  const { get, lease } = await tokenDesk(root, { tokens: { first: 'blank' } });
  lease();
  expect(await get(`/${token('first')}/${OWN}`)).toBe(
    BLANK.replace('10.99.0.1/', `10.99.0.1/${token('lasting')}/`),
  );
  expect(await get(`/${token('lasting')}/${OWN}`)).toBe(LASTING);
});

test.each([
  {
    what: 'a byte changed',
    text: `${token('first').slice(0, -1)}${token('first').endsWith('a') ? 'b' : 'a'}`,
  },
  { what: 'another key', text: mintToken(Buffer.alloc(32, 8), { mac: A1, kind: 'lasting', generation: 0 }) },
  {
    what: 'first made lasting',
    text: `${token('first').slice(0, 16)}${token('lasting').slice(16)}`.replace(/^(.{13}).{3}/, '$1qaa'),
  },
])(
  'a wrong token, $what: refused with an alarm that does not show it, also for uploads and lists',
  async ({ text }) => {
    const { desk, asking, get, lease, events, said } = await tokenDesk(root);
    lease();
    expect(text).toMatch(/^tok-[a-z2-7]{32}$/);
    expect(await get(`/${text}/${OWN}`)).toBe('token-wrong');
    expect(await desk.upload({ ...asking(`/${text}/${A1}-local.cfg`), length: 3 })).toMatchObject({
      because: 'token-wrong',
    });
    expect(await desk.list(asking(`/${text}/`))).toBe(undefined);
    expect(events.filter(({ kind }) => kind === 'refused')).toMatchObject([
      { because: 'token-wrong', alarm: true, file: OWN },
      { because: 'token-wrong', alarm: true, writing: true },
    ]);
    expect(said()[0]).toMatch(/^ALARM: asked for .* because the token in its URL was not made here$/);
    expect(JSON.stringify(events)).not.toContain('tok-');
  },
);

test('the lasting token is proof anywhere; the first only together with the lease', async () => {
  const { get, lease } = await tokenDesk(root);
  lease();
  expect(await get(`/${token('first')}/${OWN}`, THERE)).toBe('not-the-holder');
  expect(await get(`/${token('first')}/a000010.cfg`, THERE)).toBe('not-the-holder');
  expect(await get(`/${token('lasting')}/${OWN}`, THERE)).toBe(LASTING);
});

test.each(['first', 'lasting'] as const)(
  'the %s token of one phone opens nothing of another',
  async (kind) => {
    const { get, lease, events } = await tokenDesk(root);
    lease(A1, HERE);
    lease(A2, THERE);
    expect(await get(`/${token(kind, 0, A2)}/${OWN}`, THERE)).toBe('file-of-another-phone');
    const own = await get(`/${token(kind, 0, A2)}/${OWN}`, HERE);
    expect(own).toBe(kind === 'first' ? BLANK : 'file-of-another-phone');
    expect(JSON.stringify(events)).not.toContain('tok-');
  },
);

test('a renewal gives a new first token; what was confirmed stays good until the new one is', async () => {
  const { get, lease, book, said } = await tokenDesk(root, {
    stored: [{ mac: A1, generation: 0, confirmed: 0 }],
  });
  lease();
  expect(await get(`/${token('first')}/${OWN}`)).toBe(BLANK);
  expect(await book.renew('02:ac:3e:00:00:01')).toMatchObject({ step: 'fresh', renewed: 1 });
  expect(said().at(-1)).toBe(
    'has a new first token; its lasting URL stays good until the next one is confirmed',
  );
  expect(book.handedOut(A1)).toBe(token('first', 1));
  const renewed = whole(token('lasting', 1));
  expect(await get(`/${token('first')}/${OWN}`)).toBe(BLANK);
  expect(await get(`/${token('lasting')}/${OWN}`)).toBe(renewed);
  expect(await get(`/${token('first', 1)}/${OWN}`)).toBe(renewed);
  expect(await get(`/${token('lasting', 1)}/${OWN}`)).toBe(renewed);
  expect(await get(`/${token('lasting')}/${OWN}`)).toBe(BLANK);
  expect(await get(`/${token('first', 1)}/${OWN}`)).toBe(BLANK);
  expect(await book.renew('nonsense')).toBe('that is no MAC');
});

test('a token of a renewal that has not got here yet is believed: nobody else could have made it', async () => {
  const { get, lease } = await tokenDesk(root, { isApart: true });
  lease();
  expect(await get(`/${token('lasting')}/${OWN}`)).toBe(LASTING);
  expect(await get(`/${token('first', 1)}/${OWN}`)).toBe(whole(token('lasting', 1)));
});

test('while the window of its batch stands open the first token is good for phones that are reset on the bench', async () => {
  const listed = { sip_user: '101', sip_password: 'hush-101', batch: 'monday' };
  const stored = [{ mac: A1, generation: 0, confirmed: 0 }];
  const files = { windows: { monday: { until: '2099-01-01T00:00Z' } } };
  const open = await tokenDesk(root, { stored, listed, files });
  open.lease();
  expect(open.book.handedOut(A1)).toBe(token('first'));
  expect(await open.get(`/${token('first')}/${OWN}`)).toBe(LASTING);
  const closed = await tokenDesk(root, {
    stored,
    listed,
    files: { windows: { monday: { until: '1970-01-01T00:00Z' } } },
  });
  closed.lease();
  expect(closed.book.handedOut(A1)).toBe(undefined);
  expect(await closed.get(`/${token('lasting')}/${OWN}`)).toBe('outside-the-window');
});

test('only a whole file confirms: not a look, not a broken transfer, not a refusal; "unchanged" does', async () => {
  const { ask, lease, book } = await tokenDesk(root);
  lease();
  const name = `/${token('lasting')}/${OWN}`;
  const look = await ask(name, HERE, { look: true });
  expect(look.kind).toBe('file');
  const broken = await ask(name);
  if (broken.kind === 'file') broken.ended({ complete: false, bytes: 3 });
  await ask(`/${token('lasting')}/none.cfg`);
  expect(book.list()[0]).toMatchObject({ step: 'fresh' });
  const same = await ask(name);
  if (same.kind === 'file') same.ended({ complete: false, bytes: 0, unchanged: true });
  expect(book.list()[0]).toMatchObject({ step: 'confirmed' });
});

test('what a hand wrote, and what has a password in its very template, is not given out blank but refused', async () => {
  await mkdir(join(root, 'files'), { recursive: true });
  await writeFile(join(root, 'files', OWN), 'password=by-hand\n');
  const texts = {
    'acme/phone.cfg': 'password=in-the-template\n',
    'acme/common.cfg': 'c\n',
    'bolt/common.cfg': 'b\n',
  };
  const made = await tokenDesk(root, { texts });
  made.lease();
  expect(await made.get(OWN)).toBe('token-needed');
  expect(await made.get(`/${token('first')}/${OWN}`)).toBe('password=by-hand\n');
  made.lease(A2, THERE);
  expect(await made.get(`${A2}.cfg`, THERE)).toBe('token-needed');
  expect(await made.get(`/${token('first', 0, A2)}/${A2}.cfg`, THERE)).toBe('password=in-the-template\n');
});

test('the account of a folder and a certificate are as good as a token', async () => {
  const { get, lease } = await tokenDesk(root);
  lease();
  expect(await get(OWN, HERE, { proof: { account: 'anna' } })).toBe(LASTING);
  expect(await get(OWN, HERE, { proof: { certificate: { subject: 'CN', macs: [A1] } } })).toBe(LASTING);
  expect(await get(OWN, HERE, { proof: { certificate: { subject: 'CN', macs: [A1, A2] } } })).toBe(LASTING);
});

test.each(['tftp', 'ftp', 'https'] as const)(
  'by %s the token is a leading folder all the same, slashes as they come',
  async (door) => {
    const { get, lease } = await tokenDesk(root);
    lease();
    for (const lead of ['', '/', '//', '\\'])
      expect(await get(`${lead}${token('first')}/${OWN}`, HERE, { door })).toBe(LASTING);
    expect(await get(`/${token('first').toUpperCase()}//${OWN}`, HERE, { door })).toBe(LASTING);
  },
);

test('what is asked about a phone, and who has what, holds no token', async () => {
  const { bare, book, register } = await tokenDesk(root);
  const phone = register.phones.get(A1);
  if (phone === undefined) return expect.fail('no phone');
  const desk = book.desk(bare);
  expect(JSON.stringify(await desk.explain(phone))).not.toContain('tok-');
  expect(JSON.stringify(book.list())).not.toContain('tok-');
  // The very bytes are those that the phone has.
  const made = await desk.prepare(phone, OWN);
  expect(made.kind === 'file' && Buffer.from(made.content).toString()).toBe(LASTING);
});

const anyMac = fc.stringMatching(/^[0-9a-f]{12}$/);
const anyToken = fc.record({
  mac: anyMac.map((text) => mac(text)),
  kind: fc.constantFrom('first' as const, 'lasting' as const),
  generation: fc.integer({ min: 0, max: 0x7fff }),
});

test('a token says what it was made of', () => {
  fc.assert(
    fc.property(anyToken, (made) => {
      const text = mintToken(KEY, made);
      expect(text).toMatch(/^tok-[a-z2-7]{32}$/);
      expect(readToken(KEY, text)).toEqual(made);
      expect(readToken(KEY, text.toUpperCase())).toEqual(made);
    }),
  );
});

test('no letter of it can be changed', () => {
  const text = token('lasting');
  fc.assert(
    fc.property(
      fc.integer({ min: 4, max: 35 }),
      fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567'),
      (at, letter) => {
        const changed = text.slice(0, at) + letter + text.slice(at + 1);
        expect(readToken(KEY, changed) === undefined).toBe(changed !== text);
      },
    ),
  );
  for (const bad of ['', 'tok-', 'x', `${text}a`, text.slice(0, -1), `${text.slice(0, -1)}!`])
    expect(readToken(KEY, bad)).toBe(undefined);
});

test('the same token for ever: made by hand, byte by byte', () => {
  // 02ac3e000001 8000, then the first 12 bytes of HMAC-SHA256(32 bytes 07, "unboxd token" and those 8), in base32.
  expect(token('lasting')).toBe('tok-akwd4aaaagaabij6nbaiitvnuay3cdtz');
});
