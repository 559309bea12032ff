// Reads everything an installer writes: settings, vendor files, phone list, templates. All mistakes at once; with one
// of them nothing is used.
import { access, readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errnoOf } from '../base/fault.ts';
import { placeholdersOf } from '../base/fill.ts';
import { err, ok, type Result } from '../base/result.ts';
import { checkShape } from '../base/shape.ts';
import { tokenMistakes, withTokenPlace } from '../base/token-text.ts';
import { type Mistake, readYaml, type YamlText } from '../base/yaml-text.ts';
import { readAuthorities } from '../certs/authorities.ts';
import type { Templates } from '../files/layers.ts';
import { readTemplates, strayTemplates } from '../files/templates.ts';
import { HOME } from '../net/home.ts';
import { readMakers } from '../net/makers.ts';
import { readCatalogue } from '../phones/catalogue.ts';
import { readInventory } from '../phones/inventory.ts';
import type { Makers } from '../phones/makers.ts';
import type { ListedPhone, ListedPlace } from '../phones/phone.ts';
import type { Catalogue } from '../phones/vendor.ts';
import type { Account } from './accounts.ts';
import type { InterfaceFacts } from './check.ts';
import { type FileSettings, fileSettings } from './files.ts';
import { type AwayLan, checkReservations, readLans } from './lans.ts';
import { loadAccounts } from './load-accounts.ts';
import { readWaking, type Waking } from './load-wake.ts';
import { type SiteFile, siteShape } from './schema.ts';
import type { LanSite, Provisioning } from './site.ts';

/** The folder `config/` of the installation: vendor files and templates that come with unboxd. */
const BUILT_IN = fileURLToPath(new URL('config/', HOME));

export interface LoadRequest {
  /** Path of unboxd.yaml; absent: all defaults. */
  readonly file?: string | undefined;
  /** These win over the file. Of several LANs the one on that interface alone. */
  readonly interface?: string | undefined;
  readonly phones?: string | undefined;
  readonly state?: string | undefined;
  readonly control?: string | undefined;
  /** How the named interface is. Undefined: what depends on it is not checked. May throw a Fault. */
  readonly facts: (name: string) => InterfaceFacts | undefined;
}

/** Everything, checked, all paths absolute. */
export interface LoadedSite {
  /** In the order of the file; those whose interface was looked at and can be used. */
  readonly lans: readonly LanSite[];
  /** The first of them. */
  readonly lan?: LanSite | undefined;
  /** Empty where only one is written: a Fault then. */
  readonly away: readonly AwayLan[];
  readonly provisioning: Provisioning;
  readonly catalogue: Catalogue;
  /** Makers of network cards, to name strange servers. */
  readonly makers: Makers;
  readonly phones: readonly ListedPhone[];
  readonly places: readonly ListedPlace[];
  readonly templates: Templates;
  readonly filesRoot?: string | undefined;
  readonly files: FileSettings;
  readonly doors: Omit<SiteFile['doors'], 'accounts'> & { readonly accounts: readonly Account[] };
  /** PEM: who may sign the client certificates of phones. */
  readonly clientAuthorities: readonly string[];
  readonly wake: Waking;
  readonly controlSocket: string;
  readonly state: string;
  readonly logLevel: SiteFile['log']['level'];
  readonly logDoors: SiteFile['log']['doors'];
  /** Where Prometheus finds the metrics, besides the control socket. */
  readonly metrics: SiteFile['control']['metrics'];
}

/** Loads the site, or every mistake in everything that was read. */
export async function loadSite(request: LoadRequest): Promise<Result<LoadedSite, readonly Mistake[]>> {
  const base = request.file === undefined ? process.cwd() : dirname(resolve(request.file));
  const settings = await readSettings(request.file);
  if (!settings.ok) return settings;
  const { site, at } = settings.value;
  const mistakes: Mistake[] = [];

  const { catalogue, ...vendors } = await readCatalogue(`${BUILT_IN}vendors`, { values: site.vendors, at });
  const inBase = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(base, path);
  const templateFolder = inBase(site.files.templates);
  const filesRoot = inBase(site.files.root);
  const folders = [...(templateFolder === undefined ? [] : [templateFolder]), `${BUILT_IN}templates`];
  const { templates, ...rendering } = await readTemplates(folders, catalogue);
  const { makers, ...prefixes } = await readMakers(BUILT_IN);
  const listFile = request.phones ?? inBase(site.phones);
  const list = await readList(listFile, catalogue, at);
  mistakes.push(
    ...vendors.mistakes,
    ...prefixes.mistakes,
    ...rendering.mistakes,
    ...list.mistakes,
    ...checkUrl(site, at),
    ...checkClassVendors(site, catalogue, at),
  );
  mistakes.push(...(await checkFolders({ templateFolder, filesRoot, templates, at })));
  const clients = await readClientAuthorities(site.doors.https, inBase, at);
  if (!clients.ok) mistakes.push(clients.error);
  const wake = await readWaking(site.wake, { at, inBase, catalogue });
  mistakes.push(...wake.mistakes);
  const { accounts, ...signIn } = await loadAccounts(site.doors.accounts, { base, at });
  mistakes.push(...signIn.mistakes);
  const read = readLans(request, site, at);
  mistakes.push(...read.mistakes);
  if (read.mistakes.length === 0) mistakes.push(...checkReservations(read, list, listFile));
  if (mistakes.length > 0) return err(mistakes);

  return ok({
    lans: read.lans,
    lan: read.lans[0],
    away: read.away,
    provisioning: {
      url: site.files.tokens === 'off' ? site.provisioning.url : withTokenPlace(site.provisioning.url),
      options: site.provisioning.options,
      extraOptions: site.provisioning.extra,
    },
    catalogue,
    makers,
    phones: list.phones,
    places: list.places,
    templates,
    filesRoot,
    files: fileSettings(site.files, {
      inBase: (path) => resolve(base, path),
      inState: (path) => resolve(request.state ?? resolve(base, site.state), path),
    }),
    doors: { ...site.doors, accounts },
    clientAuthorities: clients.ok ? clients.value : [],
    wake: wake.waking,
    controlSocket: request.control ?? resolve(base, site.control.socket),
    state: resolve(request.state ?? resolve(base, site.state)),
    logLevel: site.log.level,
    logDoors: site.log.doors,
    metrics: site.control.metrics,
  });
}

