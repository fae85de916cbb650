import { expect, it } from 'vitest';
import { readProductionLicences, unexpectedLicences } from '../../scripts/production-licences.ts';

const found = readProductionLicences(new URL('../../', import.meta.url));

it('finds the production dependencies, and no others', () => {
  const names = found.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['@slack/bolt', 'ioredis', 'undici', 'zod']));
  expect(names).not.toContain('vitest');
  expect(names).not.toContain('ccxt');
});

it('sees permissive licences only', () => {
  expect(unexpectedLicences(found)).toEqual([]);
});

it('names an unreviewed licence, alone or in a choice', () => {
  const one = (licence: string) => ({
    ...{ folder: 'node_modules/thing', name: 'thing', version: '1.0.0', licence },
  });
  expect(unexpectedLicences([one('GPL-3.0-only'), one('none stated')])).toHaveLength(2);
  expect(unexpectedLicences([one('(MIT OR GPL-3.0-only)')])).toEqual([]);
});
