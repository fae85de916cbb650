/**
 * What must hold after a run, whatever happened in it. Judged by three witnesses that do not know each other: the
 * stored records and their audit trail, the exchange's wire log and its own lists, and everything Slack was told.
 */

import type { ClosedUnit } from '../../sandbox/binance/model.ts';
import type { WireRecord } from '../../sandbox/binance/wire-log.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { isTerminal } from '../../src/domain/close/close-state.ts';
import type { Facts } from '../../src/domain/close/facts.ts';
import type { RequestEntry } from '../../src/domain/close/request-entry.ts';
import type { Need } from '../../src/domain/close/seats.ts';
import { canFill } from '../support/needs.ts';
import { type Absence, type Bounds, boundsOf, type Life } from './brakes.ts';
import { type EmptyGroup, MEMBERS, type RulesFile, type RulesInForce } from './rules.ts';
import type { NewCollateral } from './stories.ts';

export interface Witnesses {
  readonly requests: ReadonlyMap<string, CloseRequest>;
  readonly trail: ReadonlyMap<string, readonly RequestEntry[]>;
  /** Every DELETE that reached the exchange. */
  readonly deletes: readonly WireRecord[];
  readonly closedUnits: ReadonlyMap<string, ClosedUnit>;
  readonly activeUnits: ReadonlySet<string>;
  readonly newCollateral: readonly NewCollateral[];
  /** Every process there was, with the policy it was started with. */
  readonly lives: readonly Life[];
  /** Who was deactivated, and when. */
  readonly absences: readonly Absence[];
  /** Every rules file there was; none: the bots ran without. */
  readonly rules: readonly RulesInForce[];
  readonly emptied: readonly EmptyGroup[];
}

/** The exchange's clock and ours are one here; it may round a close time down. */
const TOLERANCE_MS = 1_000;

const VETOES: ReadonlySet<string> = new Set(['rejected', 'withdrawn']);

/** One sentence for each thing that must never be. */
export function violationsOf(witnesses: Witnesses): string[] {
  const found: string[] = [];
  const deletesOf = matchDeletes(witnesses, found);
  for (const request of witnesses.requests.values()) {
    const name = `request ${request.id} (unit ${request.groupId}, ${request.state})`;
    const entries = witnesses.trail.get(request.id) ?? [];
    const deletes = deletesOf.get(request.id) ?? [];
    const say = (what: string) => found.push(`${name}: ${what}`);
    if (!isTerminal(request.state)) say('is still open');
    if (deletes.length > 1) say(`${deletes.length} DELETEs on the wire`);
    if (count(entries, 'sent') > 1) say(`marked as sent ${count(entries, 'sent')} times`);
    const vetoedAt = entries.findIndex(({ body }) => VETOES.has(body.event.type));
    const sentAt = entries.findIndex(({ body }) => body.event.type === 'sent');
    if (vetoedAt !== -1 && vetoedAt < sentAt) say('marked as sent after it was rejected or withdrawn');
    if (deletes.length > 0) judgeVotes(request, entries, deletes, witnesses, say);
    judgeEnd(request, deletes, witnesses, say);
  }
  return found;
}

/** A DELETE belongs to the request whose mark carries its unit and its signed timestamp. */
function matchDeletes({ requests, deletes }: Witnesses, found: string[]): Map<string, WireRecord[]> {
  const byMark = new Map<string, string>();
  for (const { id, groupId, sent } of requests.values()) {
    if (sent === null) continue;
    const mark = `${groupId} ${sent.signedTimestampMs}`;
    if (byMark.has(mark)) found.push(`two requests carry the mark ${mark}`);
    byMark.set(mark, id);
  }
  const matched = new Map<string, WireRecord[]>();
  for (const record of deletes) {
    const timestamp = new URLSearchParams(record.query).get('timestamp');
    const id = byMark.get(`${record.groupId} ${timestamp}`);
    if (id === undefined) {
      found.push(`a DELETE for unit ${record.groupId} (timestamp ${timestamp}) was marked by no request`);
      continue;
    }
    matched.set(id, [...(matched.get(id) ?? []), record]);
  }
  return matched;
}

function count(entries: readonly RequestEntry[], type: string): number {
  return entries.filter(({ body }) => body.event.type === type).length;
}

/**
 * Whose votes stood when the DELETE was marked, and on which facts: from the audit trail alone. They have to be enough
 * for the policy that the request froze, and for that of some process that lived when the DELETE arrived.
 */
