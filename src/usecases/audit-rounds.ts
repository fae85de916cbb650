/**
 * The audit trail is read to its end every hour, and its head is posted to a channel once per day, by one of the
 * replicas. The chain alone can't show that its end was cut off; an earlier head can.
 */
import { utcDay } from '../domain/calendar-day.ts';
import type { CheckAudit } from './check-audit.ts';
import type { AuditBoard, Log, SeenOnce } from './ports.ts';

/** Longer than the day, so that no replica posts it twice. */
const CLAIM_TTL_MS = 48 * 3_600_000;

export interface PostAuditHeadParts {
  readonly checkAudit: CheckAudit;
  readonly board: AuditBoard;
  readonly seenOnce: SeenOnce;
  /** UTC milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

/**
 * One round: posts unless a replica has already posted on this UTC day. After a failed post, the next round of any
 * replica tries again. If the process dies in between, that day has no post; the next head covers it.
 */
export function createPostAuditHead(
  parts: PostAuditHeadParts,
): () => Promise<'posted' | 'not-due' | 'failed'> {
  const { checkAudit, board, seenOnce, now, log } = parts;

  async function post(): Promise<boolean> {
    const verdict = await checkAudit.verify();
    const { fault, ...rest } = verdict;
    if (fault !== null) log.error({ fault }, 'audit trail is broken');
    const delivery = await board.postHead(verdict, now());
    if (delivery.ok) log.info(rest, 'audit head posted');
    else log.warn({ why: delivery.why }, 'audit head not posted');
    return delivery.ok;
  }

  return async () => {
    const key = `audit-head:${utcDay(now())}`;
    if (!(await seenOnce.first(key, CLAIM_TTL_MS))) return 'not-due';
    let posted = false;
    try {
      posted = await post();
    } finally {
      if (!posted) await seenOnce.forget(key);
    }
    return posted ? 'posted' : 'failed';
  };
}

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
