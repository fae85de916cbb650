/** The firm's own rules: which one is for a unit, and what is refused when the file is read. */
import { describe, expect, it } from 'vitest';
import { longId } from '../../../src/domain/amount.ts';
import {
  type CloseRule,
  type CloseRules,
  digestOfRule,
  faultsOf,
  hasNoRule,
  policyFor,
} from '../../../src/domain/close/close-rules.ts';
import { policy } from '../../support/close-requests.ts';

const TREASURY = { from: ['S0TREASURY'], count: 1 };
const RISK = { from: ['S0RISK', 'U0CHEN'], count: 1 };

function rule(changes: Partial<CloseRule> = {}): CloseRule {
  return { units: '*', releasesOver: null, need: [TREASURY, RISK], delayMs: null, ...changes };
}
const rules = (...list: CloseRule[]): CloseRules => ({ rules: list, away: [] });
const unit = (groupId: string, netEquity?: string) => ({ groupId: longId(groupId), netEquity });

describe('which rule is for a unit', () => {
  const big = rule({ releasesOver: '5000000', need: [{ ...TREASURY, count: 2 }, RISK] });
  const own = rule({ units: [longId('12')], delayMs: 900_000 });
  const list = rules(own, big, rule());

  it.each([
    ['its own rule first', unit('12', '9000000'), own],
    ['the rule for large ones', unit('7', '5000000.01'), big],
    ['not at exactly the amount', unit('7', '5000000'), rule()],
    ['an amount that is not known counts as large', unit('7'), big],
    ['an amount that is no number counts as large', unit('7', 'NaN'), big],
  ])('%s', (_, about, expected) => {
    const found = policyFor(policy(), list, about);
    expect(found).toMatchObject({ need: expected.need, ruleDigest: digestOfRule(expected) });
    expect(found.quorum).toBe(expected.need.reduce((sum, { count }) => sum + count, 0));
    expect(found.delayMs ?? 0).toBe(expected.delayMs ?? 0);
  });

  it('names everybody of its rule as approvers, each once', () => {
    const twice = rule({ need: [TREASURY, { from: ['S0TREASURY', 'U0CHEN'], count: 1 }] });
    expect(policyFor(policy(), rules(twice), unit('7')).approvers).toEqual(['S0TREASURY', 'U0CHEN']);
  });

  it('without rules is what the settings say', () => {
    expect(policyFor(policy({ delayMs: 5 }), null, unit('7'))).toEqual(policy({ delayMs: 5 }));
  });

  it('never goes below the settings: raising them in an emergency holds under every rule', () => {
    const settings = policy({ delayMs: 60_000, quorum: 4 });
    expect(policyFor(settings, rules(rule()), unit('7'))).toMatchObject({ delayMs: 60_000, quorum: 4 });
    expect(policyFor(settings, rules(rule({ delayMs: 0 })), unit('7')).delayMs).toBe(60_000);
    expect(policyFor(settings, rules(rule({ delayMs: 90_000 })), unit('7')).delayMs).toBe(90_000);
  });

  it('keeps what the settings say of everything else', () => {
    const settings = policy({ mode: 'dry-run', requesterMayApprove: true, samePerson: [['A', 'B']] });
    const { mode, requesterMayApprove, samePerson } = settings;
    expect(policyFor(settings, rules(rule()), unit('7'))).toMatchObject({
      ...{ mode, requesterMayApprove, samePerson },
    });
  });

  it('a unit that no rule is for can be approved by nobody', () => {
    const found = policyFor(policy(), rules(own), unit('7'));
    expect(hasNoRule(found)).toBe(true);
    expect(found.approvers).toEqual([]);
    expect(hasNoRule(policyFor(policy(), rules(own), unit('12')))).toBe(false);
    expect(hasNoRule(policy())).toBe(false);
  });
});

describe('faults of a list', () => {
  it.each([
    ['none', [rule()], []],
    ['no rule at all', [], ['rules: expected at least one rule; without one no unit can be closed']],
    [
      'a unit twice',
      [rule({ units: [longId('12'), longId('7'), longId('12')] })],
      ['rule 1: unit 12 is listed twice'],
    ],
    ['nobody needed', [rule({ need: [] })], ['rule 1, need: expected at least one entry']],
    [
      'a name twice in one entry',
      [rule({ need: [{ from: ['U0CHEN', 'U0CHEN'], count: 2 }] })],
      ['rule 1, need: U0CHEN is listed twice in one entry'],
    ],
    [
      'one after a rule for everything',
      [rule(), rule({ units: [longId('12')] })],
      ['rule 2 can never decide: rule 1 before it fits every close that it fits'],
    ],
    [
      'a higher amount after a lower one',
      [rule({ releasesOver: '1000' }), rule({ releasesOver: '5000' })],
      ['rule 2 can never decide: rule 1 before it fits every close that it fits'],
    ],
    [
      'a lower amount after a higher one',
      [rule({ releasesOver: '5000' }), rule({ releasesOver: '1000' })],
      [],
    ],
    ['every amount after a higher one', [rule({ releasesOver: '5000' }), rule()], []],
    [
      'a unit that is decided before',
      [rule({ units: [longId('12'), longId('7')] }), rule({ units: [longId('3'), longId('7')] })],
      ['rule 2: unit 7 is decided by rule 1 before it'],
    ],
    [
      'the same unit for another amount',
      [rule({ units: [longId('7')], releasesOver: '5000' }), rule({ units: [longId('7')] })],
      [],
    ],
    [
      'a time to stop it that is longer than a request stays open',
      [rule({ delayMs: 14_400_000 })],
      ['rule 1, delay: expected a shorter time than CLOSE_EXPIRES, or no close could be sent'],
    ],
  ])('%s', (_, list, expected) => {
    expect(faultsOf(rules(...list), 14_400_000)).toEqual(expected);
  });

  it('somebody in their own place, and somebody away twice', () => {
    const away = [
      { approver: 'U0ADA', standIn: 'U0ADA', untilMs: 1 },
      { approver: 'U0ADA', standIn: 'U0BEN', untilMs: 2 },
    ];
    expect(faultsOf({ rules: [rule()], away }, 14_400_000)).toEqual([
      "away: U0ADA can't stand in for themselves",
      'away: U0ADA is listed twice',
    ]);
  });
});

describe('digests', () => {
  it('tell any two rules apart, and not the same rule from itself', () => {
    const all = [
      rule(),
      rule({ units: [longId('12')] }),
      rule({ releasesOver: '5' }),
      rule({ delayMs: 1 }),
      rule({ need: [RISK, TREASURY] }),
      rule({ need: [{ ...TREASURY, count: 2 }, RISK] }),
    ];
    expect(new Set(all.map(digestOfRule)).size).toBe(all.length);
    expect(digestOfRule(rule())).toBe(digestOfRule(rule()));
  });
});
