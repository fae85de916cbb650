import { defineConfig } from 'vitest/config';

/** `npm run mutation`: the domain's own tests, without Redis and without the search for secrets. */
export default defineConfig({
  test: {
    include: ['test/domain/**/*.test.ts'],
    env: { TZ: 'UTC' },
    maxWorkers: 1,
    // Mutated code and two runners at once are slow.
    testTimeout: 60_000,
  },
});
