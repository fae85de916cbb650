/** What people read of the watch: the card first, as it looks on a phone at night. */
import { describe, expect, it } from 'vitest';
import { amount } from '../../../src/domain/amount.ts';
import { PUBLISHED_THRESHOLDS } from '../../../src/domain/unit/risk-unit.ts';
import type { Episode, Figures } from '../../../src/domain/watch/episode.ts';
import { watchLevels } from '../../../src/domain/watch/levels.ts';
import { readCaseValue } from '../../../src/slack/button-value.ts';
import { type AlertCardOptions, alertCard } from '../../../src/slack/views/alert-card.ts';
import { alertDirect } from '../../../src/slack/views/alert-message.ts';
import { alertText } from '../../../src/slack/views/alert-text.ts';
import { caseStepMessage } from '../../../src/slack/views/case-view.ts';
import { ALICE, BOB, START_MS } from '../../support/close-requests.ts';
import { EPISODE_EVENTS, openCase, trendOf } from '../../support/episodes.ts';
import { shownButtons, shownText } from '../support/shown.ts';

const MINUTE = 60_000;
const levels = watchLevels(PUBLISHED_THRESHOLDS, [amount('0.75')]);
const rules = { levels, escalateAfterMs: 3 * MINUTE, pageAfterMs: 8 * MINUTE, hasPager: true };
const options: AlertCardOptions = { rules, trend: null, edition: 'one' };
const card = (changes: Partial<Episode> = {}, more: Partial<AlertCardOptions> = {}) =>
  alertCard(openCase(changes), { ...options, ...more });

