// What `unboxd cert` does: make, show, request, install.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, Fault } from '../base/fault.ts';
import type { Identity, ServerNames } from '../certs/certificate.ts';
import { type CertificateFacts, readCertificate } from '../certs/facts.ts';
import {
  certificateWarnings,
  day,
  initCertificates,
  putAside,
  readIdentity,
  refuseExisting,
  writeIdentity,
} from '../certs/folder.ts';
import { judge } from '../certs/install.ts';
import { writeDurably } from '../store/durable.ts';
import { type ExitCode, type Terminal, UsageError } from './command.ts';

export interface CertCall {
  readonly folder: string;
  readonly names: ServerNames;
  readonly now: number;
  readonly force: boolean;
  readonly json: boolean;
  /** Where phones fetch the CA. */
  readonly caUrls: readonly string[];
  /** What follows the action on the command line. */
  readonly files: readonly string[];
  readonly keyFile?: string | undefined;
  readonly output?: string | undefined;
  readonly terminal: Terminal;
}

/** `cert init`: CA and server certificate, made now and not at the first start. */
export async function init(call: CertCall): Promise<ExitCode> {
  await initCertificates(call.folder, call);
  return await show(call);
}

/** `cert show`: what the certificates say and how phones come to trust them. */
export async function show(call: CertCall): Promise<ExitCode> {
  const { folder, names, now, caUrls, json, terminal } = call;
  const installed = await readFacts(join(folder, 'installed.pem'));
  const authority = await readFacts(join(folder, 'ca.pem'));
  const server = installed ?? (await readFacts(join(folder, 'server.pem')));
  if (authority === undefined || server === undefined) throw none(folder);
  const origin = installed === undefined ? 'own' : 'installed';
  const warnings = certificateWarnings({ facts: { authority, server }, origin }, names, now);
  const file = join(folder, origin === 'own' ? 'server.pem' : 'installed.pem');
  if (json) {
    terminal.out(JSON.stringify({ folder, origin, authority, server, caUrls, warnings }, null, 2));
    return 0;
  }
  const told = [
    `CA of this appliance: ${join(folder, 'ca.pem')}`,
    ...lines(authority),
    `Server certificate${origin === 'own' ? '' : ', installed'}: ${file}`,
    `  issuer       ${server.issuer}`,
    `  names        ${server.names.join(', ') || 'none'}`,
    ...lines(server),
    ...(origin === 'own'
      ? [
          'Phones must trust the CA. While unboxd serves HTTPS they fetch it at:',
          ...caUrls.map((url) => `  ${url}`),
        ]
      : [
          'Phones must trust the issuer of the installed certificate; the CA of this appliance plays no part.',
        ]),
  ];
  for (const line of told) terminal.out(line);
  for (const warning of warnings) terminal.note(`warning: ${warning}`);
  return 0;
}

/** `cert csr`: a key and a request for an outside authority. */
export async function csr(call: CertCall): Promise<ExitCode> {
  const { folder, names, force, output, terminal } = call;
  const [common = ''] = names.names;
  if (common === '') throw new UsageError('name the host that phones will be told: --names prov.example.com');
  const files = ['request.key', 'request.csr'];
  const why = 'a certificate for the old request could then not be installed any more';
  if (!force) await refuseExisting(folder, files, why);
  const { makeRequest } = await import('../certs/certificate.ts');
  const { request, key } = await makeRequest(names);
  for (const file of files) await putAside(folder, file);
  await writeDurably(join(folder, 'request.key'), key, 0o600);
  await writeDurably(join(folder, 'request.csr'), request, 0o644);
  if (output !== undefined) await writeDurably(output, request, 0o644);
  if (call.json) terminal.out(JSON.stringify({ names, request, file: join(folder, 'request.csr') }, null, 2));
  else terminal.out(output === undefined ? request.trimEnd() : `The request is in ${output}.`);
  terminal.note(`It is for ${[...names.names, ...names.addresses].join(', ')}; its key stays in ${folder}.`);
  if (!common.includes('.'))
    terminal.note(
      `warning: "${common}" is no full host name; an outside authority will hardly sign it (--names prov.example.com)`,
    );
  terminal.note('Let the authority sign it, then: unboxd cert install CERTIFICATE');
  return 0;
}

/** `cert install`: a certificate from outside, looked at before it counts. */
export async function install(call: CertCall): Promise<ExitCode> {
  const { folder, files, names, now, force, json, terminal } = call;
  const [file] = files;
  if (file === undefined || files.length > 1)
    throw new UsageError('write: unboxd cert install CERTIFICATE [--key FILE]');
  const keyFile = call.keyFile ?? join(folder, 'request.key');
  const [certificate, key] = await Promise.all([bytesOf(file), bytesOf(keyFile)]);
  const verdict = judge({ certificate, key: key.toString('latin1'), names, now });
  const { identity, mistakes, remarks } = verdict;
  if (identity !== undefined) await keep(folder, identity, force);
  const path = join(folder, 'installed.pem');
  if (json)
    terminal.out(
      JSON.stringify({ installed: identity !== undefined, file: path, mistakes, remarks }, null, 2),
    );
  else for (const remark of [...mistakes, ...remarks]) terminal.out(remark);
  if (identity === undefined) {
    terminal.note('unboxd: not installed; nothing was changed');
    return 1;
  }
  if (!json) terminal.out(`Installed as ${path}. A running unboxd shows it to phones after: unboxd reload`);
  return 0;
}

async function keep(folder: string, identity: Identity, force: boolean): Promise<void> {
  const installed = ['installed.key', 'installed.pem'];
  const before = await readIdentity(folder, 'installed');
  if (before?.certificate === identity.certificate && before.key === identity.key) return;
  if (!force)
    await refuseExisting(folder, installed, 'phones get to see the new one after a reload or a restart');
  for (const name of installed) await putAside(folder, name);
  await writeIdentity(folder, 'installed', identity);
}

function lines({
  subject,
  key,
  notBefore,
  notAfter,
  fingerprint,
  sha1,
}: CertificateFacts): readonly string[] {
  return [
    `  subject      ${subject}`,
    `  valid        ${day(notBefore)} to ${day(notAfter)}`,
    `  key          ${key}`,
    `  SHA-256      ${fingerprint}`,
    `  SHA-1        ${sha1}`,
  ];
}

async function readFacts(path: string): Promise<CertificateFacts | undefined> {
  try {
    return readCertificate(await readFile(path));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    const hint = '"unboxd cert init --force" puts it aside and makes a new one';
    throw new Fault(
      'no-certificate',
      `${path} is no certificate (${errnoOf(error) ?? 'damaged'})`,
      hint,
      error,
    );
  }
}

function none(folder: string): Fault {
  const hint =
    '"unboxd cert init" makes them, as does "unboxd serve" with doors.https set to a port; --state DIR names another folder';
  return new Fault('no-certificate', `there are no certificates in ${folder}`, hint);
}

async function bytesOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const hint =
      'name a file that is there and may be read; the key of "unboxd cert csr" is taken without --key';
    throw new Fault('unreadable', `${file} cannot be read (${errnoOf(error) ?? 'unreadable'})`, hint, error);
  }
}
