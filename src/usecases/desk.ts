/**
 * Every verb a person can reach from Slack, with what it returns. Listeners use this and the domain, nothing else. Each
 * verb checks the person itself; `ok: false` is a refusal with its reason. Verbs throw only for the unexpected
 * (StoreUnavailable included).
 */

import type { LongId } from '../domain/amount.ts';
import type { AuditVerdict, KeptHead } from '../domain/audit-chain.ts';
import type { CardLocation } from '../domain/card-location.ts';
import type { TypedAbsence } from '../domain/close/away-query.ts';
import type { CloseRequest, Verdict } from '../domain/close/close-request.ts';
import type { Absence } from '../domain/close/close-rules.ts';
import type { Facts } from '../domain/close/facts.ts';
import type { PersonId, PersonKind, Role } from '../domain/person.ts';
import type { ClosePolicy } from '../domain/policy.ts';
import type { Refusal, Result } from '../domain/refusal.ts';
import type { ClosedUnit, Inconsistency, RiskUnit, Thresholds } from '../domain/unit/risk-unit.ts';
import type { TrendSpan } from '../domain/unit/unit-query.ts';
import type { WhatIf } from '../domain/unit/what-if.ts';
import type { Episode, EpisodeEvent } from '../domain/watch/episode.ts';
import type { WatchLevel } from '../domain/watch/levels.ts';
import type { TrendPoint } from '../domain/watch/trend-points.ts';
import type { WatchState } from '../domain/watch/watch.ts';
import type { Voters } from './access.ts';
import type { ExchangeStop } from './ports.ts';
import type { DetailsView } from './read-unit-details.ts';

/** How fresh the watch is, for views of other things; null or absent where it is off. */
export type WatchGlimpse = Pick<WatchState, 'lastReading' | 'blind'>;

export interface UnitsView {
  readonly kind: 'many';
  /** Worst first. */
  readonly units: readonly RiskUnit[];
  /** How many the filter hid. */
  readonly hidden: number;
  /** The filter in words ("LTV > 70%"), null without one. */
  readonly filter: string | null;
  readonly thresholds: Thresholds;
  readonly asOfMs: number;
  readonly nowMs: number;
  readonly flaws: readonly string[];
  readonly watch?: WatchGlimpse | null;
}

export interface UnitView {
  readonly kind: 'one';
  readonly unit: RiskUnit;
  readonly thresholds: Thresholds;
  readonly asOfMs: number;
  readonly nowMs: number;
  readonly flaws: readonly string[];
  readonly inconsistencies: readonly Inconsistency[];
  readonly details: DetailsView;
  readonly openRequest: CloseRequest | null;
  /** Why this person can't request a close now; null: they can. */
  readonly whyNotClose: Refusal | null;
  readonly watch?: WatchGlimpse | null;
}

/** Arithmetic on one unit: nothing but its figures is read. */
export interface WhatIfView {
  readonly kind: 'what-if';
  readonly unit: RiskUnit;
  readonly whatIf: WhatIf;
  readonly thresholds: Thresholds;
  readonly asOfMs: number;
  readonly flaws: readonly string[];
}

export interface ClosedUnitsView {
  readonly rows: readonly {
    readonly unit: ClosedUnit;
    readonly through: CloseRequest | 'unreadable' | null;
  }[];
  /** From 1. */
  readonly page: number;
  readonly pages: number;
  readonly total: number;
  /** The filter as understood ("unit 72, from 2026-01-01"), null without one. */
  readonly filter: string | null;
  readonly timeZone: string;
  readonly asOfMs: number;
  readonly flaws: readonly string[];
}

/** What a person is shown before requesting a close, as read just now. */
export interface FreshFacts {
  readonly facts: Facts;
  readonly digest: string;
  readonly policy: ClosePolicy;
}

/** A request, and its facts as read just now: same digest as the request's own. */
export interface BallotView {
  readonly request: CloseRequest;
  readonly facts: Facts;
  /** The approver in whose place this person would approve; absent: in their own. */
  readonly inPlaceOf?: string | undefined;
}

export interface RequestView {
  readonly request: CloseRequest;
  /** User ids of people who can still vote. Null when they couldn't be looked up. */
  readonly approvers: ReadonlySet<string> | null;
  /** Whom its rules need. */
  readonly seats?: Voters['seats'];
  readonly nowMs: number;
  /** Another open request for the same unit: possible only if Redis lost the unit's key. */
  readonly alsoOpen?: string | null;
}

export interface StatusView {
  readonly version: string;
  readonly nodeVersion: string;
  readonly mode: ClosePolicy['mode'];
  readonly lines: readonly {
    readonly name: string;
    readonly level: 'ok' | 'warning' | 'fault';
    readonly text: string;
  }[];
}

