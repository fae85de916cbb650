/** What every store of what is kept beside the rules must do, with the trail and the outbox it shares with the others. */
import { describe, expect, it } from 'vitest';
import { longId } from '../../src/domain/amount.ts';
import type { CloseRules } from '../../src/domain/close/close-rules.ts';
import {
  decideRuleBook,
  NO_RULE_BOOK,
  type RuleBookChange,
  type RuleCommand,
} from '../../src/domain/close/rule-book.ts';
import type { RuleBookSave, RuleBookStore, StoredRuleBook } from '../../src/usecases/rule-book.ts';
import { checkOf } from './audit-trail.ts';
import { drain } from './outbox.ts';
import { openOne, person } from './requests.ts';
import { openEpisode, type WatchUnderTest } from './watch.ts';

export interface RuleBookUnderTest extends WatchUnderTest {
  readonly ruleBook: RuleBookStore;
  /** As when Redis lost the record of the rules and nothing else. */
  loseRuleBook(): Promise<void>;
}

const LEASE_MS = 60_000;
const MINUTE_MS = 60_000;

/** Every kind of value that a file may have. */
export const RULES: CloseRules = {
  rules: [
    {
      units: [longId('12'), longId('9223372036854775807')],
      releasesOver: '5000000.000000000000000001',
      need: [
        { from: ['S0TREASURY'], count: 2 },
        { from: ['S0RISK', 'U0CHEN'], count: 1 },
      ],
      delayMs: 15 * MINUTE_MS,
    },
    { units: '*', releasesOver: null, need: [{ from: ['S0TREASURY'], count: 1 }], delayMs: null },
  ],
  away: [{ approver: 'U0CHEN', standIn: 'U0EVE', untilMs: 1_900_000_000_000 }],
};

export function awayCommand(approver: string, standIn: string, untilMs: number): RuleCommand {
  return { type: 'away', by: person(approver), standIn, untilMs, inFile: [] };
}

/** What `decideRuleBook` makes of it. */
export function deciding(
  from: StoredRuleBook,
  command: (nowMs: number) => RuleCommand,
): RuleBookSave & RuleBookChange {
  const decided = decideRuleBook(from.book ?? NO_RULE_BOOK, command(from.nowMs), from.nowMs);
  if (!decided.ok) throw new Error(decided.refusal.code);
  return { from, ...decided.value };
}

/** Loads, decides and saves. */
export async function change(store: RuleBookStore, command: (nowMs: number) => RuleCommand): Promise<void> {
  if ((await store.save(deciding(await store.load(), command))) !== 'saved') throw new Error('conflict');
}

const chenAway = (nowMs: number) => awayCommand('U0CHEN', 'U0EVE', nowMs + 10 * MINUTE_MS);
const chenBack = (): RuleCommand => ({ type: 'back', by: person('U0CHEN'), approver: 'U0CHEN' });

export function ruleBookStoreContract(name: string, create: () => Promise<RuleBookUnderTest>): void {
  describe(`${name}: what is kept beside the rules`, () => {
    saves(create);
    delivers(create);
    audits(create);
  });
}

type Create = () => Promise<RuleBookUnderTest>;

function saves(create: Create): void {
  it('has nothing at first', async () => {
    const { ruleBook } = await create();
    expect(await ruleBook.load()).toMatchObject({
      ...{ book: null, stored: '', newest: { sequence: 0, seal: '' } },
    });
    expect(await ruleBook.newestEntry()).toBeNull();
  });

  it('brings back what was saved, with its newest entry and a new revision', async () => {
    const { ruleBook } = await create();
    const seal = expect.stringMatching(/^[0-9a-f]{64}$/);
    const first = deciding(await ruleBook.load(), chenAway);
    expect(await ruleBook.save(first)).toBe('saved');
    const { book, newest } = await ruleBook.load();
    expect(book).toEqual({ ...first.next, revision: 1, audit: { sequence: 1, seal } });
    expect(newest).toEqual(book?.audit);
    expect(await ruleBook.newestEntry()).toEqual(book?.audit);
    await change(ruleBook, () => ({ type: 'note-rules', rules: RULES }));
    const access = {
      rulesDigest: null,
      lists: [{ from: ['S0RISK'], people: ['U0CHEN', 'U0DAN'] }],
      standIns: [{ approver: 'U0CHEN', standIn: 'U0EVE' }],
    };
    await change(ruleBook, () => ({ type: 'note-access', day: '2026-12-01', access }));
    expect((await ruleBook.load()).book).toEqual({
      ...{ ...first.next, told: { rules: RULES }, accessDay: '2026-12-01' },
      ...{ revision: 3, audit: { sequence: 3, seal } },
    });
  });

  it('keeps what says nothing, too', async () => {
    const parts = await create();
    const { ruleBook } = parts;
    await change(ruleBook, () => ({ type: 'note-rules', rules: null }));
    expect((await ruleBook.load()).book).toMatchObject({
      ...{ told: { rules: null }, revision: 1, audit: { sequence: 0, seal: '' } },
    });
    expect((await checkOf(parts).verify()).fault).toBeNull();
    await change(ruleBook, chenAway);
    expect((await checkOf(parts).verify()).fault).toBeNull();
  });

  it('answers conflict when anything was saved meanwhile, and changes nothing', async () => {
    const { ruleBook, outbox, audit } = await create();
    const none = await ruleBook.load();
    await change(ruleBook, chenAway);
    const from = await ruleBook.load();
    await change(ruleBook, chenBack);
    await change(ruleBook, chenAway);
    const after = await ruleBook.load();
    const entries = await Array.fromAsync(audit.entries());
    expect(entries).toHaveLength(3);
    expect(await ruleBook.save(deciding(from, chenBack))).toBe('conflict');
    expect(await ruleBook.save(deciding(none, chenAway))).toBe('conflict');
    const { nowMs: _, ...unchanged } = after;
    expect(await ruleBook.load()).toMatchObject(unchanged);
    expect(await Array.fromAsync(audit.entries())).toEqual(entries);
    expect(await drain(outbox)).toHaveLength(3);
  });

  it('lets one of ten who save at once through', async () => {
    const parts = await create();
    const { ruleBook, outbox } = parts;
    for (let round = 0; round < 5; round += 1) {
      const from = await ruleBook.load();
      const saved = await Promise.all(
        Array.from({ length: 10 }, (_, at) =>
          ruleBook.save(
            deciding(from, (nowMs) =>
              awayCommand(`U0APPROVER${at}`, 'U0EVE', nowMs + (round + 1) * MINUTE_MS),
            ),
          ),
        ),
      );
      expect(saved.filter((each) => each === 'saved')).toHaveLength(1);
    }
    expect((await ruleBook.load()).book).toMatchObject({ revision: 5, audit: { sequence: 5 } });
    expect(await drain(outbox)).toHaveLength(5);
    expect(await checkOf(parts).verify()).toMatchObject({ entries: 5, fault: null });
  });

  it('begins again where only its record was lost, and its chain goes on', async () => {
    const parts = await create();
    const { ruleBook, loseRuleBook } = parts;
    await change(ruleBook, chenAway);
    const { newest } = await ruleBook.load();
    await loseRuleBook();
    expect(await ruleBook.load()).toMatchObject({ book: null, stored: '', newest });
    expect(await ruleBook.newestEntry()).toBeNull();
    expect((await checkOf(parts).verify()).fault).toMatchObject({
      ...{ subjectId: 'rules', what: 'it has audit entries, but its record is missing' },
    });
    await change(ruleBook, chenAway);
    expect((await ruleBook.load()).book).toMatchObject({ revision: 1, audit: { sequence: 2 } });
    expect((await checkOf(parts).verify()).fault).toBeNull();
  });
}

