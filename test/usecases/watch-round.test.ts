/** Rounds of the watch: what is read, what is stored, what follows, and what goes wrong on the way. */
import { describe, expect, it } from 'vitest';
import { amount, longId } from '../../src/domain/amount.ts';
import { UnreadableRecord } from '../../src/usecases/ports.ts';
import type { WatchStore } from '../../src/usecases/watch-ports.ts';
import { observationOf } from '../../src/usecases/watch-round.ts';
import { UNAVAILABLE } from '../fakes/loan-exchange.ts';
import { ALICE, request, START_MS } from '../support/close-requests.ts';
import { agreeingUnit, NIGHT, WatchHarness } from '../support/watch-harness.ts';

const MINUTE = 60_000;

describe('an answer as an observation', () => {
  const read = (units: readonly ReturnType<typeof agreeingUnit>[], flaws: readonly string[] = []) =>
    observationOf({
      ok: true,
      value: units,
      asOfMs: START_MS,
      flaws: flaws.map((text) => ({ groupId: null, text })),
    });

  it('is complete when every row is there and agrees with itself', () => {
    expect(read([agreeingUnit('7', '0.6'), agreeingUnit('8', '0')])).toMatchObject({ kind: 'complete' });
  });

  it('is complete with a unit whose LTV is not defined: that is a level, not a contradiction', () => {
    const unit = agreeingUnit('7', null);
    const [, ...others] = unit.accounts;
    expect(others).toEqual([]);
    expect(read([unit])).toMatchObject({ kind: 'complete' });
  });

  it('is incomplete with a row that is unreadable, or contradicts itself, and says which', () => {
    expect(read([agreeingUnit('7', '0.6')], ['row 2: ltv is missing'])).toMatchObject({
      kind: 'incomplete',
      why: 'row 2: ltv is missing',
    });
    const stated = { ...agreeingUnit('8', '0.6'), ltv: amount('0.5') };
    expect(read([agreeingUnit('7', '0.6'), stated])).toMatchObject({
      kind: 'incomplete',
      why: 'unit 8: its ltv contradicts its other figures',
    });
    const owes = { ...agreeingUnit('9', '0.6'), totalLiability: amount('0'), ltv: amount('0') };
    expect(read([owes])).toMatchObject({ kind: 'incomplete' });
  });

  it.each([
    ['unavailable', 'unavailable'],
    ['maintenance', 'maintenance'],
    ['busy', 'busy'],
    ['refused', 'refused'],
    ['no-account', 'refused'],
    ['region-blocked', 'refused'],
  ] as const)('a failure of the kind %s is %s', (kind, cause) => {
    const failure = { ...UNAVAILABLE, kind };
    expect(observationOf({ ok: false, failure })).toEqual({
      kind: 'failed',
      cause,
      why: 'the exchange did not answer',
    });
  });
});

/** It takes turns, and nothing else works. */
function failing(store: WatchStore): WatchStore {
  const down = async () => {
    throw new Error('down');
  };
  return {
    takeRound: (everyMs) => store.takeRound(everyMs),
    giveBackRound: (token, afterMs) => store.giveBackRound(token, afterMs),
    ...{ load: down, save: down, episode: down, recentEpisodes: down },
  };
}

