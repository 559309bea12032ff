import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Pure rooms, and doors on fakes: nothing in them outlives a test, so their modules are loaded once for many files. */
const ROOMS = ['base', 'control', 'dhcp', 'files', 'http', 'phones', 'sip', 'site', 'tftp', 'timeline'].map(
  (room) => `test/${room}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    // Lab tests start daemons and real clients: generous, since they wait for conditions and not for seconds.
    testTimeout: 60_000,
    // As patient as everything else that waits for a condition.
    expect: { poll: { timeout: 30_000 } },
    setupFiles: ['test/tools/setup.ts'],
    hookTimeout: 60_000,
    // Lab tests mostly wait: one more of them than there are cores keeps these busy.
    maxWorkers: availableParallelism() + 1,
    projects: [
      { extends: true, test: { name: 'rooms', include: ROOMS, isolate: false } },
      { extends: true, test: { name: 'rest', include: ['test/**/*.test.ts'], exclude: ROOMS } },
    ],
  },
});
