// Who gives way where the processors are few: niceness, which on Linux each thread has for itself. Elsewhere, and where
// the service may not change it, all goes on as well without.
import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** Addresses come before files. */
const FILES_NICER = 10;
const HELPERS_NICER = 15;
/** Node's own count: one that keeps time, and V8's pool (`--v8-pool-size`). Those for the disk are made after them. */
const HELPERS = 1 + 4;

/** For the thread of the file doors, called by itself. */
export function lowerFileThread(): void {
  lower(0, FILES_NICER);
}

/**
 * For the threads in which V8 compiles and clears up, called by the main thread. When a shelf gets power, all our code
 * becomes hot at once, and V8 would take nearly half of two processors to compile it anew while phones wait.
 */
export function lowerHelpers(): void {
  const { pid } = process;
  const threads = threadsOf('/proc/self/task').sort((a, b) => a - b);
  // Made before any code of ours ran, right after the main thread.
  const made = threads.filter((thread) => thread > pid);
  for (const thread of made.slice(0, HELPERS)) lower(thread, HELPERS_NICER);
}

function threadsOf(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number);
  } catch {
    return [];
  }
}

function lower(thread: number, nicer: number): void {
  // Elsewhere it would be that of the whole process.
  if (process.platform !== 'linux') return;
  try {
    setPriority(thread, Math.min(19, getPriority(thread) + nicer));
  } catch {
    // systemd may be told to refuse it (SystemCallFilter=~@resources).
  }
}
