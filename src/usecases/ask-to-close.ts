/** Opens a close request. Everything that could be refused later is refused now, before a card is posted. */
import type { LongId } from '../domain/amount.ts';
import { nextAttentionAtMs } from '../domain/close/attention.ts';
import { type CloseRequest, LONGEST_REASON, openRequest } from '../domain/close/close-request.ts';
import { hasNoRule } from '../domain/close/close-rules.ts';
import { refuseOwing } from '../domain/close/decision.ts';
import { noticesFor } from '../domain/close/notices.ts';
import type { PersonId } from '../domain/person.ts';
import { type ClosePolicy, refuseUnreachableQuorum } from '../domain/policy.ts';
import { done, type Refusal, type Result, refuse } from '../domain/refusal.ts';
import { parseUnitId } from '../domain/unit/unit-query.ts';
import type { Access } from './access.ts';
import type { ClosePolicies } from './close-policies.ts';
import { type CurrentFacts, exchangeRefusal, readFacts } from './current-facts.ts';
import type { Desk, FreshFacts } from './desk.ts';
import type { CloseRequestStore, DeskEvents, LoanReader, NewId } from './ports.ts';

export interface AskToCloseParts {
  readonly access: Access;
  readonly reader: LoanReader;
  readonly store: CloseRequestStore;
  readonly policies: ClosePolicies;
  readonly newRequestId: NewId;
  readonly events: Pick<DeskEvents, 'requestChanged'>;
  readonly afterChange: (requestId: string) => void;
}

export function createAskToClose(parts: AskToCloseParts): Pick<Desk, 'prepareAsk' | 'askToClose'> {
  const { access, reader, store, policies } = parts;

  async function prepareAsk(by: PersonId, unit: string): Promise<Result<FreshFacts>> {
    const requester = await access.requireRole(by, 'requester');
    if (!requester.ok) return requester;
    const groupId = parseUnitId(unit);
    if (!groupId.ok) return groupId;
    const open = await store.openRequestFor(groupId.value);
    if (open !== null) return refuse(alreadyOpen(open));
    const current = await readFacts(reader, groupId.value);
    const refusal = refuseFacts(groupId.value, current) ?? (await refuseWithoutKey(groupId.value));
    if (refusal !== null || current.kind !== 'read')
      return refuse(refusal ?? { code: 'unknown-unit', input: unit });
    const policy = policies.for(current.facts);
    const short = await refuseUnreachable(policy, by, groupId.value);
    return short === null ? done({ facts: current.facts, digest: current.digest, policy }) : refuse(short);
  }

  async function refuseUnreachable(
    policy: ClosePolicy,
    by: PersonId,
    groupId: LongId,
  ): Promise<Refusal | null> {
    if (hasNoRule(policy)) return { code: 'no-rule', groupId };
    const voters = await access.votersUnder([policy], by);
    if (!voters.ok) return voters.refusal;
    const { eligible, seats, samePerson } = voters.value;
    const unreachable = refuseUnreachableQuorum(eligible, by, { ...policy, samePerson }, seats);
    if (unreachable?.code !== 'quorum-unreachable') return unreachable;
    const missingGroups = await access.missingGroups(policy.approvers);
    return { ...unreachable, ...(missingGroups.length > 0 && { missingGroups }) };
  }

  async function refuseWithoutKey(groupId: LongId): Promise<Refusal | null> {
    const able = await reader.canClose(groupId);
    if (!able.ok) return exchangeRefusal(able.failure);
    return able.value ? null : { code: 'no-credit-key', groupId };
  }

  return {
    prepareAsk,
    async askToClose(by, unit, reason) {
      const typed = reason.trim();
      const prepared = await prepareAsk(by, unit);
      if (!prepared.ok) return prepared;
      if (typed === '') return refuse({ code: 'reason-missing' });
      if (typed.length > LONGEST_REASON) return refuse({ code: 'reason-too-long', limit: LONGEST_REASON });
      const nowMs = await store.nowMs();
      const { next, event } = openRequest(
        {
          id: parts.newRequestId(),
          requester: by,
          reason: typed,
          facts: prepared.value.facts,
          policy: prepared.value.policy,
        },
        nowMs,
      );
      const opened = await store.open({
        next,
        event,
        notices: noticesFor(next, event),
        attentionAtMs: nextAttentionAtMs(next, nowMs),
      });
      if (opened.kind === 'exists') return refuse(alreadyOpen(opened.request));
      parts.events.requestChanged({
        event: event.type,
        from: null,
        request: opened.request,
        atMs: event.atMs,
      });
      parts.afterChange(opened.request.id);
      return done(opened.request);
    },
  };
}

function alreadyOpen({ id, state }: CloseRequest): Refusal {
  return { code: 'already-open', requestId: id, state };
}

/** Why closing this unit can't be requested now; null: it can. */
function refuseFacts(groupId: LongId, current: CurrentFacts): Refusal | null {
  switch (current.kind) {
    case 'unreadable':
      return exchangeRefusal(current.failure);
    case 'not-visible':
      return { code: 'unknown-unit', input: groupId };
    case 'closed':
      return { code: 'already-closed', groupId, closedAtMs: current.closedUnit.closedAtMs };
    case 'read':
      return refuseOwing(current.facts);
  }
}
