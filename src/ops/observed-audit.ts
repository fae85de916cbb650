/** The audit trail is read to its end every hour, and whoever looks at all of it, the metrics learn of it. */
import type { CheckAudit } from '../usecases/check-audit.ts';
import type { Log } from '../usecases/ports.ts';
import type { AuditMetrics } from './metrics/audit-metrics.ts';

/** The trail of a few closes a day is read in well under a second. */
const VERIFIED_EVERY_MS = 3_600_000;

/** The same checks; each reading of the whole trail is told. One that failed tells nothing, and its failure is passed on. */
export function observeAudit(
  checkAudit: CheckAudit,
  auditVerified: AuditMetrics['auditVerified'],
  now: () => number,
): CheckAudit {
  return {
    ...checkAudit,
    async verify(kept) {
      const verdict = await checkAudit.verify(kept);
      auditVerified(verdict.fault === null, now());
      return verdict;
    },
  };
}

/** One round: verifies the whole trail if the last time that worked was an hour ago. */
export function createAuditRound(parts: {
  readonly checkAudit: Pick<CheckAudit, 'verify'>;
  /** UTC milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}): () => Promise<void> {
  const { checkAudit, now, log } = parts;
  let verifiedAtMs = Number.NEGATIVE_INFINITY;
  return async () => {
    if (Math.abs(now() - verifiedAtMs) < VERIFIED_EVERY_MS) return;
    const { fault } = await checkAudit.verify();
    verifiedAtMs = now();
    if (fault !== null) log.error({ fault }, 'the audit trail is not whole');
  };
}
