import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openCertificates } from '../../src/certs/folder.ts';

const NOW = Date.UTC(2026, 5, 1);
const NAMES = { names: ['unboxd.lan'], addresses: ['10.99.0.1'] };

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-certs-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

test('the server certificate is signed by the CA and says name and address, as another library reads it', async () => {
  const { authority, server, facts } = await openCertificates(folder, NAMES, NOW);
  const [ca, leaf] = [new X509Certificate(authority.certificate), new X509Certificate(server.certificate)];
  expect(leaf.checkIssued(ca)).toBe(true);
  expect(leaf.verify(ca.publicKey)).toBe(true);
  expect([leaf.checkIP('10.99.0.1'), leaf.checkHost('unboxd.lan')]).toEqual(['10.99.0.1', 'unboxd.lan']);
  expect([ca.ca, leaf.ca]).toEqual([true, false]);
  expect(leaf.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(facts.server.fingerprint);
  // A phone whose clock stands at its year of making must find it valid.
  expect(new Date(leaf.validFrom).getUTCFullYear()).toBe(2000);
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
