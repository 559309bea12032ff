// What doors.accounts protects over HTTP stays protected at every door: a folder behind a password is not to be had by
// TFTP, which knows none.
import type { World } from '../base/world.ts';
import { type FileAsk, type FileDesk, type Refused, showPeer } from '../files/desk.ts';
import { type Account, accountsOf } from '../site/accounts.ts';
import type { Tell } from '../timeline/event.ts';

export interface GateParts {
  readonly accounts: readonly Account[];
  readonly world: World;
  readonly tell: Tell;
}

/** The desk for those who have signed in where that is needed; the others are refused, and that is told. */
export function gateDesk<Desk extends FileDesk>(desk: Desk, { accounts, world, tell }: GateParts): Desk {
  if (accounts.length === 0) return desk;
  const mayEnter = ({ name, proof }: FileAsk): boolean => {
    const needed = accountsOf(accounts, name);
    return needed.length === 0 || needed.some(({ user }) => user === proof?.account);
  };
  const refuse = ({ door, name, from }: FileAsk): Refused => {
    const because = 'sign-in-needed';
    const file = name.replace(/^\/+/, '');
    tell({ kind: 'refused', at: world.now(), from: showPeer(from), door, file, because });
    return { kind: 'refused', because };
  };
  return {
    ...desk,
    ask: async (ask) => (mayEnter(ask) ? await desk.ask(ask) : refuse(ask)),
    upload: async (ask) => (mayEnter(ask) ? await desk.upload(ask) : refuse(ask)),
    list: async (ask) => (mayEnter(ask) ? await desk.list(ask) : undefined),
  };
}
