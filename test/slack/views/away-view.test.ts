/** Who is away, in the answers to `/loandesk away` and `back` and in the approvals channel. */
import { describe, expect, it } from 'vitest';
import { findBlockKitFaults } from '../../../sandbox/slack/block-kit/check-blocks.ts';
import type { RuleEvent } from '../../../src/domain/close/rule-book.ts';
import type { WhyAbsenceUnclear } from '../../../src/domain/refusal.ts';
import { absencesMessage, awayMessage, backMessage } from '../../../src/slack/views/away-view.ts';
import { refusalText } from '../../../src/slack/views/refusal-text.ts';
import { voidedLines } from '../../../src/slack/views/request-facts.ts';
import { ruleMessage } from '../../../src/slack/views/rule-message.ts';
import type { AbsenceRow } from '../../../src/usecases/desk.ts';
import { person, request } from '../../support/close-requests.ts';

const UNTIL_MS = Date.UTC(2026, 11, 7);
const DATE = '<!date^1796601600^{date_short_pretty} {time}|2026-12-07 00:00 UTC>';
const row: AbsenceRow = {
  ...{ approver: 'U0ADA', standIn: 'U0EVE', untilMs: UNTIL_MS },
  ...{ source: 'entered', noEffect: null },
};
const absence = { approver: 'U0ADA', standIn: 'U0EVE', untilMs: UNTIL_MS };

describe('who is away', () => {
  it.each<[AbsenceRow['noEffect'], string]>([
    [
      null,
      `• <@U0ADA> is away until ${DATE}. <@U0EVE> may act in their place (entered with \`/loandesk away\`).`,
    ],
    ['not-an-approver', "<@U0EVE> can't act in their place now: <@U0ADA> isn't an approver"],
    ['not-looked-up', "can't act in their place now: Slack couldn't confirm who they are"],
    ['guest', '<@U0EVE> is a guest'],
    ['bot', '<@U0EVE> is a bot'],
    ['deactivated', 'the account of <@U0EVE> is deactivated'],
    ['foreign', '<@U0EVE> is from another workspace'],
    ['not-found', "Slack doesn't know <@U0EVE>"],
  ])('%s', (noEffect, text) => {
    expect(absencesMessage([{ ...row, noEffect }]).text).toContain(text);
  });

  it('names the file', () => {
    expect(absencesMessage([{ ...row, source: 'file' }]).text).toContain('(from CLOSE_RULES_FILE)');
  });

  it('fits Slack, however many there are', () => {
    for (const count of [0, 1, 500]) {
      const message = absencesMessage(Array.from({ length: count }, () => row));
      expect(findBlockKitFaults('message', message)).toEqual([]);
    }
    expect(absencesMessage([]).text).toBe('No approver is away.');
  });
});

describe('the answers', () => {
  it('say who may act in whose place, until when, and how it ends', () => {
    const { text } = awayMessage(
      { absence, insteadOf: 'U0BEN', standsInFor: [{ ...absence, approver: 'U0CHEN' }] },
      'C0DESK',
    );
    expect(text.split('\n')).toEqual([
      `*You are away until ${DATE}. Until then <@U0EVE> may approve and reject in your place*, instead of <@U0BEN>.`,
      'Is it <@U0EVE> who is away? Then type `/loandesk back` now: only <@U0EVE> can enter that.',
      "You two count as one person: approvals of both are one. Neither acts in the other's place on a close that one of you requested.",
      `You stand in for <@U0CHEN> until ${DATE}. <@U0EVE> doesn't take that over.`,
      'Loandesk posts this in <#C0DESK>; <@U0EVE> must be in it to see the cards. `/loandesk back` ends this earlier.',
    ]);
  });

  it('say what holds afterwards', () => {
    const back = { approver: 'U0ADA', standIn: 'U0EVE', inFile: null };
    expect(backMessage(back, 'U0ADA').text).toMatch(
      /^\*You are back: <@U0EVE> no longer acts in your place\.\*/,
    );
    expect(backMessage(back, 'U0BEN').text).toMatch(
      /^\*<@U0ADA> is back: <@U0EVE> no longer acts in their place\.\*/,
    );
    const { text } = backMessage({ ...back, inFile: { ...absence, standIn: 'U0BEN' } }, 'U0ADA');
    expect(text).toBe(
      `*By CLOSE_RULES_FILE you are still away until ${DATE}, and <@U0BEN> may act in your place.* The absence that was entered has ended; this one ends only in the file.`,
    );
  });
});

