import { controlClient } from '../../control/client.ts';
import { type Command, DAEMON_FLAGS, textFlag } from '../command.ts';

/** `unboxd render MAC FILE`: the very bytes that phone would get under that name. */
export const render: Command = {
  name: 'render',
  args: '<mac> <file>',
  summary: 'print the file that a phone would get under a name, byte for byte',
  flags: DAEMON_FLAGS.filter(({ flags }) => flags !== '--json'),
  examples: ['unboxd render 00:15:65:aa:bb:cc 001565aabbcc.cfg'],
  run: async ({ args, flags, terminal }) => {
    const [mac = '', file = ''] = args;
    const client = controlClient(textFlag(flags, 'control') ?? '');
    const path = `/v1/phones/${encodeURIComponent(mac)}/file?name=${encodeURIComponent(file)}`;
    terminal.raw(await client.bytes(path));
    return 0;
  },
};
