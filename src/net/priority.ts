// Who gives way where the processors are few: niceness, which on Linux each thread has for itself. Elsewhere, and where
// the service may not change it, all goes on as well without.
import { opendirSync } from 'node:fs';
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
  // Made before any code of ours ran, right after the main thread.
  for (const thread of threads().slice(1, 1 + HELPERS)) lower(thread, HELPERS_NICER);
}

/** All of this process, in the order of their making, as the kernel lists them: their numbers may begin anew. */
function threads(): readonly number[] {
  const found: number[] = [];
  try {
    // Not readdir, which sorts.
    const folder = opendirSync('/proc/self/task');
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync())
      found.push(Number(entry.name));
    folder.closeSync();
  } catch {
    // Elsewhere than on Linux.
  }
  return found;
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