describe('the approvals channel', () => {
  const by = { teamId: 'T0HOME', userId: 'U0ADA' };
  const away: RuleEvent = { type: 'away', atMs: 0, by, ...absence, insteadOf: null };
  const back: RuleEvent = { type: 'back', atMs: 0, by, approver: 'U0ADA', standIn: 'U0EVE' };
  it.each<[string, RuleEvent, RegExp]>([
    [
      'away',
      away,
      /^\*<@U0ADA> is away until .*\. Until then <@U0EVE> may approve and reject in their place\*\./,
    ],
    ['somebody else stands in', { ...away, insteadOf: 'U0BEN' }, /in their place\*, instead of <@U0BEN>\./],
    ['back', back, /^\*<@U0ADA> ended their own absence\*, in which <@U0EVE> could act in their place\.$/],
    [
      'ended by another',
      { ...back, by: { ...by, userId: 'U0BEN' } },
      /^\*<@U0BEN> ended the absence of <@U0ADA>\*, in which <@U0EVE> /,
    ],
  ])('is told: %s', (_, event, text) => {
    const message = ruleMessage(event);
    expect(message.text).toMatch(text);
    expect(findBlockKitFaults('message', message)).toEqual([]);
  });
});

it('an approval in place that no longer counts says whose place it was, and why', () => {
  const by = person('U0EVE');
  const vote = { voter: by, inPlaceOf: 'U0ADA', atMs: 0, version: 1, factsDigest: '', voidedAtMs: 1 };
  const lines = (because: 'no-longer-eligible' | 'facts-changed') =>
    voidedLines(request({ voidedVotes: [{ ...vote, because }] }));
  expect(lines('no-longer-eligible')).toEqual([
    '~<@U0EVE> for <@U0ADA>~ no longer counts: no longer stands in',
  ]);
  expect(lines('facts-changed')).toEqual([
    '~<@U0EVE> for <@U0ADA>~ no longer counts: a fact of the unit changed afterwards',
  ]);
});

describe('what was typed wrong', () => {
  it.each<[WhyAbsenceUnclear, string]>([
    ['no-day', "“x” doesn't say until when."],
    ['bad-day', '“x” has no day that can be read: write it as 2026-12-06, and a time as 18:00.'],
    ['several-days', '“x” names more than one day or time. Give the last day only.'],
    ['no-person', "“x” doesn't say who stands in."],
    ['several-people', '“x” names more than one person. There is one stand-in.'],
    ['group', '“x” names a user group. Name one person.'],
    ['plain-name', "Slack didn't tell whom “x” means. Type @ and choose the person from Slack's list."],
    ['unknown-word', "“x” has words that Loandesk doesn't understand."],
  ])('%s', (why, sentence) => {
    expect(refusalText({ code: 'absence-unclear', input: 'x', why })).toMatch(
      new RegExp(`^${sentence.replace(/[.?]/g, '\\$&')} For example`),
    );
  });

  it('an end that cannot be, and an absence that only the file ends', () => {
    const bad = { code: 'bad-absence', untilMs: UNTIL_MS, longestMs: 60 * 86_400_000 } as const;
    expect(refusalText({ ...bad, why: 'over' })).toContain(`${DATE} is over.`);
    expect(refusalText({ ...bad, why: 'too-long' })).toContain('more than 60 days away');
    expect(refusalText({ code: 'not-away', approver: 'U0ADA' })).toContain(
      'Nobody has entered that <@U0ADA> is away',
    );
    expect(refusalText({ code: 'not-away', approver: 'U0ADA', fileUntilMs: UNTIL_MS })).toContain(
      `<@U0ADA> is away until ${DATE} by CLOSE_RULES_FILE, and that ends only there`,
    );
  });
});
