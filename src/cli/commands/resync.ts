import { parseMac } from '../../base/mac.ts';
import { parseDuration } from '../../base/units.ts';
import type { ResyncLine, ResyncOrder, Verdict } from '../../control/api.ts';
import { controlClient } from '../../control/client.ts';
import { type Command, DAEMON_FLAGS, type ExitCode, textFlag, UsageError } from '../command.ts';

/** `unboxd resync --mac MAC`: wakes one phone and says whether it really fetched its file again. */
export const resync: Command = {
  name: 'resync',
  summary: 'tell a phone to fetch its files again, and see whether it does',
  flags: [
    { flags: '--mac <mac>', what: 'the phone' },
    { flags: '--reboot', what: 'tell it to reboot, too' },
    { flags: '--wait <time>', what: 'how long it may take to fetch', otherwise: '60s' },
    ...DAEMON_FLAGS,
  ],
  examples: [
    'unboxd resync --mac 00:15:65:aa:bb:cc',
    'unboxd resync --mac 00:15:65:aa:bb:cc --reboot --wait 5m',
  ],
  run: async ({ flags, terminal }) => {
    const mac = parseMac(textFlag(flags, 'mac') ?? '');
    const patience = parseDuration(textFlag(flags, 'wait') ?? '');
    if (mac === undefined) throw new UsageError('name the phone: --mac 00:15:65:aa:bb:cc');
    if (patience === undefined) throw new UsageError('write --wait as a duration: 30s, 5m');
    const order: ResyncOrder = { mac, reboot: flags['reboot'] === true, patience };
    let verdict: Verdict | undefined;
    const client = controlClient(textFlag(flags, 'control') ?? '');
    await client.lines<ResyncLine>({ method: 'POST', path: '/v1/resync', body: order }, (line) => {
      verdict = line.verdict ?? verdict;
      terminal.out(flags['json'] === true ? JSON.stringify(line) : line.sentence);
    });
    return exitCodeOf(verdict);
  },
};

function exitCodeOf(verdict: Verdict | undefined): ExitCode {
  if (verdict === undefined) return 1;
  return verdict === 'confirmed' ? 0 : 3;
}
