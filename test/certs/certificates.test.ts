import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { readAuthorities } from '../../src/certs/authorities.ts';
import { makeRequest, serialNumber } from '../../src/certs/certificate.ts';
import {
  certificateWarnings,
  initCertificates,
  openCertificates,
  writeIdentity,
} from '../../src/certs/folder.ts';
import { serverNames } from '../../src/certs/names.ts';
import { publicCertificates, withAuthority } from '../../src/certs/public.ts';
import type { Shelf } from '../../src/files/disk.ts';
import { authority, issue, YEAR } from './kit.ts';

const NOW = Date.UTC(2027, 5, 1);
const DAY = 86_400_000;
const NAMES = { names: ['unboxd.lan'], addresses: ['10.99.0.1'] };

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-certs-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

test.each([
  ['zeros', '00000000', '40000000'],
  ['one byte of zeros', '007f0102', '407f0102'],
  ['ones', 'ffffffff', '7fffffff'],
])('dice that show %s make a serial number that strict readers take', (_what, dice, serial) => {
  expect(serialNumber(Buffer.from(dice, 'hex'))).toBe(serial);
  const { certificate } = issue({ subject: [['CN', 'a']], dice: Buffer.from(dice, 'hex') });
  expect(new X509Certificate(certificate).serialNumber).toBe(serial.toUpperCase());
});

