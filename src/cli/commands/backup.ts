import { resolve } from 'node:path';
import { showBytes } from '../../base/units.ts';
import { controlClient } from '../../control/client.ts';
import { keepDurably, readBackup } from '../../store/backup.ts';
import { type Command, DAEMON_FLAGS, textFlag, UsageError } from '../command.ts';
import { dateAndClock } from '../table.ts';

/** `unboxd backup`: the state of the running daemon in one file. */
export const backup: Command = {
  name: 'backup',
  args: '<file>',
  summary: 'write leases, proofs, storms and certificates of the running daemon into one file',
  flags: DAEMON_FLAGS,
  examples: ['sudo unboxd backup /media/usb/unboxd.backup'],
  notes: [
    'The daemon goes on meanwhile; the file shows one moment. The keys of the certificates are in it: keep it safe.',
    'Settings, phone list and templates are files of your own and not in it.',
  ],
  run: async ({ args, flags, terminal }) => {
    const [file] = args;
    if (file === undefined) throw new UsageError('name the file: unboxd backup FILE');
    const control = textFlag(flags, 'control') ?? '';
    const bytes = await controlClient(control).bytes('/v1/backup');
    // Read as a restore would read it: a backup that cannot be restored is none.
    const { made, records, files } = await readBackup('what the daemon sent', bytes);
    await keepDurably(resolve(file), bytes, 0o600);
    if (flags['json'] === true) {
      terminal.out(
        JSON.stringify({ file: resolve(file), bytes: bytes.length, made, records, files: files.length }),
      );
      return 0;
    }
    const content = `${records} records and ${files.length - 1} files of certificates`;
    terminal.out(`wrote ${file}: ${content} as of ${dateAndClock(made)}, ${showBytes(bytes.length)}`);
    return 0;
  },
};