describe('a round', () => {
  it('is one per WATCH_EVERY over all replicas, and stores what it read', async () => {
    const harness = new WatchHarness();
    const other = harness.replica();
    harness.list({ 7: '0.6' });
    harness.nowMs += 15_000;
    const outcomes = await Promise.all([harness.work.round(), other.round(), harness.work.round()]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['not-due', 'not-due', 'stored']);
    expect(harness.state?.lastReading).toEqual({ asOfMs: harness.nowMs, readAtMs: harness.nowMs });
    expect(harness.samples).toEqual([{ atMs: harness.nowMs, samples: [{ groupId: '7', ltv: '0.6' }] }]);
  });

  it('never overlaps itself, however long the exchange takes', async () => {
    const harness = new WatchHarness();
    harness.list({ 7: '0.6' });
    let answer = () => {};
    const units = harness.exchange.riskUnits.bind(harness.exchange);
    let reads = 0;
    harness.exchange.riskUnits = async () => {
      reads += 1;
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return units();
    };
    harness.nowMs += 15_000;
    const first = harness.work.round();
    await new Promise((resolve) => setImmediate(resolve));
    harness.nowMs += 60_000;
    expect(await harness.work.round()).toEqual({ kind: 'not-due' });
    answer();
    expect(await first).toMatchObject({ kind: 'stored' });
    expect(reads).toBe(1);
  });

  it('gives up a read that takes too long: that is blind, never calm', async () => {
    const harness = new WatchHarness();
    await harness.pass(MINUTE, { 7: '0.86' });
    harness.isSlow = true;
    expect(await harness.round({ 7: '0.6' })).toMatchObject({
      observation: { kind: 'failed', cause: 'unavailable', why: 'no answer within 10 s' },
      isSeeing: false,
    });
    expect(harness.caseOf('7').level).toBe('margin-call');
  });

  it('alerts at once, delivers at once, and counts', async () => {
    const harness = new WatchHarness();
    await harness.pass(MINUTE, { 7: '0.6' });
    await harness.round({ 7: '0.91' });
    const { id } = harness.caseOf('7');
    expect(harness.delivered).toEqual(['watch', id]);
    expect(harness.raised).toEqual(['liquidation']);
    expect(harness.told.filter(({ subject }) => subject === '7')).toEqual([
      { subject: '7', notice: 'alert-card', type: 'card', mention: true },
    ]);
  });

  it('decides again on what another replica stored meanwhile', async () => {
    const harness = new WatchHarness();
    await harness.pass(MINUTE, { 7: '0.86' });
    const { id } = harness.caseOf('7');
    const other = harness.replica();
    harness.beforeSave = async () => {
      harness.beforeSave = async () => {};
      expect(await other.desk.takeCase(ALICE, id)).toMatchObject({ ok: true });
    };
    await harness.round({ 7: '0.87' });
    expect(harness.caseOf('7')).toMatchObject({ owner: { by: { userId: ALICE.userId } } });
    expect(harness.told.map(({ type }) => type).filter((type) => type === 'taken')).toHaveLength(1);
  });

  it('that cannot be stored says so in the log, and the next one goes on', async () => {
    const harness = new WatchHarness();
    harness.list({ 7: '0.6' });
    const save = harness.store.save.bind(harness.store);
    harness.store.save = async () => {
      throw new Error('down');
    };
    expect(await harness.round()).toEqual({ kind: 'not-stored', unreadable: [] });
    expect(harness.log.lines.map(({ message }) => message)).toContain('watch round failed');
    expect(harness.heartbeats).toEqual([]);
    harness.store.save = save;
    expect(await harness.round()).toMatchObject({ kind: 'stored', isSeeing: true });
  });

  it('that failed is made up for by another replica after a second; the one that failed rests', async () => {
    const harness = new WatchHarness();
    const broken = harness.replica({ store: failing(harness.store) });
    harness.list({ 7: '0.6' });
    harness.nowMs += 15_000;
    expect(await broken.round()).toMatchObject({ kind: 'not-stored' });
    expect(await harness.work.round()).toEqual({ kind: 'not-due' });
    harness.nowMs += 1_000;
    expect(await broken.round()).toEqual({ kind: 'not-due' });
    expect(await harness.work.round()).toMatchObject({ kind: 'stored' });
    harness.nowMs += 14_000;
    expect(await broken.round()).toEqual({ kind: 'not-due' });
    harness.nowMs += 1_000;
    expect(await broken.round()).toMatchObject({ kind: 'not-stored' });
  });

  it('that fails everywhere asks Binance once per replica and WATCH_EVERY', async () => {
    const harness = new WatchHarness();
    const store = failing(harness.store);
    const replicas = [harness.replica({ store }), harness.replica({ store }), harness.replica({ store })];
    let reads = 0;
    const units = harness.exchange.riskUnits.bind(harness.exchange);
    harness.exchange.riskUnits = async () => {
      reads += 1;
      return units();
    };
    for (let second = 0; second < 60; second += 1) {
      harness.nowMs += 1_000;
      for (const replica of replicas) await replica.round();
    }
    expect(reads).toBe(3 * 4);
  });

  it('whose turn cannot be given back either says both in the log', async () => {
    const harness = new WatchHarness();
    const store = failing(harness.store);
    store.giveBackRound = async () => {
      throw new Error('down');
    };
    expect(await harness.round({ 7: '0.6' }, harness.replica({ store }))).toMatchObject({
      kind: 'not-stored',
    });
    const said = harness.log.lines.map(({ message }) => message);
    expect(said).toEqual(['watch round failed', 'turn of a failed watch round not given back']);
  });
});

