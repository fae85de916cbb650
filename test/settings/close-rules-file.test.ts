/** CLOSE_RULES_FILE: what is read from it, what is refused and how, and the schema in docs/. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { closeRulesForm, parseCloseRules, readCloseRules } from '../../src/settings/close-rules-file.ts';

const NEED = [{ from: ['S0TREASURY'], count: 1 }];
const parse = (value: unknown) => parseCloseRules(JSON.stringify(value), 14_400_000);
const faults = (value: unknown) => {
  const found = parse(value);
  return found.ok ? [] : found.faults;
};

describe('a rules file', () => {
  it('is a list, the first that fits decides', () => {
    const found = parse([
      { units: ['12', '9223372036854775807'], releasesOver: '5000000', need: NEED, delay: '15m' },
      { units: '*', need: [{ from: ['S0RISK', 'U0CHEN'], count: 2 }] },
    ]);
    expect(found).toEqual({
      ok: true,
      rules: {
        rules: [
          {
            ...{
              units: ['12', '9223372036854775807'],
              releasesOver: '5000000',
              need: NEED,
              delayMs: 900_000,
            },
          },
          {
            ...{ units: '*', releasesOver: null, need: [{ from: ['S0RISK', 'U0CHEN'], count: 2 }] },
            delayMs: null,
          },
        ],
        away: [],
      },
    });
  });

  it('or an object that also says who is away', () => {
    const until = '2026-12-06T18:00:00+01:00';
    const found = parse({
      $schema: './close-rules.schema.json',
      rules: [{ units: '*', need: NEED }],
      away: [{ approver: 'U0ADA', standIn: 'U0BEN', until }],
    });
    expect(found).toMatchObject({
      rules: { away: [{ approver: 'U0ADA', standIn: 'U0BEN', untilMs: Date.parse(until) }] },
    });
  });

  it.each([
    [
      'an amount as a number',
      [{ units: '*', releasesOver: 5000000, need: NEED }],
      ['rule 1, releasesOver: expected an amount as text, such as "5000000"'],
    ],
    [
      'an amount in words',
      [{ units: '*', releasesOver: '5 million', need: NEED }],
      ['rule 1, releasesOver: expected an amount as text, such as "5000000"'],
    ],
    [
      'a unit as a number',
      [{ units: [12], need: NEED }],
      ['rule 1, units: expected "*" or a list of unit ids as text, such as ["12"]'],
    ],
    [
      'a unit that is none',
      [{ units: ['072'], need: NEED }],
      ['rule 1, units: expected "*" or a list of unit ids as text, such as ["12"]'],
    ],
    [
      'no units',
      [{ need: NEED }],
      ['rule 1, units: expected "*" or a list of unit ids as text, such as ["12"]'],
    ],
    [
      'a name',
      [{ units: '*', need: [{ from: ['treasury'], count: 1 }] }],
      ['rule 1, need 1, from 1: expected a user id (U…) or a user-group id (S…)'],
    ],
    [
      'nobody',
      [{ units: '*', need: [{ from: [], count: 1 }] }],
      ['rule 1, need 1, from: expected at least one id'],
    ],
    [
      'half a person',
      [{ units: '*', need: [{ from: ['S0RISK'], count: 1.5 }] }],
      ['rule 1, need 1, count: expected a whole number from 1 to 20'],
    ],
    [
      'no person',
      [{ units: '*', need: [{ from: ['S0RISK'], count: 0 }] }],
      ['rule 1, need 1, count: expected a whole number from 1 to 20'],
    ],
    [
      'a delay in words',
      [{ units: '*', need: NEED, delay: 'an hour' }],
      ['rule 1, delay: expected a time from 0s to 1d, such as 0s, 15m or 1h'],
    ],
    ['an unknown field', [{ units: '*', need: NEED, quorum: 2 }], ['rule 1: Unrecognized key: "quorum"']],
    ['no need', [{ units: '*' }], ['rule 1, need: expected a list of {"from": […], "count": …}']],
    ['no rules', [], ['rules: expected at least one rule; without one no unit can be closed']],
    ['a text', 'rules', ['the file: expected a list of rules']],
    [
      'one that never decides',
      [
        { units: '*', need: NEED },
        { units: ['12'], need: NEED },
      ],
      ['rule 2 can never decide: rule 1 before it fits every close that it fits'],
    ],
    [
      'a delay as a number',
      [{ units: '*', need: NEED, delay: 900 }],
      ['rule 1, delay: expected a time from 0s to 1d, such as 0s, 15m or 1h'],
    ],
    ['an empty list of units', [{ units: [], need: NEED }], ['rule 1, units: expected at least one unit id']],
    [
      'a time without a zone',
      {
        rules: [{ units: '*', need: NEED }],
        away: [{ approver: 'U0ADA', standIn: 'U0BEN', until: '2026-12-06' }],
      },
      ['away 1, until: expected a time such as "2026-12-06T18:00:00Z"'],
    ],
  ])('%s is refused by its place', (_, value, expected) => {
    expect(faults(value)).toEqual(expected);
  });

  it.each([
    ['need', '[{"units": "*", "need": [], "need": [{"from": ["S0RISK"], "count": 1}]}]'],
    ['units', '[{"units": ["12"], "need": [{"from": ["S0RISK"], "count": 1}], "un\\u0069ts": "*"}]'],
    ['count', '{"rules": [{"units": "*", "need": [{"from": ["S0RISK"], "count": 2, "count": 1}]}]}'],
    ['rules', '{"rules": [], "rules": [{"units": "*", "need": [{"from": ["S0RISK"], "count": 1}]}]}'],
  ])('is refused where it has %s twice in one place, of which JSON keeps the last', (field, text) => {
    expect(parseCloseRules(text, 14_400_000)).toEqual({
      ok: false,
      faults: [`"${field}" is written twice in one place`],
    });
  });

  it('is refused where it is nested without end', () => {
    expect(parseCloseRules(`${'['.repeat(130_000)}${']'.repeat(130_000)}`, 14_400_000).ok).toBe(false);
  });

  it('may have marks of JSON in its texts', () => {
    const text =
      '{"$schema": "a \\"need\\": [], \\"need\\": {", "rules": [{"units": "*", "need": [{"from": ["S0RISK"], "count": 1}]}]}';
    expect(parseCloseRules(text, 14_400_000)).toMatchObject({ ok: true });
  });

  it('is refused where it is not JSON, too large, or not there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rules-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, 'rules.json');
    expect(await readCloseRules(path, 14_400_000)).toEqual({
      ok: false,
      faults: ["it can't be read: ENOENT"],
    });
    expect(await readCloseRules(folder, 14_400_000)).toEqual({ ok: false, faults: ['it is not a file'] });
    await writeFile(path, '[{"units": "*", S0SECRET');
    expect(await readCloseRules(path, 14_400_000)).toEqual({
      ok: false,
      faults: ['it is not valid JSON (line 1 column 17)'],
    });
    await writeFile(path, `[${' '.repeat(256 * 1024)}]`);
    expect(await readCloseRules(path, 14_400_000)).toEqual({
      ok: false,
      faults: ['it is larger than 256 KiB'],
    });
    await writeFile(path, `\uFEFF${JSON.stringify([{ units: '*', need: NEED }])}`);
    expect(await readCloseRules(path, 14_400_000)).toMatchObject({ ok: true });
  });

  it('has the form that docs/close-rules.schema.json describes', async () => {
    const { $schema, ...object } = z.toJSONSchema(closeRulesForm, { io: 'input', unrepresentable: 'any' });
    const form = { $schema, title: 'CLOSE_RULES_FILE', anyOf: [object.properties?.rules, object] };
    await expect(`${JSON.stringify(form, null, 2)}\n`).toMatchFileSnapshot(
      '../../docs/close-rules.schema.json',
    );
  });
});
