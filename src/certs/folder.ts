// The certificates on disk: made once, kept, and the server's renewed when it runs out or the address changes.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, Fault } from '../base/fault.ts';
import type { Millis } from '../base/world.ts';
import {
  type CertificateFacts,
  type Identity,
  makeAuthority,
  makeServerCertificate,
  readCertificate,
  type ServerNames,
} from './certificate.ts';

export interface Certificates {
  readonly authority: Identity;
  readonly server: Identity;
  readonly facts: { readonly authority: CertificateFacts; readonly server: CertificateFacts };
}

/** Renewed so long before its end: a bench that is switched on once a month must not meet a dead certificate. */
const RENEW_BEFORE = 60 * 86_400_000;

/** Reads the folder; makes what is missing, outdated or for other names. Keys are for their owner only (mode 0600). */
export async function openCertificates(
  folder: string,
  names: ServerNames,
  now: Millis,
): Promise<Certificates> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o750 });
    const authority =
      (await readIdentity(folder, 'ca')) ??
      (await written(folder, 'ca', await makeAuthority('unboxd CA', now)));
    const kept = await readIdentity(folder, 'server');
    const fits = kept !== undefined && isFor(readCertificate(kept.certificate), names, now);
    const server = fits
      ? kept
      : await written(folder, 'server', await makeServerCertificate(authority, names, now));
    const facts = {
      authority: readCertificate(authority.certificate),
      server: readCertificate(server.certificate),
    };
    return { authority, server, facts };
  } catch (error) {
    if (error instanceof Fault) throw error;
    const hint = `look at the folder; to have all certificates made anew, remove it`;
    throw new Fault('certificates-unusable', `the certificates in ${folder} cannot be used`, hint, error);
  }
}

function isFor(facts: CertificateFacts, { names, addresses }: ServerNames, now: Millis): boolean {
  const said = new Set(facts.names);
  return facts.notAfter - now > RENEW_BEFORE && [...names, ...addresses].every((name) => said.has(name));
}

async function readIdentity(folder: string, name: string): Promise<Identity | undefined> {
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

/** The key first: a certificate whose key is missing would be read as whole. Each file appears complete or not at all. */
async function written(folder: string, name: string, identity: Identity): Promise<Identity> {
  for (const [ending, text, mode] of [
    ['key', identity.key, 0o600],
    ['pem', identity.certificate, 0o644],
  ] as const) {
    const path = join(folder, `${name}.${ending}`);
    await writeFile(`${path}.new`, text, { mode });
    await rename(`${path}.new`, path);
  }
  return identity;
}
