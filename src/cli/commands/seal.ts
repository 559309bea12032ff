import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sealAesEcbPair } from '../../seal/aes-ecb.ts';
import { describeSeal, mayPair, sealAs } from '../../seal/forms.ts';
import { type Command, UsageError } from '../command.ts';
import { bytesOf, checkOutput, KEY_FLAGS, placeName, put, settingsOf } from '../seal-work.ts';

/** `unboxd seal FILE`: a configuration file as only a phone with the key can read it. */
export const seal: Command = {
  name: 'seal',
  args: '<file>',
  summary: 'encrypt a configuration file the way a phone decrypts it',
  flags: [
    ...KEY_FLAGS,
    { flags: '--gzip', what: 'compress it first (Cisco)' },
    { flags: '--base64', what: 'openssl: write it in base64 (Panasonic)' },
    { flags: '--pair', what: 'NAME.enc, and the key in NAME_Security.enc (aes-ecb); keeps nothing secret' },
  ],
  examples: [
    'unboxd seal profile.xml --as openssl --digest md5 --gzip --key-file key.txt -o profile.cfg',
    'unboxd seal 001565aabbcc.cfg --as aes-ecb --key-file key.txt -o sealed.cfg',
  ],
  notes: [
    'A key is read from a file, the environment or the standard input, never from the command line, which others see.',
    'aes-ecb is experimental: no phone has opened such a file here.',
  ],
  run: async ({ args, flags, terminal }) => {
    const [file = ''] = args;
    const { settings, output } = await settingsOf(flags, terminal);
    const isPair = flags['pair'] === true;
    if (isPair && !(mayPair(settings) && output.endsWith('.enc')))
      throw new UsageError('--pair goes with --as aes-ecb, a key of 16 characters and -o NAME.enc');
    const second = isPair ? securityName(output) : undefined;
    for (const one of [output, ...(second === undefined ? [] : [second])])
      await checkOutput(one, flags['force'] === true);

    const plain = await bytesOf(file, 'the file');
    const content = flags['gzip'] === true ? gzipSync(plain) : plain;
    if (second !== undefined) {
      const pair = sealAesEcbPair(content, settings.key);
      await put(second, pair.security, terminal);
      await put(output, pair.file, terminal);
    } else {
      const bytes = sealAs(content, settings);
      await put(output, flags['base64'] === true ? inBase64(bytes) : bytes, terminal);
    }
    const worth =
      second === undefined
        ? describeSeal(settings)
        : `experimental; ${second} carries the key, and every phone can open it`;
    terminal.note(`${file} (${plain.length} bytes) is sealed in ${placeName(output)}: ${worth}.`);
    return 0;
  },
};

/** `NAME_Security.enc` beside `NAME.enc`. */
function securityName(output: string): string {
  return join(dirname(output), `${basename(output, '.enc')}_Security.enc`);
}

/** In lines of 64, as `openssl enc -base64` writes and reads them. */
function inBase64(bytes: Uint8Array): Uint8Array {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return Buffer.from(`${lines.join('\n')}\n`);
}
