// What `unboxd seal` and `unboxd unseal` share: keys, containers by name, files that appear whole or not at all.
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { errnoOf, Fault } from '../base/fault.ts';
import { DIGESTS, FORMS, keyObjection, type SealSettings } from '../seal/forms.ts';
import { type Flag, type Flags, type Terminal, textFlag, UsageError } from './command.ts';

/** Keys are never on the command line: other users of the machine see it. */
export const KEY_FLAGS: readonly Flag[] = [
  {
    flags: '--as <container>',
    what: 'openssl (Cisco, Grandstream, Panasonic, VTech), rfc8188 (Cisco), aes-ecb (Yealink)',
  },
  { flags: '--key-file <file>', what: 'the key; - reads it from the standard input' },
  { flags: '--key-env <name>', what: 'the key is in this variable of the environment' },
  { flags: '--key-form <form>', what: 'how the key is written: text, hex or base64', otherwise: 'text' },
  { flags: '--digest <digest>', what: 'openssl: md5 (Cisco up to 11.2) or sha256 (later)' },
  { flags: '--bits <number>', what: 'openssl: 128, 192 or 256', otherwise: '256' },
  { flags: '--rounds <number>', what: 'openssl: PBKDF2 with so many rounds (openssl enc -pbkdf2)' },
  { flags: '--no-salt', what: 'openssl: without salt (VTech)' },
  { flags: '-o, --output <file>', what: 'where to; - is the standard output' },
  { flags: '--force', what: 'replace the output file' },
];

export interface SealWork {
  readonly settings: SealSettings;
  readonly output: string;
}

/** The flags, checked, and the key read. */
export async function settingsOf(flags: Flags, terminal: Terminal): Promise<SealWork> {
  const form = oneOf(FORMS, textFlag(flags, 'as'), '--as');
  const digest = textFlag(flags, 'digest');
  const bits = Number(textFlag(flags, 'bits') ?? 256);
  if (bits !== 128 && bits !== 192 && bits !== 256) throw new UsageError('--bits is 128, 192 or 256');
  const rounds = textFlag(flags, 'rounds');
  if (rounds !== undefined && !/^[1-9]\d{0,6}$/.test(rounds))
    throw new UsageError('--rounds is a number from 1 to 9999999');
  const output = textFlag(flags, 'output');
  if (output === undefined) throw new UsageError('name the output: -o FILE, or -o - for the standard output');
  const settings: SealSettings = {
    form,
    key: await keyFrom(flags, terminal),
    digest: digest === undefined ? undefined : oneOf(DIGESTS, digest, '--digest'),
    bits,
    rounds: rounds === undefined ? undefined : Number(rounds),
    // commander makes --no-salt a flag "salt" that is true unless it is given.
    isUnsalted: flags['salt'] === false,
  };
  const objection = keyObjection(settings);
  if (objection !== undefined) throw new UsageError(objection);
  return { settings, output };
}

/** The output as sentences name it. */
export function placeName(output: string): string {
  return output === '-' ? 'the standard output' : output;
}

function oneOf<Word extends string>(words: readonly Word[], written: string | undefined, flag: string): Word {
  const known = words.find((word) => word === written);
  if (known === undefined) throw new UsageError(`${flag} is one of: ${words.join(', ')}`);
  return known;
}

async function keyFrom(flags: Flags, terminal: Terminal): Promise<Uint8Array> {
  const [file, variable] = [textFlag(flags, 'keyFile'), textFlag(flags, 'keyEnv')];
  if ((file === undefined) === (variable === undefined))
    throw new UsageError('name the key by --key-file FILE or by --key-env NAME');
  const text =
    variable === undefined ? await keyFile(file ?? '') : Buffer.from(terminal.env[variable] ?? '', 'utf8');
  // An editor ends the last line; the key does not include that.
  const written = Buffer.from(text.toString('latin1').replace(/\r?\n$/, ''), 'latin1');
  const form = oneOf(['text', 'hex', 'base64'] as const, textFlag(flags, 'keyForm'), '--key-form');
  if (form === 'text' || written.length === 0) return written;
  const pattern = form === 'hex' ? /^([0-9a-f]{2})+$/i : /^[\w+/-]+=*$/;
  const line = written.toString('latin1').trim();
  if (!pattern.test(line)) throw new UsageError(`the key is not written in ${form}`);
  return Buffer.from(line, form);
}

async function keyFile(file: string): Promise<Buffer> {
  return await bytesOf(file === '-' ? '/dev/stdin' : file, 'the key file');
}

/** A file whole; `what` begins the sentence when it cannot be read. */
export async function bytesOf(file: string, what: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const why = errnoOf(error) ?? 'unreadable';
    throw new Fault(
      'unreadable',
      `${what} ${file} cannot be read (${why})`,
      'name a file that is there',
      error,
    );
  }
}

/** Refuses to replace a file, unless told to; asked before any work is done. */
export async function checkOutput(output: string, isForced: boolean): Promise<void> {
  if (output === '-' || isForced) return;
  const isThere = await stat(output).then(
    () => true,
    () => false,
  );
  if (isThere) throw new Fault('would-overwrite', `${output} is there already`, '--force replaces it');
}

/** Writes beside it and renames: a reader sees the old file or the new one. Configurations hold passwords: mode 0600. */
export async function put(output: string, bytes: Uint8Array, terminal: Terminal): Promise<void> {
  if (output === '-') {
    terminal.raw(bytes);
    return;
  }
  const beside = `${output}.${terminal.pid}.new`;
  try {
    await writeFile(beside, bytes, { mode: 0o600, flag: 'wx' });
    await rename(beside, output);
  } catch (error) {
    await rm(beside, { force: true });
    const why = errnoOf(error) ?? 'unknown';
    throw new Fault('unwritable', `${output} cannot be written (${why})`, 'nothing was changed', error);
  }
}
