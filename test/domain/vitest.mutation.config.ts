import { defineConfig } from 'vitest/config';

/** `npm run mutation`: the domain's own tests, without Redis and without the search for secrets. */
export default defineConfig({
  test: {
    include: ['test/domain/**/*.test.ts'],
    // Thousands of random walks for each mutant, and hours in all: the tables must find it without them.
    exclude: [
      'test/domain/close/close-rule-properties.test.ts',
      'test/domain/watch/watch-properties.test.ts',
    ],
    env: { TZ: 'UTC' },
    maxWorkers: 1,
    isolate: false,
    // Mutated code and two runners at once are slow.
    testTimeout: 60_000,
  },
});
