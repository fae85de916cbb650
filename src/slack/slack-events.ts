/** What the Slack adapter reports, for metrics, traces and the log. */
import type { RefusedRequest } from './http-transport.ts';
import type { SlackCallRecord } from './slack-call.ts';

export interface SlackEvents {
  slackCalled(record: SlackCallRecord): void;
  /** `tookMs`: from the arrival to the acknowledgement. */
  interactionAcked(tookMs: number): void;
  interactionHandled(record: HandledInteraction): void;
  /** Slack got no acknowledgement in time. */
  interactionUnacknowledged(): void;
  /** An HTTP request was refused before its content was looked at. */
  httpRequestRefused(why: RefusedRequest): void;
}

/** `outcome` is "done", a refusal's code, or one of the guard's own words. */
export interface HandledInteraction {
  readonly listener: string;
  /** Team and user id. */
  readonly actor: string;
  readonly outcome: string;
  readonly requestId: string | null;
  readonly durationMs: number;
}
