/** Which rules for closes hold, as the channel, the audit trail and `/loandesk status` say it; and who could approve. */
import { describe, expect, it } from 'vitest';
import { longId } from '../../src/domain/amount.ts';
import { type CloseRule, type CloseRules, digestOfRules } from '../../src/domain/close/close-rules.ts';
import type { RuleEvent } from '../../src/domain/close/rule-book.ts';
import { isRuleEntry } from '../../src/domain/close/rule-entry.ts';
import { RULES_ID } from '../../src/domain/subject.ts';
import type { DeskParts } from '../../src/usecases/create-desk.ts';
import type { RuleFaults } from '../../src/usecases/note-rules.ts';
import { StoreUnavailable, UnreadableRecord } from '../../src/usecases/ports.ts';
import type { RuleNotifier } from '../../src/usecases/rule-book.ts';
import { ALICE, BOB, CAROL, person, REQUESTER } from '../support/close-requests.ts';
import { DeskHarness, withMethods } from '../support/desk-harness.ts';
import { memoryLog } from '../support/logs.ts';

const DAY_MS = 86_400_000;
const EVE = person('U0EVE');
const TREASURY = { from: ['S0TREASURY'], count: 1 };
const RISK = { from: ['S0RISK', CAROL.userId], count: 1 };
const rule = (changes: Partial<CloseRule> = {}): CloseRule => ({
  ...{ units: '*', releasesOver: null, need: [TREASURY, RISK], delayMs: null },
  ...changes,
});
const fileOf = (...rules: CloseRule[]): CloseRules => ({ rules, away: [] });

function deskWith(rules: CloseRules | null, overrides: Partial<DeskParts> = {}) {
  const file: { rules: CloseRules | null; faults: RuleFaults | null } = { rules, faults: null };
  const log = memoryLog();
  /** In the channel. */
  const told: RuleEvent[] = [];
  const ruleNotifier: RuleNotifier = {
    async deliver({ event }) {
      told.push(event);
      return { ok: true, card: null };
    },
  };
  const harness = new DeskHarness(
    {},
    { rules: () => file.rules, ruleFaults: () => file.faults, log, ruleNotifier, ...overrides },
  );
  harness.directory.groups.set('S0TREASURY', [BOB.userId, ALICE.userId]);
  harness.directory.groups.set('S0RISK', [CAROL.userId]);
  harness.directory.people.set(EVE.userId, EVE);
  /** What the trail of the rules has, oldest first; verified. */
  const trail = async (): Promise<readonly RuleEvent[]> => {
    const found = await harness.work.checkAudit.trailOf(RULES_ID);
    expect(found?.verdict.fault).toBeNull();
    return found?.entries.filter(isRuleEntry).map(({ body }) => body.event) ?? [];
  };
  /** A second process on another file. */
  const other = (theirs: CloseRules | null) => harness.replica({ rules: () => theirs });
  const read = async (next: CloseRules | null) => {
    file.rules = next;
    harness.work.noteRules.readAgain();
    await harness.work.noteRules.round();
  };
  return { harness, file, log, told, trail, other, read };
}

