/** When background work must look at an open request again. */
import type { CloseRequest } from './close-request.ts';
import { isBlocked } from './decision.ts';
import { sendsFromMs } from './votes.ts';

/** Reminders fall due at half and at 80 % of the lifetime. */
export function reminderAtMs(request: CloseRequest, stage: 'half' | 'eighty'): number {
  const lifetimeMs = request.expiresAtMs - request.createdAtMs;
  return request.createdAtMs + Math.floor(stage === 'half' ? lifetimeMs / 2 : (lifetimeMs * 4) / 5);
}

/** How long after sending people are notified that the outcome is still unknown. */
export const UNKNOWN_PAGES_AFTER_MS = 10 * 60_000;
/**
 * How often an open request is looked at in any case: compared with the closed list to notice a close made elsewhere,
 * and, while its unit owes, with what the unit owes now. Nothing is put off further: a time that a wrong clock left in a
 * record must not hold it up for hours.
 */
export const LOOKED_AT_EVERY_MS = 5 * 60_000;
/** The process that stored the last vote sends at once; other replicas take over after this time. */
const EXECUTOR_GRACE_MS = 5_000;
/** The pause between attempts to send grows while they fail, up to this. */
const LONGEST_PAUSE_MS = 60_000;

/**
 * The closed list may show a close late. Looks are due at these times after sending, then every five minutes.
 */
const LOOKS_AFTER_MS = [1, 3, 7, 15, 30, 60, 120, 180, 240, 300].map((seconds) => seconds * 1_000);
const LOOK_EVERY_MS = 300_000;
/** While the exchange can't be read. */
const UNREADABLE_AGAIN_MS = 30_000;

function nextLookAtMs({ readBack, sent, pagedAtMs }: CloseRequest, nowMs: number): number {
  const ageMs = Math.max(0, nowMs - (sent?.atMs ?? nowMs));
  const next = (everyMs: number) => (Math.floor(ageMs / everyMs) + 1) * everyMs;
  const due = [LOOKS_AFTER_MS.find((afterMs) => afterMs > ageMs) ?? next(LOOK_EVERY_MS)];
  if (readBack.lastSeen?.kind === 'unreadable') due.push(next(UNREADABLE_AGAIN_MS));
  if (pagedAtMs === null) due.push(Math.max(ageMs, UNKNOWN_PAGES_AFTER_MS));
  return nowMs - ageMs + Math.min(...due);
}

/**
 * When background work must look at this request again, by the store's clock; null: never. Takes the request as
 * `withNarrowerPolicy` returns it.
 */
export function nextAttentionAtMs(request: CloseRequest, nowMs: number): number | null {
  const nextMs = nextReasonAtMs(request, nowMs);
  return nextMs === null ? null : Math.min(nextMs, nowMs + LOOKED_AT_EVERY_MS);
}

function nextReasonAtMs(request: CloseRequest, nowMs: number): number | null {
  switch (request.state) {
    case 'pending': {
      if (isBlocked(request)) return request.expiresAtMs;
      const due = [request.expiresAtMs];
      if (!request.reminded.half) due.push(reminderAtMs(request, 'half'));
      if (!request.reminded.eighty) due.push(reminderAtMs(request, 'eighty'));
      return Math.min(...due);
    }
    case 'approved': {
      if (request.abandonedClaims > 0) return request.expiresAtMs;
      if (nowMs < sendsFromMs(request)) return Math.min(sendsFromMs(request), request.expiresAtMs);
      const troubledMs = request.obstacle === null ? 0 : nowMs - request.obstacle.sinceMs;
      const pauseMs = Math.min(Math.max(troubledMs, EXECUTOR_GRACE_MS), LONGEST_PAUSE_MS);
      return Math.min(nowMs + pauseMs, request.expiresAtMs);
    }
    case 'sending':
      if (request.answer === null) return request.claim?.deadlineAtMs ?? nowMs;
      return nextLookAtMs(request, nowMs);
    case 'unknown':
      return nextLookAtMs(request, nowMs);
    default:
      return null;
  }
}
