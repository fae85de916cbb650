import { describe, expect, it } from 'vitest';
import { longId } from '../../../src/domain/amount.ts';
import { closeEvidence, newestClosed } from '../../../src/domain/unit/close-evidence.ts';
import type { ClosedUnit } from '../../../src/domain/unit/risk-unit.ts';

const UNIT = longId('7');
const ACTIVE_AT = 1_800_000_000_000;
const NOW = ACTIVE_AT + 3_600_000;
const LIFE = { creditAccount: 'own@test.com', activeAtMs: ACTIVE_AT };

const row = (changes: Partial<ClosedUnit> = {}): ClosedUnit => ({
  groupId: UNIT,
  parentEmail: 'p@test.com',
  creditEmail: 'own@test.com',
  enabled: false,
  createdAtMs: ACTIVE_AT - 86_400_000,
  closedAtMs: ACTIVE_AT + 60_000,
  ...changes,
});

describe('what proves that a unit was closed', () => {
  it('is its own row, closed after it was seen active', () => {
    expect(closeEvidence([row()], UNIT, LIFE, NOW)).toEqual(row());
    const roundedDown = row({ closedAtMs: ACTIVE_AT - 1_000 });
    expect(closeEvidence([roundedDown], UNIT, LIFE, NOW), 'a closeTime in whole seconds').toEqual(
      roundedDown,
    );
    const sameAccount = row({ creditEmail: 'OWN@test.com' });
    expect(closeEvidence([sameAccount], UNIT, LIFE, NOW)).toEqual(sameAccount);
  });

  it.each([
    ["fault T8: the same id in another account's list", row({ creditEmail: 'other@test.com' })],
    ['fault T8: a row that is still enabled', row({ enabled: true })],
    ['fault T8: the older row of a reused id', row({ closedAtMs: ACTIVE_AT - 3_600_000 })],
    ['fault T8, relative: closed a moment before it was seen active', row({ closedAtMs: ACTIVE_AT - 1_001 })],
    ['fault T8, relative: a closeTime in the future', row({ closedAtMs: NOW + 60_001 })],
    ['fault T8, relative: another unit', row({ groupId: longId('77') })],
  ])('%s is none', (_, only) => {
    expect(closeEvidence([only], UNIT, LIFE, NOW)).toBeNull();
    expect(closeEvidence([only, row()], UNIT, LIFE, NOW), 'beside one that is').toEqual(row());
  });

  it("fault T8, relative: e-mails are not compared in a list that is known to be the owner's", () => {
    const other = row({ creditEmail: 'renamed@test.com' });
    expect(closeEvidence([other], UNIT, { ...LIFE, creditAccount: null }, NOW)).toEqual(other);
  });

  it('for people, of several lives the newest is shown', () => {
    const older = row({ createdAtMs: 1, closedAtMs: 2 });
    expect(newestClosed([older, row(), row({ enabled: true, closedAtMs: NOW })], UNIT)).toEqual(row());
    expect(newestClosed([older], longId('8'))).toBeNull();
  });
});