describe('a changed file of rules', () => {
  it('is told and sealed at the start and when it was read again, once', async () => {
    const [first, second] = [fileOf(rule()), fileOf(rule({ delayMs: 60_000 }))];
    const { harness, told, trail, read } = deskWith(first);
    for (let round = 0; round < 3; round += 1) await harness.work.noteRules.round();
    expect(await trail()).toMatchObject([{ type: 'rules-changed', from: null, after: first }]);
    await read(second);
    await read(second);
    await read(null);
    expect(await trail()).toMatchObject([
      { from: null, to: digestOfRules(first) },
      { from: digestOfRules(first), to: digestOfRules(second), before: first, after: second },
      { from: digestOfRules(second), to: null, after: null },
    ]);
    await harness.settled();
    expect(told).toEqual(await trail());
  });

  it('says nothing where there never was one', async () => {
    const { harness, trail } = deskWith(null);
    await harness.work.noteRules.round();
    expect(await trail()).toEqual([]);
  });

  it('is told once the store can be reached, as it is then', async () => {
    const { harness, file, trail } = deskWith(fileOf(rule()));
    let isDown = true;
    const { ruleBook } = harness.store;
    const load = () => (isDown ? Promise.reject(new StoreUnavailable(new Error('down'))) : ruleBook.load());
    const { noteRules } = harness.replica({ ruleBookStore: withMethods(ruleBook, { load }) });
    await expect(noteRules.round()).rejects.toThrow(StoreUnavailable);
    file.rules = fileOf(rule({ delayMs: 60_000 }));
    isDown = false;
    await noteRules.round();
    expect(await trail()).toMatchObject([{ from: null, after: file.rules }]);
  });

  it('read again while the one before was being told is told, too', async () => {
    const { harness, file, trail } = deskWith(fileOf(rule()));
    const { ruleBook } = harness.store;
    const replica = harness.replica({
      ruleBookStore: withMethods(ruleBook, {
        save: async (change) => {
          const saved = await ruleBook.save(change);
          if (file.rules?.rules.length === 1) {
            file.rules = fileOf(rule({ units: [longId('12')] }), rule());
            replica.noteRules.readAgain();
          }
          return saved;
        },
      }),
    });
    for (let round = 0; round < 3; round += 1) await replica.noteRules.round();
    expect(await trail()).toMatchObject([{ from: null }, { after: { rules: [{}, {}] } }]);
  });

  it('replicas with different files take no turns: each says that it differs, in the log once', async () => {
    const [old, next] = [fileOf(rule()), fileOf(rule({ delayMs: 60_000 }))];
    const { harness, log, trail, other } = deskWith(old);
    await harness.work.noteRules.round();
    const newer = other(next);
    for (let round = 0; round < 3; round += 1) {
      await newer.noteRules.round();
      await harness.work.noteRules.round();
    }
    expect(await trail()).toHaveLength(2);
    const warned = log.lines.filter(
      ({ message }) => message === 'rules for closes differ from those announced last',
    );
    expect(warned).toMatchObject([
      { level: 'warn', fields: { ours: digestOfRules(old), told: digestOfRules(next) } },
    ]);
    const short = (rules: CloseRules) => digestOfRules(rules).slice(0, 8);
    expect(await harness.work.noteRules.status()).toEqual([
      {
        name: 'Rules',
        level: 'warning',
        text: `this process decides under digest ${short(old)}, but those announced last are digest ${short(next)}. Send SIGHUP to the process that is out of date, or restart it`,
      },
    ]);
    expect(await newer.noteRules.status()).toEqual([
      { name: 'Rules', level: 'ok', text: `1 rule, digest ${short(next)}` },
    ]);
    expect(await other(null).noteRules.status()).toMatchObject([
      { level: 'warning', text: expect.stringContaining('under the settings, without CLOSE_RULES_FILE') },
    ]);
  });

  it('a replica with another one sends nothing until it has the one told last', async () => {
    const [old, next] = [fileOf(rule()), fileOf(rule({ delayMs: 1_000 }))];
    const { harness, other, read } = deskWith(old);
    await harness.work.noteRules.round();
    const request = await harness.open();
    await harness.approve(BOB, request);
    const newer = other(next);
    await newer.noteRules.round();
    await harness.approve(CAROL, request);
    await harness.settled();
    await harness.pass(60_000);
    expect(harness.exchange.deletes).toEqual([]);
    expect(await harness.get(request.id)).toMatchObject({
      state: 'approved',
      obstacle: { why: expect.stringContaining('must send SIGHUP to every replica') },
    });
    await read(next);
    await harness.pass(120_000);
    expect((await harness.get(request.id)).state).toBe('closed');
  });

  it('told by another replica while the close was prepared, nothing is sent', async () => {
    const [old, next] = [fileOf(rule()), fileOf(rule({ delayMs: 3_600_000 }))];
    const { harness, other } = deskWith(old);
    await harness.work.noteRules.round();
    harness.heldBack.add('execute');
    const request = await harness.open();
    for (const by of [BOB, CAROL]) await harness.approve(by, request);
    const prepareClose = async () => {
      await other(next).noteRules.round();
      return harness.exchange.prepareClose(request.groupId);
    };
    const work = harness.replica({ closer: withMethods(harness.exchange, { prepareClose }) });
    harness.nowMs += 6_000;
    await work.attendRequests();
    await harness.settled();
    expect(harness.exchange.deletes).toEqual([]);
    expect((await harness.get(request.id)).state).toBe('approved');
  });

  it('is told again where a failover lost that it was told', async () => {
    const [old, next] = [fileOf(rule()), fileOf(rule({ delayMs: 60_000 }))];
    const { harness, trail, read } = deskWith(old);
    await harness.work.noteRules.round();
    const failOver = harness.store.ruleBook.snapshot();
    await read(next);
    failOver();
    for (let round = 0; round < 2; round += 1) await harness.work.noteRules.round();
    expect(await harness.work.noteRules.areTold()).toBe(true);
    expect((await trail()).at(-1)).toMatchObject({ type: 'rules-changed', to: digestOfRules(next) });
  });

  it('a faulty one is in the status, with what holds', async () => {
    const { harness, file, read } = deskWith(fileOf(rule()));
    await read(fileOf(rule()));
    const sinceMs = Date.UTC(2026, 10, 30, 12, 5);
    file.faults = { sinceMs, faults: ['rule 2 can never decide', 'rule 3, need: expected'] };
    const status = await harness.desk.status(REQUESTER);
    if (!status.ok) throw new Error(status.refusal.code);
    expect(status.value.lines.filter(({ name }) => name === 'Rules')).toEqual([
      {
        name: 'Rules',
        level: 'warning',
        text: 'CLOSE_RULES_FILE has faults since 2026-11-30 12:05 UTC, so the earlier rules stay in force: rule 2 can never decide and 1 more; the log has all',
      },
      { name: 'Rules', level: 'ok', text: expect.stringContaining('1 rule, digest ') },
    ]);
  });

  it('waits for a record that cannot be read, which the log says once', async () => {
    const { harness, log, trail } = deskWith(fileOf(rule()));
    const { ruleBook } = harness.store;
    ruleBook.unreadable = new UnreadableRecord(RULES_ID, "it doesn't match its seal");
    for (let round = 0; round < 3; round += 1) {
      await harness.work.noteRules.round();
      expect(await harness.work.noteAccess()).toBe('failed');
      expect(await harness.work.noteRules.status()).toEqual([]);
    }
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    ruleBook.unreadable = null;
    await harness.work.noteRules.round();
    expect(await harness.work.noteAccess()).toBe('noted');
    expect(await trail()).toMatchObject([{ type: 'rules-changed' }, { type: 'access-resolved' }]);
  });

  it('where the store cannot be reached, the status leaves that to the line about Redis', async () => {
    const { harness } = deskWith(fileOf(rule()));
    const load = () => Promise.reject(new StoreUnavailable(new Error('down')));
    const { noteRules } = harness.replica({ ruleBookStore: withMethods(harness.store.ruleBook, { load }) });
    expect(await noteRules.status()).toEqual([]);
  });
});

