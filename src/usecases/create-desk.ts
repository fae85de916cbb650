/** Builds the verbs and the background work from one set of ports. */
import type { AuditKeys } from '../domain/audit-chain.ts';
import type { CloseRules } from '../domain/close/close-rules.ts';
import type { ClosePolicy } from '../domain/policy.ts';
import type { Thresholds } from '../domain/unit/risk-unit.ts';
import { createAccess, type RoleLists } from './access.ts';
import { createNoteAccess } from './access-of-day.ts';
import { createAskToClose } from './ask-to-close.ts';
import { createAttendRequests } from './attend-requests.ts';
import { type CheckAudit, createCheckAudit } from './check-audit.ts';
import { createClosePolicies } from './close-policies.ts';
import { createWatch, type WatchParts, type WatchWork } from './create-watch.ts';
import { createDeliverOutbox, type DeliverOutbox } from './deliver-outbox.ts';
import type { Desk, StatusView } from './desk.ts';
import { createExecuteClose } from './execute-close.ts';
import { createAuditVerbs } from './export-audit.ts';
import { createKeepAbsences } from './keep-absences.ts';
import { createListClosedUnits } from './list-closed-units.ts';
import type { LoanDesk } from './loan-desk.ts';
import type { LoanRecords, ReadingProgressStore } from './loan-ports.ts';
import { createNoteRules, type NoteRules, type RuleFaults } from './note-rules.ts';
import { createOperateDesk } from './operate-desk.ts';
import type { Outbox } from './outbox-ports.ts';
import type {
  AuditLog,
  CloseRequestStore,
  DeskEvents,
  Directory,
  ExchangeStops,
  LoanCloser,
  LoanReader,
  Log,
  NewId,
  Notifier,
  UnitDetails,
  WithRequest,
} from './ports.ts';
import { createReadBackClose } from './read-back-close.ts';
import { createRequestBook } from './request-book.ts';
import { createReviewClose } from './review-close.ts';
import { createRuleBook, type RuleBookStore, type RuleNotifier } from './rule-book.ts';
import { createSentCloses } from './sent-closes.ts';
import { createViewLoan } from './view-loan.ts';
import { createViewRequests } from './view-requests.ts';
import { createViewUnits } from './view-units.ts';
import type { WatchRecords } from './watch-ports.ts';

export interface DeskParts {
  readonly reader: LoanReader;
  readonly details: UnitDetails;
  readonly records: LoanRecords;
  readonly readingProgress: ReadingProgressStore;
  readonly closer: LoanCloser;
  readonly stops: ExchangeStops;
  readonly store: CloseRequestStore;
  readonly outbox: Outbox;
  readonly audit: AuditLog;
  /** The watch's part of the audit trail is checked also while the watch is off. */
  readonly watchRecords: WatchRecords;
  readonly auditKeys: AuditKeys;
  readonly directory: Directory;
  readonly notifier: Notifier;
  readonly roles: RoleLists;
  readonly policy: ClosePolicy;
  /** As read last from CLOSE_RULES_FILE; default: there is none. */
  readonly rules?: () => CloseRules | null;
  /** Why the file isn't in force as read last; default: it is. */
  readonly ruleFaults?: () => RuleFaults | null;
  /** What is kept beside the rules: who is away, what was told. */
  readonly ruleBookStore: RuleBookStore;
  readonly ruleNotifier: RuleNotifier;
  readonly thresholds: Thresholds;
  readonly probe: () => Promise<StatusView>;
  readonly now: () => number;
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly newId: NewId;
  readonly newRequestId: NewId;
  readonly log: Log;
  /** Runs work that outlives the click that caused it, and logs its failures. */
  readonly inBackground: (what: string, work: () => Promise<unknown>) => void;
  /** Adds the request id to everything the work logs; default: adds nothing. */
  readonly withRequest?: WithRequest;
  readonly events: DeskEvents;
  /** Absent or null: the watch is off. */
  readonly watch?: WatchParts | null;
}

export interface DeskWork {
  readonly desk: Desk;
  readonly loans: LoanDesk;
  /** Null: the watch is off. */
  readonly watch: WatchWork | null;
  readonly deliverOutbox: DeliverOutbox;
  /** One round over the requests that are due; returns how many there were. */
  readonly attendRequests: () => Promise<number>;
  readonly checkAudit: CheckAudit;
  readonly noteRules: NoteRules;
  /** One round: who could approve today, in the audit trail once per UTC day. */
  readonly noteAccess: ReturnType<typeof createNoteAccess>;
  /** To call on every Redis reconnect: Redis may have lost the marker of a close that was sent. */
  readonly restoreSentCloses: () => Promise<void>;
}

