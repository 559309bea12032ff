// The floors of the house, guarded: imports run downward, protocols are strangers, pure rooms are pure, and every
// outside package has one home. Needs nothing but the files; its own fixtures of planted breaches prove it is awake.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

interface Room {
  readonly name: string;
  readonly files: RegExp;
  readonly sees: readonly string[];
}

/** From the cellar up; the first room whose pattern fits a file has it. */
const ROOMS: readonly Room[] = [
  // The LAN as an interface is seen from everywhere, like time: what implements it is a door.
  { name: 'base', files: /^src\/(base\/|net\/ports\.ts$)/, sees: [] },
  {
    name: 'wire',
    files:
      /^src\/(seal\/|\w+\/(packet|layout|options|enterprise|message|header-name|vital|strict|framing|uri|digest)\.ts$)/,
    sees: ['base'],
  },
  {
    name: 'domain',
    files: /^src\/(phones|site|timeline)\/(?!load|journal|catalogue|inventory)[\w-]+\.ts$/,
    sees: ['base'],
  },
  {
    name: 'policy',
    files:
      /^src\/(\w+\/(policy|clues|leases|lease-table|lease-files(-\w+)?|choose|pools|limits|classes|recognise|select|reply|decision|dry-run|told|pace|crowd|values|elsewhere(-\w+)?|offer|request|transfer(-state)?|negotiate|receive|rto|wheel|netascii|transaction|dialog|rules|floods|server-table|notify|auth|wake|storm(-\w+)?|resolve|render|desk|upload)|files\/(secrets|near|lint|xml|layers|names|tokens|token-gate)|http\/(?!server)[\w-]+|ftp\/(?!server|talk|pipe)[\w-]+|rehearse\/(phone|\w+-talk)|care\/(survey|proc|judge(-\w+)?|proposal|words))\.ts$/,
    sees: ['base', 'wire', 'domain'],
  },
  {
    name: 'doors',
    files:
      /^src\/((?!control\/)\w+\/(server|talk|lines|take|tell|mtu|guard|conflict|notifier|wake-\w+|journal|load(-\w+)?|disk|serve|templates|catalogue|inventory)\.ts$|ftp\/pipe\.ts$|files\/(folder|inbox|open|firmware|listing|make|kept|dress)\.ts$|care\/facts-\w+\.ts$|sip\/(pnp|push|hear|inbox|pending|sockets|tcp)\.ts$|store\/|certs\/|net\/|rehearse\/stage\.ts$)/,
    sees: ['base', 'wire', 'domain', 'policy'],
  },
  {
    name: 'app',
    files: /^src\/(main\.ts$|(app|lans|served-lan)\.ts$|back\/|care\/|cli\/|web\/|control\/|rehearse\/)/,
    sees: ['base', 'wire', 'domain', 'policy', 'doors'],
  },
];

const PURE = new Set(['base', 'wire', 'domain', 'policy']);
const PURE_NODE = new Set(['node:buffer', 'node:crypto', 'node:util']);
const IMPURE_WORDS =
  /\b(Date\.now|new Date\(\)|Math\.random|performance\.now|setTimeout|setInterval|setImmediate|randomBytes|randomUUID|randomInt|process\.)/;
const PROTOCOLS = new Set(['dhcp', 'sip', 'tftp', 'http', 'ftp', 'syslog', 'sntp', 'dns']);

/** Where each outside package may be imported: a file, or a folder when it ends in a slash. */
const HOMES: Readonly<Record<string, string>> = {
  'csv-parse': 'src/phones/inventory.ts',
  'dgram-as-promised': 'src/net/udp.ts',
  'ipaddr.js': 'src/base/ipv4.ts',
  'node-forge': 'src/certs/',
  'pino-pretty': 'src/base/log.ts',
  commander: 'src/cli/program.ts',
  koffi: 'src/net/',
  liquidjs: 'src/files/render.ts',
  pino: 'src/base/log.ts',
  yaml: 'src/base/yaml-text.ts',
  zod: 'src/base/shape.ts',
};
const MOST_LINES = 300;

interface Source {
  readonly path: string;
  readonly text: string;
}

function roomOf(path: string): Room | undefined {
  return ROOMS.find((room) => room.files.test(path));
}

function importsOf(text: string): readonly string[] {
  const statements = text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]/g);
  const bare = text.matchAll(/(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g);
  const dynamic = text.matchAll(/\b(?:import|require)\(\s*['"]([^'"]+)['"]/g);
  return [...statements, ...bare, ...dynamic].map((match) => match[1] ?? '');
}

/** Text that runs: comments and strings may speak of anything. */
function codeOf(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/(^|\s)\/\/.*$/gm, '$1')
    .replaceAll(/'(?:[^'\\\n]|\\.)*'/g, "''");
}

function breachesOf(source: Source): readonly string[] {
  const room = roomOf(source.path);
  if (room === undefined) return [`${source.path} stands in no room`];
  const breaches = importsOf(source.text).flatMap((name) =>
    name.startsWith('.') ? inside(source, room, name) : outside(source, room, name),
  );
  if (PURE.has(room.name)) {
    const word = IMPURE_WORDS.exec(codeOf(source.text))?.[1];
    if (word !== undefined) breaches.push(`${source.path} uses ${word} in the pure room ${room.name}`);
  }
  const lines = source.text.split('\n').length - 1;
  if (lines > MOST_LINES) breaches.push(`${source.path} has ${lines} lines`);
  return breaches;
}

