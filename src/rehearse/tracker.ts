// What the simulated phones say of themselves, line by line, until the last of them has come to an end.
import { type Mac, parseMac } from '../base/mac.ts';
import type { Ended } from './many.ts';
import type { Doing } from './plug.ts';
import type { Asked } from './verdict.ts';

export interface Tracker {
  /** One line of JSON, as `simulate --crowd` writes it. */
  hear(line: string): void;
  /** The files of each phone's last round, in the order of asking. */
  readonly asked: ReadonlyMap<Mac, readonly Asked[]>;
  /** Those that have their own file, in their own words. */
  readonly own: ReadonlySet<Mac>;
}

/** Follows `count` phones; `onAll` is called when the last of them has come to an end. */
export function trackPhones(count: number, onAll: () => void): Tracker {
  const asked = new Map<Mac, readonly Asked[]>();
  const ended = new Set<Mac>();
  const own = new Set<Mac>();
  /** Their next file begins another round. */
  const between = new Set<Mac>();
  const note = (mac: Mac, doing: Doing | Ended): void => {
    switch (doing.kind) {
      case 'asks':
      case 'has-address':
        return;
      case 'file': {
        const { url, found, bytes } = doing;
        const before = between.delete(mac) ? [] : (asked.get(mac) ?? []);
        asked.set(mac, [...before, { url, found, bytes }]);
        return;
      }
      case 'finished':
        between.add(mac);
        if (doing.own) own.add(mac);
        return;
      case 'ended':
        ended.add(mac);
        if (ended.size === count) onAll();
    }
  };
  return {
    asked,
    own,
    hear: (line) => {
      const said = JSON.parse(line) as { readonly mac: string } & (Doing | Ended);
      const mac = parseMac(said.mac);
      if (mac !== undefined) note(mac, said);
    },
  };
}
