// How much work something is. By processor time, for the clock on the wall also counts what other programs do.

/** Milliseconds of the processor, the least of several goes: what else a process does adds to single ones. */
export function effortOf(work: () => unknown, goes = 10): number {
  const efforts = Array.from({ length: goes }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...efforts);
}

/** Times the size of the small case: linear work grows as much, quadratic work by its square. */
const TIMES = 16;
/** Half-way between the two, by factors. */
export const MUCH_GROWTH = 64;
/** What takes less than a tenth of a millisecond is no matter. */
const NOTHING = 0.1;

/** How many times the effort `work` is for sixteen times the size. Less than `MUCH_GROWTH` where it is linear. */
export function growthOf(work: (size: number) => () => unknown, size: number): number {
  const [small, large] = [effortOf(work(size)), effortOf(work(size * TIMES))];
  return large / Math.max(NOTHING, small);
}
