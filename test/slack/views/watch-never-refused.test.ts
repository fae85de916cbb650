/** Whatever the watch says, Slack takes it, and no view shows what is not a value. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBlockKitFaults } from '../../../sandbox/slack/block-kit/check-blocks.ts';
import { amount } from '../../../src/domain/amount.ts';
import { PUBLISHED_THRESHOLDS } from '../../../src/domain/unit/risk-unit.ts';
import type { Episode, Figures } from '../../../src/domain/watch/episode.ts';
import { type LevelKey, watchLevels } from '../../../src/domain/watch/levels.ts';
import type { TrendPoint } from '../../../src/domain/watch/trend-points.ts';
import { alertCard } from '../../../src/slack/views/alert-card.ts';
import {
  alertDirect,
  alertReply,
  insteadOfChannel,
  withHints,
  withMention,
} from '../../../src/slack/views/alert-message.ts';
import type { Message } from '../../../src/slack/views/blocks.ts';
import { handOverCaseModal, muteCaseModal, noteCaseModal } from '../../../src/slack/views/case-forms.ts';
import { caseMessage } from '../../../src/slack/views/case-view.ts';
import { groupMention } from '../../../src/slack/views/format.ts';
import { trendMessage } from '../../../src/slack/views/trend-view.ts';
import { watchMessage } from '../../../src/slack/views/watch-message.ts';
import { watchViewMessage } from '../../../src/slack/views/watch-view.ts';
import { START_MS } from '../../support/close-requests.ts';
import { EPISODE_EVENTS, openCase } from '../../support/episodes.ts';
import { anyAmount, anyId, personId, wildText } from '../support/arbitraries.ts';
import { faultsOf } from '../support/message-faults.ts';

const RUNS = { numRuns: 60 };
const MINUTE = 60_000;
const levels = watchLevels(PUBLISHED_THRESHOLDS, [amount('0.7'), amount('0.75')]);
const rules = { levels, escalateAfterMs: 3 * MINUTE, pageAfterMs: 8 * MINUTE, hasPager: true };
const atMs = fc.integer({ min: START_MS - 1_000_000, max: START_MS + 1_000_000 });
const ltv = fc.option(
  fc.integer({ min: 0, max: 3_000 }).map((value) => (value / 1_000).toString()),
  { nil: null },
);
const money = anyAmount.map((value) => value.toFixed());
/** Net equity and collateral may be zero or below, whatever is owed. */
const figures: fc.Arbitrary<Figures> = fc.record({
  ltv,
  netEquity: fc.oneof(money, fc.constantFrom('0', '-1.5')),
  collateral: fc.oneof(money, fc.constantFrom('0', '-0.00000001')),
  liability: money,
  asOfMs: atMs,
});
const level = fc.constantFrom<LevelKey>(...levels.map(({ key }) => key));
const owner = fc.option(fc.record({ by: personId, sinceMs: atMs, untilMs: atMs }), { nil: null });
const episode: fc.Arbitrary<Episode> = fc
  .record({
    groupId: anyId,
    state: fc.constantFrom('open' as const, 'recovered' as const),
    ...{ level, worstLevel: level, figures, worstLtv: ltv, owner },
    alreadySo: fc.boolean(),
    recoveredAtMs: fc.option(atMs, { nil: null }),
    vanishedAtMs: fc.option(atMs, { nil: null }),
    unownedSinceMs: fc.option(atMs, { nil: null }),
    escalatedAtMs: fc.option(atMs, { nil: null }),
    seenBy: fc.array(fc.record({ by: personId, atMs }), { maxLength: 20 }),
    notes: fc.array(fc.record({ by: personId, text: wildText(1_000), atMs }), { maxLength: 20 }),
    mute: fc.option(fc.record({ by: personId, level, untilMs: atMs }), { nil: null }),
    drill: fc.option(fc.record({ by: personId, ownedAfterMs: fc.constantFrom(null, 5_000) }), { nil: null }),
  })
  .map((changes) => openCase(changes));
const points: fc.Arbitrary<readonly TrendPoint[]> = fc
  .array(fc.record({ lowest: ltv, highest: ltv, last: ltv, skipped: fc.nat(20) }), { maxLength: 200 })
  .map((drawn) => {
    let fromMs = START_MS;
    return drawn.map(({ skipped, ...point }) => {
      fromMs += (1 + skipped) * MINUTE;
      return { ...point, fromMs };
    });
  });
const event = fc.constantFrom(...Object.values(EPISODE_EVENTS));
const group = fc.array(fc.constantFrom('S0DESK', 'U0ALICE', 'not an id'), { maxLength: 300 });

