/** What the watch says of itself: the trend, its own messages, the digest, /loandesk watch and /loandesk case. */
import { describe, expect, it } from 'vitest';
import { amount, longId } from '../../../src/domain/amount.ts';
import { PUBLISHED_THRESHOLDS } from '../../../src/domain/unit/risk-unit.ts';
import { watchLevels } from '../../../src/domain/watch/levels.ts';
import type { TrendPoint } from '../../../src/domain/watch/trend-points.ts';
import type { Digest, WatchEvent } from '../../../src/domain/watch/watch.ts';
import { caseMessage } from '../../../src/slack/views/case-view.ts';
import { trendMessage, trendWords } from '../../../src/slack/views/trend-view.ts';
import { tripWireMessage, watchMessage } from '../../../src/slack/views/watch-message.ts';
import { watchLine, watchViewMessage } from '../../../src/slack/views/watch-view.ts';
import { START_MS } from '../../support/close-requests.ts';
import { EPISODE_EVENTS, openCase, trendOf } from '../../support/episodes.ts';
import { shownButtons, shownText } from '../support/shown.ts';

const MINUTE = 60_000;
const levels = watchLevels(PUBLISHED_THRESHOLDS, [amount('0.75')]);

describe('the trend', () => {
  const view = (points: readonly TrendPoint[], minutes: number) => ({
    groupId: longId('7'),
    span: '24h' as const,
    fromMs: START_MS,
    nowMs: START_MS + minutes * MINUTE,
    stepMs: MINUTE,
    points,
    levels,
    timeZone: 'Europe/London',
  });

  it('says last value, change, extremes and gaps in words', () => {
    const before = trendOf(['0.80', '0.82'], MINUTE);
    const after = trendOf(['0.91', '0.86'], MINUTE).map((point) => ({
      ...point,
      fromMs: point.fromMs + 30 * MINUTE,
    }));
    const words = trendWords(
      { fromMs: START_MS, toMs: START_MS + 32 * MINUTE, stepMs: MINUTE, points: [...before, ...after] },
      levels,
    ).join('\n');
    expect(words).toMatch(/^LTV \*86\.0%\*/);
    expect(words).toContain('up 6.0 points in 31 min');
    expect(words).toContain('Highest 91.0%');
    expect(words).toMatch(/No reading: .*\(28 min\)/);
  });

  it('keeps a spike of one reading in at most twenty points, and marks the point after a gap', () => {
    const ltvs = Array.from({ length: 600 }, (_, index) => (index === 300 ? '0.91' : '0.7'));
    const points = trendOf(ltvs, MINUTE).filter((_, index) => index < 100 || index > 200);
    const [block] = trendMessage(view(points, 600)).blocks.filter(
      (each) => each.type === 'data_visualization',
    );
    if (block?.type !== 'data_visualization') throw new Error('no chart');
    const [line] = block.chart.series;
    expect(line?.data.length).toBeLessThanOrEqual(20);
    expect(line?.data.map(({ value }) => value)).toContain(91);
    expect(block.chart.axis_config.categories.some((label) => label.startsWith('⋯ '))).toBe(true);
  });

  it('has no chart and says so where nothing was read', () => {
    const empty = trendMessage(view([], 600));
    expect(empty.blocks.some((each) => each.type === 'data_visualization')).toBe(false);
    expect(empty.text).toContain('No reading in the last 10 h');
  });

  it('has words for an LTV that is not defined', () => {
    const words = trendWords(
      {
        fromMs: START_MS,
        toMs: START_MS + 2 * MINUTE,
        stepMs: MINUTE,
        points: trendOf(['0.9', null], MINUTE),
      },
      levels,
    );
    expect(words[0]).toMatch(/LTV \*not defined\* .*defined 1 min before/);
  });
});

