// What the phones were promised, and every promise that was broken. Pure: the same for a soak and for kills.

import type { Said } from './soak-phone.ts';
import { readSealed } from './soak-write.ts';

export interface Ledger {
  /** The address of each phone that ever got a DHCPACK. */
  readonly leases: Map<string, number>;
  readonly holders: Map<number, string>;
  /** The last upload of each phone that the server said to have. */
  readonly wrote: Map<string, number>;
  /** Who is plugged in, by slot. */
  readonly plugged: Map<number, string>;
  /** Wake-ups heard, by Call-ID, and the phones that heard one in the present storm. */
  readonly calls: Set<string>;
  readonly woken: Map<string, number>;
  readonly counts: Counts;
  readonly breaches: string[];
}

export type Counts = Record<
  | 'lives'
  | 'stuck'
  | 'acks'
  | 'fetches'
  | 'uploads'
  | 'woken'
  | 'lost'
  | 'doubled'
  | 'torn'
  | 'forgotten'
  | 'wokenTwice',
  number
>;

export function openLedger(): Ledger {
  const counts: Counts = {
    ...{ lives: 0, stuck: 0, acks: 0, fetches: 0, uploads: 0, woken: 0 },
    ...{ lost: 0, doubled: 0, torn: 0, forgotten: 0, wokenTwice: 0 },
  };
  return {
    ...{ leases: new Map(), holders: new Map(), wrote: new Map(), plugged: new Map() },
    ...{ calls: new Set(), woken: new Map(), counts, breaches: [] },
  };
}

/** Takes in what a phone said. */
export function note(ledger: Ledger, said: Said): void {
  const { counts } = ledger;
  switch (said.kind) {
    case 'ready':
    case 'echo':
      return;
    case 'plugged':
      ledger.plugged.set(said.slot, said.mac);
      return;
    case 'leased':
      noteLease(ledger, said.mac, said.address);
      return;
    case 'fetched':
      counts.fetches += 1;
      return;
    case 'wrote':
      counts.uploads += 1;
      ledger.wrote.set(said.mac, said.number);
      return;
    case 'torn':
      breach(ledger, 'torn', `${said.mac} was given a torn ${said.target}`);
      return;
    case 'woken':
      noteWake(ledger, said.mac, said.call);
      return;
    case 'lived':
      counts[said.well ? 'lives' : 'stuck'] += 1;
  }
}

/** Leases are longer than a run: whoever has one keeps its address, and nobody else gets it. */
function noteLease(ledger: Ledger, mac: string, address: number): void {
  const { leases, holders, counts } = ledger;
  counts.acks += 1;
  const before = leases.get(mac);
  if (before !== undefined && before !== address)
    breach(ledger, 'lost', `${mac} had ${before} and was given ${address}`);
  const holder = holders.get(address);
  if (holder !== undefined && holder !== mac)
    breach(ledger, 'doubled', `${address} is that of ${holder} and was given to ${mac}`);
  leases.set(mac, address);
  holders.set(address, mac);
}

function noteWake({ calls, woken, counts, ...ledger }: Ledger, mac: string, call: string): void {
  // Of one NOTIFY, sent again until it is answered, or with the password that the phone asked for.
  if (calls.has(call)) return;
  calls.add(call);
  counts.woken += 1;
  const times = (woken.get(mac) ?? 0) + 1;
  woken.set(mac, times);
  if (times > 1) breach({ counts, ...ledger }, 'wokenTwice', `${mac} was woken ${times} times by one storm`);
}

/** A storm begins; the one before must be over. */
export function beginStorm({ woken }: Ledger): void {
  woken.clear();
}

/** Holds the daemon's list of leases against what the phones were promised. */
export function checkLeases(
  ledger: Ledger,
  promised: ReadonlyMap<string, number>,
  list: readonly { readonly mac: string; readonly address: number; readonly state: string }[],
): void {
  const bound = list.filter(({ state }) => state === 'bound');
  const held = new Map(bound.map(({ mac, address }) => [mac, address]));
  if (held.size !== bound.length) breach(ledger, 'doubled', 'a phone stands twice in the list of leases');
  if (new Set(held.values()).size !== held.size)
    breach(ledger, 'doubled', 'an address stands twice in the list of leases');
  for (const [mac, address] of promised)
    if (held.get(mac) !== address)
      breach(
        ledger,
        'lost',
        `${mac} was given ${address}, the daemon has ${held.get(mac) ?? 'nothing'} for it`,
      );
}

/** Holds the folder of uploads against what the phones were promised: file name and text of each. */
export function checkUploads(
  ledger: Ledger,
  promised: ReadonlyMap<string, number>,
  files: ReadonlyMap<string, string>,
): void {
  const kept = new Map<string, number>();
  for (const [name, text] of files) {
    const sealed = readSealed(text);
    if (sealed === undefined) breach(ledger, 'torn', `${name} is torn`);
    else if (!/\.\d+$/.test(name)) kept.set(sealed.mac, sealed.number);
  }
  for (const [mac, number] of promised)
    if ((kept.get(mac) ?? 0) < number)
      breach(ledger, 'forgotten', `upload ${number} of ${mac} is gone: ${kept.get(mac) ?? 'none'} is kept`);
}

/** Every breach is counted; a few are shown. */
const MOST_SHOWN = 20;

function breach(
  { counts, breaches }: Pick<Ledger, 'counts' | 'breaches'>,
  kind: keyof Counts,
  what: string,
): void {
  counts[kind] += 1;
  if (breaches.length < MOST_SHOWN) breaches.push(what);
}
