// A reload: everything the installer wrote is read and checked anew. What is good holds from the next question of a
// phone on; with one mistake in it nothing changes.
import { Fault, messageOf } from '../base/fault.ts';
import type { Result } from '../base/result.ts';
import type { Mistake } from '../base/yaml-text.ts';
import type { LoadedSite } from '../site/load.ts';
import { changesOf, type SiteChanges } from './reload-changes.ts';

export interface ReloadAnswer {
  /** Whether the new settings hold now. */
  readonly done: boolean;
  /** What changed, a sentence each; empty when nothing has. */
  readonly changes: readonly string[];
  /** Settings that hold after a restart only, by their names. */
  readonly needsRestart: readonly string[];
  /** Why nothing was changed. */
  readonly mistakes: readonly Mistake[];
}

export interface ReloadParts {
  /** Reads and checks everything. May reject with a Fault. */
  readonly load: () => Promise<Result<LoadedSite, readonly Mistake[]>>;
  /** The settings as they are. */
  readonly served: () => LoadedSite;
  /** Goes on with those. Rejects with a Fault, nothing changed, when it cannot. */
  readonly renew: (next: SiteChanges) => Promise<void>;
  /** Where the settings stand, for faults that no line of them is guilty of. */
  readonly file: string;
  /** Called before and after: systemd wants to know. */
  readonly onBegin: () => void;
  readonly onEnd: (answer: ReloadAnswer) => void;
}

/** Makes the one way to reload; who asks while one is under way waits for one of his own. */
export function createReload(parts: ReloadParts): () => Promise<ReloadAnswer> {
  let line: Promise<unknown> = Promise.resolve();
  return async () => {
    const turn = line.then(async () => await reloadOnce(parts));
    line = turn;
    return await turn;
  };
}

async function reloadOnce(parts: ReloadParts): Promise<ReloadAnswer> {
  parts.onBegin();
  const answer = await attempt(parts).catch((error: unknown) => {
    const hint = error instanceof Fault ? `; ${error.hint}` : '';
    return refused([{ file: parts.file, message: `${messageOf(error)}${hint}` }]);
  });
  parts.onEnd(answer);
  return answer;
}

async function attempt({ load, served, renew }: ReloadParts): Promise<ReloadAnswer> {
  const loaded = await load();
  if (!loaded.ok) return refused(loaded.error);
  const next = changesOf(served(), loaded.value);
  await renew(next);
  const { changes, needsRestart } = next;
  return { done: true, changes, needsRestart, mistakes: [] };
}

function refused(mistakes: readonly Mistake[]): ReloadAnswer {
  return { done: false, changes: [], needsRestart: [], mistakes };
}

/** The answer as sentences: what changed, and what waits for a restart. */
export function reloadSentences({ changes, needsRestart }: ReloadAnswer): readonly string[] {
  return [
    ...(changes.length === 0 ? ['nothing new in settings, vendor files, templates and phone list'] : changes),
    ...(needsRestart.length === 0 ? [] : [`needs a restart: ${needsRestart.join(', ')}`]),
  ];
}
