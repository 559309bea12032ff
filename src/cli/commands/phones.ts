import type { PhoneLine } from '../../control/api.ts';
import { controlClient } from '../../control/client.ts';
import { type Command, DAEMON_FLAGS, textFlag } from '../command.ts';
import { countStages, phoneTable } from '../table.ts';

/** `unboxd phones`: the table of phones, once. */
export const phones: Command = {
  name: 'phones',
  summary: 'list the phones and how far each is',
  flags: DAEMON_FLAGS,
  examples: ['unboxd phones', 'unboxd phones --json'],
  run: async ({ flags, terminal }) => {
    const lines = await controlClient(textFlag(flags, 'control') ?? '').get<readonly PhoneLine[]>(
      '/v1/phones',
    );
    if (flags['json'] === true) {
      terminal.out(JSON.stringify(lines, null, 2));
      return 0;
    }
    const look = { columns: terminal.columns, colour: terminal.isTty };
    for (const line of phoneTable(lines, look)) terminal.out(line);
    terminal.out(countStages(lines));
    return 0;
  },
};
