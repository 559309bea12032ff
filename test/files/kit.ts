// A desk on a folder of its own, with two made-up makers and one listed phone.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { type Mac, parseMac } from '../../src/base/mac.ts';
import type { FileAsk, Upload } from '../../src/files/desk.ts';
import type { Templates } from '../../src/files/layers.ts';
import { openDesk } from '../../src/files/open.ts';
import { createAskerRecogniser } from '../../src/files/recognise.ts';
import { parseTemplate } from '../../src/files/render.ts';
import { bindAddress, createRegister, meet } from '../../src/phones/register.ts';
import type { Catalogue } from '../../src/phones/vendor.ts';
import { type FileSettings, fileSettings, filesShape } from '../../src/site/files.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { sentence } from '../../src/timeline/sentence.ts';
import { acme, bolt } from '../fakes/vendors.ts';
import { fakeWorld } from '../fakes/world.ts';

export const address = (text: string) => parseIpv4(text) ?? expect.fail(text);
export const mac = (text: string): Mac => parseMac(text) ?? expect.fail(text);
export const A1 = mac('02ac3e000001');
export const A2 = mac('02ac3e000002');
export const LISTED = { label: 'Front desk', sip_user: '101', sip_password: 'hush-101' };

/** Acme's phones write their settings and a log. */
export const catalogue: Catalogue = {
  vendors: [
    {
      ...acme,
      uploads: [
        { ask: '{mac}-local.cfg', kind: 'settings' },
        { ask: '{mac}-boot.log', kind: 'log' },
      ],
    },
    bolt,
  ],
};

export const TEXTS: Readonly<Record<string, string>> = {
  'acme/phone.cfg':
    'user={{ sip_user | default: "none" }}\n{% if sip_password %}password={{ sip_password }}\n{% endif %}',
  'acme/common.cfg': 'model={{ model }}\n',
  'bolt/common.cfg': 'bolt\n',
};

export function templates(texts: Readonly<Record<string, string>> = TEXTS): Templates {
  return new Map(
    Object.entries(texts).map(([key, text]) => {
      const parsed = parseTemplate(key, text, texts);
      if (!parsed.ok) throw new Error(parsed.error.message);
      return [key, parsed.value];
    }),
  );
}

export interface DeskCase {
  readonly catalogue?: Catalogue;
  /** What the phone list says of A1. */
  readonly listed?: Readonly<Record<string, string>>;
  readonly texts?: Readonly<Record<string, string>>;
  readonly files?: object;
  readonly bind?: FileSettings['bind'];
}

export async function deskIn(
  root: string,
  { texts, files = {}, bind, listed = LISTED, ...more }: DeskCase = {},
) {
  const makers = more.catalogue ?? catalogue;
  const events: PhoneEvent[] = [];
  const tell = (event: PhoneEvent): void => void events.push(event);
  const world = fakeWorld();
  await mkdir(join(root, 'files'), { recursive: true });
  const settings = fileSettings(filesShape.parse({ root: 'files', ...files }), {
    inBase: (path) => join(root, path),
    inState: (path) => join(root, 'state', path),
  });
  const register = createRegister({ catalogue: makers, list: [{ mac: A1, ...listed, columns: listed }] });
  const desk = await openDesk({
    catalogue: makers,
    templates: templates(texts),
    files: { ...settings, bind: bind ?? settings.bind },
    server: address('10.99.0.1'),
    urlFor: () => 'http://10.99.0.1/',
    recognise: createAskerRecogniser({
      register,
      neighbourOf: async () => await Promise.resolve(undefined),
      world,
      tell,
    }),
    world,
    tell,
  });
  const asking = (name: string, from = '10.99.0.50', more: Partial<FileAsk> = {}): FileAsk => ({
    ...{ door: 'http', name, from: { address: address(from), port: 40_000 } },
    ...more,
  });
  const ask = async (name: string, from?: string, more?: Partial<FileAsk>) =>
    await desk.ask(asking(name, from, more));
  return {
    ...{ desk, ask, asking, events, register, world },
    /** The text of the file, or the reason why there is none. */
    get: async (name: string, from?: string, more?: Partial<FileAsk>) => {
      const answer = await ask(name, from, more);
      if (answer.kind === 'refused') return answer.because;
      answer.ended({ complete: true, bytes: answer.content.length });
      return Buffer.from(answer.content).toString();
    },
    put: async (name: string, text: string, from?: string): Promise<string> => {
      const upload = await desk.upload({ ...asking(name, from), length: text.length });
      return upload.kind === 'refused' ? upload.because : await written(upload, text);
    },
    lease: (who: Mac, at: string) => {
      meet(register, { mac: who, door: 'dhcp', clues: [], at: world.now() });
      bindAddress(register, who, address(at));
    },
    said: () => events.map(sentence),
  };
}

async function written(upload: Upload, text: string): Promise<string> {
  const result = await upload.write(Buffer.from(text));
  const done = result.ok ? await upload.finish() : result;
  return done.ok ? done.value : done.error.because;
}
