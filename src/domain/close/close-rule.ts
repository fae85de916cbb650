/**
 * The rule of a close request, written once. Pure: the caller brings the time (the store's clock), the people and
 * the facts; the store makes the result durable if nothing changed in between.
 */

import type { PersonId } from '../person.ts';
import type { ClosePolicy } from '../policy.ts';
import type { Command, CommandOf } from './close-command.ts';
import { loseTrack, pagePeople, readBack, recordAnswer, settle } from './close-outcome.ts';
import { type CardLocation, type CloseRequest, withNarrowerPolicy } from './close-request.ts';
import { abandonClaim, claim, markSent, neverSent, rehearse, releaseClaim } from './close-sending.ts';
import { type Decision, idOf, no, to } from './close-step.ts';
import {
  approve,
  expire,
  giveUpCard,
  recountVotes,
  reject,
  remind,
  replaceFacts,
  supersede,
  withdraw,
} from './close-voting.ts';

/**
 * A flood of refused clicks must not grow the audit without end, nor take the places of what others try: each person
 * has some, and there are so many people beside those who have a part in the request.
 */
const REFUSALS_NOTED_OF_ONE = 10;
const STRANGERS_NOTED = 50;

/** What decides beside the record: the store's clock, and the rule that the settings of this process give. */
export interface Circumstances {
  readonly nowMs: number;
  readonly current: ClosePolicy;
}

/**
 * The next record and what happened, or why not, under the narrower of the request's own rule and the current one.
 * The record keeps its own. Revision and audit are the store's to advance.
 */
export function decide(request: CloseRequest, command: Command, { nowMs, current }: Circumstances): Decision {
  const decision = decideUnder(withNarrowerPolicy(request, current), command, nowMs);
  if (!decision.ok) return decision;
  const { policy, expiresAtMs } = request;
  return { ...decision, next: { ...decision.next, policy, expiresAtMs } };
}

function decideUnder(request: CloseRequest, command: Command, nowMs: number): Decision {
  switch (command.type) {
    case 'record-card':
      // Another location: the old card was deleted and posted anew, and edits must reach the one that people see.
      if (isSameCard(request.card, command.card)) return no({ code: 'nothing-changed' });
      return to(request, { card: command.card }, { type: 'card-posted', by: null, atMs: nowMs });
    case 'give-up-card':
      return giveUpCard(request, command.why, nowMs);
    case 'approve':
      return approve(request, command, nowMs);
    case 'reject':
      return reject(request, command, nowMs);
    case 'withdraw':
      return withdraw(request, command.by, nowMs);
    case 'expire':
      return expire(request, nowMs);
    case 'remind':
      return remind(request, command.stage, nowMs);
    case 'replace-facts':
      return replaceFacts(request, command.facts, nowMs);
    case 'recount-votes':
      return recountVotes(request, command, nowMs);
    case 'supersede':
      return supersede(request, command.evidence, nowMs);
    case 'claim':
      return claim(request, command, nowMs);
    case 'abandon-claim':
      return abandonClaim(request, nowMs);
    case 'release-claim':
      return releaseClaim(request, command, nowMs);
    case 'mark-sent':
      return markSent(request, command, nowMs);
    case 'rehearse':
      return rehearse(request, command, nowMs);
    case 'never-sent':
      return neverSent(request, command.owner, command.why, nowMs);
    case 'record-answer':
      return recordAnswer(request, command, nowMs);
    case 'lose-track':
      return loseTrack(request, nowMs);
    case 'read-back':
      return readBack(request, command, nowMs);
    case 'page-people':
      return pagePeople(request, nowMs);
    case 'settle':
      return settle(request, command, nowMs);
    case 'note-refusal':
      return noteRefusal(request, command, nowMs);
  }
}

function noteRefusal(request: CloseRequest, command: CommandOf<'note-refusal'>, nowMs: number): Decision {
  const { attempted, refusal } = command;
  const by = idOf(command.by);
  const noted = request.refusalsNotedOf ?? {};
  const ofThem = noted[by.userId] ?? 0;
  const isNew = ofThem === 0 && !hasPartIn(request, by);
  const strangers = Object.keys(noted).filter((userId) => !hasPartIn(request, { userId })).length;
  if (ofThem >= REFUSALS_NOTED_OF_ONE || (isNew && strangers >= STRANGERS_NOTED))
    return no({ code: 'nothing-changed' });
  return to(
    request,
    {
      refusalsNoted: request.refusalsNoted + 1,
      refusalsNotedOf: { ...noted, [by.userId]: ofThem + 1 },
    },
    { type: 'refused', by, attempted, refusal, atMs: nowMs },
  );
}

/** The requester, who voted, and who is named as an approver. */
function hasPartIn(
  { requester, votes, voidedVotes, policy }: CloseRequest,
  { userId }: Pick<PersonId, 'userId'>,
): boolean {
  const voters = [...votes, ...voidedVotes].map(({ voter }) => voter.userId);
  return [requester.userId, ...voters, ...policy.approvers].includes(userId);
}

function isSameCard(known: CardLocation | null, { channelId, messageTs }: CardLocation): boolean {
  return known !== null && known.channelId === channelId && known.messageTs === messageTs;
}
