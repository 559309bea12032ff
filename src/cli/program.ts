// Hands the commands to commander and turns what they throw into sentences. The one home of commander.
import { Command as Commander, CommanderError } from 'commander';
import { Fault } from '../base/fault.ts';
import { type Command, type ExitCode, type Flags, type Terminal, UsageError } from './command.ts';

export interface Program {
  readonly version: string;
  readonly commands: readonly Command[];
  readonly terminal: Terminal;
}

const EXIT_CODES = `Exit codes, the same for every command and in every version:
  0  done
  1  failed; a sentence says why, and what to try
  2  wrong usage; nothing was done
  3  done, but not for every phone
doctor: 0 all is fine, 1 something will not work, 2 it works but should be looked at.
store check: 0 whole, 1 torn or unreadable.`;
/** Words that `unboxd help` knows beside the commands. */
const TOPICS: Readonly<Record<string, string>> = { 'exit-codes': EXIT_CODES };

/** Runs the command line `argv` (without node and script). Never throws: trouble becomes a sentence and an exit code. */
export async function runProgram(
  { version, commands, terminal }: Program,
  argv: readonly string[],
): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = new Commander('unboxd')
    .description('Network bootstrap appliance for VoIP desk phones: from factory box to dial tone')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(see unboxd help)')
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
    })
    .addHelpText('after', `\n${EXIT_CODES}`);
  for (const command of commands) {
    addCommand(program, command).action(async (...received: unknown[]) => {
      const made = received.at(-1) as Commander;
      code = await command.run({ args: made.args, flags: made.opts<Flags>(), terminal });
    });
  }
  const [word, topic = ''] = argv;
  if (word === 'help' && Object.hasOwn(TOPICS, topic)) {
    terminal.out(TOPICS[topic] ?? '');
    return 0;
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    return tellTrouble(terminal, error);
  }
}

function addCommand(program: Commander, command: Command): Commander {
  const added = program.command(`${command.name} ${command.args ?? ''}`.trim(), {
    hidden: command.hidden ?? false,
  });
  added.description(command.summary).exitOverride();
  for (const { flags, what, otherwise } of command.flags) added.option(flags, what, otherwise);
  added.addHelpText('after', closing(command));
  return added;
}

/** What stands below the flags of a command. */
function closing({ examples, notes = [] }: Command): string {
  const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join('\n');
  return [
    ...(examples.length === 0 ? [] : [`\nExamples:\n${indented(examples)}`]),
    ...(notes.length === 0 ? [] : [`\nNotes:\n${indented(notes)}`]),
    '\nExit codes: unboxd help exit-codes',
  ].join('\n');
}

function tellTrouble(terminal: Terminal, error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError) {
    terminal.note(`unboxd: ${error.message}`);
    return 2;
  }
  if (error instanceof Fault) {
    terminal.note(`unboxd: ${error.message}`);
    terminal.note(`  try: ${error.hint}`);
    return 1;
  }
  // A mistake of ours. The one place where a stack may be shown, and only on demand.
  const shown = error instanceof Error ? error : new Error(String(error));
  terminal.note(`unboxd: something went wrong inside: ${shown.message}`);
  terminal.note('  please report this, with what UNBOXD_DEBUG=1 prints in addition');
  if (terminal.env['UNBOXD_DEBUG'] !== undefined) terminal.note(shown.stack ?? '');
  return 1;
}
