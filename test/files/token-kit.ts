// A desk behind URLs with tokens, and the book of those who know the phones, without threads.
import { join } from 'node:path';
import { expect } from 'vitest';
import { openTokens } from '../../src/back/tokens.ts';
import { withTokens } from '../../src/control/tokens.ts';
import type { FileAsk } from '../../src/files/desk.ts';
import { openDesk } from '../../src/files/open.ts';
import { createAskerRecogniser } from '../../src/files/recognise.ts';
import { mintToken, type Token } from '../../src/files/tokens.ts';
import { bindAddress, createRegister, meet } from '../../src/phones/register.ts';
import { fileSettings, filesShape } from '../../src/site/files.ts';
import type { StoredToken } from '../../src/store/state.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { sentence } from '../../src/timeline/sentence.ts';
import { fakeWorld } from '../fakes/world.ts';
import { A1, A2, address, catalogue, LISTED, templates } from './kit.ts';

export const KEY = Buffer.alloc(32, 7);
export const HERE = '10.99.0.50';
export const THERE = '10.99.0.60';
const TEXTS = {
  'acme/phone.cfg':
    'user={{ sip_user | default: "none" }}\npassword={{ sip_password }}\nserver={{ url }}\nadmin_password={{ admin_password }}\n',
  'acme/common.cfg': 'model={{ model }}\nserver={{ url }}\n',
  'bolt/common.cfg': 'bolt\n',
};

export interface TokenCase {
  readonly tokens?: unknown;
  readonly files?: object;
  readonly stored?: readonly StoredToken[];
  readonly texts?: Readonly<Record<string, string>>;
  readonly listed?: Readonly<Record<string, string>>;
  /** What the phone in the wire's other thread learns only later: nothing of the book. */
  readonly isApart?: boolean;
}

export async function tokenDesk(
  root: string,
  { tokens = 'on', files = {}, stored = [], texts = TEXTS, listed = LISTED, isApart = false }: TokenCase = {},
) {
  const settings = fileSettings(
    filesShape.parse({
      root: 'files',
      bind: 'lease',
      variables: { admin_password: 'hush-admin' },
      ...files,
      tokens,
    }),
    { inBase: (path) => join(root, path), inState: (path) => join(root, 'state', path) },
  );
  const world = fakeWorld();
  const events: PhoneEvent[] = [];
  const kept: StoredToken[] = [];
  const register = createRegister({
    catalogue,
    list: [A1, A2].map((mac) => ({ mac, vendor: 'acme', model: 'A10', ...listed, columns: listed })),
  });
  const opened = withTokens(
    {
      ...{ site: { files: settings }, stored: { tokens: stored }, tokenKey: KEY, world },
      state: { noteToken: async (token) => await Promise.resolve(void kept.push(token)) },
    },
    { register, tell: (event) => void events.push(event) },
  );
  const book = opened.book ?? expect.fail('no tokens');
  const tell = (event: PhoneEvent): void => {
    opened.tell(event);
    book.note(event);
  };
  const site = {
    ...{ catalogue, templates: templates(texts), files: settings, tokenKey: KEY },
    ...{ server: address('10.99.0.1'), url: 'http://{server}/{token}/' },
  };
  const recognise = createAskerRecogniser({
    ...{ register, world, tell },
    neighbourOf: async () => await Promise.resolve(undefined),
  });
  const knowing = isApart ? recognise : book.recognise(recognise);
  const gate = openTokens({ site, world, tell, recognise } as unknown as Parameters<typeof openTokens>[0]);
  if (gate === undefined) return expect.fail('no gate');
  const bare = await openDesk({
    ...site,
    recognise: gate.recognise(knowing),
    urlFor: gate.urlFor,
    world,
    tell,
  });
  const desk = gate.gate(bare);
  const asking = (name: string, from = HERE, more: Partial<FileAsk> = {}): FileAsk => ({
    ...{ door: 'http', name, from: { address: address(from), port: 40_000 } },
    ...more,
  });
  return {
    ...{ desk, bare, book, gate, events, kept, register, world, asking },
    ask: async (name: string, from?: string, more?: Partial<FileAsk>) =>
      await desk.ask(asking(name, from, more)),
    /** The text of the file, or the reason why there is none; the phone has it whole. */
    get: async (name: string, from?: string, more?: Partial<FileAsk>): Promise<string> => {
      const answer = await desk.ask(asking(name, from, more));
      if (answer.kind === 'refused') return answer.because;
      answer.ended({ complete: true, bytes: answer.content.length });
      return Buffer.from(answer.content).toString();
    },
    lease: (mac = A1, at = HERE) => {
      meet(register, { mac, door: 'dhcp', clues: [], at: world.now() });
      bindAddress(register, mac, address(at));
    },
    said: () => events.map(sentence),
  };
}

export const OWN = `${A1}.cfg`;

/** A token as the key makes it. */
export function token(kind: Token['kind'], generation = 0, mac = A1): string {
  return mintToken(KEY, { mac, kind, generation });
}

/** What A1's own file says, with a URL that holds this token. */
export function whole(told: string): string {
  return `user=101\npassword=hush-101\nserver=http://10.99.0.1/${told}/\nadmin_password=hush-admin\n`;
}

export const BLANK = 'user=101\npassword=\nserver=http://10.99.0.1/\nadmin_password=\n';

/** The same for the holder of its lease that has not come with its lasting URL yet: it is led to its first one. */
export const LED = BLANK.replace('10.99.0.1/', `10.99.0.1/${token('first')}/`);
