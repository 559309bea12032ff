import type { PhoneLine } from '../../control/api.ts';
import { controlClient } from '../../control/client.ts';
import { type Command, DAEMON_FLAGS, textFlag } from '../command.ts';
import { liveTable } from '../live.ts';

/** `unboxd watch`: the table of phones, live, until Ctrl-C. */
export const watch: Command = {
  name: 'watch',
  summary: 'the live table of phones: what each does, or why it is stuck',
  flags: DAEMON_FLAGS,
  examples: ['unboxd watch', 'unboxd watch --json'],
  notes: [
    'Ends with Ctrl-C. With --json, and where there is no terminal, every change is a line of its own.',
  ],
  run: async ({ flags, terminal }) => {
    const live = liveTable(terminal, { title: 'unboxd', json: flags['json'] === true });
    const stop = new AbortController();
    terminal.onStop(() => stop.abort());
    const client = controlClient(textFlag(flags, 'control') ?? '');
    const call = { method: 'GET', path: '/v1/watch', until: stop.signal } as const;
    await client.lines<PhoneLine>(call, (line) => live.show(line));
    live.flush();
    if (stop.signal.aborted) return 0;
    terminal.note('unboxd: the daemon has stopped');
    return 1;
  },
};