describe('who could approve', () => {
  it('is recorded once per day, by whichever replica is first, with all lists of the rules', async () => {
    const rules = fileOf(rule(), rule({ need: [TREASURY], units: [longId('12')] }));
    const { harness, trail, other } = deskWith(rules);
    await harness.store.ruleBook.setAbsences([
      { approver: CAROL.userId, standIn: EVE.userId, untilMs: harness.nowMs + 3 * DAY_MS },
      { approver: 'U0NOBODY', standIn: BOB.userId, untilMs: harness.nowMs + 3 * DAY_MS },
    ]);
    const replica = other(rules);
    expect(await harness.work.noteAccess()).toBe('noted');
    expect(await replica.noteAccess()).toBe('not-due');
    harness.nowMs += DAY_MS;
    const both = await Promise.all([harness.work.noteAccess(), replica.noteAccess()]);
    expect(both.toSorted()).toEqual(['not-due', 'noted']);
    const access = {
      rulesDigest: digestOfRules(rules),
      lists: [
        { from: ['S0TREASURY'], people: [ALICE.userId, BOB.userId] },
        { from: ['S0RISK', CAROL.userId], people: [CAROL.userId] },
      ],
      standIns: [{ approver: CAROL.userId, standIn: EVE.userId }],
    };
    const days = [harness.nowMs - DAY_MS, harness.nowMs].map((atMs) =>
      new Date(atMs).toISOString().slice(0, 10),
    );
    expect(await trail()).toMatchObject(days.map((day) => ({ type: 'access-resolved', day, access })));
  });

  it('is the list of the settings where there are no rules; who is no full member is left out', async () => {
    const { harness, trail } = deskWith(null);
    harness.directory.people.set(BOB.userId, person(BOB.userId, { kind: 'guest' }));
    expect(await harness.work.noteAccess()).toBe('noted');
    expect(await trail()).toMatchObject([
      {
        access: {
          rulesDigest: null,
          lists: [{ from: [ALICE.userId, BOB.userId, CAROL.userId], people: [ALICE.userId, CAROL.userId] }],
        },
      },
    ]);
  });

  it('names a deleted group with nobody in it', async () => {
    const { harness, trail } = deskWith(fileOf(rule()));
    harness.directory.missingGroups.add('S0TREASURY');
    await harness.work.noteAccess();
    expect(await trail()).toMatchObject([{ access: { lists: [{ from: ['S0TREASURY'], people: [] }, {}] } }]);
  });

  it.each<[string, (harness: DeskHarness) => void]>([
    [
      'at all',
      ({ directory }) => {
        directory.down = true;
      },
    ],
    ['for one person', ({ directory }) => void directory.people.delete(BOB.userId)],
    ['for a stand-in', ({ directory }) => void directory.people.delete(EVE.userId)],
  ])('is not recorded in part: Slack does not answer %s, and the next round tries again', async (_, fail) => {
    const { harness, log, trail } = deskWith(fileOf(rule()));
    await harness.store.ruleBook.setAbsences([
      { approver: CAROL.userId, standIn: EVE.userId, untilMs: harness.nowMs + DAY_MS },
    ]);
    fail(harness);
    expect(await harness.work.noteAccess()).toBe('failed');
    expect(await trail()).toEqual([]);
    expect(log.lines.at(-1)?.message).toBe('who could approve today is not recorded yet');
    harness.directory.down = false;
    for (const each of [BOB, EVE]) harness.directory.people.set(each.userId, each);
    expect(await harness.work.noteAccess()).toBe('noted');
    expect(await trail()).toMatchObject([{ access: { standIns: [{ standIn: EVE.userId }] } }]);
  });
});
