import { describe, expect, it } from 'vitest';
import { longId } from '../../../src/domain/amount.ts';
import { CLOSE_TIME_TOLERANCE_MS, evidenceOf } from '../../../src/domain/close/closed-evidence.ts';
import type { ClosedUnit } from '../../../src/domain/unit/risk-unit.ts';
import { facts, START_MS } from '../../support/close-requests.ts';

const ROW: ClosedUnit = {
  groupId: longId('7'),
  parentEmail: 'parent@test.com',
  creditEmail: 'credit7@test.com',
  enabled: false,
  createdAtMs: 1,
  closedAtMs: START_MS + 5_000,
};

describe('a row of the closed list', () => {
  it('is evidence as it was read', () => {
    const { groupId, creditEmail, createdAtMs, closedAtMs } = ROW;
    expect(evidenceOf(facts(), ROW)).toEqual({ groupId, creditEmail, createdAtMs, closedAtMs });
    expect(evidenceOf(facts({ creditAccount: 'Credit7@Test.com' }), ROW)).not.toBeNull();
    expect(evidenceOf(facts(), { ...ROW, closedAtMs: START_MS - CLOSE_TIME_TOLERANCE_MS })).not.toBeNull();
  });

  it.each<[string, Partial<ClosedUnit>]>([
    ['of another account', { creditEmail: 'other@test.com' }],
    ['of another unit', { groupId: longId('8') }],
    ['that is still enabled', { enabled: true }],
    ['older than the facts', { closedAtMs: START_MS - CLOSE_TIME_TOLERANCE_MS - 1 }],
  ])('fault T8: %s is none', (_, changes) => {
    expect(evidenceOf(facts(), { ...ROW, ...changes })).toBeNull();
  });
});
