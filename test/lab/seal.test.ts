// Our containers against `openssl enc`, both ways.
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sealAesEcb } from '../../src/seal/aes-ecb.ts';
import { type OpensslEnc, sealOpenssl, unsealOpenssl } from '../../src/seal/openssl-enc.ts';
import { STAGING } from './daemon.ts';
import { describeLab, type Lab, openLab } from './lab.ts';

const KEY = Buffer.from('SecretPhrase1234');
const PROFILE = Buffer.from('<flat-profile>\n<GPP_A>12345678</GPP_A>\n</flat-profile>\n');
const SALT = Buffer.from('fedcba9876543210', 'hex');

await describeLab('sealed files and openssl', { commands: ['openssl'], packages: ['openssl'] }, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab([STAGING]);
    await writeFile(`${lab.folder}/plain`, PROFILE);
    await writeFile(`${lab.folder}/key`, KEY);
  });
  afterAll(async () => await lab.close());

  const enc = async (...args: readonly string[]): Promise<Buffer> => {
    // What openssl thinks of -kfile without PBKDF2 comes on the other stream.
    const words = ['openssl', 'enc', '-base64', '-A', '-kfile', `${lab.folder}/key`, ...args].join(' ');
    return Buffer.from(await lab.run('desk', ['sh', '-c', `${words} 2>/dev/null`]), 'base64');
  };

  test.each([
    { options: { digest: 'md5' }, args: ['-aes-256-cbc', '-md', 'md5'] },
    { options: { digest: 'sha256' }, args: ['-aes-256-cbc', '-md', 'sha256'] },
    { options: { digest: 'sha256' }, args: ['-aes-256-cbc'] },
    { options: { digest: 'md5', bits: 128 }, args: ['-aes-128-cbc', '-md', 'md5'] },
    { options: { digest: 'sha256', rounds: 10_000 }, args: ['-aes-256-cbc', '-pbkdf2'] },
    { options: { digest: 'md5', isUnsalted: true }, args: ['-aes-256-cbc', '-md', 'md5', '-nosalt'] },
  ] satisfies { options: Omit<OpensslEnc, 'key'> & { isUnsalted?: boolean }; args: string[] }[])(
    'openssl enc $args opens ours, and we open its',
    async ({ options, args }) => {
      const settings = { key: KEY, ...options };
      const sealed = await enc(...args, '-in', `${lab.folder}/plain`);
      expect(unsealOpenssl(sealed, settings)).toEqual({ ok: true, value: PROFILE });
      const salt = 'isUnsalted' in options ? undefined : SALT;
      await writeFile(`${lab.folder}/ours`, sealOpenssl(PROFILE, settings, salt));
      const words = args.join(' ');
      const plain = await lab.run('desk', [
        'sh',
        '-c',
        `openssl enc -d ${words} -kfile ${lab.folder}/key -in ${lab.folder}/ours 2>/dev/null`,
      ]);
      expect(plain).toBe(PROFILE.toString());
    },
  );

  test('openssl opens the ECB container and finds the spaces at its end', async () => {
    await writeFile(`${lab.folder}/ours`, sealAesEcb(PROFILE, KEY));
    const key = ['-K', KEY.toString('hex'), '-in', `${lab.folder}/ours`];
    const plain = await lab.run('desk', ['openssl', 'enc', '-d', '-aes-128-ecb', '-nopad', ...key]);
    expect(plain).toBe(`${PROFILE.toString()}${' '.repeat(9)}`);
  });
});
