import { parseMac } from '../../base/mac.ts';
import { showBytes } from '../../base/units.ts';
import type { ExplainedFile, ExplainedOption, Explanation } from '../../control/api.ts';
import { controlClient } from '../../control/client.ts';
import { MEANING } from '../../timeline/meaning.ts';
import { allReasons, becauseOf, meaningOf } from '../../timeline/reason.ts';
import { type Command, DAEMON_FLAGS, type Terminal, textFlag, UsageError } from '../command.ts';
import { table } from '../table.ts';

/** `unboxd explain MAC`: what this phone would be given. `unboxd explain WORD`: what an event or a reason means. */
export const explain: Command = {
  name: 'explain',
  args: '<mac-or-word>',
  summary: 'what a phone would be given and why; or what an event or reason means',
  flags: DAEMON_FLAGS,
  examples: ['unboxd explain 00:15:65:aa:bb:cc', 'unboxd explain pool-exhausted'],
  run: async ({ args, flags, terminal }) => {
    const [what = ''] = args;
    if (parseMac(what) === undefined) {
      terminal.out(meaningOfWord(what));
      return 0;
    }
    const client = controlClient(textFlag(flags, 'control') ?? '');
    const explanation = await client.get<Explanation>(`/v1/phones/${encodeURIComponent(what)}/explain`);
    if (flags['json'] === true) terminal.out(JSON.stringify(explanation, null, 2));
    else show(terminal, explanation);
    return 0;
  },
};

function meaningOfWord(word: string): string {
  const reason = allReasons().find((each) => each === word);
  if (reason !== undefined) return `${word}: ${becauseOf(reason)}.\n${meaningOf(reason)}`;
  const event = Object.entries(MEANING).find(([kind]) => kind === word);
  if (event !== undefined) return `${word}: ${event[1]}`;
  throw new UsageError(
    `"${word}" is neither a MAC nor a word of the timeline (known: ${[...Object.keys(MEANING), ...allReasons()].join(', ')})`,
  );
}

function show(terminal: Terminal, explanation: Explanation): void {
  const { vendor = 'of unknown make', model = '', by, listed } = explanation;
  terminal.out(`${explanation.mac} is ${vendor} ${model}`.trimEnd());
  terminal.out(`  told by ${by}; ${listed ? 'in the phone list' : 'not in the phone list'}`);
  for (const conflict of explanation.conflicts) terminal.out(`  but ${conflict}`);
  terminal.out(`  URL: ${explanation.url ?? 'none'}`);
  terminal.out(`  PnP: ${explanation.pnp}`);
  terminal.out('');
  terminal.out('DHCP options:');
  for (const line of table(explanation.options.map(optionCells), terminal.columns)) terminal.out(`  ${line}`);
  terminal.out('');
  terminal.out('Files, in the order in which it asks:');
  for (const line of table(explanation.files.map(fileCells), terminal.columns)) terminal.out(`  ${line}`);
  terminal.out('');
  terminal.out(`Wake-up: ${explanation.wake.join('; ') || 'none known'}`);
}

function optionCells(option: ExplainedOption): readonly string[] {
  const asked = option.asked === undefined ? '' : option.asked ? 'asked for' : 'not asked for';
  return [String(option.code), option.name, option.text, option.hex, option.from, asked];
}

function fileCells(file: ExplainedFile): readonly string[] {
  const size =
    file.bytes === undefined ? '' : `${showBytes(file.bytes)}, sha256 ${(file.digest ?? '').slice(0, 12)}`;
  return [file.name, file.role, file.gets, file.because === undefined ? size : `because ${file.because}`];
}
