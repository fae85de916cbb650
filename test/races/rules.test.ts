/**
 * What a rule needs goes away, or the rule changes, at the same moment as the deciding approval or as the sending: on a
 * real store, several requests side by side. Either nothing is sent, or what is sent had the approvals that the rules
 * needed then.
 */
import { expect, it } from 'vitest';
import { type LongId, longId } from '../../src/domain/amount.ts';
import type { CloseRequest, Vote } from '../../src/domain/close/close-request.ts';
import type { CloseRule } from '../../src/domain/close/close-rules.ts';
import type { Person } from '../../src/domain/person.ts';
import type { LookupOptions } from '../../src/usecases/ports.ts';
import { createRuleBook, type KeepRuleBook } from '../../src/usecases/rule-book.ts';
import { FakeDirectory } from '../fakes/people.ts';
import { person, REQUESTER } from '../support/close-requests.ts';
import { canFill } from '../support/needs.ts';
import { approve, loaded, Replicas, rounds, type Step, turns } from './replicas.ts';

const RACES = rounds(75);
const HOUR_MS = 3_600_000;

type Moment = Step | 'click' | 'looking' | 'looked';
/** From the click of the deciding approval to the DELETE; people are looked up for the last time after the claim. */
const MOMENTS: readonly [Moment, ...Moment[]] = [
  'click',
  'saving approved',
  'saved approved',
  'saving claimed',
  'saved claimed',
  'looking',
  'looked',
  'signing',
  'saving sent',
  'saved sent',
];
const TURNS_LATER = [0, 1, 0, 4];

/** One of treasury and one of risk; people and groups are of this request alone. */
class Cast {
  readonly unit: LongId;
  readonly treasury: readonly [Person, Person];
  readonly risk: Person;
  readonly standIn: Person;
  readonly treasuryGroup: string;
  readonly riskGroup: string;
  readonly rule: CloseRule;
  /** The approver of risk is away, and the stand-in acts for them; false as soon as it is stored that they are back. */
  standsIn = false;
  /** As the last look before the marker found them, and `standsIn` as it began. */
  looked: { order: number; groups: ReadonlyMap<string, readonly string[]>; standsIn: boolean } | null = null;
  claimed: number | null = null;
  /** What the process that wrote the marker had as the rule of this unit. */
  marked: { order: number; rule: CloseRule | null } | null = null;

  constructor(unit: string) {
    this.unit = longId(unit);
    this.treasury = [person(`U0A${unit}`), person(`U0B${unit}`)];
    this.risk = person(`U0R${unit}`);
    this.standIn = person(`U0S${unit}`);
    this.treasuryGroup = `S0T${unit}`;
    this.riskGroup = `S0R${unit}`;
    this.rule = {
      ...{ units: [this.unit], releasesOver: null, delayMs: null },
      need: [
        { from: [this.treasuryGroup], count: 1 },
        { from: [this.riskGroup], count: 1 },
      ],
    };
  }
}

class Stage extends FakeDirectory {
  readonly casts = new Map<string, Cast>();
  /** As each of the two processes has read them. */
  readonly rules = [new Map<string, CloseRule>(), new Map<string, CloseRule>()] as const;
  readonly #waiting = new Map<string, () => void>();
  #order = 0;

  add(unit: string): Cast {
    const cast = new Cast(unit);
    this.casts.set(unit, cast);
    for (const each of [...cast.treasury, cast.risk, cast.standIn]) this.people.set(each.userId, each);
    this.groups.set(cast.treasuryGroup, ids(cast.treasury));
    this.groups.set(cast.riskGroup, ids([cast.risk]));
    for (const rules of this.rules) rules.set(unit, cast.rule);
    return cast;
  }

  remove({ unit }: Cast): void {
    this.casts.delete(unit);
    for (const rules of this.rules) rules.delete(unit);
  }

  at(unit: string, moment: Moment, act: () => void): void {
    this.#waiting.set(`${unit} ${moment}`, act);
  }

