import { type ControlClient, controlClient } from '../../control/client.ts';
import type { StormLine, StormPhone } from '../../control/storms-api.ts';
import { type Call, type Command, DAEMON_FLAGS, type ExitCode, textFlag, UsageError } from '../command.ts';
import { exitCodeOf, followStorm, phoneText, reportText } from '../storms-progress.ts';
import { dateAndClock, table } from '../table.ts';

const WORDS = ['list', 'show', 'follow', 'pause', 'resume', 'cancel'] as const;

/** `unboxd storms`: storms that run, rest or are over. */
export const storms: Command = {
  name: 'storms',
  args: '[what] [id]',
  summary: 'storms of wake-ups: list, show, follow, pause, resume, cancel',
  flags: [{ flags: '--csv', what: 'with show: as CSV' }, ...DAEMON_FLAGS],
  examples: [
    'unboxd storms',
    'unboxd storms show 3f2a9c01 --csv >night.csv',
    'unboxd storms follow 3f2a9c01',
    'unboxd storms pause 3f2a9c01',
    'unboxd storms resume 3f2a9c01',
    'unboxd storms cancel 3f2a9c01',
  ],
  notes: ['"show" and "follow" end with exit code 3 while any of the phones is not confirmed.'],
  run: async (call) => {
    const [what = 'list', id] = call.args;
    const word = WORDS.find((one) => one === what);
    if (word === undefined) throw new UsageError(`storms takes ${WORDS.join(', ')}`);
    const client = controlClient(textFlag(call.flags, 'control') ?? '');
    if (word === 'list') return await list(call, client);
    if (id === undefined)
      throw new UsageError(`name the storm: unboxd storms ${word} ID ("unboxd storms" lists them)`);
    if (word === 'show') return await show(call, client, id);
    if (word === 'follow') return await follow(call, client, id);
    const storm = await client.post<StormLine>(`/v1/storms/${encodeURIComponent(id)}/${word}`, {});
    const { flags, terminal } = call;
    terminal.out(flags['json'] === true ? JSON.stringify(storm) : `storm ${id} ${storm.sentence}`);
    return 0;
  },
};

async function list({ flags, terminal }: Call, client: ControlClient): Promise<ExitCode> {
  const all = await client.get<readonly StormLine[]>('/v1/storms');
  const lines = flags['json'] === true ? [JSON.stringify(all)] : listed(all, terminal.columns);
  for (const line of lines) terminal.out(line);
  return 0;
}

/** Ends with 3 while any of its phones is not confirmed. */
async function show({ flags, terminal }: Call, client: ControlClient, id: string): Promise<ExitCode> {
  const phones = await client.get<readonly StormPhone[]>(`/v1/storms/${encodeURIComponent(id)}/phones`);
  const format = flags['json'] === true ? 'json' : flags['csv'] === true ? 'csv' : undefined;
  if (format === undefined) for (const phone of phones) terminal.out(phoneText(phone));
  else terminal.out(reportText(format, phones).trimEnd());
  return phones.every(({ verdict }) => verdict === 'confirmed') ? 0 : 3;
}

async function follow(call: Call, client: ControlClient, id: string): Promise<ExitCode> {
  const all = await client.get<readonly StormLine[]>('/v1/storms');
  const storm = all.find((one) => one.id === id);
  if (storm === undefined) throw new UsageError(`there is no storm ${id}`);
  return exitCodeOf(await followStorm(call, client, storm));
}

function listed(all: readonly StormLine[], columns: number): readonly string[] {
  if (all.length === 0) return ['no storms yet'];
  const rows = all.map(({ id, madeAt, what, phones, sentence }) => [
    id,
    dateAndClock(madeAt),
    what,
    String(phones),
    sentence,
  ]);
  return table([['STORM', 'MADE', 'WHAT', 'PHONES', ''], ...rows], columns);
}
