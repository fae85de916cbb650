import { defineConfig } from 'vitest/config';

/** For `leaks.test.ts`: the search as the suite has it, on a file that leaks on purpose. */
// biome-ignore lint/style/noDefaultExport: vitest reads it
export default defineConfig({
  test: {
    include: ['test/support/leaks/leaky.ts', 'test/support/leaks/silent.ts'],
    globalSetup: ['test/support/leaks/summary.ts'],
    setupFiles: ['test/support/leaks/listen.ts'],
  },
});