const WATCH_OFF = {
  name: 'Watch',
  level: 'warning',
  text: 'off: nobody is told when a unit reaches a level',
} as const;

/** The closer goes to the executor alone: no other verb can send a close. */
export function createDesk({ closer, ...given }: DeskParts): DeskWork {
  const { store, outbox, notifier, log, inBackground } = given;
  const withRequest: WithRequest = given.withRequest ?? ((_, work) => work());
  const afterChange = (requestId: string) => inBackground('deliver', () => deliverOutbox(requestId));
  const { policy: settings, rules } = given;
  const ruleBook = createRuleBook({ ...given, afterChange });
  const { absences } = ruleBook;
  const policies = createClosePolicies({
    ...{ settings, absences, ...(rules && { rules }) },
    nowMs: () => store.nowMs(),
  });
  const access = createAccess(given.directory, given.roles, policies);
  const keepAbsences = createKeepAbsences({ ...given, access, ruleBook });
  const checkAudit = createCheckAudit({
    ...given,
    watch: given.watchRecords,
    ruleBook: given.ruleBookStore,
    keys: given.auditKeys,
  });
  const ofFile = { rules: rules ?? (() => null), ruleFaults: given.ruleFaults ?? (() => null) };
  const noteRules = createNoteRules({ ruleBook, ...ofFile, log });
  const book = createRequestBook({ ...given, policies, checkAudit, afterChange });
  const watch =
    given.watch == null
      ? null
      : createWatch(given.watch, { ...given, requests: store, access, checkAudit, afterChange });
  const glimpse = async () => (watch === null ? null : watch.glimpse());
  const probe = async () => {
    const [view, ...lines] = await Promise.all([
      given.probe(),
      noteRules.status(),
      watch === null ? [WATCH_OFF] : watch.status(),
    ]);
    return { ...view, lines: [...view.lines, ...lines.flat()] };
  };
  const shared = {
    ...given,
    policies,
    ruleBook,
    probe,
    withRequest,
    afterChange,
    access,
    checkAudit,
    book,
    glimpse,
  };
  const deliverOutbox = createDeliverOutbox(watch === null ? shared : { ...shared, alerts: watch.alerts });
  const readBack = createReadBackClose(shared);
  const sentCloses = createSentCloses(shared);
  const executor = createExecuteClose({
    ...{ ...shared, closer, readBack, sentCloses },
    areRulesTold: noteRules.areTold,
  });
  const viewUnits = createViewUnits(shared);
  const desk: Desk = {
    viewUnits: viewUnits.viewUnits,
    exportUnits: viewUnits.exportUnits,
    ...createListClosedUnits(shared),
    ...createAskToClose(shared),
    ...createReviewClose({
      ...shared,
      executor,
      onApproved: (requestId) =>
        inBackground('execute', () => withRequest(requestId, () => executor.execute(requestId))),
    }),
    ...createOperateDesk({ ...shared, absencesNow: keepAbsences.absencesNow }),
    listAbsences: keepAbsences.listAbsences,
    enterAbsence: keepAbsences.enterAbsence,
    endAbsence: keepAbsences.endAbsence,
    ...createAuditVerbs(shared),
    ...createViewRequests({ ...shared, viewUnits }),
    async redrawCard(requestId) {
      await outbox.redraw(requestId);
      afterChange(requestId);
    },
    async isCopyOfCard(requestId, place) {
      const stored = await store.load(requestId);
      const card = stored?.request.card ?? null;
      if (stored === null || card === null) return false;
      if (card.channelId === place.channelId && card.messageTs === place.messageTs) return false;
      inBackground('point away', () => notifier.pointAway(place, stored.request));
      return true;
    },
    async noteForgery(by, requestId, what) {
      log.warn({ by, requestId, what }, 'forged click refused');
      if (requestId !== null) await book.noteRefusal(requestId, by, what, 'not-the-card');
    },
  };
  return {
    desk,
    loans: createViewLoan(shared),
    watch,
    deliverOutbox,
    attendRequests: createAttendRequests({ ...shared, executor, readBack }),
    restoreSentCloses: sentCloses.restoreAll,
    checkAudit,
    noteRules,
    noteAccess: createNoteAccess({ ruleBook, access, ...ofFile, approvers: settings.approvers, log }),
  };
}
