/** `npm run mutation`: does a test of the domain notice each changed line of the domain? By hand; not in the gate. */
// biome-ignore lint/style/noDefaultExport: Stryker reads its settings so.
export default {
  mutate: ['src/domain/**/*.ts'],
  // A name that does not exist: Stryker would rewrite tsconfig.json with an API that TypeScript 7 no longer has.
  tsconfigFile: 'none.json',
  testRunner: 'vitest',
  vitest: { configFile: 'test/domain/vitest.mutation.config.ts', related: false },
  ignoreStatic: true,
  concurrency: 2,
  timeoutMS: 20_000,
  reporters: ['clear-text', 'progress', 'json'],
  clearTextReporter: { allowColor: false, reportTests: false },
  jsonReporter: { fileName: 'reports/mutation.json' },
  tempDirName: 'reports/.stryker-tmp',
};
