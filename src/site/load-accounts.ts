// Reads the passwords of doors.accounts, those that stand in files of their own too.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errnoOf } from '../base/fault.ts';
import type { Mistake, YamlText } from '../base/yaml-text.ts';
import type { Account, AccountSetting } from './accounts.ts';

export interface LoadedAccounts {
  readonly accounts: readonly Account[];
  readonly mistakes: readonly Mistake[];
}

/** All accounts with their passwords, or what is wrong with each. Paths are relative to `base`. */
export async function loadAccounts(
  settings: readonly AccountSetting[],
  { base, at }: { readonly base: string; readonly at: YamlText['at'] },
): Promise<LoadedAccounts> {
  const accounts: Account[] = [];
  const mistakes: Mistake[] = [];
  for (const [index, setting] of settings.entries()) {
    const path = ['doors', 'accounts', index];
    const folder = setting.folder
      .split(/[\\/]+/)
      .filter((part) => part !== '')
      .join('/');
    const { user, methods } = setting;
    const read = await passwordOf(setting, base);
    if ('mistake' in read) mistakes.push(at([...path, read.key], read.mistake));
    else if (accounts.some((other) => other.folder === folder && other.user === user))
      mistakes.push(at([...path, 'user'], `${folder} has a user ${user} already`));
    else accounts.push({ folder, user, password: read.password, methods });
  }
  return { accounts, mistakes };
}

type Read = { readonly password: string } | { readonly key: string; readonly mistake: string };

async function passwordOf({ password, passwordFile }: AccountSetting, base: string): Promise<Read> {
  if (password !== undefined && passwordFile !== undefined)
    return { key: 'passwordFile', mistake: 'write password or passwordFile, not both' };
  if (password !== undefined) return { password };
  if (passwordFile === undefined)
    return { key: 'user', mistake: 'it has no password: write password or passwordFile' };
  const file = resolve(base, passwordFile);
  try {
    const [line = ''] = (await readFile(file, 'utf8')).split(/\r?\n/);
    return line === ''
      ? { key: 'passwordFile', mistake: `the first line of ${file} is empty` }
      : { password: line };
  } catch (error) {
    return { key: 'passwordFile', mistake: `${file} cannot be read (${errnoOf(error) ?? 'unknown'})` };
  }
}