/** Somebody who is away now, and who stands in for them. */
export interface AbsenceRow extends Absence {
  /** Where it is from: `/loandesk away`, or CLOSE_RULES_FILE. */
  readonly source: 'entered' | 'file';
  /** Why nobody acts in their place all the same; null: the stand-in does. */
  readonly noEffect: 'not-an-approver' | 'not-looked-up' | Exclude<PersonKind, 'member'> | null;
}

/** What holds after `/loandesk away`. */
export interface AwayStep {
  readonly absence: Absence;
  /** Who stood in until then. */
  readonly insteadOf: string | null;
  /** Approvers for whom the person who is away stands in, and their ends. */
  readonly standsInFor: readonly Absence[];
}

/** What holds after `/loandesk back`. */
export interface BackStep {
  readonly approver: string;
  /** Who stood in until now. */
  readonly standIn: string;
  /** The absence of CLOSE_RULES_FILE that holds from now on; null: there is none. */
  readonly inFile: Absence | null;
}

export interface HomeView {
  readonly roles: readonly Role[];
  readonly waitingForMe: readonly CloseRequest[];
  readonly open: readonly CloseRequest[];
  readonly recent: readonly CloseRequest[];
  /** Ids of open or recent requests whose records can't be read. */
  readonly unreadable: readonly string[];
  readonly units: UnitsView | null;
  /** Why `units` is null; null: the units were read. */
  readonly unitsRefusal: Refusal | null;
  /** Null or absent: the watch is off, or couldn't be read. */
  readonly watch?: (WatchGlimpse & Pick<WatchView, 'open' | 'levels'>) | null;
  readonly nowMs: number;
}

/** RFC 4180. */
export interface CsvFile {
  readonly fileName: string;
  readonly csv: string;
  readonly flaws: readonly string[];
}

export interface Desk {
  /** Which roles this person has; refuses people without any, and all but full members of the home team. */
  admit(by: PersonId): Promise<Result<readonly Role[]>>;
  /**
   * `/ltv`: "" for all, a filter ("> 70%", "margin-call"), a unit id, or a part of the credit account's e-mail; one unit
   * followed by "to 75%", "if -15%" or "if borrow 500000" asks for arithmetic on it.
   */
  viewUnits(by: PersonId, query: string): Promise<Result<UnitsView | UnitView | WhatIfView>>;
  /** The units of the same query with every digit. */
  exportUnits(by: PersonId, query: string): Promise<Result<CsvFile>>;
  /** `/closed-units`: filter text as typed; page from 1. */
  listClosedUnits(by: PersonId, filter: string, page: number): Promise<Result<ClosedUnitsView>>;
  /** All rows of the same filter. */
  exportClosedUnits(by: PersonId, filter: string): Promise<Result<CsvFile>>;
  /** May this person ask to close this unit, as things stand now? */
  prepareAsk(by: PersonId, unit: string): Promise<Result<FreshFacts>>;
  askToClose(by: PersonId, unit: string, reason: string): Promise<Result<CloseRequest>>;
  /** Whether this person can approve, with the facts as read just now. A changed fact refuses with `facts-changed`. */
  openBallot(by: PersonId, requestId: string, version: number): Promise<Result<BallotView>>;
  approve(
    by: PersonId,
    ballot: {
      readonly requestId: string;
      readonly version: number;
      readonly digest: string;
      readonly typedId: string;
    },
  ): Promise<Result<CloseRequest>>;
  /** Whether this person can reject. */
  openRejection(by: PersonId, requestId: string, version: number): Promise<Result<CloseRequest>>;
  reject(by: PersonId, requestId: string, version: number, reason: string): Promise<Result<CloseRequest>>;
  withdraw(by: PersonId, requestId: string): Promise<Result<CloseRequest>>;
  /** Reads the unit of a blocked request now: the request if it can be approved again, else what the unit owes. */
  checkAgain(by: PersonId, requestId: string): Promise<Result<CloseRequest>>;
  /** Starts the sending of an approved request again after its process died before anything was sent. */
  startSending(by: PersonId, requestId: string, version: number): Promise<Result<CloseRequest>>;
  settle(by: PersonId, requestId: string, verdict: Verdict, note: string): Promise<Result<CloseRequest>>;
  viewRequest(by: PersonId, requestId: string): Promise<Result<RequestView>>;
  listRequests(by: PersonId): Promise<Result<Pick<HomeView, 'open' | 'recent' | 'unreadable'>>>;
  /** The whole trail, or one request's part; `kept`: an earlier head to compare with. */
  verifyAudit(by: PersonId, subjectId: string | null, kept?: KeptHead | null): Promise<Result<AuditVerdict>>;
  /** JSON Lines, one entry per line, no secrets. */
  exportAudit(
    by: PersonId,
    requestId: string | null,
  ): Promise<Result<{ readonly fileName: string; readonly jsonLines: string }>>;
  status(by: PersonId): Promise<Result<StatusView>>;
  /** Lifts the stops that followed the exchange's limits or bans; approvers only. Returns those that were in force. */
  liftStop(by: PersonId): Promise<Result<readonly ExchangeStop[]>>;
  /** Who is away now, first to come back first. For anyone with a role. */
  listAbsences(by: PersonId): Promise<Result<readonly AbsenceRow[]>>;
  /** `/loandesk away until 2026-12-06 for @ada`: listed approvers, for themselves. */
  enterAbsence(by: PersonId, typed: TypedAbsence): Promise<Result<AwayStep>>;
  /** `/loandesk back [@ben]`: their own, one they stand in for, or as an approver anybody's. */
  endAbsence(by: PersonId, typed: TypedAbsence): Promise<Result<BackStep>>;
  home(by: PersonId): Promise<Result<HomeView>>;
  /** Changes when any request or case shown on App Home changes. Reads the store only. */
  requestsMark(): Promise<string>;
  /** Redraws the card after a refused click, in case it shows an older state. */
  redrawCard(requestId: string): Promise<void>;
  /**
   * Whether a message with the request's buttons is a copy of its card, on which clicks don't count; the copy is then
   * redrawn to say where the card is. Also false when there is no such request or no card yet: the verbs say so.
   */
  isCopyOfCard(requestId: string, place: CardLocation): Promise<boolean>;
  /** Records a click without a request, or from another channel or team, in the request's audit, if there is one. */
  noteForgery(by: PersonId, requestId: string | null, what: string): Promise<void>;
}