describe('a record that cannot be read', () => {
  const SEAL = "it doesn't match its seal";

  async function scene() {
    const harness = new WatchHarness();
    await harness.pass(MINUTE, { 7: '0.86', 8: '0.86', 9: '0.6' });
    const [seven, eight] = [harness.caseOf('7'), harness.caseOf('8')];
    const breakOne = (id: string) => harness.store.unreadable.set(id, new UnreadableRecord(id, SEAL));
    return { harness, seven, eight, breakOne };
  }

  it('of a case holds back its unit alone: the others get worse at once, and nothing gets better', async () => {
    const { harness, seven, eight, breakOne } = await scene();
    breakOne(seven.id);
    await harness.pass(10 * MINUTE, { 7: '0.95', 8: '0.5', 9: '0.91' });
    expect(harness.episodes.get(seven.id)).toEqual(seven);
    expect(harness.episodes.get(eight.id)).toMatchObject({ state: 'open', level: 'margin-call' });
    expect(harness.caseOf('9').level).toBe('liquidation');
    expect(harness.state?.units['7']?.episodeId).toBe(seven.id);
    const why = `unit 7 isn't watched: the record of case ${seven.id} can't be read: ${SEAL}`;
    expect(harness.watchEvents('blind')).toMatchObject([{ cause: 'incomplete', why }]);
    expect(harness.heartbeats.at(-1)).toBe(false);
    await expect(harness.work.desk.takeCase(ALICE, seven.id)).rejects.toThrow(SEAL);
    expect(await harness.work.desk.viewWatch(ALICE)).toMatchObject({ value: { unreadable: [seven.id] } });

    harness.store.unreadable.clear();
    await harness.pass(6 * MINUTE);
    expect(harness.episodes.get(seven.id)).toMatchObject({ level: 'liquidation' });
    expect(harness.episodes.get(eight.id)).toMatchObject({ state: 'recovered' });
  });

  it('of a drill holds back no unit, and is told', async () => {
    const { harness, breakOne } = await scene();
    const drill = await harness.work.desk.startDrill(ALICE, '9');
    if (!drill.ok) throw new Error(drill.refusal.code);
    breakOne(drill.value.id);
    expect(await harness.round()).toMatchObject({ isSeeing: true });
    expect(harness.unreadableTold).toMatchObject([
      [{ groupId: null, record: { subjectId: drill.value.id } }],
    ]);
  });

  it('is told once an hour over all replicas, each record when it is found', async () => {
    const { harness, seven, eight, breakOne } = await scene();
    const other = harness.replica();
    breakOne(seven.id);
    await harness.pass(10 * MINUTE);
    breakOne(eight.id);
    for (let round = 0; round < 40; round += 1)
      await harness.round(undefined, round % 2 === 0 ? other : harness.work);
    expect(harness.unreadableTold).toMatchObject([
      [{ groupId: '7', record: { subjectId: seven.id } }],
      [{ groupId: '8', record: { subjectId: eight.id } }],
    ]);
    await harness.pass(61 * MINUTE);
    expect(harness.unreadableTold).toHaveLength(4);
  });

  it('of the watch itself stops it, and is told once an hour', async () => {
    const { harness, breakOne } = await scene();
    const other = harness.replica();
    const saves = harness.saves.length;
    breakOne('watch');
    for (let round = 0; round < 40; round += 1)
      await harness.round({ 7: '0.95' }, round % 2 === 0 ? other : harness.work);
    expect(harness.saves).toHaveLength(saves);
    expect(harness.unreadableTold).toMatchObject([
      [{ groupId: null, record: { subjectId: 'watch', what: SEAL } }],
    ]);
    await harness.pass(61 * MINUTE);
    expect(harness.unreadableTold).toHaveLength(2);
  });

  it('is told again in the next round where it could not be told', async () => {
    const { harness, breakOne } = await scene();
    breakOne('watch');
    let attempts = 0;
    const deaf = harness.replica({
      tellUnreadable: async () => {
        attempts += 1;
        return { ok: false, retry: attempts < 3, why: 'down', retryAfterMs: null };
      },
    });
    for (let round = 0; round < 10; round += 1) await harness.round(undefined, deaf);
    expect(attempts).toBe(3);
  });
});

