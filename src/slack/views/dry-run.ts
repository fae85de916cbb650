/** The watermark of a rehearsal: on every message about a request made in dry-run mode. */
import type { CloseMode } from '../../domain/policy.ts';

export const DRY_RUN_LINE = 'DRY RUN — no close will be sent';

/** Before plain or mrkdwn text; empty in live mode. */
export function dryRunPrefix(mode: CloseMode): string {
  return mode === 'dry-run' ? `[${DRY_RUN_LINE}] ` : '';
}