  reached(unit: string, moment: Moment, rules: ReadonlyMap<string, CloseRule> | null = null): void {
    const cast = this.casts.get(unit);
    this.#order += 1;
    if (cast && moment === 'saved claimed') cast.claimed = this.#order;
    if (cast && moment === 'saving sent')
      cast.marked = { order: this.#order, rule: rules?.get(unit) ?? null };
    const act = this.#waiting.get(`${unit} ${moment}`);
    this.#waiting.delete(`${unit} ${moment}`);
    act?.();
  }

  membersOf({ treasuryGroup, riskGroup }: Cast): ReadonlyMap<string, readonly string[]> {
    const there = [treasuryGroup, riskGroup].filter((name) => !this.missingGroups.has(name));
    return new Map(there.map((name) => [name, this.groups.get(name) ?? []]));
  }

  override async members(names: readonly string[], options?: LookupOptions) {
    const [cast] = [...this.casts.values()].filter(({ riskGroup }) => names.includes(riskGroup));
    if (cast === undefined || options?.fresh !== true) return super.members(names);
    this.reached(cast.unit, 'looking');
    this.#order += 1;
    cast.looked = { order: this.#order, groups: this.membersOf(cast), standsIn: cast.standsIn };
    const found = await super.members(names);
    this.reached(cast.unit, 'looked');
    return found;
  }
}

function ids(people: readonly Person[]): readonly string[] {
  return people.map(({ userId }) => userId);
}

interface Parts {
  readonly stage: Stage;
  readonly cast: Cast;
  readonly ruleBook: KeepRuleBook;
  readonly round: number;
}
type Change = (parts: Parts) => void | Promise<void>;

const CHANGES: Readonly<Record<string, Change>> = {
  'its group is emptied': ({ stage, cast }) => void stage.groups.set(cast.riskGroup, []),
  'its group is deleted': ({ stage, cast }) => void stage.missingGroups.add(cast.riskGroup),
  'the absence of the approver whose stand-in approves ends': async ({ cast, ruleBook }) => {
    const { risk: by } = cast;
    expect(await ruleBook.apply({ type: 'back', by, approver: by.userId })).toMatchObject({ ok: true });
    cast.standsIn = false;
  },
  'the file is swapped for a stricter one': ({ stage, cast, round }) => {
    const stricter = [
      { need: cast.rule.need.map((each, at) => (at === 0 ? { ...each, count: 2 } : each)) },
      { need: [...cast.rule.need, { from: [cast.standIn.userId], count: 1 }] },
      { delayMs: HOUR_MS },
      null,
    ][Math.floor(round / 20) % 4];
    const swap = (rules: Map<string, CloseRule>) => {
      if (stricter === null) rules.delete(cast.unit);
      else rules.set(cast.unit, { ...cast.rule, ...stricter });
    };
    const [one, other] = stage.rules;
    swap(other);
    // In every other round the one process reads it later than the other.
    if (round % 2 === 0) swap(one);
    else void turns(5).then(() => swap(one));
  },
};

it.each(Object.entries(CHANGES))(
  `%s at the same moment as the deciding approval or the sending, ${RACES} times: it isn't sent, or with what the rules needed`,
  async (what, change) => {
    const stage = new Stage(REQUESTER);
    const replicas = await Replicas.start(stage);
    const add = (rules: ReadonlyMap<string, CloseRule>) =>
      replicas.add({
        rules: () => ({ rules: [...rules.values()], away: [] }),
        onStep: (unit, step) => stage.reached(unit, step, rules),
      });
    const [one, other] = [await add(stage.rules[0]), await add(stage.rules[1])];
    const ruleBook = createRuleBook({
      ruleBookStore: one.redis.ruleBook,
      log: one.redis.log,
      afterChange: () => {},
    });
    const ends = { sent: 0, stopped: 0 };

    await replicas.sideBySide(RACES, async (unit, round) => {
      const cast = stage.add(unit);
      const isAway = what.includes('absence');
      if (isAway) {
        const untilMs = (await one.redis.nowMs()) + HOUR_MS;
        const away = {
          type: 'away',
          by: cast.risk,
          standIn: cast.standIn.userId,
          untilMs,
          inFile: [],
        } as const;
        expect(await ruleBook.apply(away)).toMatchObject({ ok: true });
        cast.standsIn = true;
      }
      const request = await replicas.open(one, unit);
      await approve(one, cast.treasury[0], request);
      const moment = MOMENTS[(round * 9) % MOMENTS.length] ?? 'click';
      const later = TURNS_LATER[Math.floor(round / MOMENTS.length) % TURNS_LATER.length] ?? 0;
      const changed = Promise.withResolvers<void>();
      stage.at(unit, moment, () => {
        const act = () => changed.resolve(change({ stage, cast, ruleBook, round }));
        if (later === 0) act();
        else void turns(later).then(act);
      });
      stage.reached(unit, 'click');
      await approve(other, isAway ? cast.standIn : cast.risk, request);
      await Promise.all([changed.promise, replicas.settled()]);
      // Another attempt sends nothing that was stopped.
      for (const { work } of [one, other]) {
        await work.desk.startSending(cast.treasury[0], request.id, request.version);
        await work.attendRequests();
      }
      await replicas.settled();

      const end = await loaded(one.redis, request.id);
      const isSent = replicas.deletesOf(request) > 0;
      const when = `${end.state}, ${later} turns after ${moment}`;
      expect(replicas.deletesOf(request), when).toBe(end.state === 'closed' ? 1 : 0);
      ends[isSent ? 'sent' : 'stopped'] += 1;
      if (isSent) expect(whyNotSent(cast, end), when).toEqual([]);
      else {
        expect(['pending', 'approved'], when).toContain(end.state);
        const rule = stage.rules[0].get(unit) ?? null;
        const now = { groups: stage.membersOf(cast), standsIn: cast.standsIn };
        expect(missing(end.votes, rule, now, 0), `stopped without a reason: ${when}`).not.toEqual([]);
        await one.work.desk.withdraw(REQUESTER, request.id);
        replicas.exchange.closeOutside(unit);
      }
      stage.remove(cast);
    });
    expect(ends.sent).toBeGreaterThan(0);
    expect(ends.stopped).toBeGreaterThan(0);
    expect(replicas.failures).toEqual([]);
    expect(replicas.exchange.requests({ status: 429 })).toHaveLength(0);
  },
  120_000,
);

/** What forbade a close that was sent: none of its votes or times may be short of the frozen rule or of that at the marker. */
function whyNotSent({ looked, claimed, marked, rule }: Cast, { votes, sent }: CloseRequest): string[] {
  if (looked === null || claimed === null || marked === null || sent === null)
    return ['sent without claim, last look or marker'];
  const order = claimed < looked.order && looked.order < marked.order ? [] : ['sent without a last look'];
  const heldMs = sent.atMs - Math.max(...votes.map(({ atMs }) => atMs));
  return [...order, ...[rule, marked.rule].flatMap((each) => missing(votes, each, looked, heldMs))];
}

function missing(
  votes: readonly Vote[],
  rule: CloseRule | null,
  { groups, standsIn }: Pick<NonNullable<Cast['looked']>, 'groups' | 'standsIn'>,
  heldMs: number,
): string[] {
  if (rule === null) return ['there was no rule'];
  const counted = votes.filter(({ inPlaceOf }) => inPlaceOf === undefined || standsIn);
  const people = [...new Set(counted.map(({ voter, inPlaceOf }) => inPlaceOf ?? voter.userId))];
  const places = rule.need.flatMap(({ from, count }) =>
    Array<Set<string>>(count).fill(
      new Set(from.flatMap((name) => groups.get(name) ?? (name.startsWith('S') ? [] : [name]))),
    ),
  );
  return [
    ...(people.length >= 2 && canFill(places, people) ? [] : [`${people.join(', ')} aren't enough`]),
    ...(heldMs >= (rule.delayMs ?? 0) ? [] : ['too soon']),
  ];
}
