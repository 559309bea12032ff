import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Lab tests start daemons and real clients: generous, since they wait for conditions and not for seconds.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Lab tests mostly wait: one more of them than there are cores keeps these busy.
    maxWorkers: availableParallelism() + 1,
  },
});
