// The key from which all tokens follow. It lies beside the keys of the certificates, so that a backup holds it.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, Fault } from '../base/fault.ts';
import { writeDurably } from './durable.ts';

const BYTES = 32;

/** Reads the key of that state folder, or makes it, for its owner only (mode 0600). Rejects with a Fault. */
export async function openTokenKey(state: string): Promise<Uint8Array> {
  const path = join(state, 'certs', 'tokens.key');
  try {
    const text = (await readFile(path, 'utf8').catch(unlessMissing)) ?? (await make(path));
    const key = Buffer.from(text.trim(), 'hex');
    if (key.length === BYTES) return key;
  } catch (error) {
    const hint = 'look at the state folder and its permissions (--state DIR)';
    throw new Fault(
      'token-key-unusable',
      `${path} cannot be used (${errnoOf(error) ?? 'trouble'})`,
      hint,
      error,
    );
  }
  const hint = 'restore it from a backup; or remove it, and every phone needs its first token anew';
  throw new Fault(
    'token-key-unusable',
    `${path} is not the key of tokens: it was cut short or changed`,
    hint,
  );
}

async function make(path: string): Promise<string> {
  const text = randomBytes(BYTES).toString('hex');
  await writeDurably(path, `${text}\n`, 0o600);
  return text;
}

function unlessMissing(error: unknown): undefined {
  if (errnoOf(error) === 'ENOENT') return undefined;
  throw error;
}
