import { readFile } from 'node:fs/promises';
import { toHex } from '../../base/bytes.ts';
import { errnoOf, Fault } from '../../base/fault.ts';
import { parseMac } from '../../base/mac.ts';
import { showBytes } from '../../base/units.ts';
import type { DhcpExplanation, ExplainedFile, ExplainedOption, Explanation } from '../../control/api.ts';
import { controlClient } from '../../control/client.ts';
import { MEANING } from '../../timeline/meaning.ts';
import { allReasons, becauseOf, meaningOf } from '../../timeline/reason.ts';
import { type CapturedAnswer, type CapturedQuestion, readCapturedDhcp } from '../captured.ts';
import {
  type Call,
  type Command,
  DAEMON_FLAGS,
  type ExitCode,
  type Terminal,
  textFlag,
  UsageError,
} from '../command.ts';
import { showDhcpExplanation } from '../dhcp-explanation.ts';
import { dhcpQuestion, QUESTION_FLAGS } from '../dhcp-question.ts';
import { table } from '../table.ts';

/**
 * `unboxd explain MAC`: what this phone would be given. `unboxd explain WORD`: what an event or a reason means.
 * `unboxd explain --mac M ...` and `--pcap FILE`: what a DHCP message would get, described or captured.
 */
export const explain: Command = {
  name: 'explain',
  args: '[mac-or-word]',
  summary: 'what a phone or a DHCP message would be given and why; or what an event or reason means',
  flags: [
    ...QUESTION_FLAGS,
    { flags: '--pcap <file>', what: 'explain the DHCP messages of a capture (pcap or pcapng)' },
    ...DAEMON_FLAGS,
  ],
  examples: [
    'unboxd explain 00:15:65:aa:bb:cc',
    'unboxd explain --mac 00:15:65:aa:bb:cc --option60 yealink --prl 1,3,6,66,43',
    'unboxd explain --pcap phone.pcap',
    'unboxd explain pool-exhausted',
  ],
  run: async (call) => {
    const { args, flags, terminal } = call;
    const [what] = args;
    const file = textFlag(flags, 'pcap');
    if (file !== undefined) return await explainCapture(call, file);
    if (flags['mac'] !== undefined)
      return await explainMessages(call, [{ hex: toHex(dhcpQuestion(flags)), times: 1 }], []);
    if (what === undefined) {
      throw new UsageError(
        'name a MAC or a word of the timeline, or describe a message with --mac or --pcap',
      );
    }
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

async function explainCapture(call: Call, file: string): Promise<ExitCode> {
  const bytes = await readFile(file).catch((error: unknown) => {
    const hint = 'name a file written by tcpdump or Wireshark';
    throw new Fault(
      'capture-unreadable',
      `${file} cannot be read (${errnoOf(error) ?? 'trouble'})`,
      hint,
      error,
    );
  });
  const { questions, answers, capture } = readCapturedDhcp(file, bytes);
  if (capture.incomplete > 0) {
    call.terminal.note(`${capture.incomplete} of ${capture.frames} frames are cut short and were left out`);
  }
  return await explainMessages(call, questions, answers);
}

interface Explained {
  readonly times: number;
  readonly explanation?: DhcpExplanation;
  readonly error?: string;
}

async function explainMessages(
  { flags, terminal }: Call,
  questions: readonly CapturedQuestion[],
  answers: readonly CapturedAnswer[],
): Promise<ExitCode> {
  const client = controlClient(textFlag(flags, 'control') ?? '');
  const found: Explained[] = [];
  for (const { hex, times } of questions) {
    const question = { hex, interface: textFlag(flags, 'interface') };
    try {
      found.push({ times, explanation: await client.post<DhcpExplanation>('/v1/explain', question) });
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'refused') throw error;
      found.push({ times, error: error.message });
    }
  }
  if (flags['json'] === true) {
    terminal.out(JSON.stringify({ questions: found, answers }, null, 2));
    return 0;
  }
  found.forEach(({ times, explanation, error }, index) => {
    if (index > 0) terminal.out('');
    if (times > 1) terminal.out(`${times} times:`);
    if (explanation === undefined) terminal.out(error ?? '');
    else showDhcpExplanation(terminal, explanation);
  });
  if (answers.length > 0) terminal.out('');
  for (const { sentence } of answers) terminal.out(sentence);
  return 0;
}

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
  if (explanation.lan !== undefined) terminal.out(`  LAN: ${explanation.lan}`);
  terminal.out(`  URL: ${explanation.url ?? 'none'}`);
  if (explanation.access !== undefined) terminal.out(`  Tokens: ${explanation.access}`);
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
