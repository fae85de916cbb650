/** What people do with a case, who may, and what `/loandesk watch` and the trend show. */
import { describe, expect, it } from 'vitest';
import { longId } from '../../src/domain/amount.ts';
import { StoreUnavailable } from '../../src/usecases/ports.ts';
import { UNAVAILABLE } from '../fakes/loan-exchange.ts';
import { ALICE, BOB, person, REQUESTER, START_MS } from '../support/close-requests.ts';
import { NIGHT, STRANGER, WatchHarness } from '../support/watch-harness.ts';

const MINUTE = 60_000;

/** Unit 7 at margin call, unit 8 calm. */
async function atMarginCall(): Promise<{ harness: WatchHarness; id: string }> {
  const harness = new WatchHarness();
  await harness.round({ 7: '0.6', 8: '0.6' });
  await harness.round({ 7: '0.86', 8: '0.6' });
  return { harness, id: harness.caseOf('7').id };
}

const idOf = ({ teamId, userId }: typeof ALICE) => ({ teamId, userId });

const codeOf = (result: { ok: boolean; refusal?: { code: string } }) =>
  result.ok ? null : result.refusal?.code;

describe('a case', () => {
  it.each([
    ['a requester', REQUESTER],
    ['an approver', ALICE],
    ['somebody in WATCH_GROUP without any role', NIGHT],
  ])('can be taken by %s', async (_, by) => {
    const { harness, id } = await atMarginCall();
    expect(await harness.work.desk.takeCase(by, id)).toMatchObject({
      ok: true,
      value: { owner: { by: { teamId: by.teamId, userId: by.userId } } },
    });
    expect(harness.delivered.at(-1)).toBe(id);
  });

  it('stores of a person who they are and nothing else', async () => {
    const { harness, id } = await atMarginCall();
    await harness.work.desk.takeCase(ALICE, id);
    expect(harness.caseOf('7').owner?.by).toEqual({ teamId: ALICE.teamId, userId: ALICE.userId });
  });

  it('cannot be worked on by somebody outside, a guest, or a person of another workspace', async () => {
    const { harness, id } = await atMarginCall();
    const { desk } = harness.work;
    harness.directory.people.set('U0GUEST', person('U0GUEST', { kind: 'guest' }));
    const before = harness.saves.length;
    expect(codeOf(await desk.takeCase(STRANGER, id))).toBe('role-missing');
    expect(codeOf(await desk.takeCase(person('U0GUEST'), id))).toBe('not-a-full-member');
    expect(codeOf(await desk.noteCase({ ...NIGHT, teamId: 'T0OTHER' }, id, 'hello'))).toBe(
      'not-a-full-member',
    );
    expect(codeOf(await desk.openCase(STRANGER, id))).toBe('role-missing');
    expect(codeOf(await desk.viewWatch(STRANGER))).toBe('role-missing');
    expect(codeOf(await desk.viewTrend(STRANGER, '7', '24h'))).toBe('role-missing');
    expect(codeOf(await desk.startDrill(STRANGER, '7'))).toBe('role-missing');
    expect(harness.saves).toHaveLength(before);
  });

  it('is refused to everybody while Slack cannot say who they are', async () => {
    const { harness, id } = await atMarginCall();
    harness.directory.down = true;
    expect(codeOf(await harness.work.desk.takeCase(ALICE, id))).toBe('identity-unavailable');
  });

  it('taken by two people at once belongs to one, and the other is told who', async () => {
    const { harness, id } = await atMarginCall();
    const other = harness.replica();
    let isFirst = true;
    harness.beforeSave = async () => {
      // Both have loaded the same record before either saves.
      if (isFirst) {
        isFirst = false;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const both = await Promise.all([harness.work.desk.takeCase(ALICE, id), other.desk.takeCase(BOB, id)]);
    const taken = both.filter(({ ok }) => ok);
    expect(taken).toHaveLength(1);
    const owner = harness.caseOf('7').owner?.by;
    expect(both.find(({ ok }) => !ok)).toMatchObject({ refusal: { code: 'case-has-owner', owner } });
    expect(harness.told.filter(({ type }) => type === 'taken')).toHaveLength(1);
  });

  it('is found by its id as people type it, and an unknown or unreadable id is refused', async () => {
    const { harness, id } = await atMarginCall();
    const { desk } = harness.work;
    expect(await desk.noteCase(ALICE, ` ${id.slice(2).toLowerCase()} `, 'topping up')).toMatchObject({
      ok: true,
      value: { notes: [{ text: 'topping up' }] },
    });
    expect(codeOf(await desk.takeCase(ALICE, 'C-ZZZZZZZZ'))).toBe('case-not-found');
    expect(codeOf(await desk.takeCase(ALICE, '7'))).toBe('bad-case-id');
  });

  it('is handed over only to people who could have taken it', async () => {
    const { harness, id } = await atMarginCall();
    const { desk } = harness.work;
    await desk.takeCase(ALICE, id);
    const code = 'new-owner-not-allowed';
    const refused = { ok: false, refusal: { code, to: idOf(STRANGER), why: 'no-role' } };
    expect(await desk.handOverCase(ALICE, id, STRANGER)).toEqual(refused);
    harness.directory.people.set('U0GUEST', person('U0GUEST', { kind: 'guest' }));
    expect(await desk.handOverCase(ALICE, id, person('U0GUEST'))).toMatchObject({
      refusal: { code, why: 'guest' },
    });
    // The sender's own refusal is theirs.
    expect(codeOf(await desk.handOverCase(STRANGER, id, NIGHT))).toBe('role-missing');
    expect(await desk.handOverCase(ALICE, id, NIGHT)).toMatchObject({
      ok: true,
      value: { owner: { by: { userId: NIGHT.userId } } },
    });
    expect(codeOf(await desk.handOverCase(ALICE, id, BOB))).toBe('case-not-owned-by-you');
  });

  it('is not handed over to somebody whom Slack does not tell now', async () => {
    const { harness, id } = await atMarginCall();
    const { desk } = harness.work;
    await desk.takeCase(ALICE, id);
    const { person: find } = harness.directory;
    harness.directory.person = async (by) =>
      by.userId === NIGHT.userId ? { ok: false, why: 'ratelimited' } : find.call(harness.directory, by);
    expect(await desk.handOverCase(ALICE, id, NIGHT)).toMatchObject({
      refusal: { code: 'new-owner-not-allowed', to: idOf(NIGHT), why: 'not-looked-up' },
    });
  });

  it('is muted with an end, and not beyond a day', async () => {
    const { harness, id } = await atMarginCall();
    const { desk } = harness.work;
    expect(await desk.muteCase(ALICE, id, 60 * MINUTE)).toMatchObject({ ok: true });
    expect(codeOf(await desk.muteCase(ALICE, id, 25 * 60 * MINUTE))).toBe('bad-mute');
  });
});

describe('the evidence of a case', () => {
  it('is its record with the timeline of the sealed trail, and notes who looked, once', async () => {
    const { harness, id } = await atMarginCall();
    await harness.work.desk.takeCase(BOB, id);
    const view = await harness.work.desk.openCase(ALICE, id);
    if (!view.ok) throw new Error(view.refusal.code);
    expect(view.value.timeline.map(({ type }) => type)).toEqual(['opened', 'taken', 'card-opened']);
    expect(view.value.trail).toEqual({ kind: 'verified', entries: 3 });
    expect(view.value.episode.seenBy.map(({ by }) => by.userId)).toEqual([ALICE.userId]);
    const again = await harness.work.desk.openCase(ALICE, id);
    expect(again).toMatchObject({ value: { trail: { kind: 'verified', entries: 3 } } });
  });

  it('never shows a timeline that does not fit its seals', async () => {
    const { harness, id } = await atMarginCall();
    const { audit } = harness.requests;
    const entries = audit.entries.bind(audit);
    audit.entries = async function* (subjectId) {
      for await (const { body, ...entry } of entries(subjectId))
        yield { ...entry, body: { ...body, event: { ...body.event, atMs: 0 } } };
    };
    const view = await harness.work.desk.openCase(ALICE, id);
    expect(view).toMatchObject({ value: { episode: { id }, timeline: [], trail: { kind: 'broken' } } });
  });

  it('that could not be read says so, and shows the record alone', async () => {
    const { harness, id } = await atMarginCall();
    await harness.work.desk.openCase(ALICE, id);
    harness.requests.audit.entries = async function* () {
      yield* [];
      throw new StoreUnavailable(new Error('down'));
    };
    const view = await harness.work.desk.openCase(ALICE, id);
    expect(view).toMatchObject({ value: { episode: { id }, timeline: [], trail: { kind: 'unread' } } });
  });
});

describe('a drill', () => {
  it('is one at a time, on a unit that is there, and ends by hand', async () => {
    const { harness } = await atMarginCall();
    const { desk } = harness.work;
    expect(codeOf(await desk.startDrill(ALICE, '99'))).toBe('unknown-unit');
    expect(codeOf(await desk.startDrill(ALICE, 'loan'))).toBe('bad-unit-id');
    const drill = await desk.startDrill(ALICE, '8');
    if (!drill.ok) throw new Error('the drill did not start');
    expect(drill.value).toMatchObject({
      groupId: '8',
      level: 'margin-call',
      drill: { by: { userId: ALICE.userId } },
    });
    expect(codeOf(await desk.startDrill(BOB, '8'))).toBe('drill-running');
    expect(harness.raised).toEqual(['margin-call']);
    await desk.takeCase(BOB, drill.value.id);
    expect(await desk.endDrill(ALICE, drill.value.id)).toMatchObject({
      ok: true,
      value: { state: 'recovered' },
    });
    expect(codeOf(await desk.endDrill(ALICE, harness.caseOf('7').id))).toBe('not-a-drill');
  });

  it('needs a watch that has begun, and an exchange that answers', async () => {
    const harness = new WatchHarness();
    harness.list({ 7: '0.6' });
    expect(codeOf(await harness.work.desk.startDrill(ALICE, '7'))).toBe('watch-not-begun');
    harness.exchange.readFailure = UNAVAILABLE;
    expect(codeOf(await harness.work.desk.startDrill(ALICE, '7'))).toBe('exchange-unavailable');
  });
});

describe('what the watch shows of itself', () => {
  it('/loandesk watch: freshness, cases worst first, and what is configured', async () => {
    const harness = new WatchHarness({ hasTripwire: true });
    await harness.round({ 7: '0.6', 8: '0.6' });
    await harness.round({ 7: '0.86', 8: '0.92' });
    expect(await harness.work.desk.viewWatch(NIGHT)).toMatchObject({
      ok: true,
      value: {
        lastReading: { readAtMs: harness.nowMs },
        blind: null,
        everyMs: 15_000,
        channelId: 'C0WATCH',
        group: [NIGHT.userId],
        open: [{ groupId: '8' }, { groupId: '7' }],
        recent: [],
        nextDigestAtMs: null,
        pagers: ['PagerDuty'],
        hasHeartbeat: true,
        hasTripwire: true,
      },
    });
  });

  it('hands no part of its insides to views', async () => {
    const { harness } = await atMarginCall();
    const view = await harness.work.desk.viewWatch(ALICE);
    expect(Object.keys(view.ok ? view.value : {}).sort()).toEqual(
      [
        'blind',
        'channelId',
        'everyMs',
        'group',
        'hasHeartbeat',
        'hasTripwire',
        'lastReading',
        'levels',
      ].concat(['nextDigestAtMs', 'nowMs', 'open', 'pagers', 'recent', 'unreadable']),
    );
  });

  it('a trend by id needs no exchange, and by name it does', async () => {
    const { harness } = await atMarginCall();
    const points = [{ fromMs: START_MS, lowest: '0.6', highest: '0.91', last: '0.86' }];
    harness.points.set(longId('7'), points);
    harness.exchange.readFailure = UNAVAILABLE;
    expect(await harness.work.desk.viewTrend(ALICE, '7', '7d')).toMatchObject({
      ok: true,
      value: { groupId: '7', span: '7d', stepMs: 900_000, points, fromMs: harness.nowMs - 7 * 86_400_000 },
    });
    expect(codeOf(await harness.work.desk.viewTrend(ALICE, 'credit7', '24h'))).toBe('exchange-unavailable');
    harness.exchange.readFailure = null;
    expect(await harness.work.desk.viewTrend(ALICE, 'credit7', '24h')).toMatchObject({
      value: { groupId: '7', stepMs: 60_000 },
    });
    expect(codeOf(await harness.work.desk.viewTrend(ALICE, 'credit', '24h'))).toBe('unknown-unit');
    expect(codeOf(await harness.work.desk.viewTrend(ALICE, '99', '24h'))).toBe('unknown-unit');
  });

  it('status: fresh, blind with its cause, overdue, unreadable', async () => {
    const { harness } = await atMarginCall();
    const first = async () => (await harness.work.status())[0];
    expect(await first()).toEqual({
      name: 'Watch',
      level: 'ok',
      text: 'last full reading 0 s ago, every 15 s',
    });
    harness.nowMs += 3 * MINUTE;
    expect(await first()).toMatchObject({ level: 'fault', text: 'last full reading 3 min ago, every 15 s' });
    harness.exchange.readFailure = UNAVAILABLE;
    await harness.round();
    await harness.pass(2 * MINUTE);
    expect(await first()).toMatchObject({
      level: 'fault',
      text: 'blind for 2 min: the exchange did not answer; last full reading 5 min ago',
    });
    harness.store.load = async () => {
      throw new Error('down');
    };
    expect(await first()).toMatchObject({ level: 'fault', text: /can't be read/ });
  });

  it('status: a channel that messages cannot reach, and the pager', async () => {
    const { harness } = await atMarginCall();
    const joined = await harness.work.status();
    expect(joined.map(({ name, level }) => `${name} ${level}`)).toEqual(['Watch ok', 'Pager ok']);
    const left = await harness.replica({ channelTrouble: async () => 'the bot is not in it' }).status();
    expect(left).toContainEqual({ name: 'Watch channel', level: 'fault', text: 'the bot is not in it' });
  });
});
