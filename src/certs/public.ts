// The CA certificate as phones and installers fetch it. It is no secret; keys never come near.
import type { Millis } from '../base/world.ts';
import type { Shelf } from '../files/disk.ts';

export interface PublicFile {
  readonly name: string;
  readonly content: Uint8Array;
  /** Content-Type for HTTP. */
  readonly type: string;
}

/** Public file names and what is under them: PEM under the endings that phones ask for, DER for those that want it. */
export function publicCertificates(authorityPem: string): readonly PublicFile[] {
  const pem = Buffer.from(authorityPem, 'latin1');
  const body = authorityPem.replaceAll(/-----[^-]+-----/g, '');
  return [
    { name: 'ca.pem', content: pem, type: 'application/x-pem-file' },
    { name: 'ca.crt', content: pem, type: 'application/x-x509-ca-cert' },
    { name: 'ca.der', content: Buffer.from(body, 'base64'), type: 'application/x-x509-ca-cert' },
  ];
}

/** The shelf with the CA on it; files of the installer's own under those names go first. */
export function withAuthority(
  shelf: Shelf,
  { authority, now }: { readonly authority: string | undefined; readonly now: Millis },
): Shelf {
  if (authority === undefined) return shelf;
  const files = publicCertificates(authority).map(({ name, content }) => ({
    path: name,
    content,
    modified: now,
  }));
  return {
    find: async (paths) =>
      (await shelf.find(paths)) ??
      files.find(({ path }) => paths.some((asked) => asked.toLowerCase() === path)),
    list: async (folder) => {
      const listed = await shelf.list(folder);
      if (folder !== '') return listed;
      const names = new Set(listed?.map(({ name }) => name));
      const added = files
        .filter(({ path }) => !names.has(path))
        .map(({ path, content, modified }) => ({
          name: path,
          bytes: content.length,
          modified,
          isDirectory: false,
        }));
      return [...(listed ?? []), ...added].sort((a, b) => a.name.localeCompare(b.name));
    },
  };
}
