// Files of phones made from the settings alone, without a daemon: for `render` and `check`.
import { type Ipv4, parseIpv4 } from '../base/ipv4.ts';
import { ouiOf, parseMac, showMac } from '../base/mac.ts';
import { TOKEN_SHOWN } from '../base/token-text.ts';
import type { Mistake } from '../base/yaml-text.ts';
import type { Asker } from '../files/desk.ts';
import { openShelf, type Shelf } from '../files/disk.ts';
import { type FirmwareFile, readFirmware } from '../files/firmware.ts';
import { templateFor } from '../files/layers.ts';
import { fileMistakes } from '../files/lint.ts';
import { makeFiles, type Prepared, variablesOf } from '../files/make.ts';
import { render, type TemplateMistake } from '../files/render.ts';
import type { Refusal } from '../files/resolve.ts';
import { nameFor } from '../phones/files.ts';
import { identify } from '../phones/identify.ts';
import { createRegister } from '../phones/register.ts';
import { urlFor } from '../phones/url.ts';
import { type Vendor, vendorOf } from '../phones/vendor.ts';
import type { LoadedSite } from '../site/load.ts';

/** Stands for {server} while no interface tells: an address of the block for documentation (RFC 5737). */
const SOMEWHERE = parseIpv4('192.0.2.1') as Ipv4;

/** The phones of the list and what would be made for them. */
export interface Press {
  readonly server: Ipv4;
  /** The phone of that MAC, listed or not; undefined for something that is no MAC. */
  phone(mac: string): Asker | undefined;
  file(phone: Asker, name: string): Promise<Prepared | Refusal>;
  /** What it would ask for, in its vendor's order, and get. */
  files(phone: Asker): Promise<readonly { readonly name: string; readonly gets: Prepared | Refusal }[]>;
  /** Every mistake in the files of that phone, listed or not. */
  mistakesOf(phone: Asker): Promise<readonly Mistake[]>;
  /** Every mistake in every file of every listed phone; between two phones others have a breath's time. */
  mistakes(breath?: () => Promise<unknown>): Promise<readonly Mistake[]>;
  readonly firmware: readonly FirmwareFile[];
}

export async function openPress(site: LoadedSite): Promise<Press> {
  const { catalogue, templates, phones, files, provisioning } = site;
  const server = site.lan?.address ?? SOMEWHERE;
  const register = createRegister({ catalogue, list: phones });
  const shelfOf = (folder: string | undefined): Shelf =>
    folder === undefined ? EMPTY : openShelf(folder, { now: () => 0, isCaseIgnored: files.isCaseIgnored });
  const { firmware: list } =
    files.firmware === undefined ? { firmware: [] } : await readFirmware(files.firmware, catalogue);
  const parts = {
    ...{ catalogue, templates, lan: { address: server }, variables: files.variables },
    shelf: shelfOf(files.root),
    firmware: { shelf: shelfOf(files.firmware), files: list },
    // What stands in for a token: the daemon has the key.
    urlFor: (phone: Asker) =>
      urlFor({ url: provisioning.url, server, catalogue, phone, token: () => TOKEN_SHOWN }),
  };
  const file = makeFiles(parts);

  const namesOf = (phone: Asker, vendor: Vendor | undefined): readonly string[] =>
    vendor?.files.flatMap((one) => nameFor(vendor, one, phone) ?? []) ?? [];
  const press: Press = {
    server,
    firmware: list,
    phone: (text) => {
      const mac = parseMac(text);
      if (mac === undefined) return undefined;
      const known = register.phones.get(mac);
      return known ?? { mac, identity: identify(catalogue, [{ kind: 'oui', oui: ouiOf(mac) }]) };
    },
    file,
    files: async (phone) => {
      const names = namesOf(phone, vendorOf(catalogue, phone.identity.vendor));
      return await Promise.all(names.map(async (name) => ({ name, gets: await file(phone, name) })));
    },
    mistakesOf: async (phone) => await mistakesFor(parts, press, phone),
    mistakes: async (breath) => {
      const found = new Map<string, { readonly mistake: Mistake; others: number }>();
      for (const phone of register.phones.values()) {
        await breath?.();
        for (const mistake of await mistakesFor(parts, press, phone)) {
          const key = `${mistake.file}:${mistake.line}:${mistake.what}`;
          const before = found.get(key);
          if (before === undefined) found.set(key, { mistake, others: 0 });
          else before.others += 1;
        }
      }
      return [...found.values()].map(({ mistake: { file: where, line, column, message }, others }) => ({
        ...{ file: where, line, column },
        message: others === 0 ? message : `${message} (and for ${others} more)`,
      }));
    },
  };
  return press;
}

const EMPTY: Shelf = {
  find: async () => await Promise.resolve(undefined),
  list: async () => await Promise.resolve(undefined),
};

/** `what` is the same for every phone that has it. */
type PhoneMistake = Mistake & { readonly what: string };

async function mistakesFor(
  parts: Parameters<typeof makeFiles>[0],
  press: Press,
  phone: Asker,
): Promise<readonly PhoneMistake[]> {
  const vendor = vendorOf(parts.catalogue, phone.identity.vendor);
  const url = parts.urlFor(phone);
  if (vendor === undefined || url === undefined) return [];
  const variables = variablesOf(parts, { phone, vendor, url });
  const mistakes: PhoneMistake[] = [];
  for (const one of vendor.files) {
    const name = nameFor(vendor, one, phone);
    const template = one.template && templateFor(parts.templates, vendor, phone, one.template);
    if (name === undefined || template === undefined || template === '') continue;
    const text = render(template, variables);
    if (!text.ok) {
      mistakes.push(templateMistake(template.file, text.error, phone));
      continue;
    }
    const exists = async (named: string) =>
      (await press.file(phone, named.replace(/^(?:\.\.?\/)+/, ''))).kind === 'file';
    for (const { line, message } of await fileMistakes(vendor, text.value, exists)) {
      const where = `line ${line} of ${name} for ${showMac(phone.mac)}`;
      mistakes.push({ file: template.file, message: `${where}: ${message}`, what: `${line} ${message}` });
    }
  }
  return mistakes;
}

function templateMistake(file: string, mistake: TemplateMistake, { mac }: Asker): PhoneMistake {
  const { message, line, column, part } = mistake;
  const inPart = part === undefined ? '' : ` in ${part}`;
  return { file, line, column, message: `${message}${inPart}, for ${showMac(mac)}`, what: message };
}
