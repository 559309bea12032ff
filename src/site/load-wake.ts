// Passwords for wake-ups, from the settings or from files beside them.
import { readFile } from 'node:fs/promises';
import { errnoOf } from '../base/fault.ts';
import type { Ipv4 } from '../base/ipv4.ts';
import type { Mistake, YamlText } from '../base/yaml-text.ts';
import { type Catalogue, vendorOf } from '../phones/vendor.ts';
import type { WakeSettings } from './wake.ts';

/** Whom phones of a maker, or all of them, obey. */
export interface WakeCredentials {
  readonly vendor?: string | undefined;
  readonly user: string;
  readonly password: string;
}

/** What is set for wake-ups, passwords read. */
export interface Waking {
  readonly credentials: readonly WakeCredentials[];
  readonly via: readonly Ipv4[];
}

interface Readers {
  readonly at: YamlText['at'];
  readonly inBase: (path: string | undefined) => string | undefined;
  readonly catalogue: Catalogue;
}

export async function readWaking(
  { credentials, via }: WakeSettings,
  { at, inBase, catalogue }: Readers,
): Promise<{ readonly waking: Waking; readonly mistakes: readonly Mistake[] }> {
  const mistakes: Mistake[] = [];
  const read = await Promise.all(
    credentials.map(async ({ vendor, user, password, passwordFile }, index) => {
      const path = ['wake', 'credentials', index];
      if (vendor !== undefined && vendorOf(catalogue, vendor) === undefined)
        mistakes.push(at([...path, 'vendor'], `vendor "${vendor}" is not known`));
      const found = password ?? (await firstLine(inBase(passwordFile) ?? ''));
      if (found === undefined)
        mistakes.push(at([...path, 'passwordFile'], `${inBase(passwordFile)} cannot be read, or is empty`));
      return { vendor, user, password: found ?? '' };
    }),
  );
  return { waking: { credentials: read, via }, mistakes };
}

async function firstLine(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).split(/\r?\n/, 1)[0] || undefined;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
