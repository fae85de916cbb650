/** What the channel is told about rules for closes that changed, and what the audit prints of who could have approved. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longId } from '../../../src/domain/amount.ts';
import { type CloseRule, type CloseRules, digestOfRules } from '../../../src/domain/close/close-rules.ts';
import type { RuleEvent } from '../../../src/domain/close/rule-book.ts';
import { accessText } from '../../../src/slack/views/access-text.ts';
import { ruleMessage } from '../../../src/slack/views/rule-message.ts';
import { START_MS } from '../../support/close-requests.ts';
import { faultsOf } from '../support/message-faults.ts';

const rule = (changes: Partial<CloseRule> = {}): CloseRule => ({
  ...{ units: '*', releasesOver: null, need: [{ from: ['S0RISK'], count: 1 }], delayMs: null },
  ...changes,
});
const of = (...rules: CloseRule[]): CloseRules => ({ rules, away: [] });

function changed(before: CloseRules | null, after: CloseRules | null) {
  const [from, to] = [before, after].map((each) => (each === null ? null : digestOfRules(each)));
  const event = { type: 'rules-changed', atMs: START_MS, by: null, before, after } as const;
  return { ...event, from: from ?? null, to: to ?? null };
}
const said = (before: CloseRules | null, after: CloseRules | null) =>
  ruleMessage(changed(before, after))
    .text.replaceAll(/`[0-9a-f]{8}`/g, '#')
    .split('\n');

const BIG = rule({
  units: [longId('12'), longId('13')],
  releasesOver: '5000000.5',
  need: [
    { from: ['S0TREASURY'], count: 2 },
    { from: ['S0RISK', 'U0CHEN'], count: 1 },
  ],
  delayMs: 900_000,
});

describe('rules that changed', () => {
  it('are told rule by rule: gone, new, moved', () => {
    const [a, b, c] = [rule({ units: [longId('1')] }), rule({ units: [longId('2')] }), rule()];
    expect(said(of(a, b, c), of(b, a, BIG))).toEqual([
      '*The rules for closes changed*: digest # → #. The first rule that fits a close decides.',
      '• Rule 3 is gone: any unit: 1 of <!subteam^S0RISK> · rule #',
      '• New rule 3: units 12, 13, over 5,000,000.5 released: 2 of <!subteam^S0TREASURY> and 1 of <!subteam^S0RISK> or <@U0CHEN>, 15 min to stop it · rule #',
      '• Rule 1 was rule 2: unit 2: 1 of <!subteam^S0RISK> · rule #',
      '• Rule 2 was rule 1: unit 1: 1 of <!subteam^S0RISK> · rule #',
      'Open requests need what the rule of their opening and the rule in force now ask for.',
    ]);
  });

  it('say that there are rules now, or none any more', () => {
    expect(said(null, of(rule()))[0]).toBe(
      '*Rules for closes are in force now*: `CLOSE_RULES_FILE` with the digest #. The first rule that fits a close decides.',
    );
    expect(said(of(rule()), null)).toEqual([
      '*The rules for closes are gone*: there is no `CLOSE_RULES_FILE` any more (its digest was #). `CLOSE_APPROVERS` and `CLOSE_QUORUM` decide.',
      '• Rule 1 is gone: any unit: 1 of <!subteam^S0RISK> · rule #',
    ]);
  });

  it('say who is away by the file, while it lasts', () => {
    const away = [
      { approver: 'U0ADA', standIn: 'U0BEN', untilMs: START_MS + 60_000 },
      { approver: 'U0CHEN', standIn: 'U0BEN', untilMs: START_MS },
    ];
    expect(said(of(rule()), { ...of(rule()), away }).slice(1, -1)).toEqual([
      expect.stringMatching(
        /^• Away by the file: <@U0ADA> until <!date.*>, <@U0BEN> may act in their place$/,
      ),
    ]);
    expect(said({ ...of(rule()), away }, of(rule()))[1]).toBe('By the file nobody is away any more.');
  });

  it('200 of them at once, however long, are one message that Slack takes', () => {
    const many = (units: number, names: number, of200: string) =>
      of(
        ...Array.from({ length: 200 }, (_, at) =>
          rule({
            units: Array.from({ length: units }, (_each, unit) => longId(`${of200}${at}${unit}`)),
            releasesOver: `${at}.000000000000000001`,
            need: Array.from({ length: 10 }, () => ({
              from: Array.from({ length: names }, (_each, who) => `S0GROUP${at}X${who}`),
              count: 20,
            })),
            delayMs: 86_399_000,
          }),
        ),
      );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 50 }), (units, names) => {
        const message = ruleMessage(changed(many(units, names, '1'), many(units, names, '2')));
        expect(faultsOf(message)).toEqual([]);
        const last = JSON.stringify(message.blocks.at(-1));
        expect(last).toMatch(/… and \d+ more: see the audit, `\/loandesk audit export rules`/);
        expect(message.text.length).toBeLessThan(4_000);
      }),
      { numRuns: 20 },
    );
  });
});

describe('who could have approved, as printed', () => {
  const verdict = { entries: 3, requests: 0, episodes: 0, head: 'ab', fault: null, kept: null };
  const event: Extract<RuleEvent, { type: 'access-resolved' }> = {
    ...({ type: 'access-resolved', atMs: START_MS, by: null, day: '2026-11-20' } as const),
    access: {
      rulesDigest: 'abc123',
      lists: [
        { from: ['S0RISK', 'U0CHEN'], people: ['U0ADA', 'U0CHEN'] },
        { from: ['S0GONE'], people: [] },
      ],
      standIns: [{ approver: 'U0ADA', standIn: 'U0BEN' }],
    },
  };
  const nothing = { day: '2026-11-20', recorded: [], changes: [], before: null, after: null, verdict };

  it('names each list with its people, stand-ins, and what changed that day, before and after', () => {
    const by = { teamId: 'T0', userId: 'U0ADA' };
    const text = accessText({
      ...nothing,
      recorded: [{ event, sequence: 2, sealFits: true }],
      changes: [
        {
          event: { type: 'back', atMs: START_MS - 1_000, by, approver: 'U0DAN', standIn: 'U0EVE' },
          sequence: 1,
        },
        {
          // In the millisecond of the entry.
          event: {
            ...({ type: 'away', atMs: START_MS, by, approver: 'U0ADA', standIn: 'U0BEN' } as const),
            ...{ untilMs: START_MS + 86_400_000, insteadOf: null },
          },
          sequence: 3,
        },
        {
          event: {
            ...changed(of(rule()), {
              rules: [BIG],
              away: [{ approver: 'U0ADA', standIn: 'U0BEN', untilMs: START_MS + 60_000 }],
            }),
            ...{ atMs: START_MS + 2_000, from: 'abc123', to: 'def456' },
          },
          sequence: 4,
        },
      ],
    });
    expect(
      text,
    ).toBe(`Who could have approved on 2026-11-20, as recorded 2026-11-20 12:00:00 UTC (entry 2 of the rules)
Rules: CLOSE_RULES_FILE with the digest abc123
  S0RISK or U0CHEN: 2 people: U0ADA, U0CHEN
  S0GONE: nobody
Stand-ins: U0BEN for U0ADA
Changes on that day:
  2026-11-20 11:59:59 UTC: U0ADA ended the absence of U0DAN, in which U0EVE could act in their place
  2026-11-20 12:00:00 UTC, after the entry: U0ADA is away until 2026-11-21 12:00 UTC, U0BEN may act in their place
  2026-11-20 12:00:02 UTC, after the entry: the rules changed from abc123 to def456
    Rule 1 is gone: any unit: 1 of S0RISK
    New rule 1: units 12, 13, over 5,000,000.5 released: 2 of S0TREASURY and 1 of S0RISK or U0CHEN, 15 min to stop it
    By the file U0ADA is away until 2026-11-20 12:01 UTC, U0BEN may act in their place
Audit trail of the rules verified, no gaps: each of its 3 seals and its record fit.
`);
  });

  it('says that a day has no entry, and which are nearest', () => {
    const lines = (before: string | null, after: string | null) =>
      accessText({ ...nothing, before, after }).split('\n');
    expect(lines('2026-11-18', '2026-11-21').slice(0, 2)).toEqual([
      'No entry says who could have approved on 2026-11-20. The nearest before it: 2026-11-18, after it: 2026-11-21.',
      'No change of rules or absences on that day.',
    ]);
    expect(lines(null, '2026-11-21')[0]).toContain('The nearest after it: 2026-11-21.');
    expect(lines(null, null)[0]).toContain('The nearest entry: none, no day was recorded.');
  });

  it('says what of it is not proved', () => {
    const fault = { position: 2, subjectId: 'rules', sequence: 2, what: 'altered' };
    const recorded = [{ event, sequence: 2, sealFits: false }];
    const text = accessText({ ...nothing, recorded, verdict: { ...verdict, fault } });
    expect(text).toContain("(entry 2 of the rules, WHOSE SEAL DOESN'T FIT)");
    expect(text).toContain('THE AUDIT TRAIL IS BROKEN at entry 2 of the rules: altered');
    expect(text).not.toContain('verified');
  });
});
