/** Reads the whole audit trail to its end every hour. */
import type { CheckAudit } from '../usecases/check-audit.ts';
import type { Log } from '../usecases/ports.ts';

/** The trail of a few closes a day is read in well under a second. */
const VERIFIED_EVERY_MS = 3_600_000;

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
    if (fault !== null) log.error({ fault }, 'audit trail is broken');
  };
}
