// What another site changes, in words; and the site that comes of it while the daemon runs, in which all that needs a
// restart stands as it did.
import { isDeepStrictEqual } from 'node:util';
import { withoutTokenPlace, withTokenPlace } from '../base/token-text.ts';
import { whyNotKept } from '../site/kept.ts';
import type { LoadedSite } from '../site/load.ts';
import type { LanSite } from '../site/site.ts';

export interface SiteChanges {
  /** What holds from now on: "phone list: 3 added, 1 changed". */
  readonly changes: readonly string[];
  /** Settings that hold after a restart only, by their names: "lans.0.interface". */
  readonly needsRestart: readonly string[];
  /** To be served from now on. */
  readonly site: LoadedSite;
}

/** A site as one of its LANs sees it. */
export interface Served {
  readonly site: LoadedSite;
  readonly lanSite: LanSite;
}

export function changesOf(was: LoadedSite, is: LoadedSite): SiteChanges {
  const needsRestart: string[] = [];
  /** The value of before, where a change of it needs a restart. */
  const held = <Value>(name: string, [old, fresh]: readonly [Value, Value]): Value => {
    if (!isDeepStrictEqual(old, fresh)) needsRestart.push(name);
    return old;
  };
  const lans = heldLans(was, is, held);
  const [wasDoors, isDoors] = [was.doors, is.doors];
  const tokens = held('files.tokens', [was.files.tokens, is.files.tokens]);
  const { url } = is.provisioning;
  const trust = heldTrust(was, is, held);
  const site: LoadedSite = {
    ...is,
    lans,
    lan: lans[0],
    away: was.away,
    // A URL with a place that nobody fills is told to no phone, and one without a token opens nothing to it.
    provisioning: {
      ...is.provisioning,
      url: tokens === undefined ? withoutTokenPlace(url) : withTokenPlace(url),
    },
    catalogue: isDeepStrictEqual(was.catalogue, is.catalogue) ? was.catalogue : is.catalogue,
    phones: keptRows(was.phones, is.phones, ({ mac }) => mac),
    files: {
      ...is.files,
      uploads: held('files.uploads', [was.files.uploads, is.files.uploads]),
      tokens,
    },
    doors: {
      ...isDoors,
      tftp: held('doors.tftp', [wasDoors.tftp, isDoors.tftp]),
      ftp: held('doors.ftp', [wasDoors.ftp, isDoors.ftp]),
      https: trust.https,
    },
    clientAuthorities: trust.clientAuthorities,
    controlSocket: held('control.socket', [was.controlSocket, is.controlSocket]),
    metrics: held('control.metrics', [was.metrics, is.metrics]),
    state: held('state', [was.state, is.state]),
    logLevel: held('log.level', [was.logLevel, is.logLevel]),
    logDoors: held('log.doors', [was.logDoors, is.logDoors]),
  };
  return { site, needsRestart, changes: told(was, site) };
}

type Held = <Value>(name: string, pair: readonly [Value, Value]) => Value;

/** Each by its interface. One that is away now stays as it was until it is back: the link watch tells of it. */
function heldLans(was: LoadedSite, is: LoadedSite, held: Held): readonly LanSite[] {
  const namesOf = ({ lans, away }: LoadedSite): readonly string[] =>
    [...lans, ...away].map((lan) => lan.interface);
  const [names, isNames] = [namesOf(was), namesOf(is)];
  const [only, isOnly] = [
    names.length === 1 ? names[0] : undefined,
    isNames.length === 1 ? isNames[0] : undefined,
  ];
  if (only !== undefined && isOnly !== undefined) held('lans.0.interface', [only, isOnly]);
  else {
    for (const name of names)
      if (!isNames.includes(name)) held(`lans (${name} was taken out)`, [true, false]);
    for (const name of isNames) if (!names.includes(name)) held(`lans (${name} was added)`, [false, true]);
  }
  return was.lans.map((lan, index) => {
    const fresh = is.lans.find((other) => other.interface === lan.interface);
    return fresh === undefined ? lan : heldLan([lan, fresh], `lans.${keyOf(was, lan, index)}`, held);
  });
}

