// `unboxd cert` as it is typed, in a folder of its own.
import { X509Certificate } from 'node:crypto';
import { chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cert } from '../../src/cli/commands/cert.ts';
import { runProgram } from '../../src/cli/program.ts';
import { authority, issue } from '../certs/kit.ts';
import { listeningTerminal } from './listening-terminal.ts';

let folder = '';
let config = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-cert-'));
  config = await settings('doors: { https: { port: 443, names: [unboxd.lan] }, http: 8080 }');
});
afterEach(async () => await rm(folder, { recursive: true }));

async function settings(...lines: readonly string[]): Promise<string> {
  const file = join(folder, 'unboxd.yaml');
  await writeFile(
    file,
    `${['provisioning: { url: "https://10.99.0.7/" }', 'state: state', ...lines].join('\n')}\n`,
  );
  return file;
}

async function run(...argv: readonly string[]) {
  const { terminal, outs, notes } = listeningTerminal();
  const typed = ['cert', ...argv, '--config', config];
  const code = await runProgram({ version: '1', commands: [cert], terminal }, typed);
  return { code, out: outs.join('\n'), notes: notes.join('\n') };
}

const certs = (name: string): string => join(folder, 'state', 'certs', name);

interface Shown {
  readonly origin: string;
  readonly server: { readonly names: readonly string[]; readonly fingerprint: string };
  readonly authority: { readonly subject: string };
  readonly caUrls: readonly string[];
}

test('init makes them, show tells what they say and where phones get the CA', async () => {
  const before = await run('show');
  expect([before.code, before.notes]).toEqual([
    1,
    expect.stringMatching(/^unboxd: there are no certificates in .*\n {2}try: "unboxd cert init" makes them/),
  ]);
  expect((await run('init')).code).toBe(0);
  for (const key of ['ca.key', 'server.key']) expect((await stat(certs(key))).mode & 0o777).toBe(0o600);
  const { code, out, notes } = await run('show');
  expect([code, notes]).toEqual([0, '']);
  const leaf = new X509Certificate(await readFile(certs('server.pem')));
  expect(out).toContain(`CA of this appliance: ${certs('ca.pem')}\n  subject      CN=unboxd CA`);
  expect(out).toContain('  names        unboxd.lan, 10.99.0.7\n  subject      CN=unboxd.lan');
  expect(out).toContain(`  valid        1970-01-01 to ${new Date(leaf.validTo).toISOString().slice(0, 10)}`);
  expect(out).toContain('  key          RSA 2048');
  expect(out).toContain(leaf.fingerprint256.replaceAll(':', '').toLowerCase());
  expect(out).toContain('  http://10.99.0.7:8080/ca.pem\n  http://10.99.0.7:8080/ca.crt');
  const shown = JSON.parse((await run('show', '--json')).out) as Shown;
  expect(shown).toMatchObject({ origin: 'own', authority: { subject: 'CN=unboxd CA' }, warnings: [] });
  expect(shown.server.names).toEqual(['unboxd.lan', '10.99.0.7']);
});

test.runIf(process.getuid?.() === 0)('what root makes belongs to whom the state belongs', async () => {
  await mkdir(join(folder, 'state'));
  await chown(join(folder, 'state'), 4242, 4343);
  expect((await run('init')).code).toBe(0);
  for (const name of ['', 'ca.key', 'server.key', 'server.pem'])
    expect(await stat(certs(name)), name).toMatchObject({ uid: 4242, gid: 4343 });
});

test('nothing is overwritten without --force', async () => {
  await run('init');
  const ca = await readFile(certs('ca.pem'), 'utf8');
  const again = await run('init');
  expect([again.code, again.notes]).toEqual([1, expect.stringContaining('ca.pem is there already')]);
  expect(await readFile(certs('ca.pem'), 'utf8')).toBe(ca);
  expect((await run('init', '--force')).code).toBe(0);
  expect(await readFile(certs('ca.pem.old'), 'utf8')).toBe(ca);
  expect(await readFile(certs('ca.pem'), 'utf8')).not.toBe(ca);
});

