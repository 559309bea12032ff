// Cases that take long and find little that the others do not: `npm run chaos` runs them, `npm test` does without.
import { test } from 'vitest';

export function longTest(name: string, run: () => Promise<void>): void {
  if (process.env['UNBOXD_LAB_LONG'] === '1') test(name, run);
}
