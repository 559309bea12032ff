// The certificates on disk: made once, kept, and the server's renewed when it runs out or the address changes. One
// that an outside authority signed and the installer put there wins over our own and is never touched.
import { readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, Fault } from '../base/fault.ts';
import type { Millis } from '../base/world.ts';
import { writeDurably } from '../store/durable.ts';
import type { Identity, ServerNames } from './certificate.ts';
import { type CertificateFacts, readCertificate } from './facts.ts';

export interface Certificates {
  readonly authority: Identity;
  /** What the HTTPS door shows. */
  readonly server: Identity;
  readonly origin: 'own' | 'installed';
  readonly facts: { readonly authority: CertificateFacts; readonly server: CertificateFacts };
}

const DAY = 86_400_000;
/** Renewed so long before its end: a bench that is switched on once a month must not meet a dead certificate. */
const RENEW_BEFORE = 60 * DAY;

/** Reads the folder; makes what is missing, outdated or for other names. Keys are for their owner only (mode 0600). */
export async function openCertificates(
  folder: string,
  names: ServerNames,
  now: Millis,
): Promise<Certificates> {
  try {
    const authority = (await readIdentity(folder, 'ca')) ?? (await makeAuthority(folder, now));
    const installed = await readIdentity(folder, 'installed');
    const server = installed ?? (await ownServer(folder, { authority, names, now }));
    const facts = {
      authority: readCertificate(authority.certificate),
      server: readCertificate(server.certificate),
    };
    return { authority, server, origin: installed === undefined ? 'own' : 'installed', facts };
  } catch (error) {
    if (error instanceof Fault) throw error;
    const hint = 'look at the folder; "unboxd cert init --force" has all certificates made anew';
    throw new Fault('certificates-unusable', `the certificates in ${folder} cannot be used`, hint, error);
  }
}

/** Makes CA and server certificate. What is there stays, with a Fault, unless `force` has it put aside as `.old`. */
export async function initCertificates(
  folder: string,
  { names, now, force }: { readonly names: ServerNames; readonly now: Millis; readonly force: boolean },
): Promise<Certificates> {
  const files = ['ca.pem', 'ca.key', 'server.pem', 'server.key'];
  if (force) await Promise.all(files.map(async (name) => await putAside(folder, name)));
  else await refuseExisting(folder, files, 'phones that trust the old CA will have to be given the new one');
  return await openCertificates(folder, names, now);
}

/** What to tell of a server certificate that phones will meet; nothing when all is well. */
export function certificateWarnings(
  { facts: { server, authority }, origin }: Pick<Certificates, 'facts' | 'origin'>,
  { names, addresses }: ServerNames,
  now: Millis,
): readonly string[] {
  const said = new Set(server.names);
  const missing = [...names, ...addresses].filter((name) => !said.has(name));
  const warnings: string[] = [];
  if (server.notAfter <= now) warnings.push(`the server certificate ran out on ${day(server.notAfter)}`);
  else if (server.notAfter - now < 30 * DAY)
    warnings.push(`the server certificate runs out on ${day(server.notAfter)}`);
  if (server.notBefore > now)
    warnings.push(`the server certificate is not valid before ${day(server.notBefore)}`);
  if (missing.length > 0)
    warnings.push(
      `the server certificate does not name ${missing.join(', ')}: phones that ask for us so, and look, refuse it`,
    );
  if (origin === 'own' && authority.notAfter - now < 2 * RENEW_BEFORE)
    warnings.push(
      `the CA runs out on ${day(authority.notAfter)}: "unboxd cert init --force" makes a new one`,
    );
  return warnings;
}

/** `2026-11-20`. */
export function day(at: Millis): string {
  return new Date(at).toISOString().slice(0, 10);
}

interface Wanted {
  readonly authority: Identity;
  readonly names: ServerNames;
  readonly now: Millis;
}

async function ownServer(folder: string, { authority, names, now }: Wanted): Promise<Identity> {
  const kept = await readIdentity(folder, 'server');
  if (kept !== undefined && isFor(readCertificate(kept.certificate), names, now)) return kept;
  const { makeServerCertificate } = await forge();
  return await writeIdentity(folder, 'server', await makeServerCertificate(authority, names, now));
}

async function makeAuthority(folder: string, now: Millis): Promise<Identity> {
  const { makeAuthority: make } = await forge();
  return await writeIdentity(folder, 'ca', await make('unboxd CA', now));
}

/** Loaded when something must be made, which is seldom: it takes a tenth of the daemon's memory. */
async function forge() {
  return await import('./certificate.ts');
}

function isFor(facts: CertificateFacts, { names, addresses }: ServerNames, now: Millis): boolean {
  const said = new Set(facts.names);
  return facts.notAfter - now > RENEW_BEFORE && [...names, ...addresses].every((name) => said.has(name));
}

/** Certificate and key of that name, where both are there. */
export async function readIdentity(folder: string, name: string): Promise<Identity | undefined> {
  try {
    const [certificate, key] = await Promise.all([
      readFile(join(folder, `${name}.pem`), 'utf8'),
      readFile(join(folder, `${name}.key`), 'utf8'),
    ]);
    return { certificate, key };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The key first: a certificate whose key is missing would be read as whole. */
export async function writeIdentity(folder: string, name: string, identity: Identity): Promise<Identity> {
  await writeDurably(join(folder, `${name}.key`), identity.key, 0o600);
  await writeDurably(join(folder, `${name}.pem`), identity.certificate, 0o644);
  return identity;
}

/** Throws a Fault when one of the files is there. */
export async function refuseExisting(folder: string, files: readonly string[], why: string): Promise<void> {
  for (const name of files) {
    const path = join(folder, name);
    if (!(await exists(path))) continue;
    throw new Fault(
      'would-overwrite',
      `${path} is there already`,
      `--force puts it aside as ${name}.old; ${why}`,
    );
  }
}

/** Keeps the file under the name `.old`; nothing to do where there is none. */
export async function putAside(folder: string, name: string): Promise<void> {
  const path = join(folder, name);
  if (await exists(path)) await rename(path, `${path}.old`);
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
