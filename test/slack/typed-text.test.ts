import { describe, expect, it } from 'vitest';
import { firstWord, plainTyped, typedMentions, typedQuery } from '../../src/slack/typed-text.ts';

describe('typed text', () => {
  it.each([
    ['“72”', '72'],
    ['\u00a01\u00a0', '1'],
    ['`1`', '1'],
    ['  margin-call   ', 'margin-call'],
    ['&gt;  70%', '> 70%'],
    ['<mailto:tst@test.com|tst@test.com>', 'tst@test.com'],
    ['<@U0ALICE|alice>', '@alice'],
    ['<@U0ALICE>', '@U0ALICE'],
    ['<#C0DESK|desk>', '#desk'],
    ['<https://x.test/?a=1&amp;b=2|x.test>', 'x.test'],
    ['\u200b1\u202e', '1'],
    ["'7'", '7'],
    ['&amp;lt;', '&lt;'],
    ['', ''],
  ])('%j asks for %j', (typed, query) => {
    expect(typedQuery(typed)).toBe(query);
  });

  it('keeps a reason as it was typed', () => {
    expect(firstWord(' `7`  Repaid on Friday,\n see  ticket ')).toEqual({
      word: '7',
      rest: 'Repaid on Friday,\n see  ticket',
    });
    expect(firstWord('7')).toEqual({ word: '7', rest: '' });
    expect(firstWord('')).toEqual({ word: '', rest: '' });
    expect(plainTyped('it’s “done” &amp; dusted')).toBe('it\'s "done" & dusted');
  });
});

describe('mentions in a command', () => {
  it.each([
    ['until 2026-12-06 for <@U0ADA|ada>', ['U0ADA'], [], 'until 2026-12-06 for'],
    ['<@W0ADA> until  today', ['W0ADA'], [], 'until today'],
    ['<@U0ADA|a> <@U0BEN|b> <@U0ADA|a>', ['U0ADA', 'U0BEN'], [], ''],
    ['for <!subteam^S0RISK|@risk>', [], ['S0RISK'], 'for'],
    ['for <!subteam^S0RISK>', [], ['S0RISK'], 'for'],
    ['for <!here>', [], [], 'for @here'],
    ['for <#C0DESK|desk>', [], [], 'for #desk'],
    ['for @ada', [], [], 'for @ada'],
    // Typed, not chosen from Slack's list.
    ['for &lt;@U0ADA&gt;', [], [], 'for <@U0ADA>'],
    ['', [], [], ''],
  ])('%s', (text, people, groups, rest) => {
    expect(typedMentions(text)).toEqual({ people, groups, text: rest });
  });
});
