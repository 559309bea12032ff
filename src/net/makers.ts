// Reads the list of makers of network cards.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkShape } from '../base/shape.ts';
import { type Mistake, readYaml } from '../base/yaml-text.ts';
import { type Makers, makersShape } from '../phones/makers.ts';

/** `makers.yaml` of the folder, or every mistake in it. Rejects when there is no such file. */
export async function readMakers(
  folder: string,
): Promise<{ readonly makers: Makers; readonly mistakes: readonly Mistake[] }> {
  const file = join(folder, 'makers.yaml');
  const yaml = readYaml(file, await readFile(file, 'utf8'));
  if (yaml.mistakes.length > 0) return { makers: new Map(), mistakes: yaml.mistakes };
  const checked = checkShape(makersShape, yaml.value);
  if (checked.ok) return { makers: checked.value, mistakes: [] };
  return { makers: new Map(), mistakes: checked.error.map(({ path, message }) => yaml.at(path, message)) };
}
