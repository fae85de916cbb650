/** Who is away, which rules were told, and who could have approved: what may be stored, and what follows. */
import { describe, expect, it } from 'vitest';
import { longId } from '../../../src/domain/amount.ts';
import type { CloseRule, CloseRules } from '../../../src/domain/close/close-rules.ts';
import {
  decideRuleBook,
  LONGEST_ABSENCE_MS,
  NO_RULE_BOOK,
  type RuleBook,
  type RuleCommand,
  rulesThatDiffer,
} from '../../../src/domain/close/rule-book.ts';

const NOW_MS = Date.UTC(2026, 10, 30, 12);
const UNTIL_MS = NOW_MS + 86_400_000;
const by = { teamId: 'T0DESK', userId: 'U0ADA' };

function away(changes: Partial<Extract<RuleCommand, { type: 'away' }>> = {}): RuleCommand {
  return { type: 'away', by, standIn: 'U0BEN', untilMs: UNTIL_MS, inFile: [], ...changes };
}

/** Throws where it is refused. */
function changeOf(book: RuleBook, command: RuleCommand, nowMs = NOW_MS) {
  const decided = decideRuleBook(book, command, nowMs);
  if (!decided.ok) throw new Error(decided.refusal.code);
  return decided.value;
}

const rule = (changes: Partial<CloseRule> = {}): CloseRule => ({
  ...{ units: '*', releasesOver: null, need: [{ from: ['S0RISK'], count: 1 }], delayMs: null },
  ...changes,
});
const file = (...rules: CloseRule[]): CloseRules => ({ rules, away: [] });

describe('who is away', () => {
  it('is kept until its end, told, and forgotten with the next change', () => {
    const { next, events, notices } = changeOf(NO_RULE_BOOK, away());
    expect(next.absences).toEqual([
      { approver: 'U0ADA', standIn: 'U0BEN', untilMs: UNTIL_MS, sinceMs: NOW_MS },
    ]);
    expect(events).toMatchObject([{ type: 'away', approver: 'U0ADA', standIn: 'U0BEN', insteadOf: null }]);
    expect(notices).toHaveLength(1);
    const later = changeOf(next, { type: 'note-rules', rules: null }, UNTIL_MS);
    expect(later.next.absences).toEqual([]);
  });

  it('names the one who stood in before', () => {
    const { next } = changeOf(NO_RULE_BOOK, away());
    expect(changeOf(next, away({ standIn: 'U0CHEN' })).events).toMatchObject([{ insteadOf: 'U0BEN' }]);
    expect(changeOf(next, away({ untilMs: UNTIL_MS + 1 })).events).toMatchObject([{ insteadOf: null }]);
    expect(decideRuleBook(next, away(), NOW_MS)).toMatchObject({ refusal: { code: 'nothing-changed' } });
  });

  it.each([
    ['themselves', away({ standIn: 'U0ADA' }), { code: 'stand-in-not-allowed', why: 'yourself' }],
    [
      'somebody who is away by the file',
      away({ inFile: [{ approver: 'U0BEN', standIn: 'U0EVE', untilMs: UNTIL_MS }] }),
      { code: 'stand-in-not-allowed', why: 'away' },
    ],
    ['nobody any more: the end is over', away({ untilMs: NOW_MS }), { code: 'bad-absence' }],
    ['too long', away({ untilMs: NOW_MS + LONGEST_ABSENCE_MS + 1 }), { code: 'bad-absence' }],
  ])('is refused for %s', (_, command, refusal) => {
    expect(decideRuleBook(NO_RULE_BOOK, command, NOW_MS)).toMatchObject({ ok: false, refusal });
  });

  it('is refused for somebody who is away by an entry, until that is over', () => {
    const ben = { ...by, userId: 'U0BEN' };
    const { next } = changeOf(NO_RULE_BOOK, away({ by: ben, standIn: 'U0EVE' }));
    expect(decideRuleBook(next, away(), NOW_MS)).toMatchObject({ refusal: { why: 'away' } });
    expect(decideRuleBook(next, away({ untilMs: UNTIL_MS + 5 }), UNTIL_MS)).toMatchObject({ ok: true });
  });

  it('ends when it is said, once', () => {
    const { next } = changeOf(NO_RULE_BOOK, away());
    const back = changeOf(next, { type: 'back', by, approver: 'U0ADA' });
    expect(back.next.absences).toEqual([]);
    expect(back.events).toMatchObject([{ type: 'back', approver: 'U0ADA', standIn: 'U0BEN' }]);
    expect(decideRuleBook(back.next, { type: 'back', by, approver: 'U0ADA' }, NOW_MS)).toMatchObject({
      refusal: { code: 'not-away' },
    });
  });
});

describe('rules that were read', () => {
  it('are told when they differ from those told before, from digest to digest', () => {
    const first = changeOf(NO_RULE_BOOK, { type: 'note-rules', rules: file(rule()) });
    expect(first.events).toMatchObject([{ type: 'rules-changed', from: null }]);
    expect(decideRuleBook(first.next, { type: 'note-rules', rules: file(rule()) }, NOW_MS)).toMatchObject({
      refusal: { code: 'nothing-changed' },
    });
    const second = changeOf(first.next, { type: 'note-rules', rules: file(rule({ delayMs: 60_000 })) });
    const [was] = first.events;
    const [is] = second.events;
    expect(is).toMatchObject({ from: was?.type === 'rules-changed' ? was.to : '' });
    const gone = changeOf(second.next, { type: 'note-rules', rules: null });
    expect(gone.events).toMatchObject([{ to: null, after: null }]);
  });

  it('say nothing where there never was a file', () => {
    const { next, events, notices } = changeOf(NO_RULE_BOOK, { type: 'note-rules', rules: null });
    expect([next.told, events, notices]).toEqual([{ rules: null }, [], []]);
  });

  it('differ by rules that came, went, or moved', () => {
    const [a, b, c] = ['1', '2', '3'].map((unit) => rule({ units: [longId(unit)] })) as [
      CloseRule,
      CloseRule,
      CloseRule,
    ];
    const differ = (before: CloseRule[], then: CloseRule[]) =>
      rulesThatDiffer({ before: file(...before), after: file(...then) });
    expect(differ([a, b], [a, c])).toEqual({ removed: [b], added: [c], moved: [] });
    expect(differ([a, b], [b, a])).toEqual({ removed: [], added: [], moved: [b, a] });
    expect(differ([c, a, b], [a, b])).toEqual({ removed: [c], added: [], moved: [] });
    expect(differ([a, b], [a, b])).toEqual({ removed: [], added: [], moved: [] });
  });
});

describe('who could have approved', () => {
  it('is stored once per day, without a message', () => {
    const access = { rulesDigest: null, lists: [{ from: ['S0RISK'], people: ['U0ADA'] }], standIns: [] };
    const { next, events, notices } = changeOf(NO_RULE_BOOK, {
      type: 'note-access',
      day: '2026-11-30',
      access,
    });
    expect([next.accessDay, notices]).toEqual(['2026-11-30', []]);
    expect(events).toMatchObject([{ type: 'access-resolved', day: '2026-11-30', access }]);
    for (const day of ['2026-11-30', '2026-11-29'])
      expect(decideRuleBook(next, { type: 'note-access', day, access }, NOW_MS)).toMatchObject({
        refusal: { code: 'nothing-changed' },
      });
  });
});
