// The timelines of all phones in memory: bounded per phone and in number of phones, with readers who are told at once.
import type { Mac } from '../base/mac.ts';
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
}

/** A timeline in which nothing has happened yet but what is remembered from before. */
export function createTimeline(remembered: Iterable<readonly [Mac, Progress]> = []): Timeline {
  const stories = new Map<Mac, Story>();
  for (const [mac, progress] of remembered) stories.set(mac, { events: [], progress });
  const nameless: PhoneEvent[] = [];
  const readers = new Set<Tell>();

  const keep = (mac: Mac, event: PhoneEvent): void => {
    const story = stories.get(mac);
    const progress = advance(story?.progress, event);
    const events = story?.events ?? [];
    push(events, event);
    // Deleting first keeps the Map in the order of last contact.
    stories.delete(mac);
    stories.set(mac, { events, progress });
    const oldest = stories.size > MOST_PHONES ? stories.keys().next().value : undefined;
    if (oldest !== undefined) stories.delete(oldest);
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

function push(events: PhoneEvent[], event: PhoneEvent): void {
  events.push(event);
  if (events.length > MOST_EVENTS) events.splice(0, events.length - MOST_EVENTS);
}
