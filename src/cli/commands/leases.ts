import type { LeaseLine } from '../../control/api.ts';
import { controlClient } from '../../control/client.ts';
import { type Command, DAEMON_FLAGS, textFlag } from '../command.ts';
import { clock, table } from '../table.ts';

/** `unboxd leases`: who holds which address until when. */
export const leases: Command = {
  name: 'leases',
  summary: 'list the leases',
  flags: DAEMON_FLAGS,
  examples: ['unboxd leases --json'],
  run: async ({ flags, terminal }) => {
    const lines = await controlClient(textFlag(flags, 'control') ?? '').get<readonly LeaseLine[]>(
      '/v1/leases',
    );
    if (flags['json'] === true) {
      terminal.out(JSON.stringify(lines, null, 2));
      return 0;
    }
    const rows = lines.map((line) => [line.address, line.mac, line.state, clock(line.expires)]);
    for (const row of table([['ADDRESS', 'MAC', 'STATE', 'UNTIL'], ...rows], terminal.columns))
      terminal.out(row);
    return 0;
  },
};