test('the server certificate is signed by the CA and says name and address, as another library reads it', async () => {
  const { authority, server, facts } = await openCertificates(folder, NAMES, NOW);
  const [ca, leaf] = [new X509Certificate(authority.certificate), new X509Certificate(server.certificate)];
  expect(leaf.checkIssued(ca)).toBe(true);
  expect(leaf.verify(ca.publicKey)).toBe(true);
  expect([leaf.checkIP('10.99.0.1'), leaf.checkHost('unboxd.lan')]).toEqual(['10.99.0.1', 'unboxd.lan']);
  expect([ca.ca, leaf.ca]).toEqual([true, false]);
  expect(leaf.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(facts.server.fingerprint);
  // A phone without a clock lives in 1970 and must find both valid.
  expect([Date.parse(ca.validFrom), Date.parse(leaf.validFrom)]).toEqual([0, 0]);
  // Strict clients want to see whose key signed it (RFC 5280 section 4.2.1.1).
  expect(
    forge.pki.certificateFromPem(server.certificate).getExtension('authorityKeyIdentifier'),
  ).toBeTruthy();
});

test('an appliance that believes to be in 1970 makes certificates that last all the same', async () => {
  const { facts } = await openCertificates(folder, NAMES, 60_000);
  expect(facts.server.notAfter).toBeGreaterThan(Date.UTC(2027, 10, 1));
  expect(facts.authority.notAfter).toBeGreaterThan(Date.UTC(2036, 1, 1));
});

test('init makes them once; with force the old ones are put aside', async () => {
  const first = await initCertificates(folder, { names: NAMES, now: NOW, force: false });
  await expect(initCertificates(folder, { names: NAMES, now: NOW, force: false })).rejects.toMatchObject({
    code: 'would-overwrite',
    message: `${folder}/ca.pem is there already`,
  });
  const second = await initCertificates(folder, { names: NAMES, now: NOW, force: true });
  expect(second.authority.certificate).not.toBe(first.authority.certificate);
  expect(await readFile(join(folder, 'ca.pem.old'), 'utf8')).toBe(first.authority.certificate);
  expect(await readFile(join(folder, 'server.key.old'), 'utf8')).toBe(first.server.key);
});

test('an installed certificate wins, is never renewed, and what is wrong with it is told', async () => {
  const root = authority('Root');
  const names = ['prov.example.com'];
  const installed = issue({
    subject: [['CN', 'prov.example.com']],
    signer: root,
    names,
    to: NOW + 10 * DAY,
    from: 0,
  });
  await writeIdentity(folder, 'installed', installed);
  const opened = await openCertificates(folder, NAMES, NOW);
  expect([opened.origin, opened.server]).toEqual(['installed', installed]);
  expect(certificateWarnings(opened, { names, addresses: [] }, NOW)).toEqual([
    'the server certificate runs out on 2027-06-11',
  ]);
  expect(certificateWarnings(opened, NAMES, NOW + YEAR)).toEqual([
    'the server certificate ran out on 2027-06-11',
    'the server certificate does not name unboxd.lan, 10.99.0.1: phones that ask for us so, and look, refuse it',
  ]);
  expect((await openCertificates(folder, NAMES, NOW + YEAR)).server).toEqual(installed);
});

test('a request holds the names, is signed with its key, and the key is not in it', async () => {
  const { request, key } = await makeRequest({
    names: ['prov.example.com', 'p2.example.com'],
    addresses: [],
  });
  const read = forge.pki.certificationRequestFromPem(request);
  expect(read.verify()).toBe(true);
  expect((read.subject.getField('CN') as { value: string }).value).toBe('prov.example.com');
  const asked = read.getAttribute({ name: 'extensionRequest' }) as {
    extensions: { altNames: { value: string }[] }[];
  };
  expect(asked.extensions[0]?.altNames.map(({ value }) => value)).toEqual([
    'prov.example.com',
    'p2.example.com',
  ]);
  const of = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  const inIt = forge.pki.publicKeyToPem(read.publicKey as forge.pki.rsa.PublicKey).replaceAll('\r', '');
  expect(inIt).toBe(of);
});

test('the CA is public in PEM and in DER, and no key is near', async () => {
  const { authority: ca } = await openCertificates(folder, NAMES, NOW);
  const files = publicCertificates(ca.certificate);
  expect(files.map(({ name }) => name)).toEqual(['ca.pem', 'ca.crt', 'ca.der']);
  for (const { content } of files) {
    expect(new X509Certificate(content).fingerprint256).toBe(
      new X509Certificate(ca.certificate).fingerprint256,
    );
    expect(Buffer.from(content).toString('latin1')).not.toContain('PRIVATE');
  }
});

test('authorities come from a file or from a folder, and what is broken is named', async () => {
  const [one, two] = [authority('One'), authority('Two')];
  const file = join(folder, 'roots.pem');
  await writeFile(file, `Root one:\n${one.certificate}Root two:\n${two.certificate}`);
  const both = { ok: true, value: [one.certificate, two.certificate].map((pem) => pem.replaceAll('\r', '')) };
  expect(await readAuthorities(file)).toEqual(both);
  await writeFile(join(folder, 'readme.txt'), 'no certificate');
  expect(await readAuthorities(folder)).toEqual(both);
  await writeFile(join(folder, 'x.der'), Buffer.from([0x30, 1, 2]));
  expect(await readAuthorities(folder)).toEqual({
    ok: false,
    error: `${folder}/x.der holds a certificate that is damaged`,
  });
  expect(await readAuthorities(join(folder, 'readme.txt'))).toEqual({
    ok: false,
    error: `${folder}/readme.txt holds no certificate`,
  });
  expect(await readAuthorities(join(folder, 'none'))).toEqual({
    ok: false,
    error: `${folder}/none cannot be read (ENOENT)`,
  });
});

test.each([
  { url: 'http://{server}/', names: ['unboxd'], addresses: ['10.99.0.1'] },
  {
    url: 'https://Prov.Example.com:8443/x/',
    names: ['prov.example.com', 'unboxd'],
    addresses: ['10.99.0.1'],
  },
  {
    url: 'https://user:pw@prov.example.com/',
    names: ['prov.example.com', 'unboxd'],
    addresses: ['10.99.0.1'],
  },
  { url: 'https://10.99.0.7/', names: ['unboxd'], addresses: ['10.99.0.1', '10.99.0.7'] },
  { url: 'tftp://{server}/', names: ['unboxd'], addresses: ['10.99.0.1'] },
])('for $url the certificate names $names and $addresses', ({ url, names, addresses }) => {
  expect(
    serverNames({ written: ['unboxd'], url, addresses: [parseIpv4('10.99.0.1') ?? expect.fail()] }),
  ).toEqual({
    names,
    addresses,
  });
});

test('keys are for their owner only', async () => {
  await openCertificates(folder, NAMES, NOW);
  for (const name of ['ca.key', 'server.key'])
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
});

test('what is there is kept; the server certificate is renewed for another address and before its end', async () => {
  const first = await openCertificates(folder, NAMES, NOW);
  const same = await openCertificates(folder, NAMES, NOW + 86_400_000);
  expect(same.server).toEqual(first.server);
  const moved = await openCertificates(folder, { ...NAMES, addresses: ['10.99.0.2'] }, NOW);
  expect([
    moved.authority.certificate === first.authority.certificate,
    moved.server.certificate === first.server.certificate,
  ]).toEqual([true, false]);
  const later = await openCertificates(
    folder,
    { ...NAMES, addresses: ['10.99.0.2'] },
    NOW + 350 * 86_400_000,
  );
  expect(later.server.certificate).not.toBe(moved.server.certificate);
});

test('a broken certificate is a Fault, and nothing is overwritten', async () => {
  await openCertificates(folder, NAMES, NOW);
  await writeFile(join(folder, 'ca.pem'), 'nonsense');
  await rm(join(folder, 'server.pem'));
  await expect(openCertificates(folder, NAMES, NOW)).rejects.toMatchObject({ code: 'certificates-unusable' });
  expect(await readFile(join(folder, 'ca.pem'), 'utf8')).toBe('nonsense');
});

test('the CA lies on the shelf, unless the installer put a file of that name there', async () => {
  const { authority: ca } = await openCertificates(folder, NAMES, NOW);
  const own = { path: 'ca.crt', content: Buffer.from('mine'), modified: 1 };
  const listed = { name: 'ca.crt', bytes: 4, modified: 1, isDirectory: false };
  const bare: Shelf = {
    find: async (paths) => await Promise.resolve(paths.includes('ca.crt') ? own : undefined),
    list: async (name) => await Promise.resolve(name === '' ? [listed] : undefined),
  };
  const shelf = withAuthority(bare, { authority: ca.certificate, now: NOW });
  expect(await shelf.find(['ca.crt'])).toBe(own);
  expect((await shelf.find(['CA.PEM']))?.content.toString()).toBe(ca.certificate);
  expect(await shelf.find(['ca.key', 'x/ca.pem'])).toBeUndefined();
  expect((await shelf.list(''))?.map(({ name, bytes }) => [name, bytes])).toEqual([
    ['ca.crt', 4],
    ['ca.der', new X509Certificate(ca.certificate).raw.length],
    ['ca.pem', ca.certificate.length],
  ]);
  expect(await shelf.list('x')).toBeUndefined();
  expect(withAuthority(bare, { authority: undefined, now: NOW })).toBe(bare);
});
