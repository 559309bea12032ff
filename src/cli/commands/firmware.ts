import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { showBytes } from '../../base/units.ts';
import { type FirmwareFile, readFirmware } from '../../files/firmware.ts';
import { loadSite } from '../../site/load.ts';
import type { Command } from '../command.ts';
import { tellMistakes } from '../mistakes.ts';
import { table } from '../table.ts';
import { factsHere, SITE_FLAGS, siteRequest } from './serve.ts';

/** `unboxd firmware`: what lies in the firmware folder, with sizes and hashes to compare with the vendor's page. */
export const firmware: Command = {
  name: 'firmware',
  summary: 'list the firmware folder: version, model, size, SHA-256',
  flags: [...SITE_FLAGS, { flags: '--json', what: 'for machines: JSON' }],
  examples: ['unboxd firmware --config unboxd.yaml', 'unboxd firmware --config unboxd.yaml --json'],
  run: async ({ flags, terminal }) => {
    const loaded = await loadSite({ ...siteRequest(flags), facts: factsHere() });
    if (!loaded.ok) return tellMistakes(terminal, loaded.error);
    const { files, catalogue } = loaded.value;
    const folder = files.firmware;
    if (folder === undefined) {
      terminal.note('unboxd: there is no firmware folder');
      terminal.note('  try: set files.firmware, with <vendor>/<model or *>/<version>/<file> in it');
      return 1;
    }
    const { firmware: found, strays } = await readFirmware(folder, catalogue);
    const listed: (FirmwareFile & { readonly sha256: string })[] = [];
    for (const one of found) listed.push({ ...one, sha256: await sha256Of(join(folder, one.path)) });
    for (const stray of strays)
      terminal.note(`unboxd: ${stray} is left aside: it does not lie in <vendor>/<model or *>/<version>/`);
    if (flags['json'] === true) {
      terminal.out(JSON.stringify(listed));
      return 0;
    }
    const rows = listed.map(({ vendor, model, version, file, bytes, sha256 }) => [
      ...[vendor, model === '*' ? 'every model' : model, version, file, showBytes(bytes), sha256],
    ]);
    const header = ['VENDOR', 'MODEL', 'VERSION', 'FILE', 'SIZE', 'SHA-256'];
    for (const line of table([header, ...rows], terminal.columns)) terminal.out(line);
    return 0;
  },
};

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Uint8Array);
  return hash.digest('hex');
}
