/** Reading and judging a whole audit trail. */
import { type AuditEntry, type AuditKeys, AuditVerifier } from '../../src/domain/close/audit-chain.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import type { AuditLog } from '../../src/usecases/ports.ts';

/** The keys of a deployment that never changed its key. */
export function onlyKey(key: Uint8Array): AuditKeys {
  return { current: key, previous: [] };
}

export async function all(audit: AuditLog, requestId?: string): Promise<AuditEntry[]> {
  return Array.fromAsync(audit.entries(requestId));
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
