import type { StoryLine } from '../../control/api.ts';
import { controlClient } from '../../control/client.ts';
import { type Command, DAEMON_FLAGS, textFlag } from '../command.ts';
import { clock } from '../table.ts';

/** `unboxd story MAC`: what one phone did, oldest first; without a MAC, what no phone could be named for. */
export const story: Command = {
  name: 'story',
  args: '[mac]',
  summary: 'the timeline of one phone; without a MAC, trouble that belongs to no phone',
  flags: DAEMON_FLAGS,
  examples: ['unboxd story 00:15:65:aa:bb:cc', 'unboxd story'],
  run: async ({ args, flags, terminal }) => {
    const client = controlClient(textFlag(flags, 'control') ?? '');
    const [mac] = args;
    const path = mac === undefined ? '/v1/trouble' : `/v1/phones/${encodeURIComponent(mac)}/story`;
    const lines = await client.get<readonly StoryLine[]>(path);
    if (flags['json'] === true) {
      terminal.out(JSON.stringify(lines, null, 2));
      return 0;
    }
    for (const line of lines) terminal.out(`${clock(line.at)}  ${line.sentence}`);
    if (lines.length === 0)
      terminal.out(mac === undefined ? 'no trouble so far' : 'this phone has not been seen yet');
    return 0;
  },
};