describe('a unit that is missing', () => {
  it('is looked up in the closed list before it is called vanished', async () => {
    const harness = new WatchHarness();
    await harness.pass(MINUTE, { 7: '0.86', 8: '0.6' });
    const { id } = harness.caseOf('7');
    harness.exchange.closeOutside(longId('7'), harness.nowMs + 5_000);
    await harness.round();
    expect(harness.watchEvents('unit-vanished')).toEqual([]);
    expect(harness.episodes.get(id)).toMatchObject({ state: 'recovered' });
    expect(Object.keys(harness.state?.units ?? {})).toEqual(['8']);
  });

  it('is asked about for two minutes before it is called missing: the closed list may be late', async () => {
    const harness = new WatchHarness();
    await harness.pass(MINUTE, { 7: '0.86', 8: '0.6' });
    harness.exchange.listsClosed = false;
    harness.exchange.closeOutside(longId('7'));
    await harness.pass(1.5 * MINUTE);
    expect(harness.caseOf('7').vanishedAtMs).toBeNull();
    harness.exchange.listsClosed = true;
    await harness.round();
    expect(harness.watchEvents('unit-vanished')).toEqual([]);
    expect(Object.keys(harness.state?.units ?? {})).toEqual(['8']);
  });

  it('is known to be closed if Loandesk closed it, whatever the closed list says', async () => {
    const harness = new WatchHarness();
    await harness.pass(MINUTE, { 7: '0.6', 8: '0.6' });
    harness.exchange.listsClosed = false;
    harness.exchange.closeOutside(longId('7'));
    const ending = { kind: 'read-back', atMs: harness.nowMs } as const;
    const closed = request({ groupId: longId('7'), state: 'closed', ending });
    harness.requests.closedThrough = async () => new Map([[longId('7'), closed]]);
    await harness.round();
    expect(Object.keys(harness.state?.units ?? {})).toEqual(['8']);
    expect(harness.watchEvents('unit-vanished')).toEqual([]);
  });

  it('is vanished when the closed list has it only from before it was last seen: ids may be reused', async () => {
    const harness = new WatchHarness();
    await harness.pass(MINUTE, { 7: '0.86', 8: '0.6' });
    harness.exchange.closeOutside(longId('7'), harness.nowMs - 3_600_000);
    await harness.round();
    const sinceMs = harness.nowMs;
    await harness.pass(2 * MINUTE);
    expect(harness.watchEvents('unit-vanished')).toHaveLength(1);
    expect(harness.caseOf('7').vanishedAtMs).toBe(sinceMs);
  });

  it('that cannot be looked up is called missing after two minutes, and the others get better meanwhile', async () => {
    const harness = new WatchHarness();
    await harness.pass(MINUTE, { 7: '0.6', 8: '0.86' });
    harness.exchange.findClosedUnit = async () => ({
      ok: false,
      failure: { ...UNAVAILABLE, kind: 'refused' },
    });
    await harness.pass(1.5 * MINUTE, { 8: '0.5' });
    expect(harness.watchEvents('unit-vanished')).toEqual([]);
    expect(harness.state?.blind).toBeNull();
    await harness.pass(5 * MINUTE);
    expect(harness.watchEvents('unit-vanished')).toMatchObject([{ groupId: '7' }]);
    expect([...harness.episodes.values()]).toMatchObject([{ groupId: '8', state: 'recovered' }]);
    expect(harness.heartbeats).not.toContain(false);
  });

  it('was the last one, and is closed: an empty answer is calm then, not blind', async () => {
    const harness = new WatchHarness();
    await harness.pass(MINUTE, { 7: '0.6', 8: '0.6' });
    harness.exchange.closeOutside(longId('7'));
    harness.exchange.closeOutside(longId('8'));
    await harness.pass(3 * MINUTE);
    expect(harness.state).toMatchObject({ blind: null, units: {} });
  });

  it('and so are all others, none of them closed: blind, and asked about every ten minutes in the end', async () => {
    const harness = new WatchHarness();
    await harness.pass(MINUTE, { 7: '0.6', 8: '0.6' });
    let asked = 0;
    const find = harness.exchange.findClosedUnit.bind(harness.exchange);
    harness.exchange.findClosedUnit = async (groupId) => {
      asked += 1;
      return find(groupId);
    };
    await harness.pass(62 * MINUTE, {});
    expect(harness.state?.blind).toMatchObject({ cause: 'empty' });
    expect(asked).toBeGreaterThan(2 * 12);
    expect(asked).toBeLessThan(2 * 18);
  });
});

