/**
 * That the linter really refuses the arrows against the layout, that imports are a tree, and that no test escapes the
 * search for secrets.
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import config from '../vitest.config.ts';
import longConfig from './vitest.long.config.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FORBIDDEN = [
  ['domain', 'node:fs'],
  ['domain', '../usecases/ports.ts'],
  ['domain', 'zod'],
  ['usecases', '../redis/connection.ts'],
  ['usecases', 'ioredis'],
  ['usecases', 'node:fs'],
  ['binance', '../redis/connection.ts'],
  ['redis', '../slack/ids.ts'],
  ['slack', '../binance/signing.ts'],
  ['slack/views', '../../redis/connection.ts'],
  ['slack', '../app.ts'],
  ['slack', '../pager/pagers.ts'],
  ['pager', '../slack/ids.ts'],
  ['pager', '../settings/config.ts'],
  ['binance', '../../sandbox/binance/exchange.ts'],
  ['.', '../sandbox/world.ts'],
  ['ops/metrics', '../../../sandbox/world.ts'],
  ['domain', '@opentelemetry/api'],
  ['usecases', '@opentelemetry/api'],
  ['redis', '@opentelemetry/api'],
  ['slack', '../ops/tracing.ts'],
  ['.', '@opentelemetry/sdk-trace'],
  ['ops/metrics', '@opentelemetry/api'],
  ['domain/unit', '../close/close-request.ts'],
  ['binance', '../settings/config.ts'],
] as const;
const ALLOWED = [
  ['domain', './amount.ts'],
  ['domain', 'big.js'],
  ['usecases', '../domain/amount.ts'],
  ['usecases', '../domain/close/facts.ts'],
  ['usecases', './ports.ts'],
  ['redis', '../usecases/ports.ts'],
  ['slack/views', '../../domain/amount.ts'],
  ['.', './redis/connection.ts'],
  ['.', './ops/tracing.ts'],
  ['domain/close', '../unit/risk-unit.ts'],
] as const;

describe('imports', () => {
  const place = mkdtempSync(join(tmpdir(), 'loandesk-lint-'));
  const cases = [...FORBIDDEN, ...ALLOWED];
  const probe = (folder: string, imported: string) =>
    join('src', folder, `probe-${cases.findIndex((each) => each[0] === folder && each[1] === imported)}.ts`);
  let said: string;

  /** The linter's complaints about files with one import each in those folders, under this project's rules. */
  beforeAll(() => {
    const rules = JSON.parse(readFileSync(join(ROOT, 'biome.json'), 'utf8'));
    writeFileSync(join(place, 'biome.json'), JSON.stringify({ ...rules, vcs: { enabled: false } }));
    for (const [folder, imported] of cases) {
      mkdirSync(join(place, 'src', folder), { recursive: true });
      const text = `import * as probe from '${imported}';\n\nexport const probed = probe;\n`;
      writeFileSync(join(place, probe(folder, imported)), text);
    }
    const options = ['lint', '--only=style/noRestrictedImports', '--max-diagnostics=none', 'src'];
    const run = spawnSync(join(ROOT, 'node_modules/.bin/biome'), options, { cwd: place, encoding: 'utf8' });
    said = run.stdout + run.stderr;
  });
  afterAll(() => rmSync(place, { recursive: true }));

  it('are all looked at', () => expect(said).toContain(`Checked ${cases.length} files`));

  it.each(FORBIDDEN)('%s/ may not import %s', (folder, imported) => {
    expect(said).toMatch(new RegExp(`^${probe(folder, imported)}:.*noRestrictedImports`, 'm'));
  });

  it.each(ALLOWED)('%s/ may import %s', (folder, imported) => {
    expect(said).not.toContain(probe(folder, imported));
  });
});

/** Which of these files each one imports, types included. */
function importsOf(files: readonly string[]): Map<string, string[]> {
  const known = new Set(files);
  return new Map(
    files.map((file) => {
      const text = readFileSync(join(ROOT, file), 'utf8');
      const named = [...text.matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g)];
      const paths = named.map(([, path = '']) => join(dirname(file), path));
      return [file, paths.filter((path) => known.has(path))];
    }),
  );
}

/** Some circles, at least one if there are any: each file imports the next, and the last the first. */
function circlesIn(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = [];
  const finished = new Set<string>();
  const visit = (file: string, way: readonly string[]) => {
    const before = way.indexOf(file);
    if (before !== -1) circles.push(way.slice(before));
    if (before !== -1 || finished.has(file)) return;
    for (const next of imports.get(file) ?? []) visit(next, [...way, file]);
    finished.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return circles;
}

describe('the import graph', () => {
  const imports = importsOf(globSync('{src,sandbox,test,bench,scripts}/**/*.{ts,mts,mjs}', { cwd: ROOT }));

  it('is read: what is known to be imported is found', () => {
    expect(imports.get('src/main.ts')).toContain('src/app.ts');
    expect(imports.get('src/usecases/create-desk.ts')).toContain('src/usecases/ports.ts');
    expect([...imports.values()].flat().length).toBeGreaterThan(1_000);
  });

  it('has no circles, types included', () => {
    expect(circlesIn(imports)).toEqual([]);
  });

  it('would show a circle', () => {
    const graph = { a: ['b'], b: ['c', 'd'], c: ['d'], d: ['b'], e: ['e'] };
    expect(circlesIn(new Map(Object.entries(graph)))).toEqual([['b', 'c', 'd'], ['e']]);
  });
});

describe('the search for secrets (test/support/leaks)', () => {
  const tests = globSync('test/**/*.ts', { cwd: ROOT }).filter(
    (file) => !file.startsWith('test/support/leaks/'),
  );
  const filesWith = (pattern: RegExp, except = '') =>
    tests.filter((file) => file !== except && pattern.test(readFileSync(join(ROOT, file), 'utf8')));

  it.each([
    ['npm test', config],
    ['npm run test:long', longConfig],
  ])('stands in front of every file of %s', (_, { test }) => {
    expect(test?.setupFiles).toContain('test/support/leaks/listen.ts');
    expect(test?.globalSetup).toContain('test/support/leaks/summary.ts');
  });

  it('hears every log: no test makes one of its own', () => {
    expect(filesWith(/(?<![.\w])warn\s*[(:]/, 'test/support/logs.ts')).toEqual([]);
  });

  it('is not taken out: no test replaces or reloads modules', () => {
    expect(filesWith(/\bvi\.(\w*[mM]ock|resetModules)\b/)).toEqual([]);
  });
});
