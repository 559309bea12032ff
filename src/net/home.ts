// Where unboxd is installed: beside its package.json stand config/ and dist/, in a clone as in a package.
import { existsSync } from 'node:fs';

/** How far up it is from the deepest file. */
const MOST_FLOORS = 5;

/** The folder of the installation, with a slash behind it. */
export const HOME = findHome(new URL('.', import.meta.url));

function findHome(start: URL): URL {
  let folder = start;
  for (let floor = 0; floor < MOST_FLOORS; floor += 1) {
    if (existsSync(new URL('package.json', folder))) return folder;
    folder = new URL('..', folder);
  }
  throw new Error(`there is no package.json above ${start.pathname}: install unboxd again`);
}
