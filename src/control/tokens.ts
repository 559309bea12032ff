// The tokens of URLs where the phones are known: which one a URL carries, how far each phone is, and a new one for a
// phone that was reset.
import { type Mac, parseMac, showMac } from '../base/mac.ts';
import { TOKEN_SHOWN, withoutTokens } from '../base/token-text.ts';
import type { World } from '../base/world.ts';
import type { Recognise } from '../files/desk.ts';
import { isBeingStaged, type WindowRule } from '../files/secrets.ts';
import type { Desk } from '../files/serve.ts';
import { FRESH, isSpent, laterOf, MOST_GENERATIONS, mintToken, type TokenState } from '../files/tokens.ts';
import type { Register } from '../phones/register.ts';
import type { State, StoredToken } from '../store/state.ts';
import type { PhoneEvent, Tell } from '../timeline/event.ts';
import type { Appliance, TokenDesk, TokenLine } from './api.ts';

export interface TokenBookParts {
  readonly key: Uint8Array;
  readonly windows: WindowRule;
  readonly register: Pick<Register, 'phones'>;
  readonly stored: readonly StoredToken[];
  readonly state: Pick<State, 'noteToken'>;
  readonly world: World;
  /** That of the timeline and the log. */
  readonly tell: Tell;
}

export interface TokenBook extends TokenDesk {
  /** For the URL that is handed out; undefined where the phone has shown its lasting one, which it shall keep. */
  readonly handedOut: (mac: Mac) => string | undefined;
  /** What is written for it where people read. */
  readonly shown: (mac: Mac) => string | undefined;
  recognise(inner: Recognise): Recognise;
  /** The desk, told how far the phone is. */
  desk(inner: Desk): Desk;
  /** Learns of what the file doors saw. */
  note(event: PhoneEvent): void;
  /** With a line on its tokens. */
  explained(appliance: Appliance): Appliance;
}

export function createTokenBook(parts: TokenBookParts): TokenBook {
  const { key, windows, register, world, state, tell } = parts;
  const known = new Map<Mac, StoredToken>(parts.stored.map((one) => [one.mac, one]));

  const stateOf = (mac: Mac): TokenState => {
    const { generation, confirmed } = known.get(mac) ?? FRESH;
    return { generation, confirmed };
  };
  const isOpen = (mac: Mac): boolean =>
    !isSpent(stateOf(mac)) ||
    isBeingStaged(windows, { listed: register.phones.get(mac)?.listed }, world.now());
  const keep = async (token: StoredToken): Promise<void> => {
    known.set(token.mac, token);
    await state.noteToken(token);
  };
  const lineOf = (mac: Mac): TokenLine => {
    const { generation, confirmed, usedAt, confirmedAt } = known.get(mac) ?? { mac, ...FRESH };
    const step = isSpent({ generation, confirmed })
      ? 'confirmed'
      : usedAt === undefined
        ? 'fresh'
        : 'first-used';
    return { mac: showMac(mac), step, sentence: SENTENCES[step], renewed: generation, usedAt, confirmedAt };
  };

  return {
    handedOut: (mac) =>
      isOpen(mac) ? mintToken(key, { mac, kind: 'first', generation: stateOf(mac).generation }) : undefined,
    shown: (mac) => (isOpen(mac) ? TOKEN_SHOWN : undefined),
    recognise: (inner) => async (ask) => {
      const phone = await inner(ask);
      return phone && { ...phone, tokens: stateOf(phone.mac) };
    },
    desk: ({ prepare, digest, explain }) => ({
      prepare: async (phone, name) => await prepare(phone && { ...phone, tokens: stateOf(phone.mac) }, name),
      digest: async (phone, name) => await digest(phone && { ...phone, tokens: stateOf(phone.mac) }, name),
      explain: async (phone) => await explain({ ...phone, tokens: stateOf(phone.mac) }),
    }),
    note: (event) => {
      if (event.kind !== 'access' || event.step === 'renewed' || event.mac === undefined) return;
      const { mac, at, step, generation } = event;
      const before = known.get(mac) ?? { mac, ...FRESH };
      if (step === 'first-used' && before.usedAt !== undefined && before.generation >= generation) return;
      const seen = step === 'confirmed' ? { generation, confirmed: generation } : { generation };
      const times = step === 'confirmed' ? { confirmedAt: at } : { usedAt: at };
      keep({ ...before, ...laterOf(before, seen), ...times }).catch((error: unknown) => {
        const hint = 'look at the disk; after a restart the first token of that phone is good once more';
        tell({ kind: 'fault', at, mac, code: 'token-not-stored', message: String(error), hint });
      });
    },
    list: () => [...new Set([...register.phones.keys(), ...known.keys()])].sort().map(lineOf),
    renew: async (text) => {
      const mac = parseMac(text);
      if (mac === undefined) return 'that is no MAC';
      const { generation, confirmed } = stateOf(mac);
      if (generation >= MOST_GENERATIONS) return 'it was renewed more often than can be counted';
      await keep({ mac, generation: generation + 1, confirmed, confirmedAt: known.get(mac)?.confirmedAt });
      tell({ kind: 'access', at: world.now(), mac, step: 'renewed', generation: generation + 1 });
      return lineOf(mac);
    },
    explained: (appliance) => ({
      ...appliance,
      explain: async (text) => {
        const found = await appliance.explain(text);
        const mac = parseMac(text);
        if (found === undefined || mac === undefined) return found;
        const access = lineOf(mac).sentence;
        return isOpen(mac) ? { ...found, access } : { ...found, access, pnp: KEEPS };
      },
    }),
  };
}

/** What the app is opened with. */
interface Opening extends Pick<TokenBookParts, 'state' | 'world'> {
  readonly site: { readonly files: WindowRule & { readonly tokens?: unknown } };
  readonly stored: { readonly tokens?: readonly StoredToken[] | undefined };
  readonly tokenKey?: Uint8Array | undefined;
}

/** Where URLs carry tokens: the book of them, and a way to tell that lets none out. */
export function withTokens(
  { site, stored, state, world, tokenKey }: Opening,
  { register, tell }: Pick<TokenBookParts, 'register' | 'tell'>,
): { readonly tell: Tell; readonly book?: TokenBook } {
  if (site.files.tokens === undefined || tokenKey === undefined) return { tell };
  const safely: Tell = (event) => tell(withoutTokensIn(event));
  const parts = { key: tokenKey, windows: site.files, stored: stored.tokens ?? [], tell: safely };
  return { tell: safely, book: createTokenBook({ ...parts, register, state, world }) };
}

function withoutTokensIn(event: PhoneEvent): PhoneEvent {
  const told = Object.entries(event).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' ? withoutTokens(value) : value,
  ]);
  return Object.fromEntries(told) as PhoneEvent;
}

const KEEPS = 'no answer: it has its lasting URL already and shall keep it';

const SENTENCES: Readonly<Record<TokenLine['step'], string>> = {
  fresh: 'its first token was not used yet',
  'first-used': 'its first token was used; its lasting URL is not confirmed yet',
  confirmed: 'its lasting URL is confirmed, the first token is used up',
};
