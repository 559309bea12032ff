// A rehearsal from curtain to curtain: private network, daemon with the user's settings, simulated phones, and what
// both sides say of it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Mac, parseMac, showMac } from '../base/mac.ts';
import type { Closable } from '../base/world.ts';
import type { PhoneLine, StoryLine } from '../control/api.ts';
import { controlClient } from '../control/client.ts';
import type { Actor } from './cast.ts';
import { daemonAnswers, startUnboxd } from './child.ts';
import { openStage } from './stage.ts';
import { trackPhones } from './tracker.ts';
import type { Asked } from './verdict.ts';

export interface Play {
  /** Of the rehearsal's own: settings, state and logs lie there. */
  readonly folder: string;
  /** For the daemon, unchecked. */
  readonly settings: unknown;
  /** `10.99.0.1/24`, of the daemon. */
  readonly address: string;
  readonly actors: readonly Actor[];
  readonly loss: number;
  readonly atOnce: number;
  readonly stop: AbortSignal;
  /** The daemon's line of a phone has changed. */
  readonly show: (line: PhoneLine) => void;
  /** Whether every phone's story is wanted. */
  readonly stories: boolean;
}

export interface Performance {
  readonly lines: ReadonlyMap<Mac, PhoneLine>;
  readonly asked: ReadonlyMap<Mac, readonly Asked[]>;
  readonly stories: ReadonlyMap<Mac, readonly string[]>;
  /** How long the phones took. */
  readonly ms: number;
  /** Whether all of them came to an end, good or bad. */
  readonly complete: boolean;
}

/** The names that `settings` must use. */
export const STAGE_INTERFACE = 'lan0';
const PHONES_INTERFACE = 'port0';
/** One process is good for so many phones. */
const CROWD = 250;
/** For each phone in turn, beside the time that a phone without an answer needs. */
const PATIENCE = { first: 120_000, each: 400 } as const;
/** Until the daemon gives up on a phone that says nothing more. */
const QUIET_TRIES = 60;

/** Plays it; everything is closed at the end. */
export async function perform(play: Play): Promise<Performance> {
  const opened: Closable[] = [];
  try {
    return await act(play, opened);
  } finally {
    for (const one of opened.reverse()) await one.close();
  }
}

async function act(play: Play, opened: Closable[]): Promise<Performance> {
  const { folder, address, actors, stop } = play;
  const stage = await openStage({
    links: [
      {
        ...{ host: 'desk', interface: STAGE_INTERFACE, address },
        ...{ peer: 'phones', peerInterface: PHONES_INTERFACE },
      },
    ],
  });
  opened.push(stage);
  const config = join(folder, 'unboxd.json');
  // Passwords may be in it.
  await writeFile(config, JSON.stringify(play.settings), { mode: 0o600 });
  const control = join(folder, 'control.sock');
  const log = join(folder, 'log');
  const daemon = startUnboxd(stage, 'desk', ['serve', '--config', config], { log });
  opened.push(daemon);
  await daemonAnswers(daemon, { control, log });

  const client = controlClient(control);
  const plugged = new Set<Mac | undefined>(actors.map(({ mac }) => mac));
  // The list may have more phones than take part.
  const show = (line: PhoneLine): void => {
    if (plugged.has(parseMac(line.mac))) play.show(line);
  };
  const over = new AbortController();
  const tracker = trackPhones(actors.length, () => over.abort());
  const patience = AbortSignal.timeout(PATIENCE.first + actors.length * PATIENCE.each);
  const until = AbortSignal.any([stop, patience, over.signal]);
  const watching = client.lines<PhoneLine>({ method: 'GET', path: '/v1/watch', until }, show);
  const began = performance.now();
  const crowds: Closable[] = [];
  for (const [index, part] of parts(actors).entries()) {
    const file = join(folder, `crowd-${index}.json`);
    await writeFile(file, JSON.stringify(crowdOf(play, part)));
    const argv = ['simulate', '--interface', PHONES_INTERFACE, '--crowd', file, '--config', config];
    const onLine = (line: string): void => tracker.hear(line);
    const crowd = startUnboxd(stage, 'phones', argv, { log: join(folder, `crowd-${index}`), onLine });
    crowds.push(crowd);
    opened.push(crowd);
  }
  await watching;
  const ms = performance.now() - began;
  if (!stop.aborted) await untilHeard(client, tracker.own, stop);
  await Promise.all(crowds.map(async (crowd) => await crowd.close()));

  const lines = stop.aborted ? new Map<Mac, PhoneLine>() : await finalLines(client, { stop, show });
  const stories = new Map<Mac, readonly string[]>();
  if (play.stories && !stop.aborted) {
    for (const { mac } of actors) {
      const story = await client.get<readonly StoryLine[]>(`/v1/phones/${showMac(mac)}/story`);
      stories.set(
        mac,
        story.map(({ sentence }) => sentence),
      );
    }
  }
  return { lines, asked: tracker.asked, stories, ms, complete: over.signal.aborted };
}

function parts(actors: readonly Actor[]): readonly (readonly Actor[])[] {
  const count = Math.ceil(actors.length / CROWD);
  return Array.from({ length: count }, (_, index) => actors.slice(index * CROWD, (index + 1) * CROWD));
}

function crowdOf({ actors, loss, atOnce }: Play, part: readonly Actor[]): unknown {
  return {
    loss,
    atOnce: Math.max(1, Math.round((atOnce * part.length) / actors.length)),
    phones: part.map(({ mac, vendor, model }) => ({
      ...{ mac, vendor: vendor.id, model: model.name },
      // Of its MAC: the dice of a phone fall the same way in every rehearsal.
      seed: Number.parseInt(mac.slice(4), 16) >>> 0,
    })),
  };
}

/** The last ACK of a phone may be lost: until the daemon has heard it again, the phone must stay plugged in. */
async function untilHeard(
  client: ReturnType<typeof controlClient>,
  own: ReadonlySet<Mac>,
  stop: AbortSignal,
): Promise<void> {
  for (let tries = 0; tries < QUIET_TRIES && !stop.aborted; tries += 1) {
    const lines = await client.get<readonly PhoneLine[]>('/v1/phones');
    const proven = lines.filter(({ stage }) => stage === 'proven').flatMap(({ mac }) => parseMac(mac) ?? []);
    if (new Set(proven).size >= own.size) return;
    await new Promise((again) => setTimeout(again, 100));
  }
}

/** The daemon's last word on every phone, once it waits for none of them; also shown, for the watch ended earlier. */
async function finalLines(
  client: ReturnType<typeof controlClient>,
  { stop, show }: Pick<Play, 'stop' | 'show'>,
): Promise<ReadonlyMap<Mac, PhoneLine>> {
  let lines: readonly PhoneLine[] = [];
  for (let tries = 0; tries < QUIET_TRIES && !stop.aborted; tries += 1) {
    lines = await client.get<readonly PhoneLine[]>('/v1/phones');
    if (lines.every(({ stage }) => stage === 'proven' || stage === 'stuck' || stage === 'expected')) break;
    await new Promise((again) => setTimeout(again, 100));
  }
  for (const line of lines) show(line);
  return new Map(
    lines.flatMap((line) => {
      const mac = parseMac(line.mac);
      return mac === undefined ? [] : [[mac, line] as const];
    }),
  );
}