/** As which a LAN is named: of several by its interface, for one that was away stands in no order. */
function keyOf({ lans, away }: LoadedSite, lan: LanSite, index: number): string {
  return lans.length + away.length > 1 ? lan.interface : String(index);
}

/** Sockets, and those who look for other servers, stand on the interface and on the modes. */
function heldLan([was, is]: readonly [LanSite, LanSite], path: string, held: Held): LanSite {
  const place = ({ address, subnet }: LanSite) => ({ address, subnet });
  held(path === 'lans.0' ? 'the address of the interface' : `the address of ${was.interface}`, [
    place(was),
    place(is),
  ]);
  // The pool and all that follows from it was worked out for another subnet.
  if (!isDeepStrictEqual(place(was), place(is))) return was;
  const [dhcp, pnp] = [is.dhcp, is.pnp];
  const isOff = ({ mode }: LanSite['pnp']): boolean => mode === 'off';
  const isPnpMoved = isOff(was.pnp) !== isOff(pnp);
  if (isPnpMoved) held(`${path}.pnp.mode`, [was.pnp.mode, pnp.mode]);
  return {
    ...is,
    dhcp: {
      ...dhcp,
      mode: held(`${path}.dhcp.mode`, [was.dhcp.mode, dhcp.mode]),
      guard: held(`${path}.dhcp.guard`, [was.dhcp.guard, dhcp.guard]),
      conflictCheck: held(`${path}.dhcp.conflictCheck`, [was.dhcp.conflictCheck, dhcp.conflictCheck]),
    },
    pnp: {
      ...pnp,
      mode: isPnpMoved ? was.pnp.mode : pnp.mode,
      tcp: held(`${path}.pnp.tcp`, [was.pnp.tcp, pnp.tcp]),
    },
  };
}

type Https = LoadedSite['doors']['https'];

/** How phones prove who they are at the HTTPS door. */
interface Trust {
  readonly https: Https;
  readonly clientAuthorities: LoadedSite['clientAuthorities'];
}

/** Whether phones are asked for a certificate is settled when the door opens, and with it who may have signed it. */
function heldTrust(was: LoadedSite, is: LoadedSite, held: Held): Trust {
  const [old, fresh] = [was.doors.https, is.doors.https];
  const asks = ({ clientCertificates }: Exclude<Https, 'off'>): boolean => clientCertificates !== 'off';
  if (old === 'off' || fresh === 'off' || asks(old) === asks(fresh))
    return { https: fresh, clientAuthorities: is.clientAuthorities };
  const { clientCertificates, authorities } = old;
  held('doors.https.clientCertificates', [clientCertificates, fresh.clientCertificates]);
  return {
    https: { ...fresh, clientCertificates, authorities },
    clientAuthorities: was.clientAuthorities,
  };
}

/** What leases are kept for whom; an address that this LAN cannot give is left out. */
export function reservationsOf({ site, lanSite }: Served) {
  return [
    ...site.phones.map(({ mac, address }) => ({ client: mac, address })),
    ...site.places.map(({ key, address }) => ({ client: key, address })),
  ].map(({ client, address }) =>
    address === undefined || whyNotKept(lanSite, address) !== undefined ? { client } : { client, address },
  );
}

function told(was: LoadedSite, is: LoadedSite): readonly string[] {
  const names = settingNames({ was, is });
  return [
    ...told1(
      'phone list',
      countChanges(
        byKey(was.phones, ({ mac }) => mac),
        byKey(is.phones, ({ mac }) => mac),
      ),
    ),
    ...told1(
      'places',
      countChanges(
        byKey(was.places, ({ key }) => key),
        byKey(is.places, ({ key }) => key),
      ),
    ),
    ...told1('templates', countChanges(templateTexts(was), templateTexts(is))),
    ...told1(
      'vendor files',
      countChanges(
        byKey(was.catalogue.vendors, ({ id }) => id),
        byKey(is.catalogue.vendors, ({ id }) => id),
      ),
    ),
    ...(names.length === 0 ? [] : [`settings: ${names.join(', ')}`]),
  ];
}

