import { randomUUID } from 'node:crypto';
import type { JsonObject } from './json.ts';

export type PayloadKind = 'slash_commands' | 'interactive' | 'events_api';

/** What goes to the bot, however it travels. */
export interface Outgoing {
  readonly kind: PayloadKind;
  readonly payload: JsonObject;
}

/** How a payload is wrapped in Socket Mode: docs.slack.dev/apis/events-api/using-socket-mode */
export interface Envelope {
  readonly envelope_id: string;
  readonly type: PayloadKind;
  readonly accepts_response_payload: boolean;
  readonly retry_attempt?: number;
  readonly retry_reason?: string;
  readonly payload: JsonObject;
}

export interface RetryOptions {
  readonly retryNum?: number;
  readonly retryReason?: string;
}

/** Events always carry the retry fields, 0 the first time; commands and interactions only when redelivered. */
export function createEnvelope({ kind, payload }: Outgoing, options: RetryOptions): Envelope {
  const first = {
    envelope_id: randomUUID(),
    payload,
    type: kind,
    accepts_response_payload: kind !== 'events_api',
    ...(kind === 'events_api' ? { retry_attempt: 0, retry_reason: '' } : {}),
  };
  return markRetry(first, options);
}

/** The same envelope, said to be a redelivery. */
export function markRetry(envelope: Envelope, { retryNum, retryReason = 'timeout' }: RetryOptions): Envelope {
  return retryNum === undefined
    ? envelope
    : { ...envelope, retry_attempt: retryNum, retry_reason: retryReason };
}