function judgeVotes(
  request: CloseRequest,
  entries: readonly RequestEntry[],
  deletes: readonly WireRecord[],
  { newCollateral, lives, absences, rules, emptied }: Witnesses,
  say: (what: string) => void,
): void {
  const frozen = boundsOf(request.policy);
  let facts: Facts | null = null;
  let claimedAtMs = 0;
  let approvedAtMs = 0;
  const standing = new Map<string, { digest: string; version: number }>();
  for (const { body } of entries) {
    const { event } = body;
    if (event.type === 'approved' || event.type === 'votes-dropped') {
      for (const { userId } of event.dropped) standing.delete(userId);
    }
    if (event.type === 'approved') {
      const voter = event.by?.userId ?? 'nobody';
      if (standing.has(voter)) say(`${voter} was counted twice`);
      standing.set(voter, { digest: body.factsDigest, version: body.version });
    }
    if (event.type === 'approved') approvedAtMs = event.atMs;
    if (event.type === 'opened' || event.type === 'facts-changed') facts = event.facts ?? facts;
    if (event.type === 'claimed') claimedAtMs = event.atMs;
    if (event.type === 'facts-changed') standing.clear();
    if (event.type !== 'sent') continue;
    const valid = [...standing].filter(
      ([voter, vote]) =>
        frozen.approvers.has(voter) &&
        voter !== request.requester.userId &&
        vote.digest === body.factsDigest &&
        vote.version === body.version,
    );
    if (valid.length < frozen.quorum) say(`sent with ${valid.length} valid votes of ${frozen.quorum}`);
    if (valid.length !== standing.size) say('sent with a vote that does not count');
    // The last look comes after the claim: who was gone before it, and until after the mark, must not be counted.
    const present = valid
      .map(([voter]) => voter)
      .filter(
        (voter) =>
          !absences.some(
            ({ userId, fromMs, toMs }) => userId === voter && fromMs < claimedAtMs && event.atMs < toMs,
          ),
      );
    const people = {
      present,
      membersOf: (name: string) =>
        emptied.some(({ group, fromMs, toMs }) => group === name && fromMs < claimedAtMs && event.atMs < toMs)
          ? []
          : (MEMBERS.get(name) ?? [name]),
    };
    const { need = [], delayMs = 0 } = request.policy;
    if (!areFilled(need, people)) say(`sent without everybody its own rule needs (${present.join(', ')})`);
    if (event.atMs - approvedAtMs < delayMs) say('sent before the time to stop it was over');
    const atHand = rules.filter(
      ({ fromMs, toMs }) => fromMs <= event.atMs && event.atMs <= toMs + RELOADED_WITHIN_MS,
    );
    const fits = ({ file }: RulesInForce) => {
      const rule = ruleFor(file, request.groupId);
      return (
        rule !== undefined &&
        areFilled(rule.need, people) &&
        event.atMs - approvedAtMs >= Number.parseInt(rule.delay ?? '0', 10) * 1_000
      );
    };
    if (rules.length > 0 && !atHand.some(fits)) say('sent against every rules file that a bot may have had');
    for (const { receivedAtMs } of deletes) {
      const allowed = livesAt(lives, receivedAtMs).some((process) => allows(frozen, process, present));
      if (!allowed)
        say(`its DELETE was allowed by no process that ran then (votes of ${present.join(', ')})`);
    }
    for (const { unit, email, atMs } of newCollateral) {
      // The last look comes after the claim: what changed before it must be among the facts that were voted on.
      const known = facts?.collateralAccounts.includes(email) === true;
      if (unit === request.groupId && atMs < claimedAtMs && !known) say(`sent without a word of ${email}`);
    }
  }
}

/** A bot that is stopped for a while as the file is swapped reads the new one when it goes on. */
const RELOADED_WITHIN_MS = 9_000;

function ruleFor({ rules }: RulesFile, groupId: string): RulesFile['rules'][number] | undefined {
  return rules.find(({ units }) => units === '*' || units.includes(groupId));
}

/** Whether different people who were there fill every place. */
function areFilled(
  need: readonly Need[],
  { present, membersOf }: { present: readonly string[]; membersOf: (name: string) => readonly string[] },
): boolean {
  const places = need.flatMap(({ from, count }) =>
    Array<Set<string>>(count).fill(new Set(from.flatMap(membersOf))),
  );
  return canFill(places, present);
}

/** A DELETE may still be read by the exchange when the process that sent it was killed a moment ago. */
const READ_LATE_MS = 500;

function livesAt(lives: readonly Life[], atMs: number): readonly Life[] {
  return lives.filter(({ fromMs, toMs }) => fromMs <= atMs && atMs <= toMs + READ_LATE_MS);
}

/** The narrower of what the request froze and what the process was started with. */
function allows(frozen: Bounds, process: Bounds, voters: readonly string[]): boolean {
  const counted = voters.filter((voter) => process.approvers.has(voter));
  const isLive = frozen.mode === 'live' && process.mode === 'live';
  return isLive && counted.length >= Math.max(frozen.quorum, process.quorum);
}

function judgeEnd(
  request: CloseRequest,
  deletes: readonly WireRecord[],
  { closedUnits, activeUnits }: Witnesses,
  say: (what: string) => void,
): void {
  const closed = closedUnits.get(request.groupId);
  const executed = deletes.some(({ effect }) => effect);
  if (executed && request.state !== 'closed') say('its DELETE was executed, and it does not say closed');
  switch (request.state) {
    case 'closed':
      if (closed === undefined) say('the exchange does not list the unit as closed');
      else if (request.sent === null) say('closed without a mark');
      else if (closed.closeTimeMs < request.sent.signedTimestampMs - TOLERANCE_MS)
        say('the unit was closed before the DELETE was signed');
      return;
    case 'failed':
      if (request.ending?.kind === 'never-sent' && deletes.length > 0) say('"never sent" is on the wire');
      if (request.sent === null && deletes.length > 0) say('a DELETE without a mark');
      return;
    case 'superseded':
      if (closed === undefined) say('closed elsewhere, says the record; the exchange does not know of it');
      return;
    default:
      if (deletes.length > 0) say('a DELETE left for a request that ended without one');
      if (closed === undefined && !activeUnits.has(request.groupId)) say('the unit is nowhere');
  }
}
