// Paths as an FTP client sees them: one tree from `/`, and a folder in which it stands.

/** The folder that is meant, as a list of names. Nobody gets above the root. */
export function folderFrom(standing: string, path: string): string {
  const parts = partsFrom(standing, path).filter((part) => part !== '..');
  return `/${parts.join('/')}`;
}

/**
 * The name of a file for the desk, relative to the root. A name that climbs out keeps its `..`: the desk refuses it,
 * and that somebody tried is told.
 */
export function nameFrom(standing: string, path: string): string {
  return partsFrom(standing, path).join('/');
}

/** The folder of a path and the last name in it. */
export function splitName(name: string): { readonly folder: string; readonly last: string } {
  const slash = name.lastIndexOf('/');
  return { folder: slash < 0 ? '' : name.slice(0, slash), last: name.slice(slash + 1) };
}

function partsFrom(standing: string, path: string): readonly string[] {
  // Phones of old write backslashes.
  const plain = path.replaceAll('\\', '/');
  const parts: string[] = [];
  for (const part of (plain.startsWith('/') ? plain : `${standing}/${plain}`).split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return parts;
}
