// The licences of what the Debian package carries beside our own work: every production dependency of the lock file, as
// it lies in node_modules. Nothing is listed by hand, so nothing can be forgotten when a dependency changes.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface Dependency {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression, as its author wrote it. */
  readonly licence: string;
  /** What must go along with copies, whole: of the package, and of what it has taken in from others. */
  readonly texts: readonly string[];
}

/** Licences that ask for nothing but their text; one that asks for more needs a person to look at it. */
const ALLOWED: ReadonlySet<string> = new Set(['0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT']);

/** The licence that we take of those offered; undefined: none is allowed, or the expression is none we understand. */
export function allowedLicence(expression: string): string | undefined {
  const choices = expression.replace(/^\((.*)\)$/, '$1').split(' OR ');
  return choices.find((choice) => ALLOWED.has(choice));
}

interface Locked {
  readonly version: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
type Lock = Readonly<Record<string, Locked>>;

/** What is needed at run time on Linux with these processors, sorted by name. `root` is a clone after `npm ci`. */
export function productionDependencies(root: string, cpus: readonly string[]): readonly Dependency[] {
  const { packages: lock } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Lock;
  };
  return Object.entries(lock)
    .filter(([path, locked]) => path !== '' && locked.dev !== true && isFor(locked, cpus))
    .map(([path, { version, license }]) => ({
      name: nameOf(path),
      version,
      licence: license ?? 'none',
      texts: textsFor(root, path, lock),
    }))
    .sort((a, b) => (label(a) < label(b) ? -1 : 1));
}

function isFor({ os, cpu }: Locked, cpus: readonly string[]): boolean {
  return (os?.includes('linux') ?? true) && (cpu?.some((one) => cpus.includes(one)) ?? true);
}

/**
 * A part for one processor is installed only where it runs, and may have no text of its own: it is under that of the
 * package which it is a part of.
 */
function textsFor(root: string, path: string, lock: Lock): readonly string[] {
  const own = licenceTexts(join(root, path));
  if (own.length > 0) return own;
  const whole = Object.keys(lock).find((other) => lock[other]?.optionalDependencies?.[nameOf(path)]);
  return whole === undefined || whole === '' ? [] : licenceTexts(join(root, whole));
}

function licenceTexts(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => !/(?:^|\/)node_modules\//.test(file))
    .filter((file) => /^(?:licen[cs]e|copying|notice)(?:\.(?:md|txt))?$/i.test(basename(file)))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim());
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function label({ name, version }: Dependency): string {
  return `${name} ${version}`;
}

/** The copyright file of the Debian package. Throws where a licence is not allowed or its text is missing. */
export function copyrightText(own: string, dependencies: readonly Dependency[]): string {
  for (const one of dependencies) {
    if (allowedLicence(one.licence) === undefined)
      throw new Error(
        `${label(one)} is under "${one.licence}", which is not on the list of allowed licences`,
      );
    if (one.texts.length === 0) throw new Error(`${label(one)} has no licence text`);
  }
  const holders = new Map<string, string[]>();
  for (const one of dependencies)
    for (const text of one.texts) holders.set(text, [...(holders.get(text) ?? []), label(one)]);
  return [
    `unboxd is under this licence:\n\n${own.trim()}`,
    `The package carries these works of others, under the licences named:\n
${dependencies.map((one) => `  ${label(one)}: ${allowedLicence(one.licence)}`).join('\n')}`,
    ...[...holders].map(([text, names]) => `${names.join(', ')}:\n\n${text}`),
  ].join(`\n\n${'-'.repeat(80)}\n\n`);
}
