// The authorities whose client certificates are trusted: root certificates of phone makers, in a file or a folder.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { readChain } from './facts.ts';

const ENDINGS = /\.(?:pem|crt|cer|der)$/i;

/** Every certificate of a file, or of the .pem, .crt, .cer and .der files of a folder, each PEM; or what is wrong. */
export async function readAuthorities(path: string): Promise<Result<readonly string[], string>> {
  try {
    const files = (await stat(path)).isDirectory()
      ? (await readdir(path)).filter((name) => ENDINGS.test(name)).map((name) => join(path, name))
      : [path];
    const found = await Promise.all(files.sort().map(certificatesIn));
    const broken = found.find((one) => !one.ok);
    if (broken !== undefined) return broken;
    const all = found.flatMap((one) => (one.ok ? one.value : []));
    return all.length > 0 ? ok(all) : err(`${path} holds no certificate (PEM or DER)`);
  } catch (error) {
    return err(`${path} cannot be read (${errnoOf(error) ?? 'unreadable'})`);
  }
}

async function certificatesIn(file: string): Promise<Result<readonly string[], string>> {
  const bytes = await readFile(file);
  try {
    const chain = readChain(bytes);
    return chain.length > 0 ? ok(chain.map((one) => one.toString())) : err(`${file} holds no certificate`);
  } catch {
    return err(`${file} holds a certificate that is damaged`);
  }
}
