// What the daemon holds: memory and descriptors as the kernel counts them, and the live heap of each of its threads.
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';

/** One look at the daemon. Sizes in MB. */
export interface Sample {
  /** Since the beginning, in seconds. */
  readonly at: number;
  readonly rss: number;
  readonly descriptors: number;
  /** Of each thread after a collection of all garbage: the main one first, then the one of the doors for files. */
  readonly heaps: readonly number[];
}

const MB = 1024 * 1024;
/** Two minutes and more; tries and no time, for all of us may stand still while others measure something. */
const MOST_TRIES = 2400;
/** The main thread, and that of the doors for files. */
const THREADS = [0, 1] as const;

/**
 * Loaded into each thread of the daemon before its own code: when the number in a file changes, it collects all garbage
 * and writes down what the heap still holds. What is left is held by somebody, so a leak of some bytes for each phone
 * shows there long before the memory of the process tells it from what V8 has not given back yet.
 */
const PROGRAM = `
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { threadId } from 'node:worker_threads';
const file = process.env.UNBOXD_GAUGE;
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
let answered = '';
setInterval(() => {
  let asked = '';
  try { asked = readFileSync(file, 'utf8'); } catch {}
  if (asked === answered) return;
  answered = asked;
  collect();
  const answer = file + '-' + threadId;
  writeFileSync(answer + '.new', asked + ' ' + process.memoryUsage().heapUsed);
  renameSync(answer + '.new', answer);
}, 200).unref();
`;

export const GAUGE = `data:text/javascript,${encodeURIComponent(PROGRAM)}`;

/** Memory and descriptors of a process. */
export async function lookAt(pid: number): Promise<Pick<Sample, 'rss' | 'descriptors'>> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  return { rss: kilobytes / 1024, descriptors: (await readdir(`/proc/${pid}/fd`)).length };
}

/** What the threads of the daemon hold after a collection; `number` is another one at each call. */
export async function weigh(file: string, number: number): Promise<readonly number[]> {
  // Whole at once: a thread may look at any moment.
  await writeFile(`${file}.new`, String(number));
  await rename(`${file}.new`, file);
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const heaps = await Promise.all(
      THREADS.map(async (thread) => await answerOf(`${file}-${thread}`, number)),
    );
    const all = heaps.filter((heap) => heap !== undefined);
    if (all.length === THREADS.length) return all;
    await new Promise((again) => setTimeout(again, 50));
  }
  throw new Error('the daemon hangs: its threads do not answer');
}

async function answerOf(file: string, number: number): Promise<number | undefined> {
  const [asked, bytes] = (await readFile(file, 'utf8').catch(() => '')).split(' ');
  return Number(asked) === number && bytes !== undefined ? Number(bytes) / MB : undefined;
}