/** Slack takes it, and every value in it is one. */
function expectSound(message: Message): void {
  expect(faultsOf(message)).toEqual([]);
  expect(JSON.stringify(message)).not.toMatch(/NaN|undefined(?!-ltv)|Infinity|\[object/);
}

describe('no message of the watch is ever refused', () => {
  it('cards, replies, direct messages and forms', () => {
    fc.assert(
      fc.property(episode, event, points, group, (each, said, trend, names) => {
        const toMs = (trend.at(-1)?.fromMs ?? START_MS) + MINUTE;
        const hints = { lateMs: 600_000, createdAtMs: START_MS, mayRepeat: true };
        const drawn = alertCard(each, {
          rules,
          trend: { fromMs: START_MS, toMs, stepMs: MINUTE, points: trend },
          edition: 'drawing-1',
        });
        expectSound(withMention(withHints(drawn, hints), groupMention(names)));
        expectSound(withHints(alertReply(said, each, levels), hints));
        expectSound(withHints(alertDirect(said, each, levels, 'https://acme.slack.com/'), hints));
        expectSound(insteadOfChannel(drawn, 'C0DESK', each));
        for (const modal of [noteCaseModal, muteCaseModal, handOverCaseModal])
          expect(findBlockKitFaults('modal', modal(each, levels))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('/loandesk case and /loandesk watch with fifty cases', () => {
    const many = fc.array(episode, { maxLength: 50 });
    fc.assert(
      fc.property(episode, many, many, wildText(300), (each, open, recent, why) => {
        const timeline = Array.from({ length: 200 }, (_, index) => Object.values(EPISODE_EVENTS)[index % 22]);
        expectSound(
          caseMessage(
            {
              episode: each,
              timeline: timeline.filter((found) => found !== undefined),
              trail: { kind: 'broken', why },
              levels,
              nowMs: START_MS,
            },
            null,
          ),
        );
        expectSound(
          watchViewMessage(
            {
              ...{ open, recent, levels, nowMs: START_MS, channelId: 'C0DESK', group: ['S0DESK'] },
              ...{ everyMs: 15_000, lastReading: null, nextDigestAtMs: START_MS, pagers: [why] },
              ...{ hasHeartbeat: true, hasTripwire: true, unreadable: recent.map(({ id }) => id) },
              blind: { sinceMs: START_MS, cause: 'refused', why, noneSinceMs: null, told: null },
            },
            'https://acme.slack.com/',
          ),
        );
      }),
      { numRuns: 25 },
    );
  });

  it('the trend, the summary, the digest and the news', () => {
    const unit = fc.record({
      groupId: anyId,
      ltv,
      level: fc.oneof(level, fc.constant('normal' as const)),
      ltvBefore: ltv,
      interest: fc.option(fc.dictionary(wildText(12), money, { maxKeys: 12 }), { nil: null }),
    });
    const open = fc.array(
      fc.record({ id: fc.constant('C-7K2M9QX4'), groupId: anyId, level, owned: fc.boolean() }),
      {
        maxLength: 50,
      },
    );
    fc.assert(
      fc.property(
        points,
        fc.array(unit, { maxLength: 50 }),
        open,
        wildText(600),
        anyId,
        (trend, all, openCases, text, groupId) => {
          const nowMs = (trend.at(-1)?.fromMs ?? START_MS) + MINUTE;
          const view = {
            groupId,
            span: '7d' as const,
            fromMs: START_MS,
            nowMs,
            stepMs: MINUTE,
            points: trend,
            levels,
          };
          expectSound(trendMessage({ ...view, timeZone: 'America/Argentina/Buenos_Aires' }));
          const of = { atMs: START_MS, groupId };
          const openRequests = openCases.map(({ id, groupId: unitId }) => ({ id, groupId: unitId }));
          const times = {
            forMs: START_MS,
            timeZone: 'Europe/London',
            late: true,
            skippedMs: START_MS,
            asOfMs: START_MS,
          };
          const episodes = openCases.map((each) => ({ ...each, ltv: null, owner: null }));
          for (const said of [
            { type: 'digest', atMs: START_MS, ...times, units: all, openCases, openRequests },
            { type: 'summary', atMs: START_MS, id: 's', episodes, mention: true },
            { type: 'reminder', atMs: START_MS, why: 'escalated', episodes },
            {
              type: 'blind',
              atMs: START_MS,
              sinceMs: START_MS,
              cause: 'stale',
              why: text,
              mention: true,
              openCases: 3,
            },
            { type: 'forced-liquidation', ...of, rowAtMs: START_MS, text },
            {
              type: 'members-changed',
              ...of,
              added: Array<string>(60).fill(`${text}|${text}|true|x`),
              removed: [text],
            },
            { type: 'borrowed-more', ...of, asset: text, before: '1', after: '2', ltv: null },
            { type: 'rate-step', ...of, asset: text, before: '0', after: '0.00001' },
          ] as const)
            expectSound(watchMessage(said, levels));
        },
      ),
      { numRuns: 40 },
    );
  });
});
