/** Builds the watch from one set of ports: its rounds, its verbs, and what follows a round. */
import type { Thresholds } from '../domain/unit/risk-unit.ts';
import type { WatchRules } from '../domain/watch/watch.ts';
import type { Access } from './access.ts';
import type { CheckAudit } from './check-audit.ts';
import type { AlertParts } from './deliver-alert.ts';
import type { StatusView, WatchDesk } from './desk.ts';
import { createPageCases } from './page-cases.ts';
import type { CloseRequestStore, Directory, LoanReader, Log, NewId, SeenOnce, UnitDetails } from './ports.ts';
import { createReadSlowFacts } from './slow-facts.ts';
import { createTripWire } from './trip-wire.ts';
import { createViewWatch, type ViewWatch, watchStatus } from './view-watch.ts';
import { createCheckOwners, createTellUnreadable, createWatchAccess } from './watch-access.ts';
import { createWatchBook } from './watch-book.ts';
import { createPostDigest } from './watch-digest.ts';
import type {
  AlertNotifier,
  DigestClock,
  Heartbeat,
  LoanHistory,
  Pager,
  ScheduledMessages,
  TellUnreadable,
  WatchEvents,
  WatchHistory,
  WatchStore,
} from './watch-ports.ts';
import { createWatchRound, type InTime, type WatchRoundOutcome } from './watch-round.ts';
import { createWorkCases } from './work-cases.ts';

/** What the watch needs beside the desk's own parts. */
export interface WatchParts {
  readonly store: WatchStore;
  readonly history: WatchHistory;
  readonly loans: LoanHistory;
  readonly seenOnce: SeenOnce;
  readonly rules: WatchRules;
  readonly channelId: string;
  readonly group: readonly string[];
  readonly digest: DigestClock | null;
  readonly pagers: readonly Pager[];
  readonly heartbeat: Heartbeat | null;
  readonly notifier: AlertNotifier;
  readonly scheduled: ScheduledMessages;
  readonly tellUnreadable: TellUnreadable;
  readonly hasTripwire: boolean;
  /** Why messages can't reach the channel; null: they can, or it isn't known. */
  readonly channelTrouble: () => Promise<string | null>;
  readonly newEpisodeId: NewId;
  readonly inTime: InTime;
  /** Steady milliseconds. */
  readonly monotonic: () => number;
  readonly events: WatchEvents;
}

/** The desk's own parts, which the watch shares. */
export interface DeskOfWatch {
  readonly reader: LoanReader;
  readonly details: UnitDetails;
  readonly requests: Pick<CloseRequestStore, 'listOpen' | 'closedThrough'>;
  readonly access: Access;
  readonly directory: Directory;
  readonly checkAudit: Pick<CheckAudit, 'trailOf'>;
  readonly thresholds: Thresholds;
  readonly now: () => number;
  readonly log: Log;
  readonly inBackground: (what: string, work: () => Promise<unknown>) => void;
  /** Delivers the messages of this episode, or of the watch. */
  readonly afterChange: (subjectId: string) => void;
}

export interface WatchWork {
  readonly desk: WatchDesk;
  /** Asked every second by every replica; reads when it is this one's turn. */
  readonly round: () => Promise<WatchRoundOutcome>;
  /** One round of telling the pagers; null: none is configured. */
  readonly pageCases: (() => Promise<number>) | null;
  readonly glimpse: ViewWatch['glimpse'];
  readonly status: () => Promise<StatusView['lines']>;
  /** For the delivery of its messages. */
  readonly alerts: AlertParts;
}

export function createWatch(parts: WatchParts, shared: DeskOfWatch): WatchWork {
  const { rules, digest, pagers, heartbeat, hasTripwire } = parts;
  const { inBackground } = shared;
  const book = createWatchBook({ ...parts, afterChange: shared.afterChange });
  const access = createWatchAccess(shared.access, shared.directory, parts.group);
  const all = { ...shared, ...parts, access, book };
  const takeRound = createWatchRound(all);
  const readSlowFacts = createReadSlowFacts({ ...all, history: parts.loans });
  const checkOwners = createCheckOwners(all);
  const tellUnreadable = createTellUnreadable(all);
  const postDigest = digest === null ? null : createPostDigest({ ...all, clock: digest });
  const tripWire = createTripWire(all);
  const pages = createPageCases(all);
  const pagerNames = pagers.map(({ name }) => name);
  const { channelId, group } = parts;
  const setUp = {
    channelId,
    group,
    digest,
    pagers: pagerNames,
    hasHeartbeat: heartbeat !== null,
    hasTripwire,
  };
  const views = createViewWatch({ ...all, setUp });

  /** Each on its own, so that none holds up the next round or another one. */
  function follow(outcome: Extract<WatchRoundOutcome, { kind: 'stored' }>): void {
    const { observation, isSeeing, isBlindTold } = outcome;
    // A single failed reading is no news; then, the call that stays away is what alarms.
    if (heartbeat !== null && (isSeeing || isBlindTold)) inBackground('heartbeat', () => heartbeat(isSeeing));
    const reading = isSeeing && observation.kind === 'complete' ? observation : null;
    if (postDigest !== null) inBackground('digest', () => postDigest(reading));
    if (observation.kind !== 'failed')
      inBackground('slow facts', () => readSlowFacts(observation.units, observation.asOfMs));
    inBackground('case owners', checkOwners);
    if (hasTripwire && isSeeing) inBackground('trip-wire', () => tripWire.moveAhead());
  }

  return {
    desk: { ...createWorkCases(all), viewWatch: views.viewWatch, viewTrend: views.viewTrend },
    async round() {
      const outcome = await takeRound();
      if (outcome.kind === 'stored') follow(outcome);
      const unreadable = outcome.kind === 'not-due' ? [] : outcome.unreadable;
      if (unreadable.length > 0) inBackground('unreadable records', () => tellUnreadable(unreadable));
      return outcome;
    },
    pageCases: pagers.length === 0 ? null : () => pages.round(),
    glimpse: views.glimpse,
    status: () =>
      watchStatus({
        glimpse: views.glimpse,
        everyMs: rules.everyMs,
        pagers: pagerNames,
        pageTroubles: () => pages.troubles(),
        tripWireTrouble: () => tripWire.trouble(),
        channelTrouble: parts.channelTrouble,
      }),
    alerts: { notifier: timedNotifier(parts), book, levels: rules.levels },
  };
}

/** Reports how late messages that call for people are. */
function timedNotifier({ notifier, events, monotonic }: WatchParts): AlertNotifier {
  return {
    async deliver(message) {
      const startedMs = monotonic();
      const delivery = await notifier.deliver(message);
      const { notice, createdAtMs, nowMs } = message;
      const isCall = !('mention' in notice) || notice.mention;
      if (delivery.ok && isCall) events.alertDelivered(nowMs - createdAtMs + monotonic() - startedMs);
      return delivery;
    },
  };
}
