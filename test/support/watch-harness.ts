/** The watch over a store in memory, a fake exchange and fake people, with a clock that the test moves. */
import { type LongId, longId } from '../../src/domain/amount.ts';
import { episodeIdFrom } from '../../src/domain/subject.ts';
import { PUBLISHED_THRESHOLDS, type RiskUnit } from '../../src/domain/unit/risk-unit.ts';
import type { Episode } from '../../src/domain/watch/episode.ts';
import type { EpisodeNotice, WatchEvent, WatchNotice, WatchState } from '../../src/domain/watch/watch.ts';
import { createAccess } from '../../src/usecases/access.ts';
import { createCheckAudit } from '../../src/usecases/check-audit.ts';
import { createWatch, type WatchParts, type WatchWork } from '../../src/usecases/create-watch.ts';
import type { Sample, UnreadableOfWatch, WatchSave } from '../../src/usecases/watch-ports.ts';
import { onlyKey } from '../contracts/audit-trail.ts';
import { FakeLoanExchange } from '../fakes/loan-exchange.ts';
import { MemoryCloseRequestStore } from '../fakes/memory-close-request-store.ts';
import { MemorySeenOnce } from '../fakes/memory-seen-once.ts';
import { FakePagerDuty } from '../fakes/pager-duty.ts';
import { FakeDirectory } from '../fakes/people.ts';
import { ALICE, BOB, person, REQUESTER, START_MS, settingsOnly } from './close-requests.ts';
import { memoryLog } from './logs.ts';
import { unitAt, watchRules } from './watch-rounds.ts';

export const NIGHT = person('U0NIGHT');
export const STRANGER = person('U0STRANGER');
const AUDIT_KEY = new Uint8Array(32).fill(1);

/** A unit that agrees with itself. */
export function agreeingUnit(id: string, ltv: string | null): RiskUnit {
  const unit = unitAt(id, ltv);
  const { totalNetEquity: netEquity, totalMaintenanceMargin: maintenanceMargin } = unit;
  const wallets = [{ accountType: 'SPOT', netEquity, maintenanceMargin }];
  return { ...unit, accounts: [{ email: unit.creditEmail, type: 'CREDIT', wallets }] };
}

export interface Told {
  readonly subject: string;
  readonly notice: EpisodeNotice['kind'] | WatchNotice['kind'];
  readonly type: string;
  readonly mention: boolean;
}

/** One replica; several share a store. */
export class WatchHarness {
  nowMs = START_MS;
  readonly requests = new MemoryCloseRequestStore({ now: () => this.nowMs, auditKey: AUDIT_KEY });
  readonly store = this.requests.watch;
  /** Every step that was stored. */
  readonly saves: WatchSave[] = [];
  /** Runs before each save: another replica may be faster. */
  beforeSave: () => Promise<void> = async () => {};
  /** As stored last. */
  state: WatchState | null = null;
  readonly episodes = new Map<string, Episode>();
  readonly exchange = new FakeLoanExchange(() => this.nowMs);
  readonly directory = new FakeDirectory(ALICE, BOB, REQUESTER, NIGHT, STRANGER);
  readonly log = memoryLog();
  readonly samples: { readonly atMs: number; readonly samples: readonly Sample[] }[] = [];
  readonly points = new Map<LongId, Awaited<ReturnType<WatchParts['history']['read']>>>();
  readonly heartbeats: boolean[] = [];
  readonly pagerDuty = new FakePagerDuty();
  readonly scheduled: { id: string; channelId: string; postAtMs: number; silentSinceMs: number }[] = [];
  readonly unreadableTold: (readonly UnreadableOfWatch[])[] = [];
  readonly delivered: string[] = [];
  readonly raised: string[] = [];
  readonly background: Promise<unknown>[] = [];
  readonly loans: WatchParts['loans'];
  interest: Awaited<ReturnType<WatchParts['loans']['interestHistory']>>;
  forced: Awaited<ReturnType<WatchParts['loans']['forcedLiquidations']>>;
  readonly loanCalls: string[] = [];
  readonly seenOnce = new MemorySeenOnce(() => this.nowMs);
  /** Resolves reads that take too long; the default takes them in time. */
  isSlow = false;
  readonly digest: WatchParts['digest'];
  readonly work: WatchWork;
  #ids = 0;
  #scheduled = 0;

  constructor(changes: Partial<WatchParts> = {}) {
    const nothing = () => ({
      ok: true as const,
      value: { total: 0, rows: [] },
      asOfMs: this.nowMs,
      flaws: [],
    });
    this.interest = nothing();
    this.forced = nothing();
    this.loans = {
      interestHistory: async ({ groupId }) => {
        this.loanCalls.push(`interest ${groupId}`);
        return this.interest;
      },
      forcedLiquidations: async ({ groupId }) => {
        this.loanCalls.push(`forced ${groupId}`);
        return this.forced;
      },
    };
    const save = this.store.save.bind(this.store);
    this.store.save = async (change) => {
      await this.beforeSave();
      const saved = await save(change);
      if (saved === 'conflict') return saved;
      this.saves.push(change);
      this.state = change.next;
      for (const { next } of change.episodes) this.episodes.set(next.id, next);
      return saved;
    };
    this.digest = changes.digest ?? null;
    this.work = this.replica(changes);
  }

