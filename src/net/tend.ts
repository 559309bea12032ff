// A socket pinned to an interface dies when the interface is replaced (a USB adapter plugged out and in): nothing is
// heard any more, and sends give ENODEV. This keeps it alive by opening it again.
import { readFile } from 'node:fs/promises';
import type { Cancel, Closable, World } from '../base/world.ts';

export interface Care<Resource extends Closable> {
  readonly world: World;
  /** The kernel's number of the interface, undefined while it is gone. A replaced interface has another number. */
  readonly index: () => Promise<number | undefined>;
  readonly open: () => Promise<Resource>;
  /** Told once for each time that it cannot be opened again, not at every try. */
  readonly onTrouble: (error: Error) => void;
}

const LOOK_EVERY_MS = 2000;

export interface Kept<Resource extends Closable> extends Closable {
  /** Undefined while the interface is away. */
  readonly resource: Resource | undefined;
  /** Says that the resource is probably dead: it is opened again at the next look, whatever the interface shows. */
  suspect(): void;
}

/** Looks after a resource that was just opened. */
export async function tend<Resource extends Closable>(
  resource: Resource,
  care: Care<Resource>,
): Promise<Kept<Resource>> {
  return new Tended(care, resource, await care.index());
}

class Tended<Resource extends Closable> implements Kept<Resource> {
  readonly #care: Care<Resource>;
  #resource: Resource | undefined;
  #index: number | undefined;
  #isSuspect = false;
  #isTold = false;
  #isClosed = false;
  #cancel: Cancel = () => undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(care: Care<Resource>, resource: Resource, index: number | undefined) {
    this.#care = care;
    this.#resource = resource;
    this.#index = index;
    this.#lookLater();
  }

  get resource(): Resource | undefined {
    return this.#resource;
  }

  suspect(): void {
    this.#isSuspect = true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#looking;
    await this.#giveBack();
  }

  #lookLater(): void {
    this.#cancel = this.#care.world.after(LOOK_EVERY_MS, () => {
      this.#looking = this.#look();
    });
  }

  async #look(): Promise<void> {
    const index = await this.#care.index();
    const isReplaced = index !== undefined && index !== this.#index;
    if ((isReplaced || this.#isSuspect) && !this.#isClosed) await this.#reopen(index);
    if (!this.#isClosed) this.#lookLater();
  }

  async #reopen(index: number | undefined): Promise<void> {
    try {
      await this.#giveBack();
      this.#resource = await this.#care.open();
      this.#index = index;
      this.#isSuspect = false;
      this.#isTold = false;
    } catch (error) {
      this.#isSuspect = true;
      if (!this.#isTold) this.#care.onTrouble(error instanceof Error ? error : new Error(String(error)));
      this.#isTold = true;
    }
  }

  async #giveBack(): Promise<void> {
    const resource = this.#resource;
    this.#resource = undefined;
    await resource?.close();
  }
}

/** The kernel's number of an interface. */
export async function interfaceIndex(name: string): Promise<number | undefined> {
  try {
    return Number(await readFile(`/sys/class/net/${name}/ifindex`, 'utf8'));
  } catch {
    return undefined;
  }
}