test('a request, signed by an outside authority, becomes the certificate of the door', async () => {
  const request = join(folder, 'provserver.csr');
  const asked = await run('csr', '--names', 'prov.example.com', '--output', request);
  expect(asked).toMatchObject({ code: 0, out: `The request is in ${request}.` });
  expect((await stat(certs('request.key'))).mode & 0o777).toBe(0o600);
  expect(await readFile(request, 'utf8')).not.toContain('PRIVATE');
  const again = await run('csr', '--names', 'other.example.com');
  expect([again.code, again.notes]).toEqual([1, expect.stringContaining('request.key is there already')]);

  const root = authority('Vendor Root');
  const signed = forge.pki.createCertificate();
  const read = forge.pki.certificationRequestFromPem(await readFile(request, 'utf8'));
  if (read.publicKey === null) throw new Error('no key in the request');
  signed.publicKey = read.publicKey;
  signed.serialNumber = '01';
  signed.validity.notBefore = new Date(Date.now() - 86_400_000);
  signed.validity.notAfter = new Date(Date.now() + 200 * 86_400_000);
  signed.setSubject(read.subject.attributes);
  signed.setIssuer(forge.pki.certificateFromPem(root.certificate).subject.attributes);
  signed.setExtensions([{ name: 'subjectAltName', altNames: [{ type: 2, value: 'prov.example.com' }] }]);
  signed.sign(forge.pki.privateKeyFromPem(root.key), forge.md.sha256.create());
  const file = join(folder, 'provserver.crt');
  await writeFile(file, forge.pki.certificateToPem(signed));

  const installed = await run('install', file);
  expect([installed.code, installed.notes]).toEqual([0, '']);
  expect(installed.out).toContain('Phones must know the authority that signed it: CN=Vendor Root.');
  expect(installed.out).toContain('It does not name unboxd.lan, 10.99.0.7.');
  expect(installed.out).toMatch(
    /Installed as .*\/installed\.pem\. A running unboxd shows it to phones after: unboxd reload$/m,
  );
  expect((await stat(certs('installed.key'))).mode & 0o777).toBe(0o600);
  await run('init');
  const shown = JSON.parse((await run('show', '--json')).out) as Shown;
  expect([shown.origin, shown.server.names]).toEqual(['installed', ['prov.example.com']]);
});

test('a certificate that does not fit is refused in a sentence, and nothing changes', async () => {
  const { certificate } = issue({ subject: [['CN', 'x.example.com']] });
  const file = join(folder, 'x.crt');
  await writeFile(file, certificate);
  await run('csr', '--names', 'x.example.com');
  const { code, out, notes } = await run('install', file);
  expect(code).toBe(1);
  expect(out).toContain('The key does not belong to the certificate of CN=x.example.com');
  expect(notes).toBe('unboxd: not installed; nothing was changed');
  await expect(stat(certs('installed.pem'))).rejects.toThrow('ENOENT');
});

test.each([
  { typed: ['frobnicate'], says: 'write: unboxd cert init, show, csr or install', exit: 2 },
  { typed: ['show', 'x.crt'], says: 'takes no file', exit: 2 },
  { typed: ['install'], says: 'write: unboxd cert install CERTIFICATE', exit: 2 },
  { typed: ['install', '/nowhere/x.crt'], says: '/nowhere/x.crt cannot be read (ENOENT)', exit: 1 },
])('unboxd cert $typed ends with $exit: $says', async ({ typed, says, exit }) => {
  const { code, notes } = await run(...typed);
  expect(code).toBe(exit);
  expect(notes).toContain(says);
});

test.each([
  {
    written: 'doors: { https: { port: 443, clientCertificates: optional } }',
    says: 'doors.https.authorities: name the file',
  },
  {
    written: 'doors: { https: { port: 443, clientCertificates: required, authorities: nowhere } }',
    says: 'nowhere cannot be read (ENOENT)',
  },
  { written: 'doors: { https: { port: 99999 } }', says: 'doors.https.port: Too big' },
  { written: 'doors: { https: yes please }', says: 'doors.https: write a port number, off, or {' },
  { written: 'doors: { https: { prot: 443 } }', says: 'unknown key "prot"' },
  { written: 'doors: { httpsLegacy: on }', says: 'doors.httpsLegacy: write a port number or off' },
])('the settings "$written" are a mistake: $says', async ({ written, says }) => {
  config = await settings(written);
  const { code, notes } = await run('show');
  expect(code).toBe(1);
  expect(notes).toContain(says);
});