/** Without authorities of its own the TLS library would trust every public one. */
async function readClientAuthorities(
  https: SiteFile['doors']['https'],
  inBase: (path: string | undefined) => string | undefined,
  at: YamlText['at'],
): Promise<Result<readonly string[], Mistake>> {
  if (https === 'off' || https.clientCertificates === 'off') return ok([]);
  const path = ['doors', 'https', 'authorities'];
  const file = inBase(https.authorities);
  const missing = 'name the file or folder with the root certificates of the phone makers (PEM)';
  const read = file === undefined ? err(missing) : await readAuthorities(file);
  return read.ok ? read : err(at(path, read.error));
}

interface Settings {
  readonly site: SiteFile;
  readonly at: YamlText['at'];
}

async function readSettings(file: string | undefined): Promise<Result<Settings, readonly Mistake[]>> {
  const name = file ?? 'the command line';
  const text = file === undefined ? '' : await textOf(file);
  if (text === undefined)
    return err([{ file: name, message: 'there is no such file, or it cannot be read' }]);
  const yaml = readYaml(name, text);
  if (yaml.mistakes.length > 0) return err(yaml.mistakes);
  const checked = checkShape(siteShape, yaml.value ?? {});
  if (checked.ok) return ok({ site: checked.value, at: yaml.at });
  return err(checked.error.map(({ path, message }) => yaml.at(path, message)));
}

type List = ReturnType<typeof readInventory>;

const NO_LIST: List = { phones: [], places: [], lineOf: new Map(), mistakes: [] };

async function readList(file: string | undefined, catalogue: Catalogue, at: YamlText['at']): Promise<List> {
  if (file === undefined) return NO_LIST;
  const text = await textOf(file);
  if (text !== undefined) return readInventory(file, text, catalogue);
  return { ...NO_LIST, mistakes: [at(['phones'], `${file} does not exist or cannot be read`)] };
}

/** A class for a make that nobody knows would wait for phones that never come. */
function checkClassVendors(
  { lans }: SiteFile,
  { vendors }: Catalogue,
  at: YamlText['at'],
): readonly Mistake[] {
  const known = vendors.map(({ id }) => id);
  return lans.flatMap(({ dhcp }, lan) =>
    dhcp.classes.flatMap(({ when }, index) =>
      when.vendor === undefined || known.includes(when.vendor)
        ? []
        : at(
            ['lans', lan, 'dhcp', 'classes', index, 'when', 'vendor'],
            `there is no vendor "${when.vendor}" (known: ${known.join(', ')})`,
          ),
    ),
  );
}

function checkUrl(site: SiteFile, at: YamlText['at']): readonly Mistake[] {
  const { url } = site.provisioning;
  const path = ['provisioning', 'url'];
  const unknown = placeholdersOf(url).filter(
    (name) => !['server', 'mac', 'MAC', 'model', 'token'].includes(name),
  );

  const mistakes = unknown.map((name) =>
    at(path, `nothing fills {${name}} (known: server, mac, MAC, model, token)`),
  );
  mistakes.push(...tokenMistakes(url, site.files.tokens !== 'off').map((message) => at(path, message)));
  if (!/^(?:https?|tftp|ftp):\/\/./.test(url))
    mistakes.push(at(path, `"${url}" is no http, https, tftp or ftp URL`));
  return mistakes;
}

interface Folders {
  readonly templateFolder: string | undefined;
  readonly filesRoot: string | undefined;
  readonly templates: Templates;
  readonly at: YamlText['at'];
}

async function checkFolders({
  templateFolder,
  filesRoot,
  templates,
  at,
}: Folders): Promise<readonly Mistake[]> {
  const mistakes: Mistake[] = [];
  for (const [key, folder] of [
    ['templates', templateFolder],
    ['root', filesRoot],
  ] as const) {
    if (folder === undefined) continue;
    const isFolder = await stat(folder).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isFolder) mistakes.push(at(['files', key], `${folder} is no folder`));
    else if (key === 'templates') mistakes.push(...(await strayTemplates(folder, templates)));
  }
  return mistakes;
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    await access(file);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EISDIR', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
