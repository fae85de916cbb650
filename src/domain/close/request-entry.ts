/** The audit entries of close requests: who did what, when, on which facts, with which result. */
import type { LongId } from '../amount.ts';
import type { AuditBody, AuditEntry } from '../audit-chain.ts';
import type { CloseRequest, RequestEvent } from './close-request.ts';
import type { CloseState } from './close-state.ts';

export interface RequestBody extends AuditBody {
  readonly requestId: string;
  readonly groupId: LongId;
  readonly stateAfter: CloseState;
  readonly version: number;
  readonly factsDigest: string;
  readonly event: RequestEvent;
}

export type RequestEntry = AuditEntry<RequestBody>;

/** The order of the keys is part of what is sealed. */
export function requestBody(
  next: CloseRequest,
  event: RequestEvent,
  sequence: number,
  previousOpening: string | null,
): RequestBody {
  return {
    requestId: next.id,
    groupId: next.groupId,
    sequence,
    previousOpening,
    stateAfter: next.state,
    version: next.version,
    factsDigest: next.factsDigest,
    event,
  };
}

/** Every sealed entry that names a request was written from `requestBody`. */
export function isRequestEntry(entry: AuditEntry): entry is RequestEntry {
  return entry.body.requestId !== undefined;
}
