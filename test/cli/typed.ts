// Command lines as people type them, read by the program with all its commands, and not run.
import { readdirSync } from 'node:fs';
import type { Command } from '../../src/cli/command.ts';
import { makeCompletion } from '../../src/cli/commands/completion.ts';
import { runProgram } from '../../src/cli/program.ts';
import { listeningTerminal } from './listening-terminal.ts';

const FOLDER = 'src/cli/commands';
const found = await Promise.all(
  readdirSync(FOLDER).map(async (file) => {
    const module = (await import(/* @vite-ignore */ `../../${FOLDER}/${file}`)) as Readonly<
      Record<string, unknown>
    >;
    return Object.values(module).filter(isCommand);
  }),
);
/** Whatever stands in the folder of commands. */
export const allCommands: readonly Command[] = [
  ...found.flat(),
  makeCompletion(async () => await Promise.resolve(allCommands)),
];

function isCommand(value: unknown): value is Command {
  return typeof value === 'object' && value !== null && 'run' in value && 'examples' in value;
}

/** What a shell would hand over: without sudo, what stands before or behind a pipe, and where the output goes. */
export function argvOf(example: string): readonly string[] | undefined {
  const [typed = ''] = example.replace(/^sudo /, '').split(/\s[|>]/);
  const [program, ...argv] = [...typed.matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, bare]) => quoted ?? bare ?? '',
  );
  return program === 'unboxd' ? argv : undefined;
}

/** The command line read as the program reads it; nothing is run. */
export async function parse(argv: readonly string[]) {
  const { terminal, notes } = listeningTerminal();
  let called: string | undefined;
  const still = allCommands.map((command): Command => {
    const run: Command['run'] = async () => {
      called = command.name;
      return await Promise.resolve(0);
    };
    return { ...command, run };
  });
  const code = await runProgram({ version: '1', commands: still, terminal }, argv);
  return { code, called, notes };
}