describe('what the watch itself says', () => {
  const said = (event: WatchEvent) => watchMessage(event, levels).text;

  it('says how often the answers came and went, if not each time was told', () => {
    const times = (count: number) => ({ times: count, sinceMs: START_MS });
    const seeing = { type: 'seeing-again', sinceMs: START_MS, atMs: START_MS + 300_000 } as const;
    expect(said(seeing)).toMatch(/^\*The watch reads again\*, after 5 min without/);
    expect(said({ ...seeing, cameAndWent: times(7) })).toMatch(
      /^\*The watch reads again\*\. Binance's answers came and went 7 times since <!date.*What crossed a level/,
    );
    const why = { cause: 'busy', why: 'x', openCases: 0, mention: true } as const;
    const blind = { ...seeing, ...why, type: 'blind', cameAndWent: times(1) } as const;
    expect(said(blind)).toMatch(/answers came and went once since <!date/);
  });

  it('never calls blindness calm', () => {
    const text = said({
      type: 'blind',
      sinceMs: START_MS,
      cause: 'empty',
      why: 'HTTP 500 <x>',
      mention: true,
      openCases: 2,
      atMs: START_MS,
    });
    expect(text).toContain('*This is not an all-clear*');
    expect(text).toContain("Binance's answer names no unit (HTTP 500 &lt;x&gt;)");
    expect(text).toContain('2 open cases stay open');
  });

  it('lists the units of a reminder, and asks people to take what nobody has', () => {
    const of = { groupId: longId('12'), level: 'margin-call', ltv: '0.8612', owner: null } as const;
    const episodes = ['C-1', 'C-2', 'C-3'].map((id) => ({ id, ...of }));
    const repeated = said({ type: 'reminder', why: 'repeated', episodes, atMs: START_MS });
    expect(repeated).toMatch(/^🔁 3 units are still at a level\./);
    expect(repeated).toContain('*Unit 12*: margin call, LTV 86.1%');
    const escalated = said({ type: 'reminder', why: 'escalated', episodes, atMs: START_MS });
    expect(escalated).toMatch(/^🔁 3 units are still at a level, and nobody has the cases\./);
    expect(escalated).toContain('Take them with *I have it*');
    const one = said({ type: 'reminder', why: 'repeated', episodes: episodes.slice(1, 2), atMs: START_MS });
    expect(one).toMatch(/^🔁 1 unit is still at a level\./);
  });

  it('lists each unit of a summary with its case', () => {
    const ids = ['1', '12', '9223372036854775807'].map(longId);
    const text = said({
      type: 'summary',
      id: 's',
      mention: true,
      atMs: START_MS,
      episodes: ids.map((groupId, index) => ({
        id: `C-${index}`,
        groupId,
        level: 'liquidation',
        ltv: index === 0 ? null : '0.9123',
        owner: null,
      })),
    });
    expect(text).toMatch(/^🔴 3 units reached a level within a minute/);
    expect(text).toContain('*Unit 9223372036854775807*: liquidation, LTV 91.2%');
    expect(text).toContain('LTV not defined');
  });

  it('says news with before and after, and addresses masked', () => {
    const of = { groupId: longId('12'), atMs: START_MS };
    expect(
      said({
        type: 'borrowed-more',
        asset: 'USDT',
        before: '1000000',
        after: '1500000',
        ltv: '0.842',
        ...of,
      }),
    ).toContain('USDT principal 1,000,000 → *1,500,000*. LTV now 84.20%');
    expect(
      said({ type: 'rate-step', asset: 'USDT', before: '0.00000833', after: '0.00001141', ...of }),
    ).toContain('7.30% → *10.00% per year*');
    const members = said({
      type: 'members-changed',
      added: ['anna.smith@fund.com|COLLATERAL|true|false'],
      removed: [],
      ...of,
    });
    expect(members).toContain('a***h@fund.com, collateral account, margin count');
    expect(members).not.toContain('anna');
    expect(said({ type: 'unit-vanished', ...of })).toContain("doesn't mean that it was repaid");
  });

  it('names in the trip-wire since when it is silent, and mentions the group', () => {
    const wire = tripWireMessage(START_MS, ['S0DESK', 'U0ALICE', 'not-an-id']);
    expect(wire.text).toMatch(/The LTV watch has been silent since <!date\^/);
    expect(JSON.stringify(wire.blocks)).toContain('<!subteam^S0DESK> <@U0ALICE>');
  });
});

