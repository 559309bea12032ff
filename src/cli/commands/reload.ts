import { controlClient } from '../../control/client.ts';
import { type ReloadAnswer, reloadSentences } from '../../control/reload.ts';
import { type Command, DAEMON_FLAGS, textFlag } from '../command.ts';
import { tellMistakes } from '../mistakes.ts';

/** `unboxd reload`: the running daemon reads its settings anew. */
export const reload: Command = {
  name: 'reload',
  summary: 'let the running daemon go on with changed settings, vendor files, templates and phone list',
  flags: DAEMON_FLAGS,
  examples: ['sudo unboxd reload', 'sudo unboxd reload --json', 'sudo systemctl reload unboxd'],
  notes: [
    'Everything is checked first, as "unboxd check" does. With one mistake nothing changes: exit code 1.',
    'No lease, transfer or storm is dropped. What holds after a restart only is named: sudo systemctl restart unboxd.',
  ],
  run: async ({ flags, terminal }) => {
    const client = controlClient(textFlag(flags, 'control') ?? '');
    const answer = await client.post<ReloadAnswer>('/v1/reload', {});
    if (flags['json'] === true) {
      terminal.out(JSON.stringify(answer, null, 2));
      return answer.done ? 0 : 1;
    }
    if (!answer.done) return tellMistakes(terminal, answer.mistakes);
    for (const sentence of reloadSentences(answer)) terminal.out(sentence);
    return 0;
  },
};
