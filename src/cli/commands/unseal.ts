import { gunzipSync } from 'node:zlib';
import { Fault } from '../../base/fault.ts';
import { isGzip, unsealAs } from '../../seal/forms.ts';
import type { SealFault } from '../../seal/sealed.ts';
import type { Command } from '../command.ts';
import { bytesOf, checkOutput, KEY_FLAGS, placeName, put, settingsOf } from '../seal-work.ts';

/** `unboxd unseal FILE`: a sealed file, such as an upload of a phone, in the clear. */
export const unseal: Command = {
  name: 'unseal',
  args: '<file>',
  summary: 'decrypt a sealed configuration file',
  flags: [...KEY_FLAGS, { flags: '--keep-gzip', what: 'leave it compressed' }],
  examples: [
    'unboxd unseal profile.cfg --as openssl --key-file key.txt -o profile.xml',
    'unboxd unseal profile.cfg --as openssl --digest md5 --key-env SEAL_KEY -o -',
  ],
  run: async ({ args, flags, terminal }) => {
    const [file = ''] = args;
    const { settings, output } = await settingsOf(flags, terminal);
    await checkOutput(output, flags['force'] === true);
    const opened = unsealAs(await bytesOf(file, 'the file'), settings);
    if (!opened.ok) {
      const [message, hint] = WORDS[opened.error];
      const where = `${file} ${message} (${settings.form}); nothing was written`;
      throw new Fault('cannot-unseal', where, hint);
    }
    const { content, by } = opened.value;
    const plain = flags['keepGzip'] === true ? content : unpacked(file, content);
    await put(output, plain, terminal);
    terminal.note(`${file} is opened (${by}): ${plain.length} bytes in ${placeName(output)}.`);
    return 0;
  },
};

function unpacked(file: string, content: Uint8Array): Uint8Array {
  if (!isGzip(content)) return content;
  try {
    return gunzipSync(content);
  } catch (error) {
    const hint = '--keep-gzip writes it as it is; the key may be wrong';
    throw new Fault('damaged', `${file} opens, but what is in it is damaged gzip`, hint, error);
  }
}

const WORDS: Readonly<Record<SealFault, readonly [message: string, hint: string]>> = {
  'not-sealed': ['is no such container', 'look whether it is sealed at all, and try another --as'],
  'wrong-key': [
    'does not open with this key, or was changed',
    'compare key and container with what the phone was given; for openssl try the other --digest',
  ],
  'cut-short': ['is cut short', 'fetch or copy it again'],
};