  /** Another replica on the same store. */
  replica(changes: Partial<WatchParts> = {}): WatchWork {
    const roles = { requesters: [REQUESTER.userId], approvers: [ALICE.userId, BOB.userId], viewers: [] };
    const access = createAccess(this.directory, roles, settingsOnly());
    return createWatch(
      {
        store: this.store,
        history: {
          add: async (samples, atMs) => void this.samples.push({ samples, atMs }),
          read: async (groupId) => this.points.get(groupId) ?? [],
        },
        loans: this.loans,
        seenOnce: this.seenOnce,
        rules: watchRules(),
        channelId: 'C0WATCH',
        group: [NIGHT.userId],
        digest: null,
        pagers: [this.pagerDuty],
        heartbeat: async (isSeeing) => void this.heartbeats.push(isSeeing),
        notifier: { deliver: async () => ({ ok: true, card: null }) },
        scheduled: {
          list: async () => [...this.scheduled],
          schedule: async ({ channelId, postAtMs, silentSinceMs }) => {
            this.#scheduled += 1;
            this.scheduled.push({ id: `Q${this.#scheduled}`, channelId, postAtMs, silentSinceMs });
          },
          delete: async ({ id }) => {
            const at = this.scheduled.findIndex((each) => each.id === id);
            this.scheduled.splice(at, 1);
          },
        },
        tellUnreadable: async ({ records }) => {
          this.unreadableTold.push(records);
          return { ok: true, card: null };
        },
        hasTripwire: false,
        channelTrouble: async () => null,
        newEpisodeId: () => {
          this.#ids += 1;
          return episodeIdFrom(new Uint8Array(8).fill(this.#ids).fill(this.#ids >> 5, 0, 4));
        },
        inTime: (work, _, late) => (this.isSlow ? Promise.resolve(late()) : work),
        monotonic: () => this.nowMs,
        events: {
          watchRead: () => {},
          alertRaised: (level) => void this.raised.push(level),
          alertDelivered: () => {},
          pageSent: () => {},
        },
        ...changes,
      },
      {
        reader: this.exchange,
        details: this.exchange,
        requests: this.requests,
        access,
        directory: this.directory,
        checkAudit: createCheckAudit({
          audit: this.requests.audit,
          store: this.requests,
          watch: this.store,
          ruleBook: this.requests.ruleBook,
          keys: onlyKey(AUDIT_KEY),
        }),
        thresholds: PUBLISHED_THRESHOLDS,
        now: () => this.nowMs,
        log: this.log,
        inBackground: (_, work) => void this.background.push(work()),
        afterChange: (subjectId) => void this.delivered.push(subjectId),
      },
    );
  }

  /** The units as the exchange lists them from now on; null: no LTV is defined. */
  list(ltvs: Readonly<Record<string, string | null>>): void {
    this.exchange.units.clear();
    for (const [id, ltv] of Object.entries(ltvs)) this.exchange.units.set(longId(id), agreeingUnit(id, ltv));
  }

  /** The next round, 15 s later, with all that follows it. */
  async round(ltvs?: Readonly<Record<string, string | null>>, work = this.work) {
    if (ltvs !== undefined) this.list(ltvs);
    this.nowMs += 15_000;
    const outcome = await work.round();
    await this.settle();
    return outcome;
  }

  async settle(): Promise<void> {
    while (this.background.length > 0) await this.background.shift();
  }

  async pass(milliseconds: number, ltvs?: Readonly<Record<string, string | null>>): Promise<void> {
    for (let left = milliseconds; left > 0; left -= 15_000) await this.round(ltvs);
  }

  /** Everything that people were told since the start, or since `forget`. */
  get told(): Told[] {
    return this.saves.flatMap(({ episodes, notices }) => [
      ...notices.map((notice) => ({
        subject: 'watch',
        notice: notice.kind,
        type: notice.event.type,
        mention: 'mention' in notice && notice.mention,
      })),
      ...episodes.flatMap(({ next, notices: own }) =>
        own.map((notice) => ({
          subject: next.groupId,
          notice: notice.kind,
          type: 'event' in notice ? notice.event.type : 'card',
          mention: 'mention' in notice && notice.mention,
        })),
      ),
    ]);
  }

  watchEvents<Type extends WatchEvent['type']>(type: Type): Extract<WatchEvent, { type: Type }>[] {
    const all = this.saves.flatMap(({ events }) => events);
    return all.filter((event): event is Extract<WatchEvent, { type: Type }> => event.type === type);
  }

  /** The open case of a unit. */
  caseOf(unit: string): Episode {
    const found = [...this.episodes.values()].find(
      ({ groupId, state, drill }) => groupId === unit && state === 'open' && drill === null,
    );
    if (found === undefined) throw new Error(`unit ${unit} has no open case`);
    return found;
  }
}