describe('the heartbeat', () => {
  it('follows each complete reading, says fail once blindness was told, and is silent in between', async () => {
    const harness = new WatchHarness();
    await harness.round({ 7: '0.6' });
    expect(harness.heartbeats).toEqual([true]);
    harness.exchange.readFailure = UNAVAILABLE;
    await harness.pass(2 * MINUTE);
    expect(harness.heartbeats).toEqual([true]);
    await harness.round();
    expect(harness.heartbeats).toEqual([true, false]);
    harness.exchange.readFailure = null;
    await harness.round();
    expect(harness.heartbeats).toEqual([true, false, true]);
  });
});

describe('what is read less often', () => {
  it('is read when it is due, once over all replicas, and more often at a margin call', async () => {
    const harness = new WatchHarness();
    const other = harness.replica();
    await harness.round({ 7: '0.6', 8: '0.6' });
    expect(harness.loanCalls).toEqual(['forced 7', 'interest 7', 'forced 8', 'interest 8']);
    harness.loanCalls.length = 0;
    for (let minute = 0; minute < 14; minute += 1) {
      await harness.round();
      await harness.round(undefined, other);
      await harness.pass(MINUTE / 2);
    }
    expect(harness.loanCalls).toEqual([]);
    await harness.pass(2 * MINUTE, { 7: '0.86', 8: '0.6' });
    const calls = (name: string) => harness.loanCalls.filter((each) => each === name).length;
    expect([calls('forced 7'), calls('forced 8')]).toEqual([2, 1]);
    await harness.pass(50 * MINUTE);
    expect([calls('interest 7'), calls('interest 8')]).toEqual([1, 1]);
    expect([calls('forced 7'), calls('forced 8')]).toEqual([52, 4]);
  });

  it('a new forced liquidation and a changed member are said once; what is read first is no news', async () => {
    const harness = new WatchHarness();
    const row = { startLtv: amount('0.9012'), endLtv: amount('0.84'), startedAtMs: START_MS - MINUTE };
    const page = (...rows: (typeof row)[]) => ({
      ...{ ok: true as const, asOfMs: START_MS, flaws: [] },
      value: { total: rows.length, rows },
    });
    harness.forced = page(row);
    await harness.pass(2 * MINUTE, { 7: '0.86' });
    expect(harness.watchEvents('forced-liquidation')).toEqual([]);
    harness.forced = page({ ...row, startedAtMs: START_MS + MINUTE }, row);
    await harness.pass(3 * MINUTE);
    expect(harness.watchEvents('forced-liquidation')).toMatchObject([
      { groupId: '7', text: 'began at LTV 90.12%, ended at 84.00%' },
    ]);
    const unit = harness.exchange.units.get(longId('7'));
    if (unit === undefined) throw new Error('unit 7 is not there');
    const account = { email: 'more@test.com', type: 'COLLATERAL', wallets: [] };
    harness.exchange.units.set(longId('7'), { ...unit, accounts: [...unit.accounts, account] });
    await harness.pass(20 * MINUTE);
    expect(harness.watchEvents('members-changed')).toMatchObject([
      { groupId: '7', added: ['more@test.com|COLLATERAL|true|true'], removed: [] },
    ]);
  });

  it('is tried again a minute after it failed, and no alert waits for it', async () => {
    const harness = new WatchHarness();
    harness.interest = { ok: false, failure: UNAVAILABLE };
    await harness.round({ 7: '0.6' });
    expect(harness.loanCalls.filter((each) => each === 'interest 7')).toHaveLength(1);
    await harness.pass(2 * MINUTE);
    expect(harness.loanCalls.filter((each) => each === 'interest 7')).toHaveLength(3);
  });
});

describe('the owner of a case', () => {
  it('who has left loses it within a minute, and people are asked again', async () => {
    const harness = new WatchHarness();
    await harness.pass(MINUTE, { 7: '0.86' });
    await harness.work.desk.takeCase(NIGHT, harness.caseOf('7').id);
    harness.directory.people.set(NIGHT.userId, { ...NIGHT, kind: 'deactivated' });
    await harness.pass(MINUTE);
    expect(harness.caseOf('7').owner).toBeNull();
    expect(harness.told.filter(({ type }) => type === 'owner-lapsed')).toHaveLength(1);
  });

  it('who cannot be looked up keeps it', async () => {
    const harness = new WatchHarness();
    await harness.pass(MINUTE, { 7: '0.86' });
    await harness.work.desk.takeCase(NIGHT, harness.caseOf('7').id);
    harness.directory.down = true;
    await harness.pass(5 * MINUTE);
    expect(harness.caseOf('7').owner).toMatchObject({ by: { userId: NIGHT.userId } });
  });
});
