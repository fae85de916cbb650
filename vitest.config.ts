import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** `.ci/run` reads its closing line from this file. */
const jsonReport = process.env.VITEST_JSON_REPORT;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: [
      'test/support/redis-server.ts',
      'test/support/bundled-programs.ts',
      'test/support/leaks/summary.ts',
    ],
    setupFiles: ['test/support/leaks/listen.ts'],
    // It stands between a test and each of its assertions.
    onStackTrace: (_, { file }) => !file.includes('/test/support/leaks/'),
    env: { TZ: 'UTC' },
    // The files of a worker share its modules: most of them load the whole bot, its libraries and the stand-ins.
    isolate: false,
    // Limits end a hang; speed is measured in bench/, not here.
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores everywhere this runs, and a worker that mostly waits (test/chaos): more would only make timers late.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    reporters: jsonReport ? ['default', ['json', { outputFile: jsonReport }]] : ['default'],
  },
});
