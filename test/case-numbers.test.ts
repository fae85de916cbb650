/** Both lists of acceptance cases have a test for every number, and no title leaves open which list it means. */
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const LISTS = [
  { list: 'exchange', count: 30 },
  { list: 'approval', count: 40 },
];

/** Lines of code of every test file: comments prove nothing. */
function codeLines(): string[] {
  const files = globSync('**/*.{test,long}.ts', { cwd: HERE }).filter(
    (file) => basename(file) !== basename(import.meta.url),
  );
  const lines = files.flatMap((file) => readFileSync(HERE + file, 'utf8').split('\n'));
  return lines.filter((line) => !/^\s*(\/\/|\/?\*)/.test(line));
}

it.each(LISTS)(
  'each of the $count cases of the $list list has a test that bears its number',
  ({ list, count }) => {
    const found = codeLines().flatMap((line) =>
      [...line.matchAll(/\b(\w+) cases? (\d+)(?: and (\d+))?/g)]
        .filter(([, name]) => name === list)
        .flatMap(([, , ...numbers]) => numbers.filter((number) => number !== undefined).map(Number)),
    );
    const all = Array.from({ length: count }, (_, index) => index + 1);
    expect([...new Set(found)].toSorted((one, other) => one - other)).toEqual(all);
  },
);

it('every case number carries the name of its list', () => {
  const known = new RegExp(`\\b(${[...LISTS.map(({ list }) => list), 'watch'].join('|')}) cases? \\d`);
  expect(codeLines().filter((line) => /\bcases? \d+(?!:$)/.test(line) && !known.test(line))).toEqual([]);
});

const FAULTS = { B: 11, R: 9, N: 8, T: 14, A: 13, W: 13 };

it('each fault found on 2026-11-29 has a test that bears its number', () => {
  const all = Object.entries(FAULTS).flatMap(([kind, count]) =>
    Array.from({ length: count }, (_, index) => `${kind}${index + 1}`),
  );
  const found = new Set(
    codeLines().flatMap((line) => [...line.matchAll(/\bfault ([A-Z]\d+)/g)].map(([, number]) => number)),
  );
  expect(all.filter((number) => !found.has(number))).toEqual([]);
});

/** The watch's cases, and the failures of other alerting that it must not repeat: `(3) A5: …` begins a title. */
it('each of the 13 cases of the watch, and each failure A1 to A14 seen elsewhere, begins a title of a test', () => {
  const files = globSync('{watch,domain/watch}/*.test.ts', { cwd: HERE });
  const titles = files.flatMap((file) =>
    [
      ...readFileSync(HERE + file, 'utf8').matchAll(/['"`]((?:\(\d+\)|A\d+)(?:,? (?:\(\d+\)|A\d+))*):? /g),
    ].map(([, numbers = '']) => numbers),
  );
  const found = new Set(titles.flatMap((title) => title.match(/A?\d+/g) ?? []));
  const all = [
    ...Array.from({ length: 13 }, (_, index) => String(index + 1)),
    ...Array.from({ length: 14 }, (_, index) => `A${index + 1}`),
  ];
  expect(all.filter((number) => !found.has(number))).toEqual([]);
});
