import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, Fault } from '../../base/fault.ts';
import type { CertificateFacts } from '../../certs/certificate.ts';
import { loadSite } from '../../site/load.ts';
import { type Command, textFlag, UsageError } from '../command.ts';
import { tellMistakes } from '../mistakes.ts';
import { siteRequest } from './serve.ts';

/** `unboxd cert show`: what the appliance's certificates say, and where the CA is that phones must trust. */
export const cert: Command = {
  name: 'cert',
  args: '<action>',
  summary: 'show the certificates of the HTTPS door, and the CA that phones must trust',
  flags: [
    { flags: '--config <file>', what: 'settings (unboxd.yaml)' },
    { flags: '--state <dir>', what: 'where they are kept (default /var/lib/unboxd)' },
    { flags: '--json', what: 'for machines: JSON' },
  ],
  examples: ['unboxd cert show --config unboxd.yaml'],
  run: async ({ args, flags, terminal }) => {
    if (args[0] !== 'show') throw new UsageError('write: unboxd cert show');
    const loaded = await loadSite({ ...siteRequest(flags), facts: () => undefined });
    if (!loaded.ok) return tellMistakes(terminal, loaded.error);
    const folder = join(textFlag(flags, 'state') ?? loaded.value.state, 'certs');
    const facts = {
      authority: await read(join(folder, 'ca.pem')),
      server: await read(join(folder, 'server.pem')),
    };
    if (flags['json'] === true) {
      terminal.out(JSON.stringify({ folder, ...facts }, null, 2));
      return 0;
    }
    terminal.out(`CA (phones must trust it): ${join(folder, 'ca.pem')}`);
    terminal.out(`  ${sentence(facts.authority)}`);
    terminal.out(`Server: ${join(folder, 'server.pem')}, for ${facts.server.names.join(', ')}`);
    terminal.out(`  ${sentence(facts.server)}`);
    return 0;
  },
};

function sentence({ subject, notAfter, fingerprint }: CertificateFacts): string {
  return `${subject}, until ${new Date(notAfter).toISOString().slice(0, 10)}, SHA-256 ${fingerprint}`;
}

async function read(path: string): Promise<CertificateFacts> {
  try {
    const { readCertificate } = await import('../../certs/certificate.ts');
    return readCertificate(await readFile(path, 'utf8'));
  } catch (error) {
    const hint =
      'they are made when unboxd serves with doors.https set to a port; --state DIR names another folder';
    throw new Fault(
      'no-certificate',
      `${path} is no certificate (${errnoOf(error) ?? 'unreadable'})`,
      hint,
      error,
    );
  }
}
