// What a folder shows to a phone (FTP LIST): the files it may fetch, and nobody else's.
import { ok } from '../base/result.ts';
import { nameFor, uploadNameFor } from '../phones/files.ts';
import { vendorOf } from '../phones/vendor.ts';
import type { Asker, ListedFile } from './desk.ts';
import { FIRMWARE_URL } from './firmware.ts';
import type { MakerParts, Prepared } from './make.ts';
import { cleanName, macInName, type Refusal } from './resolve.ts';

export interface ListParts extends MakerParts {
  readonly prepare: (phone: Asker | undefined, name: string) => Promise<Prepared | Refusal>;
}

export interface Listing {
  readonly all: readonly ListedFile[];
  /** Without those that hold passwords. */
  readonly open: readonly ListedFile[];
}

/** What the phone finds in the folder ('' is the root), sorted by name; undefined where there is no such folder. */
export async function listFor(
  parts: ListParts,
  phone: Asker | undefined,
  folder: string,
): Promise<Listing | undefined> {
  const cleaned = folder === '' ? ok('') : cleanName(folder);
  const there = cleaned.ok ? await onShelves(parts, cleaned.value) : undefined;
  if (there === undefined && folder !== '') return undefined;
  const found: Shown[] = [];
  for (const file of there ?? []) {
    const shown = await shownTo(parts, phone, { folder: cleaned.ok ? cleaned.value : '', file });
    if (shown !== undefined) found.push(shown);
  }
  const made = folder === '' ? [...madeFor(parts, phone)] : [];
  for (const name of made.filter((one) => found.every(({ file }) => file.name !== one))) {
    const gets = await parts.prepare(phone, name);
    if (gets.kind === 'file') found.push(madeOf(name, gets));
  }
  found.sort((a, b) => (a.file.name < b.file.name ? -1 : 1));
  return {
    all: found.map(({ file }) => file),
    open: found.filter(({ isSecret }) => !isSecret).map(({ file }) => file),
  };
}

/** Of firmware and the like it is enough to know that it is there: reading it all would take long. */
const MUCH = 1024 * 1024;

interface Shown {
  readonly file: ListedFile;
  readonly isSecret: boolean;
}

async function shownTo(
  { prepare, catalogue }: ListParts,
  phone: Asker | undefined,
  { folder, file }: { readonly folder: string; readonly file: ListedFile },
): Promise<Shown | undefined> {
  const isPlain = file.bytes > MUCH && macInName(catalogue, file.name) === undefined;
  if (file.isDirectory || isPlain) return { file, isSecret: false };
  const gets = await prepare(phone, folder === '' ? file.name : `${folder}/${file.name}`);
  return gets.kind === 'file' ? madeOf(file.name, gets) : undefined;
}

function madeOf(name: string, { content, sealed, modified, isSecret }: Prepared): Shown {
  // As it would go out by FTP, whose listing this is.
  const bytes = (sealed?.encoding === undefined ? sealed?.content : undefined) ?? content;
  return { file: { name, bytes: bytes.length, modified, isDirectory: false }, isSecret };
}

async function onShelves(
  { shelf, firmware }: ListParts,
  folder: string,
): Promise<readonly ListedFile[] | undefined> {
  const root = FIRMWARE_URL.slice(0, -1);
  const isFirmware = folder === root || folder.startsWith(FIRMWARE_URL);
  if (firmware !== undefined && isFirmware)
    return await firmware.shelf.list(folder.slice(FIRMWARE_URL.length));
  const files = await shelf.list(folder);
  if (folder !== '' || firmware === undefined) return files;
  const others = (files ?? []).filter(({ name }) => name !== root);
  return [...others, { name: root, bytes: 0, isDirectory: true }];
}

/** Names of files that are made for this phone, and of those that it wrote. */
function madeFor({ catalogue }: ListParts, phone: Asker | undefined): ReadonlySet<string> {
  const vendor = vendorOf(catalogue, phone?.identity.vendor);
  if (vendor === undefined || phone === undefined) return new Set();
  const made = vendor.files.flatMap((file) => nameFor(vendor, file, phone) ?? []);
  return new Set([...made, ...vendor.uploads.map((upload) => uploadNameFor(upload, phone.mac))]);
}
