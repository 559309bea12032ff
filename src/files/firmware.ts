// The firmware folder: <vendor>/<model or *>/<version>/<file>. Read at start; templates refer to it, phones fetch it.
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { errnoOf } from '../base/fault.ts';
import { type Catalogue, modelOf, type Vendor, vendorOf } from '../phones/vendor.ts';
import type { Asker } from './desk.ts';
import type { FirmwareVariables } from './render.ts';

export interface FirmwareFile {
  readonly vendor: string;
  /** As the catalogue spells it, or `*` for every model. */
  readonly model: string;
  readonly version: string;
  readonly file: string;
  /** Below the firmware folder. */
  readonly path: string;
  readonly bytes: number;
}

/** Under this name the folder is served. */
export const FIRMWARE_URL = 'firmware/';
const EVERY_MODEL = '*';

/** All firmware, sorted; and folders that fit no vendor or model, which are slips. */
export async function readFirmware(
  folder: string,
  catalogue: Catalogue,
): Promise<{ readonly firmware: readonly FirmwareFile[]; readonly strays: readonly string[] }> {
  const firmware: FirmwareFile[] = [];
  const strays: string[] = [];
  for (const entry of await entriesOf(folder)) {
    if (!entry.isFile()) continue;
    const path = relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/');
    const [vendorId = '', modelName = '', version = '', file = '', ...deeper] = path.split('/');
    if (path.split('/').some((part) => part.startsWith('.'))) continue;
    const vendor = vendorOf(catalogue, vendorId.toLowerCase());
    const model = modelName === EVERY_MODEL ? EVERY_MODEL : vendor && modelOf(vendor, modelName)?.name;
    if (vendor === undefined || model === undefined || file === '' || deeper.length > 0) strays.push(path);
    else {
      const { size } = await stat(join(folder, path));
      firmware.push({ vendor: vendor.id, model, version, file, path, bytes: size });
    }
  }
  return { firmware: firmware.sort((a, b) => (a.path < b.path ? -1 : 1)), strays: strays.sort() };
}

/** The firmware for a phone: of its model before that of all, the wanted version, else the newest. */
export function firmwareFor(
  firmware: readonly FirmwareFile[],
  vendor: Vendor,
  phone: Pick<Asker, 'identity' | 'listed'>,
): FirmwareFile | undefined {
  const model = modelOf(vendor, phone.identity.model)?.name;
  const wanted = phone.listed?.columns['firmware'];
  const fitting = firmware.filter(
    (one) =>
      one.vendor === vendor.id &&
      (one.model === model || one.model === EVERY_MODEL) &&
      (wanted === undefined || wanted === '' || one.version === wanted),
  );
  const own = fitting.filter((one) => one.model === model);
  const [newest] = (own.length > 0 ? own : fitting).toSorted((a, b) => compareVersions(b.version, a.version));
  if (newest === undefined) return undefined;
  const beside = fitting.filter((one) => one.model === newest.model && one.version === newest.version);
  return beside.find((one) => vendor.config.firmware?.test(one.file)) ?? beside[0];
}

/** `66.86.0.15` comes after `66.86.0.9`: numbers count by value. */
export function compareVersions(a: string, b: string): number {
  return new Intl.Collator('en', { numeric: true }).compare(a, b);
}

/** What templates say of it; `url` is the phone's provisioning URL. */
export function firmwareVariables({ path, version, file }: FirmwareFile, url: string): FirmwareVariables {
  const escaped = path.split('/').map((part) => encodeURIComponent(part));
  return { url: `${url.replace(/\/*$/, '/')}${FIRMWARE_URL}${escaped.join('/')}`, version, file };
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return [];
  }
}
