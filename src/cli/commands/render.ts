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
    ...DAEMON_FLAGS.map((flag) =>
      flag.flags === '--json' ? { ...flag, what: 'the list of files for machines: JSON' } : flag,
    ),
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
    'unboxd render 00:15:65:aa:bb:cc --config unboxd.yaml --json',
  ],
  notes: ['Passwords are shown as the phone would get them.'],
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
  return list(files, { flags, terminal });
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
    const files = (await press.files(phone)).map(({ name, gets }) =>
      gets.kind === 'file'
        ? { name, bytes: gets.content.length, gets: gets.origin }
        : { name, gets: `none, because ${becauseOf(gets.because)}` },
    );
    return list(files, { flags, terminal });
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

interface Listed {
  readonly name: string;
  readonly bytes?: number | undefined;
  readonly gets: string;
}

function list(files: readonly Listed[], { flags, terminal }: Pick<Call, 'flags' | 'terminal'>): ExitCode {
  if (flags['json'] === true) {
    terminal.out(
      JSON.stringify(
        files.map(({ name, bytes, gets }) => ({ name, bytes, gets })),
        null,
        2,
      ),
    );
    return 0;
  }
  const rows = files.map(({ name, bytes, gets }) => [
    name,
    bytes === undefined ? '' : showBytes(bytes),
    gets,
  ]);
  for (const line of table(rows, terminal.columns)) terminal.out(line);
  return 0;
}
