import { join } from 'node:path';
import { errnoOf, Fault } from '../../base/fault.ts';
import { publicCertificates } from '../../certs/public.ts';
import { findInterface } from '../../net/interfaces.ts';
import { realWorld } from '../../net/world.ts';
import { type LoadedSite, loadSite } from '../../site/load.ts';
import { makeFolder } from '../../store/durable.ts';
import { type CertCall, csr, init, install, show } from '../cert-actions.ts';
import { certificateFolder, namesOf } from '../certificates.ts';
import { type Command, type Flags, textFlag, UsageError } from '../command.ts';
import { tellMistakes } from '../mistakes.ts';
import { siteRequest } from './serve.ts';

const ACTIONS = { init, show, csr, install };

/** `unboxd cert`: the certificates of the HTTPS doors. */
export const cert: Command = {
  name: 'cert',
  args: '<action> [certificate]',
  summary: 'init, show, csr, install: the certificates of the HTTPS door, and the CA that phones must trust',
  flags: [
    { flags: '--config <file>', what: 'settings (unboxd.yaml)' },
    { flags: '--interface <name>', what: 'the LAN whose address the certificate names' },
    { flags: '--state <dir>', what: 'where they are kept (default /var/lib/unboxd)' },
    { flags: '--names <list>', what: 'csr: what phones will call this server, the first is the common name' },
    { flags: '--key <file>', what: 'install: the private key, if it is not that of "cert csr"' },
    { flags: '--output <file>', what: 'csr: write the request there too' },
    { flags: '--force', what: 'put aside what is there already' },
    { flags: '--json', what: 'for machines: JSON' },
  ],
  examples: [
    'unboxd cert init --config unboxd.yaml',
    'unboxd cert show --config unboxd.yaml',
    'unboxd cert csr --names prov.example.com --output provserver.csr',
    'unboxd cert install provserver.crt',
  ],
  run: async ({ args, flags, terminal }) => {
    const [name = '', ...files] = args;
    const action = Object.entries(ACTIONS).find(([known]) => known === name)?.[1];
    if (action === undefined) throw new UsageError('write: unboxd cert init, show, csr or install');
    if (files.length > 0 && action !== install) throw new UsageError(`"unboxd cert ${name}" takes no file`);
    const loaded = await loadSite({ ...siteRequest(flags), facts: factsIfThere });
    if (!loaded.ok) return tellMistakes(terminal, loaded.error);
    const call = callFor(loaded.value, flags);
    if (action !== show) await makeRoom(call.folder);
    return await action({ ...call, files, terminal });
  },
};

async function makeRoom(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
  } catch (error) {
    const hint = 'run it as the user of the daemon, or name another folder with --state';
    throw new Fault('unwritable', `${folder} cannot be made (${errnoOf(error) ?? 'unknown'})`, hint, error);
  }
}

/** Certificates are made and looked at on a desk too, where the interface of the bench is not. */
function factsIfThere(name: string) {
  try {
    return findInterface(name);
  } catch {
    return undefined;
  }
}

function callFor(site: LoadedSite, flags: Flags): Omit<CertCall, 'files' | 'terminal'> {
  const known = namesOf(site);
  const written = textFlag(flags, 'names')
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const address = known.addresses[0] ?? known.names[0] ?? 'localhost';
  const { http } = site.doors;
  const place = http === 80 ? address : `${address}:${http}`;
  const files = publicCertificates('').map(({ name }) => name);
  return {
    folder: certificateFolder(site),
    // An outside authority signs names that it can look up, and no private addresses.
    names: written === undefined ? known : { names: written, addresses: [] },
    now: realWorld().now(),
    force: flags['force'] === true,
    json: flags['json'] === true,
    caUrls:
      http === 'off'
        ? [join(certificateFolder(site), 'ca.pem')]
        : files.map((file) => `http://${place}/${file}`),
    keyFile: textFlag(flags, 'key'),
    output: textFlag(flags, 'output'),
  };
}
