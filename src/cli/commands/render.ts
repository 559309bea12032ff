import { showIpv4 } from '../../base/ipv4.ts';
import { showBytes } from '../../base/units.ts';
import type { Explanation } from '../../control/api.ts';
import { controlClient } from '../../control/client.ts';
import { openPress } from '../../control/render-offline.ts';
import { loadSite } from '../../site/load.ts';
import { becauseOf } from '../../timeline/reason.ts';
import { type Call, type Command, DAEMON_FLAGS, type ExitCode, textFlag } from '../command.ts';
import { tellMistakes } from '../mistakes.ts';
import { table } from '../table.ts';
import { factsHere, SITE_FLAGS, siteRequest } from './serve.ts';

/** `unboxd render MAC FILE`: the very bytes that phone would get under that name; without FILE: which files it gets. */
export const render: Command = {
  name: 'render',
  args: '<mac> [file]',
  summary: 'print the file that a phone would get under a name, byte for byte; without a name: which it gets',
  flags: [
    ...DAEMON_FLAGS.filter(({ flags }) => flags !== '--json'),
    ...SITE_FLAGS.map((flag) =>
      flag.flags.startsWith('--config')
        ? { ...flag, what: 'make it from these settings, without the daemon' }
        : flag,
    ),
  ],
  examples: [
    'unboxd render 00:15:65:aa:bb:cc',
    'unboxd render 00:15:65:aa:bb:cc 001565aabbcc.cfg',
    'unboxd render 00:15:65:aa:bb:cc 001565aabbcc.cfg --config unboxd.yaml',
  ],
  run: async (call) => {
    const isOffline = ['config', 'phones', 'interface'].some((name) => call.flags[name] !== undefined);
    return isOffline ? await renderHere(call) : await renderThere(call);
  },
};

/** By the daemon, which knows what the phone has said so far. */
async function renderThere({ args, flags, terminal }: Call): Promise<ExitCode> {
  const [mac = '', file] = args;
  const client = controlClient(textFlag(flags, 'control') ?? '');
  const path = `/v1/phones/${encodeURIComponent(mac)}`;
  if (file !== undefined) {
    terminal.raw(await client.bytes(`${path}/file?name=${encodeURIComponent(file)}`));
    return 0;
  }
  const { files } = await client.get<Explanation>(`${path}/explain`);
  const rows = files.map(({ name, gets, bytes }) => [
    name,
    bytes === undefined ? '' : showBytes(bytes),
    gets,
  ]);
  for (const line of table(rows, terminal.columns)) terminal.out(line);
  return 0;
}

/** From the settings alone. */
async function renderHere({ args, flags, terminal }: Call): Promise<ExitCode> {
  const [mac = '', file] = args;
  const loaded = await loadSite({ ...siteRequest(flags), facts: factsHere() });
  if (!loaded.ok) return tellMistakes(terminal, loaded.error);
  const press = await openPress(loaded.value);
  const phone = press.phone(mac);
  if (phone === undefined) {
    terminal.note(`unboxd: "${mac}" is not a MAC address`);
    return 1;
  }
  if (loaded.value.lan === undefined)
    terminal.note(
      `unboxd: no interface of this machine is named, so {server} is shown as ${showIpv4(press.server)}`,
    );
  if (file === undefined) {
    const rows = (await press.files(phone)).map(({ name, gets }) =>
      gets.kind === 'file'
        ? [name, showBytes(gets.content.length), gets.origin]
        : [name, '', `none, because ${becauseOf(gets.because)}`],
    );
    for (const line of table(rows, terminal.columns)) terminal.out(line);
    return 0;
  }
  const gets = await press.file(phone, file);
  if (gets.kind === 'file') {
    terminal.raw(gets.content);
    return 0;
  }
  const detail = gets.detail === undefined ? '' : ` (${gets.detail})`;
  terminal.note(`unboxd: ${file} is not served to it, because ${becauseOf(gets.because)}${detail}`);
  return 1;
}
