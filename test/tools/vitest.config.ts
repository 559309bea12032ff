import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Lab tests start daemons and real clients: generous, since they wait for conditions and not for seconds.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: [],
  },
});