describe('the digest', () => {
  const digest = (changes: Partial<Digest> = {}) =>
    watchMessage(
      {
        type: 'digest',
        atMs: START_MS,
        forMs: START_MS,
        timeZone: 'Europe/London',
        late: false,
        skippedMs: null,
        units: [
          {
            groupId: longId('12'),
            ltv: '0.71',
            level: 'normal',
            ltvBefore: '0.70',
            interest: { USDT: '812.5' },
          },
        ],
        openCases: [],
        openRequests: [],
        asOfMs: START_MS,
        ...changes,
      },
      levels,
    );

  it('begins with "All clear" when it is', () => {
    expect(digest().text).toMatch(/^All clear: 1 unit below every level\./);
    expect(digest().text).toContain('up 1.0 points since yesterday · interest yesterday 812.5 USDT');
  });

  it('is no all-clear with a unit at a level, an open case, no unit, or blind', () => {
    const atLevel = {
      groupId: longId('1'),
      ltv: '0.86',
      level: 'margin-call',
      ltvBefore: null,
      interest: null,
    } as const;
    const openCases = [{ id: 'C-1', groupId: longId('1'), level: 'margin-call', owned: false } as const];
    for (const changes of [{ units: [atLevel] }, { openCases }, { units: [] }, { units: null, asOfMs: null }])
      expect(digest(changes).text).not.toMatch(/all clear/i);
    expect(digest({ units: null, asOfMs: null }).text).toContain('Nothing is claimed about any unit');
    expect(digest({ openCases }).text).toContain('*nobody has it*');
  });

  it('says that it is late and that one was skipped', () => {
    const { text } = digest({ late: true, skippedMs: START_MS - 86_400_000 });
    expect(text).toContain('late: Loandesk was not running then');
    expect(text).toContain('was skipped');
  });
});

describe('/loandesk watch and /loandesk case', () => {
  it('says how fresh the watch is, or that it is blind', () => {
    const lastReading = { asOfMs: START_MS, readAtMs: START_MS };
    expect(watchLine({ lastReading, blind: null }, START_MS + 7_000)).toBe(
      'Watch: last full reading 7 s ago',
    );
    const blind = {
      sinceMs: START_MS,
      cause: 'maintenance',
      why: '',
      noneSinceMs: START_MS,
      told: null,
    } as const;
    expect(watchLine({ lastReading, blind }, START_MS)).toContain('blind since');
    expect(watchLine({ lastReading: null, blind: null }, START_MS)).toBe('Watch: no full reading yet');
  });

  it('lists fifty cases, the first of them with buttons', () => {
    const open = Array.from({ length: 50 }, (_, index) =>
      openCase({ id: `C-${index}`, groupId: longId(`${index + 1}`) }),
    );
    const view = watchViewMessage(
      {
        everyMs: 15_000,
        channelId: 'C0DESK',
        group: ['S1'],
        levels,
        open,
        unreadable: [],
        recent: [],
        lastReading: null,
        blind: null,
        nowMs: START_MS,
        nextDigestAtMs: null,
        pagers: ['PagerDuty'],
        hasHeartbeat: true,
        hasTripwire: false,
      },
      'https://acme.slack.com/',
    );
    expect(view.blocks.length).toBeLessThanOrEqual(50);
    expect(shownText(view)).toContain('50 open alerts');
    expect(shownButtons(view).filter((label) => label === 'I have it')).toHaveLength(12);
  });

  it('names cases that cannot be read beside those that are open', () => {
    const view = watchViewMessage(
      {
        ...{ everyMs: 15_000, channelId: 'C0DESK', group: ['S1'], levels, open: [], recent: [] },
        ...{ unreadable: ['C-7K2M9QX4'], lastReading: null, blind: null, nowMs: START_MS },
        ...{ nextDigestAtMs: null, pagers: [], hasHeartbeat: false, hasTripwire: false },
      },
      null,
    );
    expect(shownText(view)).toContain("No open alert, 1 can't be read");
    expect(shownText(view)).toContain("Case `C-7K2M9QX4` can't be read*, so its unit isn't watched");
  });

  it('shows the timeline with seconds in UTC, and never calls a trail verified that was not read', () => {
    const view = { episode: openCase(), timeline: Object.values(EPISODE_EVENTS), levels, nowMs: START_MS };
    const verified = caseMessage({ ...view, trail: { kind: 'verified', entries: 22 } }, null);
    expect(shownText(verified)).toMatch(/2026-\d\d-\d\d \d\d:\d\d:\d\d UTC: /);
    expect(shownText(verified)).toContain('Audit trail verified: 22 entries, no gaps');
    const unread = caseMessage({ ...view, trail: { kind: 'unread', why: 'Redis timed out' } }, null);
    expect(shownText(unread)).not.toContain('trail verified');
    expect(shownText(unread)).toContain('Audit trail not verified');
  });
});
