import { join } from 'node:path';
import { showBytes } from '../../base/units.ts';
import { inspectJournal, type JournalFacts } from '../../store/inspect.ts';
import { type Command, textFlag, UsageError } from '../command.ts';

/** `unboxd store check`: whether the journal is whole. */
export const store: Command = {
  name: 'store',
  args: '<action>',
  summary: 'check: read the journal without touching it, and say what would be cut off',
  flags: [
    { flags: '--state <dir>', what: 'where it is kept', otherwise: '/var/lib/unboxd' },
    { flags: '--json', what: 'for machines: JSON' },
  ],
  examples: ['sudo unboxd store check', 'unboxd store check --state /media/usb/unboxd --json'],
  notes: ['Exit codes: 0 whole, 1 torn or unreadable. The daemon may run meanwhile.'],
  run: async ({ args, flags, terminal }) => {
    if (args[0] !== 'check' || args.length > 1) throw new UsageError('write: unboxd store check');
    const facts = await inspectJournal(join(textFlag(flags, 'state') ?? '', 'journal'));
    if (flags['json'] === true) terminal.out(JSON.stringify(facts, null, 2));
    else for (const line of said(facts)) terminal.out(line);
    return facts.cut === 0 ? 0 : 1;
  },
};

function said({ path, bytes, records, kinds, cut, at, lost }: JournalFacts): readonly string[] {
  const each = Object.entries(kinds)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, count]) => `${count} ${kind}`);
  const whole = `${path}: ${records} whole records in ${showBytes(bytes)}${each.length === 0 ? '' : ` (${each.join(', ')})`}`;
  if (cut === 0) return [whole, 'nothing would be cut off'];
  const torn = `${cut} bytes from byte ${at} on are torn and would be cut off at the next start`;
  const means =
    lost === 0
      ? 'no whole record is behind them: the power went in the middle of a write, and no phone was answered on it'
      : `${lost} whole records behind them would go too: the disk is damaged; restore a backup: unboxd restore FILE`;
  return [whole, torn, means];
}
