import { defineConfig } from 'vitest/config';

/** `npm run test:long`: failovers, rolling restarts and the like, which take minutes; the reporter prints their time. */
export default defineConfig({
  test: {
    include: ['test/**/*.long.ts'],
    globalSetup: ['test/support/redis-server.ts', 'test/support/leaks/summary.ts'],
    setupFiles: ['test/support/leaks/listen.ts'],
    // It stands between a test and each of its assertions.
    onStackTrace: (_, { file }) => !file.includes('/test/support/leaks/'),
    env: { TZ: 'UTC' },
    testTimeout: 180_000,
    hookTimeout: 30_000,
    // Each starts many processes; side by side they would only measure each other.
    fileParallelism: false,
    slowTestThreshold: 1,
    reporters: ['verbose'],
  },
});
