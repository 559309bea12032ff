// What was found, judged: fine, to be looked at, or in the way, each with a plain sentence and the command that mends it.
import { judgeLan } from './judge-lan.ts';
import { judgeMachine, judgePorts } from './judge-machine.ts';
import { judgeStore } from './judge-store.ts';
import type { Survey } from './survey.ts';

/** `bad`: something will not work. `warn`: it works, but should be looked at. */
export type State = 'bad' | 'ok' | 'warn';

export interface Finding {
  /** One word: ports, clock, disk. */
  readonly topic: string;
  readonly state: State;
  readonly sentence: string;
  /** A command or an act; absent when there is nothing to mend. */
  readonly mend?: string | undefined;
}

/** Every finding, in the order in which a person would look. */
export function judge(survey: Survey): readonly Finding[] {
  return [
    ...judgeSettings(survey),
    judgeDaemon(survey),
    ...judgeMachine(survey),
    ...judgeLan(survey),
    ...(survey.others ?? []).flatMap((other) => judgeLan({ ...survey, ...other })),
    ...judgePorts(survey),
    ...judgeStore(survey),
  ];
}

/** 0: all is fine. 1: something will not work. 2: all works, but something should be looked at. */
export function verdict(findings: readonly Finding[]): 0 | 1 | 2 {
  if (findings.some(({ state }) => state === 'bad')) return 1;
  return findings.some(({ state }) => state === 'warn') ? 2 : 0;
}

function judgeSettings({ mistakes }: Survey): readonly Finding[] {
  const topic = 'settings';
  if (mistakes === undefined) return [{ topic, state: 'ok', sentence: 'the settings have no mistakes' }];
  const { first, count, check } = mistakes;
  const more = count === 1 ? '' : ` (and ${count - 1} more)`;
  return [{ topic, state: 'bad', sentence: `${first}${more}`, mend: `list all: ${check}` }];
}

function judgeDaemon({ daemon, control, machine }: Survey): Finding {
  const topic = 'daemon';
  switch (daemon.kind) {
    case 'runs':
      return { topic, state: 'ok', sentence: `unboxd ${daemon.version} runs as process ${daemon.pid}` };
    case 'forbidden': {
      const sentence = `something answers at ${control}, but this user may not ask it`;
      return { topic, state: 'warn', sentence, mend: 'sudo unboxd doctor' };
    }
    case 'other': {
      const sentence = `an unboxd of another version answers at ${control}`;
      return { topic, state: 'warn', sentence, mend: 'systemctl restart unboxd' };
    }
    case 'none': {
      const sentence = `no unboxd answers at ${control}`;
      if (machine.unit?.isEnabled !== true) return { topic, state: 'ok', sentence };
      const mend = 'systemctl start unboxd; when it ends again: journalctl -u unboxd -n 50';
      return { topic, state: 'warn', sentence: `${sentence}, although its unit is enabled`, mend };
    }
  }
}
