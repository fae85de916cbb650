/** Plays the watch: readings, failures and people's clicks over time, as a store that saves everything would. */
import { amount, type LongId, longId, ZERO } from '../../src/domain/amount.ts';
import type { Refusal } from '../../src/domain/refusal.ts';
import { PUBLISHED_THRESHOLDS, type RiskUnit } from '../../src/domain/unit/risk-unit.ts';
import { decideCase } from '../../src/domain/watch/case-rule.ts';
import { openDrill } from '../../src/domain/watch/drill.ts';
import type { Episode, EpisodeCommand, EpisodeEvent } from '../../src/domain/watch/episode.ts';
import { watchLevels } from '../../src/domain/watch/levels.ts';
import { slowNews } from '../../src/domain/watch/news.ts';
import type {
  BlindCause,
  EpisodeNotice,
  Observation,
  SlowFacts,
  WatchChange,
  WatchEvent,
  WatchNotice,
  WatchRules,
  WatchState,
} from '../../src/domain/watch/watch.ts';
import { episodeNotices, watchNotices } from '../../src/domain/watch/watch-notices.ts';
import { decideRound } from '../../src/domain/watch/watch-rule.ts';
import { START_MS } from './close-requests.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

export function watchRules(changes: Partial<WatchRules> = {}): WatchRules {
  return {
    levels: watchLevels(PUBLISHED_THRESHOLDS, [amount('0.70')]),
    everyMs: 15 * SECOND,
    escalateAfterMs: 3 * MINUTE,
    pageAfterMs: 8 * MINUTE,
    hasPager: true,
    ...changes,
  };
}

/** N is a million, so the LTV is exact; null: no collateral at all. */
export function unitAt(id: string, ltv: string | null, changes: Partial<RiskUnit> = {}): RiskUnit {
  const collateral = ltv === null ? ZERO : amount('1000000');
  const owed = amount('1000000').times(amount(ltv ?? '0.9'));
  return {
    groupId: longId(id),
    parentEmail: 'parent@test.com',
    creditEmail: `credit${id}@test.com`,
    updatedAtMs: START_MS,
    ltv: amount(ltv ?? '0'),
    totalNetEquity: collateral.plus(amount('1000')),
    totalMaintenanceMargin: amount('1000'),
    totalLiability: owed,
    parentAccountFrozenAmount: null,
    maxTransferOutAmount: null,
    maxAllowedBorrowLimit: null,
    liabilities: [{ asset: 'USDT', principal: amount('1'), interest: owed.minus(amount('1')) }],
    accounts: [],
    ...changes,
  };
}

export type Ltvs = Readonly<Record<string, string | null>>;

/** One message to people. */
export interface Said {
  readonly atMs: number;
  readonly type: EpisodeEvent['type'] | WatchEvent['type'];
  readonly notice: EpisodeNotice['kind'] | WatchNotice['kind'];
  readonly mention: boolean;
  readonly unit: string | null;
  readonly event: EpisodeEvent | WatchEvent;
}

export class PlayedWatch {
  nowMs = START_MS;
  state: WatchState | null = null;
  rules: WatchRules;
  readonly episodes = new Map<string, Episode>();
  readonly said: Said[] = [];
  readonly undelivered = new Map<string, number>();
  /** What becomes of a card: it is posted at once, or nobody hears of it again. */
  losesCards = false;
  readonly closed = new Set<LongId>();
  #ids = 0;

  constructor(rules: Partial<WatchRules> = {}) {
    this.rules = watchRules(rules);
  }

  /** A complete reading, one round after the last. */
  read(ltvs: Ltvs): WatchChange {
    return this.readUnits(Object.entries(ltvs).map(([id, ltv]) => unitAt(id, ltv)));
  }

  readUnits(units: readonly RiskUnit[]): WatchChange {
    return this.round((asOfMs) => ({ kind: 'complete', units, asOfMs }));
  }

  readPart(ltvs: Ltvs): WatchChange {
    const units = Object.entries(ltvs).map(([id, ltv]) => unitAt(id, ltv));
    return this.round((asOfMs) => ({ kind: 'incomplete', units, asOfMs, why: 'row 3 cannot be read' }));
  }

  fail(cause: BlindCause = 'unavailable'): WatchChange {
    return this.round(() => ({ kind: 'failed', cause, why: 'no answer' }));
  }

