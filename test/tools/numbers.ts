// The options of the tools that run at length: numbers, and whether machines read along.
import { parseArgs } from 'node:util';
import { messageOf } from '../../src/base/fault.ts';

/**
 * What the command line says, with `defaults` for the rest. A wrong one ends the program with a sentence, the usage and
 * exit code 2.
 */
export function numbersFrom<Name extends string>(
  program: string,
  defaults: Readonly<Record<Name, number>>,
  args: readonly string[] = process.argv.slice(2),
): Readonly<Record<Name, number>> & { readonly json: boolean } {
  const read = numbersIn(defaults, args);
  if (typeof read !== 'string') return read;
  const names = Object.entries(defaults).map(([name, value]) => `[--${name} ${value}]`);
  process.stderr.write(`${read}\nUsage: ${program} -- ${names.join(' ')} [--json]\n`);
  process.exit(2);
}

/** The numbers, or what is wrong, in a sentence. */
export function numbersIn<Name extends string>(
  defaults: Readonly<Record<Name, number>>,
  args: readonly string[],
): (Readonly<Record<Name, number>> & { readonly json: boolean }) | string {
  const names = Object.keys(defaults) as Name[];
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    const parsed = parseArgs({ args: [...args], options: { ...options, json: { type: 'boolean' } } });
    const values: Readonly<Record<string, string | boolean | undefined>> = parsed.values;
    const wrong = names.find((name) => values[name] !== undefined && !(Number(values[name]) > 0));
    if (wrong !== undefined) return `--${wrong} takes a number above 0, not ${String(values[wrong])}`;
    const numbers = names.map((name) => [name, Number(values[name] ?? defaults[name])] as const);
    return { ...(Object.fromEntries(numbers) as Record<Name, number>), json: values['json'] === true };
  } catch (error) {
    return messageOf(error);
  }
}