describe('the card of a case', () => {
  it('says unit, level, LTV, cure and owner above its first button, within a phone screen', () => {
    const lines = shownText(card()).split('\n');
    const button = lines.findIndex((line) => line.includes('[I have it]'));
    const above = lines.slice(0, button).join('\n');
    expect(lines[0]).toContain('🟠 Unit 7: margin call, 86.1%');
    // L = 843,976 and N = 980,000 at 85%: L/T − N, L − T·N, and that over 1 − T.
    expect(above).toMatch(/add \*?12,913\*? of collateral/);
    expect(above).toMatch(/repay \*?10,977\*? with money from outside/);
    expect(above).toMatch(/repay \*?73,174\*? with money inside/);
    expect(above.match(/as valued by Binance/g)).toHaveLength(1);
    expect(above).toMatch(/Cushion: \*?42,248 \(4\.2%\)\*? to liquidation/);
    expect(above).toContain('Nobody has it.');
    // About forty characters fit in a line, and some thirty lines on a screen.
    expect(
      above.split('\n').reduce((count, line) => count + Math.max(1, Math.ceil(line.length / 40)), 0),
    ).toBeLessThan(24);
  });

  it('has the four buttons, which carry the case and the level that the person sees', () => {
    expect(shownButtons(card())).toEqual(['I have it', 'Note…', 'Mute…', 'Hand over…']);
    const row = card().blocks.find((block) => block.type === 'actions');
    const values =
      row?.type === 'actions' ? row.elements.map((each) => ('value' in each ? each.value : '')) : [];
    for (const value of values)
      expect(readCaseValue(value ?? '')).toEqual({ caseId: 'C-7K2M9QX4', level: 'margin-call' });
  });

  it('says what happens next and when, and promises a pager only where there is one', () => {
    expect(card().text).toMatch(/gets a direct message <!date\^\d+.*The pager is called/);
    expect(card({}, { rules: { ...rules, hasPager: false } }).text).not.toContain('pager');
    const escalated = card({ escalatedAtMs: START_MS + 3 * MINUTE });
    expect(escalated.text).toContain('was sent a direct message');
  });

  it('names the owner and when they are asked again', () => {
    const owner = { by: ALICE, sinceMs: START_MS, untilMs: START_MS + 120 * MINUTE };
    const owned = card({ owner, unownedSinceMs: null });
    expect(owned.text).toMatch(new RegExp(`<@${ALICE.userId}> has it\\*, asked again`));
    expect(owned.text).not.toContain('Nobody');
  });

  it('names the mute with its end, who opened it, and the last note as it was typed', () => {
    const text = shownText(
      card({
        mute: { by: BOB, level: 'margin-call', untilMs: START_MS + 60 * MINUTE },
        seenBy: [{ by: ALICE, atMs: START_MS }],
        notes: [{ by: BOB, text: 'Calling the *bank* <@U1>', atMs: START_MS }],
      }),
    );
    expect(text).toContain(`Muted by @${BOB.userId}`);
    expect(text).toContain(`Viewed by @${ALICE.userId}`);
    expect(text).toContain('Calling the *bank* <@U1>');
  });

  it('can not be muted at liquidation, and names the way out of both levels', () => {
    const figures = { ...openCase().figures, ltv: '0.9141', collateral: '923286.6' };
    const liquidation = card({ level: 'liquidation', figures });
    expect(shownButtons(liquidation)).not.toContain('Mute…');
    expect(liquidation.text).toContain('To get under 90%');
    expect(liquidation.text).toContain('Out of margin call');
  });

  it('says so when nothing backs the loan: no percentage, and repaying alone is no cure', () => {
    const figures: Figures = {
      ltv: null,
      netEquity: '0',
      collateral: '-5',
      liability: '100',
      asOfMs: START_MS,
    };
    const text = card({ level: 'undefined-ltv', figures, worstLtv: null }).text;
    expect(text).toMatch(/^🔴 Unit 7: LTV not defined\./);
    expect(text).toContain('repaying alone cannot cure it');
    expect(text).not.toMatch(/NaN|undefined|null/);
  });

  it('is marked everywhere while it is a drill, and has a way to end it', () => {
    const drill = card({ drill: { by: BOB, ownedAfterMs: null } });
    expect(shownText(drill)).toMatch(/^DRILL · 🟠 Unit 7/m);
    expect(drill.text).toMatch(/^\[DRILL — made-up figures/);
    expect(shownButtons(drill)).toContain('End drill');
  });

  it('is called missing, not repaid, once its unit is not in the answer', () => {
    const { text } = card({ vanishedAtMs: START_MS + MINUTE });
    expect(text).toMatch(/^❔ Unit 7: not in Binance's answer, last margin call/);
    expect(text).toContain("doesn't mean that unit 7 was repaid");
  });

  it('has the same shape without buttons below the margin call', () => {
    const figures = { ...openCase().figures, ltv: '0.8', collateral: '1054970' };
    const alert = card({ level: 'initial', figures, unownedSinceMs: null });
    expect(shownText(alert)).toMatch(/^🟡 Unit 7: initial level, 80\.00%/m);
    expect(alert.text).toContain('begins at margin call (85%)');
    expect(shownButtons(alert)).toEqual([]);
  });

  it('ends with what happened, how long it took and the worst of it', () => {
    const figures = { ...openCase().figures, ltv: '0.71' };
    const over = card({
      state: 'recovered',
      recoveredAtMs: START_MS + 21 * MINUTE,
      figures,
      worstLtv: '0.9012',
      worstLevel: 'liquidation',
    });
    expect(shownText(over)).toMatch(/^✅ Unit 7: recovered, 71\.0%/m);
    expect(over.text).toContain('*21 min*');
    expect(over.text).toContain('Worst: liquidation (90%), LTV 90.12%');
    expect(shownButtons(over)).toEqual([]);
  });

  it('is not called recovered when the unit was closed above a level', () => {
    const ended = card({ state: 'recovered', recoveredAtMs: START_MS + MINUTE });
    expect(ended.text).not.toMatch(/recovered|Below every level/i);
  });

  it('draws the trend with the levels as lines; its simpler form has the words and the buttons', () => {
    const points = trendOf(['0.83', '0.84', '0.8612'], MINUTE);
    const trend = { fromMs: START_MS, toMs: START_MS + 3 * MINUTE, stepMs: MINUTE, points };
    const drawn = card({}, { trend });
    const block = drawn.blocks.find((each) => each.type === 'data_visualization');
    const names = block?.type === 'data_visualization' ? block.chart.series.map(({ name }) => name) : [];
    expect(names).toEqual(expect.arrayContaining(['LTV', 'margin call', 'liquidation']));
    expect(drawn.plainer?.blocks.some((each) => each.type === 'data_visualization')).toBe(false);
    expect(drawn.text).toContain('up 3.1 points');
    expect(shownButtons(drawn.plainer ?? drawn)).toContain('I have it');
  });
});

describe('what happened, in one sentence', () => {
  it('reads as in alert-sentences.txt', async () => {
    const said = Object.values(EPISODE_EVENTS).map((event) =>
      alertText(event, openCase(), levels).replaceAll(/<!date[^>]*\|([^>]*)>/g, '{$1}'),
    );
    await expect(`${said.join('\n')}\n`).toMatchFileSnapshot('alert-sentences.txt');
  });

  it('tells a person directly what is theirs to do, with a button', () => {
    const direct = alertDirect(EPISODE_EVENTS.escalated, openCase(), levels, null);
    expect(direct.text).toMatch(
      /^\*Unit 7 is at margin call \(85%\)\*, LTV 86\.1%, and nobody has had it for 3 min/,
    );
    expect(shownButtons(direct)).toEqual(['I have it', 'Open']);
    expect(alertDirect(EPISODE_EVENTS['owner-lapsed'], openCase(), levels, null).text).toContain(
      'you no longer have',
    );
  });

  it('tells a person whose card was older which level it is now', () => {
    const said = caseStepMessage('You have it.', openCase({ level: 'liquidation' }), 'margin-call');
    expect(said.text).toContain('*It is at liquidation now*, not at margin call.');
  });
});
