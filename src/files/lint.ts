// Whether a made file is what its vendor's phones can read: the first line, one setting per line, well-formed XML, and
// files it names that exist. The rules are vendor data.
import { printable } from '../base/bytes.ts';
import type { Vendor } from '../phones/vendor.ts';
import { xmlMistake } from './xml.ts';

export interface FileMistake {
  readonly message: string;
  /** In the made file. */
  readonly line: number;
}

/** Every mistake in a file; `exists` says whether a file that it names would be served. */
export async function fileMistakes(
  { config }: Pick<Vendor, 'config'>,
  text: string,
  exists: (name: string) => Promise<boolean>,
): Promise<readonly FileMistake[]> {
  const mistakes: FileMistake[] = [];
  if (config.header !== undefined && !text.startsWith(config.header))
    mistakes.push({ line: 1, message: `the first line must begin with ${config.header}` });
  if (config.format === 'xml') {
    const mistake = xmlMistake(text);
    if (mistake !== undefined) mistakes.push(mistake);
  }
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (config.format === 'lines' && line.trim() !== '' && config.line?.test(line) === false)
      mistakes.push({ line: index + 1, message: `no phone reads this line: ${printable(line, 60)}` });
    const named = config.include?.exec(line)?.groups?.['name'];
    // What lies on another server is not ours to know.
    if (named === undefined || /^\w+:\/\//.test(named) || (await exists(named))) continue;
    mistakes.push({ line: index + 1, message: `it names ${printable(named, 60)}, which is not served` });
  }
  return mistakes;
}
