// The Debian package as users have it: built twice with the same bytes, installed into a clean Debian, served from
// there, upgraded and purged.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeLab, heard, type Lab, openLab } from './lab.ts';

const NEEDS = {
  commands: ['dpkg-deb', 'debootstrap', 'chroot', 'mount', 'busybox', 'npm'],
  packages: ['debootstrap', 'busybox'],
};
const SUITE = 'trixie';
const LONG = 300_000;
const LINK = {
  host: 'desk',
  interface: 'lan0',
  address: '10.99.0.1/24',
  peer: 'phones',
  peerInterface: 'p0',
};

const isRoot = process.getuid?.() === 0;
await describeLab(
  'the Debian package',
  isRoot ? NEEDS : { ...NEEDS, commands: ['the rights of root'] },
  () => {
    let lab: Lab;
    let root = '';
    let deb = '';

    beforeAll(async () => {
      lab = await openLab([LINK]);
      root = join(lab.folder, 'debian');
      deb = await built();
      // From where this machine has its own packages; the network of the lab leads nowhere.
      const [mirror = ''] = (await outside(['apt-get', 'indextargets', '--format', '$(REPO_URI)'])).split(
        '\n',
      );
      await outside(['debootstrap', '--variant=minbase', '--include=nodejs', SUITE, root, mirror]);
      await lab.run('desk', ['cp', deb, join(root, 'unboxd.deb')]);
      await lab.run('desk', ['mount', '-t', 'proc', 'proc', join(root, 'proc')]);
    }, LONG);
    afterAll(async () => await lab.close());

    /** Nothing of this machine's surroundings, whose folders are not there. */
    const within = (argv: readonly string[]): readonly string[] => {
      return ['chroot', root, 'env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', ...argv];
    };
    const inside = async (...argv: readonly string[]): Promise<string> => await lab.run('desk', within(argv));

    test(
      'is the same bytes when it is built again',
      async () => {
        const before = await digestOf(deb);
        expect(await digestOf(await built())).toBe(before);
      },
      LONG,
    );

    test(
      'installs without a network, serves a phone, and keeps state and settings until it is purged',
      async () => {
        await inside('dpkg', '-i', 'unboxd.deb');
        expect(await inside('unboxd', 'check', '--config', '/etc/unboxd/unboxd.yaml')).toContain(
          'no mistakes',
        );
        const copyright = await readFile(join(root, 'usr/share/doc/unboxd/copyright'), 'utf8');
        expect(copyright).toContain('  koffi ');
        expect(copyright).toContain('Permission is hereby granted');

        const written = await inside('unboxd', 'init', '--yes', '--interface', 'lan0', '--output', '-');
        expect(written).toContain('no other DHCP server answers on lan0');
        expect(written).toMatch(/^ {2}- interface: lan0 [\s\S]*^ {6}mode: full /m);

        const control = '/run/unboxd.sock';
        const daemon = lab.start(
          'desk',
          within(['unboxd', 'serve', '--interface', 'lan0', '--control', control]),
        );
        await heard(daemon, 'serving lan0');
        expect(daemon.output()).not.toContain('koffi');
        await lab.run('phones', [
          'busybox',
          'udhcpc',
          '-i',
          'p0',
          '-n',
          '-q',
          '-f',
          '-s',
          '/bin/true',
          '-t',
          '10',
        ]);
        expect(JSON.parse(await inside('unboxd', 'leases', '--json', '--control', control))).toHaveLength(1);
        expect(await daemon.stop()).toBe(0);

        const settings = join(root, 'etc/unboxd/unboxd.yaml');
        await appendFile(settings, '# edited by the installer\n');
        await upgrade();
        expect(await inside('dpkg-query', '-W', 'unboxd')).toContain('9.9.9');
        expect(await readFile(settings, 'utf8')).toContain('# edited by the installer');
        const again = lab.start(
          'desk',
          within(['unboxd', 'serve', '--interface', 'lan0', '--control', control]),
        );
        await heard(again, 'serving lan0');
        expect(JSON.parse(await inside('unboxd', 'leases', '--json', '--control', control))).toHaveLength(1);
        expect(await again.stop()).toBe(0);

        await inside('dpkg', '-P', 'unboxd');
        for (const gone of ['etc/unboxd', 'var/lib/unboxd', 'usr/lib/unboxd', 'usr/bin/unboxd']) {
          await expect(stat(join(root, gone))).rejects.toThrow('ENOENT');
        }
      },
      LONG,
    );

    async function upgrade(): Promise<void> {
      const unpacked = join(lab.folder, 'newer');
      await lab.run('desk', ['dpkg-deb', '-R', deb, unpacked]);
      const control = join(unpacked, 'DEBIAN/control');
      await writeFile(control, (await readFile(control, 'utf8')).replace(/^Version: .*$/m, 'Version: 9.9.9'));
      await lab.run('desk', ['dpkg-deb', '--root-owner-group', '-b', unpacked, join(root, 'newer.deb')]);
      await inside('dpkg', '-i', 'newer.deb');
    }

    async function built(): Promise<string> {
      const said = await outside(['npm', 'run', '--silent', 'deb']);
      return said.trim().split('\n').at(-1) ?? '';
    }
  },
);

/** Runs on this machine, outside of the lab: what needs the network. */
async function outside(argv: readonly string[]): Promise<string> {
  const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let trouble = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (trouble += chunk.toString()));
  const code = await new Promise<number | null>((ended) => child.once('close', ended));
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}:\n${output.slice(-2000)}${trouble}`);
  return output;
}

async function digestOf(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}
