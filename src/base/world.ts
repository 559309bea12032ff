// Time and dice come in by the front door. The real ones live in net/world.ts, the tests' in test/fakes/world.ts.

/** A moment: milliseconds since 1970, never running backwards while the daemon lives. */
export type Millis = number;

export interface World {
  /** The present moment. */
  now(): Millis;
  /** Calls `action` once after `delay` ms; what it returns takes that back. */
  after(delay: number, action: () => void): Cancel;
  /** The dice: a number from 0 up to, not including, 1. */
  random(): number;
}

export type Cancel = () => void;

/** Anything opened that must be given back. Closing twice is allowed and does nothing. */
export interface Closable {
  close(): Promise<void>;
}

/** Opens all in order; closes what is open in reverse, also when one of them fails to open. */
export async function openAll(openers: readonly (() => Promise<Closable>)[]): Promise<Closable> {
  const opened: Closable[] = [];
  const close = async (): Promise<void> => {
    for (const one of opened.splice(0).reverse()) await one.close();
  };
  try {
    for (const open of openers) opened.push(await open());
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}
