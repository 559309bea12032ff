// The desk behind URLs with tokens: takes the token off the name, says what it opens, and tells when a phone has shown
// one for the first time.
import type { Mac } from '../base/mac.ts';
import { splitToken } from '../base/token-text.ts';
import type { World } from '../base/world.ts';
import type { Bind, TokenRule } from '../site/files.ts';
import type { Tell } from '../timeline/event.ts';
import {
  type Asker,
  type FileAnswer,
  type FileAsk,
  type FileDesk,
  type FileOutcome,
  type Recognise,
  type Refused,
  showPeer,
} from './desk.ts';
import { isBeingStaged, isHolder, type WindowRule } from './secrets.ts';
import { decideAccess, FRESH, laterOf, readToken, type Token, type TokenState } from './tokens.ts';

export interface TokenGateParts {
  readonly key: Uint8Array;
  readonly rule: TokenRule;
  readonly windows: WindowRule & { readonly bind?: Bind | undefined };
  readonly world: World;
  readonly tell: Tell;
}

export interface TokenGate {
  /** The same, with what the phone may see. */
  recognise(inner: Recognise): Recognise;
  gate<Desk extends FileDesk>(desk: Desk): Desk;
  /** How far the phone is, by what is known here and what the asker brings. */
  stateOf(phone: Pick<Asker, 'mac' | 'tokens'>): TokenState;
}

const MOST_PHONES = 20_000;

export function createTokenGate({ key, rule, windows, world, tell }: TokenGateParts): TokenGate {
  /** What was learned here counts at once; what others learned comes with the asker, a moment later. */
  const learned = new Map<Mac, TokenState>();
  const askers = new WeakMap<FileAsk, Asker>();
  const met = new Set<Mac>();

  const stateOf: TokenGate['stateOf'] = ({ mac, tokens }) =>
    laterOf(tokens ?? FRESH, learned.get(mac) ?? FRESH);
  const learn = (mac: Mac, state: TokenState): void => {
    if (learned.size >= MOST_PHONES) learned.clear();
    learned.set(mac, laterOf(state, learned.get(mac) ?? FRESH));
  };
  const told = (step: 'first-used' | 'confirmed', { mac, generation }: Token, ask: FileAsk): void => {
    const seen = { at: world.now(), mac, from: showPeer(ask.from), door: ask.door };
    tell({ kind: 'access', step, generation, ...seen });
  };
  /** The phone has a file whole by that token. */
  const used = (ask: FileAsk, token: Token): void => {
    const phone = askers.get(ask);
    if (phone?.mac !== token.mac || phone.access?.by !== token.kind) return;
    const { confirmed = -1 } = stateOf(phone);
    if (token.kind === 'lasting') {
      if (token.generation <= confirmed) return;
      learn(token.mac, { generation: token.generation, confirmed: token.generation });
      told('confirmed', token, ask);
    } else if (!met.has(token.mac)) {
      if (met.size >= MOST_PHONES) met.clear();
      met.add(token.mac);
      told('first-used', token, ask);
    }
  };
  const refused = ({ door, from }: FileAsk, name: string, writing?: true): Refused => {
    const because = 'token-wrong';
    const seen = { at: world.now(), from: showPeer(from), door, file: name };
    tell({ kind: 'refused', because, alarm: true, ...seen, ...(writing === undefined ? {} : { writing }) });
    return { kind: 'refused', because };
  };
  /** The ask without its token, which has become a proof; or the name, where the token is none of ours. */
  const opened = <Ask extends FileAsk>(ask: Ask): { readonly ask: Ask } | { readonly wrong: string } => {
    const split = splitToken(ask.name);
    if (split === undefined) return { ask };
    const token = readToken(key, split.token);
    if (token === undefined) return { wrong: split.name };
    // Only a lasting or a first token made here can be ahead of what is known: a renewal of this very moment.
    if (token.generation > stateOf(token).generation) learn(token.mac, { generation: token.generation });
    return { ask: { ...ask, name: `/${split.name}`, proof: { ...ask.proof, token } } };
  };

  return {
    stateOf,
    recognise: (inner) => async (ask) => {
      const phone = await inner(ask);
      if (phone === undefined) return undefined;
      const state = stateOf(phone);
      const isReopened = isBeingStaged(windows, phone, world.now());
      const { proof } = ask;
      const isOwn = isHolder(windows.bind ?? 'claim', phone, proof);
      const access = decideAccess({ rule, phone, state, proof, isReopened, isHolder: isOwn });
      const asker = { ...phone, tokens: state, access };
      askers.set(ask, asker);
      return asker;
    },
    gate: (desk) => ({
      ...desk,
      ask: async (bare) => {
        const found = opened(bare);
        if ('wrong' in found) return refused(bare, found.wrong);
        const answer = await desk.ask(found.ask);
        const token = found.ask.proof?.token;
        return token === undefined || bare.look === true
          ? answer
          : noting(answer, () => used(found.ask, token));
      },
      upload: async (bare) => {
        const found = opened(bare);
        return 'wrong' in found ? refused(bare, found.wrong, true) : await desk.upload(found.ask);
      },
      list: async (bare) => {
        const found = opened(bare);
        return 'wrong' in found ? undefined : await desk.list(found.ask);
      },
    }),
  };
}

/** Calls back when the phone has the file. */
function noting(answer: FileAnswer, whole: () => void): FileAnswer {
  if (answer.kind === 'refused') return answer;
  const ended = (outcome: FileOutcome): void => {
    answer.ended(outcome);
    if (outcome.complete || outcome.unchanged === true) whole();
  };
  return { ...answer, ended };
}
