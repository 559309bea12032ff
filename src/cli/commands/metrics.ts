import { controlClient } from '../../control/client.ts';
import { parseMetrics } from '../../control/metrics-text.ts';
import { type Command, DAEMON_FLAGS, textFlag } from '../command.ts';

/** `unboxd metrics`: the numbers of the daemon, as Prometheus reads them. */
export const metrics: Command = {
  name: 'metrics',
  summary: 'the numbers of the daemon in the text format of Prometheus: doors, decisions, leases, transfers',
  flags: DAEMON_FLAGS,
  examples: [
    'unboxd metrics | grep unboxd_phones',
    'unboxd metrics --json',
    'curl --unix-socket /run/unboxd/control.sock http://unboxd/metrics',
  ],
  run: async ({ flags, terminal }) => {
    const bytes = await controlClient(textFlag(flags, 'control') ?? '').bytes('/metrics');
    if (flags['json'] === true)
      terminal.out(JSON.stringify(parseMetrics(Buffer.from(bytes).toString()), null, 2));
    else terminal.raw(bytes);
    return 0;
  },
};
