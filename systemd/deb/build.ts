// npm run deb: one package for every architecture, from this clone and what `npm ci` brought. The same clone gives the
// same bytes: all times in it are SOURCE_DATE_EPOCH, by default that of the last commit.
import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { copyrightText, productionDependencies } from './licences.ts';

/** Debian's name of each architecture whose native part of koffi comes along, and Node's. */
const ARCHITECTURES = { amd64: 'x64', arm64: 'arm64', armhf: 'arm' } as const;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const epoch = process.env['SOURCE_DATE_EPOCH'] ?? lastCommit();
const folder = mkdtempSync(join(tmpdir(), 'unboxd-deb-'));
try {
  const stage = join(folder, 'stage');
  await fill(stage);
  control(stage);
  process.stdout.write(`${pack(stage)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

async function fill(stage: string): Promise<void> {
  const home = join(stage, 'usr/lib/unboxd');
  mkdirSync(join(home, 'dist'), { recursive: true });
  await bundle(join(home, 'dist/bundle'));
  writeFileSync(join(home, 'dist/main.js'), "#!/usr/bin/env node\nimport './bundle/main.js';\n", {
    mode: 0o755,
  });
  // Where the program finds itself and its version: see src/net/home.ts.
  const { name, version, description } = manifest;
  writeFileSync(
    join(home, 'package.json'),
    `${JSON.stringify({ name, version, description, type: 'module' }, null, 2)}\n`,
  );
  cpSync('config', join(home, 'config'), { recursive: true });
  await natives(join(home, 'node_modules'));
  mkdirSync(join(stage, 'usr/bin'), { recursive: true });
  symlinkSync('../lib/unboxd/dist/main.js', join(stage, 'usr/bin/unboxd'));
  for (const [from, to] of [
    ['systemd/unboxd.service', 'usr/lib/systemd/system/unboxd.service'],
    ['systemd/unboxd.sysctl.conf', 'usr/lib/sysctl.d/60-unboxd.conf'],
    ['systemd/unboxd.sysusers.conf', 'usr/lib/sysusers.d/unboxd.conf'],
    ['systemd/unboxd.tmpfiles.conf', 'usr/lib/tmpfiles.d/unboxd.conf'],
    // For those who want them: a capability more, or sockets from systemd and none at all.
    ...[
      'unboxd-raw.conf',
      'unboxd.socket',
      'unboxd-tftp.socket',
      'unboxd-pnp.socket',
      'unboxd-http.socket',
    ].map((name) => [`systemd/${name}`, `usr/share/doc/unboxd/examples/${name}`] as const),
    ['config/unboxd.yaml', 'etc/unboxd/unboxd.yaml'],
    ['README.md', 'usr/share/doc/unboxd/README.md'],
    ['CHANGELOG.md', 'usr/share/doc/unboxd/changelog'],
    ['.github/SECURITY.md', 'usr/share/doc/unboxd/SECURITY.md'],
  ] as const) {
    cpSync(from, join(stage, to));
  }
  const dependencies = productionDependencies('.', Object.values(ARCHITECTURES));
  writeFileSync(
    join(stage, 'usr/share/doc/unboxd/copyright'),
    `${copyrightText(readFileSync('LICENSE', 'utf8'), dependencies)}\n`,
  );
  completions(stage, join(home, 'dist/main.js'));
}

/** Written by the program itself, as it was just put together. */
function completions(stage: string, program: string): void {
  for (const [shell, to] of [
    ['bash', 'usr/share/bash-completion/completions/unboxd'],
    ['zsh', 'usr/share/zsh/vendor-completions/_unboxd'],
    ['fish', 'usr/share/fish/vendor_completions.d/unboxd.fish'],
  ] as const) {
    const text = execFileSync(process.execPath, [program, 'completion', shell], { encoding: 'utf8' });
    mkdirSync(dirname(join(stage, to)), { recursive: true });
    writeFileSync(join(stage, to), text);
  }
}

/** Two programs, the daemon and its thread for files, that share what they have in common. */
async function bundle(outdir: string): Promise<void> {
  await build({
    entryPoints: { main: 'src/main.ts', worker: 'src/back/worker.ts' },
    outdir,
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    external: ['koffi'],
    // Packages in CommonJS ask for parts of Node by require, which modules do not have.
    banner: {
      js: "import { createRequire as requireMaker } from 'node:module'; const require = requireMaker(import.meta.url);",
    },
    legalComments: 'linked',
    logLevel: 'warning',
  });
}

/** koffi and its native parts, fetched and checked by the lock file: what is installed here is for this machine only. */
async function natives(to: string): Promise<void> {
  const clones = await Promise.all(Object.values(ARCHITECTURES).map(installed));
  // One after the other again: the same entries in the same order.
  for (const { cpu, clone } of clones) {
    const native = `@koromix/koffi-linux-${cpu}`;
    cpSync(join(clone, 'node_modules', native), join(to, native), { recursive: true });
    if (cpu === 'x64') koffi(join(clone, 'node_modules/koffi'), join(to, 'koffi'));
  }
}

/** What `npm ci` brings for that kind of machine. */
async function installed(cpu: string): Promise<{ readonly cpu: string; readonly clone: string }> {
  const clone = join(folder, cpu);
  mkdirSync(clone);
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) cpSync(file, join(clone, file));
  const how = ['--omit=dev', '--ignore-scripts', '--os=linux', `--cpu=${cpu}`, '--silent'];
  await promisify(execFile)('npm', ['ci', ...how], { cwd: clone });
  return { cpu, clone };
}

/** Without its sources and papers, which are ten times as large. */
function koffi(from: string, to: string): void {
  cpSync(from, to, {
    recursive: true,
    filter: (path) => !/\/koffi\/(?:vendor|doc)(?:\/|$)|\.(?:cc|hh|h|c|S|asm|inc|md)$/.test(path),
  });
}

/** The files of dpkg: what it says of itself, what it keeps of the user's, what it runs. */
function control(stage: string): void {
  const to = join(stage, 'DEBIAN');
  mkdirSync(to);
  const text = readFileSync('systemd/deb/control', 'utf8');
  const kilobytes = Number(
    execFileSync('du', ['-sk', '--apparent-size', stage], { encoding: 'utf8' }).split('\t')[0],
  );
  writeFileSync(
    join(to, 'control'),
    text.replace('@VERSION@', manifest.version).replace('@SIZE@', String(kilobytes)),
  );
  writeFileSync(join(to, 'conffiles'), '/etc/unboxd/unboxd.yaml\n');
  for (const script of ['postinst', 'prerm', 'postrm']) {
    cpSync(`systemd/deb/${script}`, join(to, script));
    chmodSync(join(to, script), 0o755);
  }
}

function pack(stage: string): string {
  const environment = { ...process.env, SOURCE_DATE_EPOCH: epoch };
  // Rights as a package has them, whatever the umask of who builds it.
  execFileSync('chmod', ['-R', 'u=rwX,go=rX', stage]);
  execFileSync('find', [stage, '-exec', 'touch', '-h', '-d', `@${epoch}`, '{}', '+']);
  const name = `unboxd_${manifest.version}_all.deb`;
  mkdirSync('dist', { recursive: true });
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', stage, join('dist', name)], {
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return join('dist', name);
}

function lastCommit(): string {
  return execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' }).trim();
}