  /** The same reading each round for so long. */
  readFor(durationMs: number, ltvs: Ltvs): void {
    this.#for(durationMs, () => this.read(ltvs));
  }

  failFor(durationMs: number, cause: BlindCause = 'unavailable'): void {
    this.#for(durationMs, () => this.fail(cause));
  }

  #for(durationMs: number, round: () => void): void {
    for (let rounds = Math.round(durationMs / this.rules.everyMs); rounds > 0; rounds -= 1) round();
  }

  /** Time passes and nobody reads. */
  stopFor(durationMs: number): void {
    this.nowMs += durationMs;
  }

  round(observe: (asOfMs: number) => Observation): WatchChange {
    this.nowMs += this.rules.everyMs;
    const { state, episodes, rules, nowMs } = this;
    const change = decideRound({
      state,
      episodes,
      observation: observe(nowMs - 200),
      rules,
      nowMs,
      newId: () => this.#newId(),
      undeliveredSinceMs: this.undelivered,
      closedUnits: this.closed,
    });
    this.#save(change);
    return change;
  }

  /** What the slower reads found of a unit. */
  learn(unit: string, facts: SlowFacts): void {
    const { state, nowMs } = this;
    const memory = state?.units[unit];
    if (state === null || memory === undefined) throw new Error(`unit ${unit} is unknown`);
    const { known, events } = slowNews(longId(unit), memory.known, facts, nowMs);
    const next = { ...state, units: { ...state.units, [unit]: { ...memory, known } } };
    this.#save({ next, episodes: [], events });
  }

  drill(unit: RiskUnit): Refusal | null {
    const { state, episodes, rules, nowMs } = this;
    const by = { teamId: 'T0HOME', userId: 'U0REQ' };
    const result = openDrill({ state, episodes, unit, by, rules, nowMs, id: this.#newId() });
    if (!result.ok) return result.refusal;
    this.#save(result.value);
    return null;
  }

  /** On the newest episode of a unit, or the one with this id. */
  click(unitOrId: string, command: EpisodeCommand): Refusal | null {
    const episode = this.episodes.get(unitOrId) ?? this.episode(unitOrId);
    const result = decideCase(episode, command, this.nowMs);
    if (!result.ok) return result.refusal;
    const next = this.state;
    if (next === null) throw new Error('there is no watch');
    this.#save({ next, episodes: [result.value], events: [] });
    return null;
  }

  #newId(): string {
    this.#ids += 1;
    return `C-${String(this.#ids).padStart(8, '0')}`;
  }

  #save({ next, episodes, events }: WatchChange): void {
    this.state = stored(next);
    for (const event of events) {
      const unit = 'groupId' in event ? event.groupId : null;
      for (const notice of watchNotices(event))
        this.#say(notice.event, unit, notice.kind, 'mention' in notice && notice.mention);
    }
    for (const change of episodes) {
      const isNew = change.events.some(({ type }) => type === 'opened');
      if (isNew === this.episodes.has(change.next.id)) throw new Error(`${change.next.id}: opened twice`);
      const isPosted =
        change.next.card !== null || !(this.losesCards || this.undelivered.has(change.next.id));
      const card = isPosted ? { channelId: 'C0WATCH', messageTs: '1.2' } : null;
      this.episodes.set(change.next.id, stored({ ...change.next, card: change.next.card ?? card }));
      for (const notice of episodeNotices(change)) {
        const event = notice.kind === 'alert-card' ? change.events[0] : notice.event;
        if (event) this.#say(event, change.next.groupId, notice.kind, 'mention' in notice && notice.mention);
      }
    }
  }

  #say(event: Said['event'], unit: string | null, notice: Said['notice'], mention: boolean): void {
    this.said.push({ atMs: this.nowMs, type: event.type, notice, mention, unit, event });
  }

  /** The newest of a unit. */
  episode(unit: string): Episode {
    const episode = this.episodes.get(this.state?.units[unit]?.episodeId ?? '');
    if (episode === undefined) throw new Error(`unit ${unit} has no episode`);
    return episode;
  }

  /** Each event once, in order. */
  get events(): string[] {
    const events = [...new Set(this.said.map(({ event }) => event))];
    return events.map(({ type }) => type);
  }

  /** Messages with a mention: their types, in order. */
  get loud(): string[] {
    return this.said.filter(({ mention }) => mention).map(({ type }) => type);
  }

  /** What is said from now on. */
  forget(): this {
    this.said.length = 0;
    return this;
  }
}

function stored<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value));
}