function delivers(create: Create): void {
  it('gives out its messages in order, each with the time of its event and a key of its own', async () => {
    const { ruleBook, outbox } = await create();
    const from = await ruleBook.load();
    await ruleBook.save(deciding(from, chenAway));
    await change(ruleBook, chenBack);
    const [first, ...others] = await outbox.take(LEASE_MS, 10);
    expect(first).toMatchObject({
      ...{ subjectId: 'rules', subject: 'rules', origin: 'change', createdAtMs: from.nowMs },
      notice: { kind: 'rules-message', event: { type: 'away', approver: 'U0CHEN', standIn: 'U0EVE' } },
    });
    expect(others).toEqual([]);
    if (first === undefined) throw new Error('nothing was due');
    expect(await outbox.done(first)).toBe(true);
    const [second, ...more] = await drain(outbox);
    expect(second).toMatchObject({ subjectId: 'rules', notice: { event: { type: 'back' } } });
    expect(more).toEqual([]);
    expect(second?.key).not.toBe(first.key);
  });

  it('has no card: nothing is drawn again in the place of a message that is set aside', async () => {
    const { ruleBook, outbox } = await create();
    await change(ruleBook, chenAway);
    const [first] = await outbox.take(LEASE_MS, 1);
    if (first === undefined) throw new Error('nothing was due');
    expect(await outbox.setAside(first)).toBe(true);
    await outbox.redraw('rules');
    expect(await drain(outbox)).toEqual([]);
  });

  it('says nothing of who could have approved', async () => {
    const { ruleBook, outbox } = await create();
    const access = { rulesDigest: null, lists: [], standIns: [] };
    await change(ruleBook, () => ({ type: 'note-access', day: '2026-12-01', access }));
    expect(await drain(outbox)).toEqual([]);
  });
}

function audits(create: Create): void {
  it('writes into the one trail of requests, cases and the watch, verified whole and apart', async () => {
    const parts = await create();
    const { ruleBook, store, watch, audit } = parts;
    await openOne(store);
    await change(ruleBook, chenAway);
    await openEpisode(watch);
    await change(ruleBook, chenBack);
    await openOne(store);
    const check = checkOf(parts);
    expect(await check.verify()).toMatchObject({ entries: 6, requests: 2, episodes: 1, fault: null });
    const trail = await check.trailOf('rules');
    expect(trail).toMatchObject({ verdict: { entries: 2, fault: null } });
    expect(
      trail?.entries.map(({ body }) => [body.rules, body.sequence, body.stateAfter, body.event]),
    ).toEqual([
      [true, 1, 'kept', expect.objectContaining({ type: 'away', by: person('U0CHEN') })],
      [true, 2, 'kept', expect.objectContaining({ type: 'back', standIn: 'U0EVE' })],
    ]);
    expect(await Array.fromAsync(audit.entries('rules'))).toEqual(trail?.entries);
    expect((await Array.fromAsync(check.exportLines('rules'))).map((line) => JSON.parse(line))).toEqual(
      trail?.entries,
    );
    expect((await check.verifySubject('watch'))?.fault).toBeNull();
  });

  it('verifies as well where nothing was ever said', async () => {
    const parts = await create();
    await openOne(parts.store);
    expect(await checkOf(parts).verify()).toMatchObject({ entries: 1, fault: null });
    expect(await checkOf(parts).verifySubject('rules')).toMatchObject({ entries: 0, fault: null });
  });
}
