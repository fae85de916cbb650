/**
 * Once a day, over all replicas, the head of the audit trail is posted where others keep it: the chain alone cannot
 * show that its end was cut off, a head that was seen yesterday can.
 */
import type { CheckAudit } from './check-audit.ts';
import type { AuditBoard, Log, SeenOnce } from './ports.ts';

/** The day's claim outlives the day everywhere; nobody asks about that day again. */
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
 * One round: posts if nobody has posted on this UTC day. A post that fails gives the day back, so that the next round
 * of any replica tries again. A process that dies in between leaves that day out; the next head covers it, too.
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
    const key = `audit-head:${new Date(now()).toISOString().slice(0, 10)}`;
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