function inside(source: Source, room: Room, name: string): readonly string[] {
  const target = normalize(join(dirname(source.path), name));
  if (!target.startsWith('src/')) return [`${source.path} imports ${target} from outside src`];
  const there = roomOf(target);
  if (there === undefined) return [`${source.path} imports ${target}, which stands in no room`];
  const breaches: string[] = [];
  if (there !== room && !room.sees.includes(there.name)) {
    breaches.push(`${source.path} imports ${target}: ${room.name} may not see ${there.name}`);
  }
  const [mine = '', theirs = ''] = [source.path.split('/')[1], target.split('/')[1]];
  if (room.name !== 'app' && mine !== theirs && PROTOCOLS.has(mine) && PROTOCOLS.has(theirs)) {
    breaches.push(`${source.path} imports ${target}: ${mine} and ${theirs} meet only in app.ts`);
  }
  return breaches;
}

function outside(source: Source, room: Room, name: string): readonly string[] {
  if (name.startsWith('node:')) {
    const barred = PURE.has(room.name) && !PURE_NODE.has(name);
    return barred ? [`${source.path} imports ${name} in the pure room ${room.name}`] : [];
  }
  const packageName = name.split('/')[0] ?? name;
  const home = HOMES[packageName];
  if (home === undefined) return [`${source.path} imports ${name}, which has no home`];
  const athome = home.endsWith('/') ? source.path.startsWith(home) : source.path === home;
  return athome ? [] : [`${source.path} imports ${name}, whose home is ${home}`];
}

/** Files of a ring of imports, type imports left aside: each file's way back to itself. */
function ringsOf(sources: readonly Source[]): readonly string[] {
  const next = new Map(
    sources.map(({ path, text }) => [
      path,
      importsOf(text.replaceAll(/(?:^|\n)import type[^;]*;/g, ''))
        .filter((name) => name.startsWith('.'))
        .map((name) => normalize(join(dirname(path), name))),
    ]),
  );
  const reaches = (from: string, goal: string, seen: Set<string>): boolean =>
    (next.get(from) ?? []).some((to) => to === goal || (!seen.has(to) && reaches(to, goal, seen.add(to))));
  return [...next.keys()]
    .filter((path) => reaches(path, path, new Set()))
    .map((path) => `${path} imports itself in a ring`);
}

function readSources(folder: string): readonly Source[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

const sources = readSources('src');

test('every file keeps to its room', () => {
  expect(sources.flatMap(breachesOf)).toEqual([]);
});

test('no ring of imports', () => {
  expect(ringsOf(sources)).toEqual([]);
});

test('no code names a vendor: vendors are data', () => {
  const files = readdirSync('config/vendors').filter((name) => name.endsWith('.yaml'));
  const vendors = files.map((name) => name.replace('.yaml', ''));
  expect(vendors).toContain('yealink');
  const named = sources.filter(({ text }) =>
    new RegExp(`['"\`](?:${vendors.join('|')})\\b`, 'i').test(
      text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''),
    ),
  );
  expect(named.map(({ path }) => path)).toEqual([]);
});

test('the guard is awake: it saw the house', () => {
  expect(sources.length).toBeGreaterThan(60);
  for (const room of ROOMS) {
    expect(sources.filter(({ path }) => roomOf(path) === room).length, room.name).toBeGreaterThan(2);
  }
});

test.each([
  {
    breach: 'an import upward',
    path: 'src/dhcp/packet.ts',
    text: "import { a } from '../phones/phone.ts';",
    says: 'wire may not see domain',
  },
  {
    breach: 'a door seen from policy',
    path: 'src/dhcp/policy.ts',
    text: "import { a } from './server.ts';",
    says: 'policy may not see doors',
  },
  {
    breach: 'two protocols that know each other',
    path: 'src/tftp/server.ts',
    text: "import { a } from '../dhcp/policy.ts';",
    says: 'meet only in app.ts',
  },
  {
    breach: 'src that imports test',
    path: 'src/app.ts',
    text: "import { a } from '../test/fakes/lan.ts';",
    says: 'outside src',
  },
  {
    breach: 'the disk in a pure room',
    path: 'src/sip/policy.ts',
    text: "import { readFileSync } from 'node:fs';",
    says: 'node:fs in the pure room',
  },
  {
    breach: 'the clock in a pure room',
    path: 'src/dhcp/leases.ts',
    text: 'const now = Date.now();',
    says: 'Date.now in the pure room',
  },
  {
    breach: 'dice in a pure room',
    path: 'src/base/mac.ts',
    text: 'export const x = Math.random();',
    says: 'Math.random',
  },
  {
    breach: 'a package away from home',
    path: 'src/dhcp/server.ts',
    text: "import ip from 'ipaddr.js';",
    says: 'whose home is',
  },
  {
    breach: 'a package without a home',
    path: 'src/app.ts',
    text: "import x from 'left-pad';",
    says: 'has no home',
  },
  { breach: 'a file in no room', path: 'src/dhcp/helpers.ts', text: '', says: 'stands in no room' },
  {
    breach: 'a file too long',
    path: 'src/base/long.ts',
    text: 'x\n'.repeat(MOST_LINES + 1),
    says: 'has 301 lines',
  },
])('the guard is awake: it catches $breach', ({ path, text, says }) => {
  expect(breachesOf({ path, text }).join()).toContain(says);
});

test('the guard is awake: it catches a ring', () => {
  const ring = [
    { path: 'src/base/a.ts', text: "import { b } from './b.ts';" },
    { path: 'src/base/b.ts', text: "import { a } from './a.ts';" },
  ];
  expect(ringsOf(ring)).toHaveLength(2);
});