export interface TrendView {
  readonly groupId: LongId;
  readonly span: TrendSpan;
  /** The begin and end of the span, UTC milliseconds. */
  readonly fromMs: number;
  readonly nowMs: number;
  /** How long one point is, or the time between two readings where that is longer. */
  readonly stepMs: number;
  /** Oldest first; spans without a reading are missing. */
  readonly points: readonly TrendPoint[];
  readonly levels: readonly WatchLevel[];
  /** Of the asker. */
  readonly timeZone: string;
}

export interface CaseView {
  readonly episode: Episode;
  /** Oldest first, from the sealed trail. */
  readonly timeline: readonly EpisodeEvent[];
  /** Whether that trail was checked, and what the check said. */
  readonly trail:
    | { readonly kind: 'verified'; readonly entries: number }
    | { readonly kind: 'broken' | 'unread'; readonly why: string };
  readonly levels: readonly WatchLevel[];
  readonly nowMs: number;
}

export interface WatchView extends WatchGlimpse {
  readonly everyMs: number;
  readonly channelId: string;
  /** User and user-group ids that alerts mention. */
  readonly group: readonly string[];
  readonly levels: readonly WatchLevel[];
  /** Worst first. */
  readonly open: readonly Episode[];
  /** Ids of cases that can't be read, some of them open. */
  readonly unreadable: readonly string[];
  /** Ended, newest first. */
  readonly recent: readonly Episode[];
  /** Null: DIGEST_AT is not set. */
  readonly nextDigestAtMs: number | null;
  /** What would reach people without Slack, by name. */
  readonly pagers: readonly string[];
  readonly hasHeartbeat: boolean;
  readonly hasTripwire: boolean;
  readonly nowMs: number;
}

/**
 * The verbs of the watch; there are none while it is off. They are for anyone with a role or in WATCH_GROUP. `caseId` as
 * typed or as a button carries it: any case, with or without "C-".
 */
export interface WatchDesk {
  /** "I have it". Refuses when another person was faster, and names them. */
  takeCase(by: PersonId, caseId: string): Promise<Result<Episode>>;
  noteCase(by: PersonId, caseId: string, text: string): Promise<Result<Episode>>;
  muteCase(by: PersonId, caseId: string, forMs: number): Promise<Result<Episode>>;
  /** Refuses people who may not have a case. */
  handOverCase(by: PersonId, caseId: string, to: PersonId): Promise<Result<Episode>>;
  /** The evidence; also records that this person opened it. */
  openCase(by: PersonId, caseId: string): Promise<Result<CaseView>>;
  viewWatch(by: PersonId): Promise<Result<WatchView>>;
  /** The unit's id as typed. Made-up figures in the real channel, every message marked. */
  startDrill(by: PersonId, unit: string): Promise<Result<Episode>>;
  endDrill(by: PersonId, caseId: string): Promise<Result<Episode>>;
  /** One unit, named as for `viewUnits`. */
  viewTrend(by: PersonId, unit: string, span: TrendSpan): Promise<Result<TrendView>>;
}
