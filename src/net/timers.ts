// Timers of one owner, who can take them all back at once.
import type { Cancel, World } from '../base/world.ts';

export interface Timers {
  after(delay: number, action: () => void): Cancel;
  /** Never ends when the timers are cleared. */
  pause(delay: number): Promise<void>;
  clear(): void;
}

export function createTimers(world: World): Timers {
  const pending = new Set<Cancel>();
  const after: Timers['after'] = (delay, action) => {
    const take = world.after(delay, () => {
      pending.delete(cancel);
      action();
    });
    const cancel = (): void => {
      pending.delete(cancel);
      take();
    };
    pending.add(cancel);
    return cancel;
  };
  return {
    after,
    pause: async (delay) =>
      await new Promise<void>((done) => {
        after(delay, done);
      }),
    clear: () => {
      for (const cancel of pending) cancel();
    },
  };
}