function told1(what: string, counts: string): readonly string[] {
  return counts === '' ? [] : [`${what}: ${counts}`];
}

function byKey<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, Item> {
  return new Map(items.map((item) => [keyOf(item), item]));
}

/** Of a template its texts alone: what is parsed of them are functions, different each time. */
function templateTexts({ templates }: LoadedSite): ReadonlyMap<string, unknown> {
  return new Map([...templates].map(([key, { text, partials }]) => [key, { text, partials }]));
}

/** Names are shown up to so many. */
const FEW = 3;

/** "2 added, 1 changed (acme/phone.cfg)"; empty where nothing has. */
function countChanges(was: ReadonlyMap<string, unknown>, is: ReadonlyMap<string, unknown>): string {
  const added = [...is.keys()].filter((key) => !was.has(key));
  const changed = [...is.keys()].filter(
    (key) => was.has(key) && !isDeepStrictEqual(was.get(key), is.get(key)),
  );
  const removed = [...was.keys()].filter((key) => !is.has(key));
  return [
    ['added', added],
    ['changed', changed],
    ['removed', removed],
  ]
    .map(([verb, keys]) => counted(String(verb), keys as readonly string[]))
    .filter((words) => words !== '')
    .join(', ');
}

function counted(verb: string, keys: readonly string[]): string {
  if (keys.length === 0) return '';
  return `${keys.length} ${verb}${keys.length > FEW ? '' : ` (${keys.join(', ')})`}`;
}

/** Names as they stand in the file, where they are others here. Values are not shown: some are secret. */
const AS_WRITTEN: readonly (readonly [RegExp, string])[] = [
  [/^provisioning\.extraOptions\b.*/, 'provisioning.extra'],
  [/^files\.firmwarePace\.atOnce$/, 'files.firmwareAtOnce'],
  [/^files\.firmwarePace\.rate$/, 'files.firmwareRate'],
  [/^files\.isCaseIgnored$/, 'files.case'],
  [/^(lans\..+\.dhcp\.guard)\.isOff$/, '$1'],
];

interface Pair<Value> {
  readonly was: Value;
  readonly is: Value;
}

function settingNames({ was, is }: Pair<LoadedSite>): readonly string[] {
  const parts = ({ lans, provisioning, files, doors, wake, clientAuthorities }: LoadedSite) => ({
    lans: Object.fromEntries(
      lans.map((lan, index) => [keyOf(was, lan, index), { dhcp: lan.dhcp, pnp: lan.pnp }] as const),
    ),
    ...{ provisioning, files, doors, wake },
    'doors.https.authorities': clientAuthorities,
  });
  const names = changedNames(parts(was), parts(is)).map((name) =>
    AS_WRITTEN.reduce((written, [pattern, by]) => written.replace(pattern, by), name),
  );
  return [...new Set(names)];
}

/** Paths of the values that differ. A list counts as one value. */
function changedNames(was: unknown, is: unknown, path = ''): readonly string[] {
  if (isDeepStrictEqual(was, is)) return [];
  if (!isPlain(was) || !isPlain(is)) return [path];
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return keys.flatMap((key) => changedNames(was[key], is[key], path === '' ? key : `${path}.${key}`));
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Rows that are as they were, by the objects they were: what follows from them need not be worked out again. */
function keptRows<Row>(was: readonly Row[], is: readonly Row[], keyOf: (row: Row) => string): readonly Row[] {
  const known = byKey(was, keyOf);
  return is.map((row) => {
    const old = known.get(keyOf(row));
    return old !== undefined && isDeepStrictEqual(old, row) ? old : row;
  });
}
