/** Reading and judging a whole audit trail. */
import { type AuditKeys, AuditVerifier } from '../../src/domain/audit-chain.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { isRequestEntry, type RequestEntry } from '../../src/domain/close/request-entry.ts';
import { type CheckAudit, type CheckAuditParts, createCheckAudit } from '../../src/usecases/check-audit.ts';
import type { AuditLog } from '../../src/usecases/ports.ts';

/** The keys of a deployment that never changed its key. */
export function onlyKey(key: Uint8Array): AuditKeys {
  return { current: key, previous: [] };
}

/** What is checked with one key. */
export type TrailUnderTest = Pick<CheckAuditParts, 'audit' | 'store' | 'watch' | 'ruleBook'> & {
  readonly auditKey: Uint8Array;
};

export function checkOf({ audit, store, watch, ruleBook, auditKey }: TrailUnderTest): CheckAudit {
  return createCheckAudit({ audit, store, watch, ruleBook, keys: onlyKey(auditKey) });
}

/** The entries of close requests, or of one of them. */
export async function all(audit: AuditLog, requestId?: string): Promise<RequestEntry[]> {
  return (await Array.fromAsync(audit.entries(requestId))).filter(isRequestEntry);
}

export async function verdictOf(
  audit: AuditLog,
  auditKey: Uint8Array,
  newest: ReadonlyMap<string, CloseRequest['audit']> = new Map(),
) {
  const verifier = new AuditVerifier(onlyKey(auditKey), { whole: true, newest });
  for await (const entry of audit.entries()) verifier.read(entry);
  return verifier.result();
}
