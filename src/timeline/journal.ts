// The timelines of all phones in memory: bounded per phone and in number of phones, with readers who are told at once.
import type { Mac } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';
import type { PhoneEvent, Tell } from './event.ts';
import { advance, type Progress } from './progress.ts';

/** Events kept per phone. A healthy boot makes about fifteen. */
const MOST_EVENTS = 200;
/** Phones with a timeline; beyond it the one that was silent longest goes. */
const MOST_PHONES = 20_000;

export interface Timeline {
  readonly tell: Tell;
  /** Oldest first; empty for a phone never seen. Without a MAC: the events that no phone could be named for. */
  story(mac?: Mac): readonly PhoneEvent[];
  progress(mac: Mac): Progress | undefined;
  /** Calls `reader` for every event from now on; what it returns ends that. */
  follow(reader: Tell): () => void;
}

interface Story {
  readonly events: PhoneEvent[];
  progress: Progress;
  /** When it was put at the end of the Map. */
  movedAt: Millis;
}

const MOVED_EVERY = 1000;

/** How many of the oldest are looked at each time, and after how many newcomers. */
const LOOK_EVERY = 1_000;
/** Below it nobody is forgotten. */
const FEW_PHONES = 5_000;

/**
 * A timeline in which nothing has happened yet but what is remembered from before. `isKept` says whom the register
 * still knows: of a flood of strangers neither keeps more than the latest.
 */
export function createTimeline(
  remembered: Iterable<readonly [Mac, Progress]> = [],
  isKept: (mac: Mac) => boolean = () => true,
): Timeline {
  const stories = new Map<Mac, Story>();
  for (const [mac, progress] of remembered)
    stories.set(mac, { events: [], progress, movedAt: progress.last.at });
  const nameless: PhoneEvent[] = [];
  const readers = new Set<Tell>();

  // Many at a time: the first entry of a Map is found by walking over all that were deleted before it.
  const forgetOldest = (): void => {
    const isFull = stories.size > MOST_PHONES;
    if (!isFull && (stories.size < FEW_PHONES || stories.size % LOOK_EVERY !== 0)) return;
    let left = LOOK_EVERY;
    for (const mac of stories.keys()) {
      if (isFull || !isKept(mac)) stories.delete(mac);
      left -= 1;
      if (left === 0) return;
    }
  };
  const keep = (mac: Mac, event: PhoneEvent): void => {
    const story = stories.get(mac);
    if (story === undefined) {
      stories.set(mac, { events: [event], progress: advance(undefined, event), movedAt: event.at });
      forgetOldest();
      return;
    }
    if (isNext(story.events.at(-1), event)) story.events.pop();
    push(story.events, event);
    story.progress = advance(story.progress, event);
    // Deleting first keeps the Map in the order of last contact. To the second is good enough.
    if (event.at - story.movedAt < MOVED_EVERY) return;
    story.movedAt = event.at;
    stories.delete(mac);
    stories.set(mac, story);
  };

  return {
    tell: (event) => {
      if (event.mac === undefined) push(nameless, event);
      else keep(event.mac, event);
      for (const reader of readers) reader(event);
    },
    story: (mac) => (mac === undefined ? nameless : (stories.get(mac)?.events ?? [])),
    progress: (mac) => stories.get(mac)?.progress,
    follow: (reader) => {
      readers.add(reader);
      return () => readers.delete(reader);
    },
  };
}

/** Of the progress of a transfer the latest is enough. */
function isNext(last: PhoneEvent | undefined, event: PhoneEvent): boolean {
  return event.kind === 'progress' && last?.kind === 'progress' && last.file === event.file;
}

function push(events: PhoneEvent[], event: PhoneEvent): void {
  events.push(event);
  if (events.length > MOST_EVENTS) events.splice(0, events.length - MOST_EVENTS);
}
