/** Posts the head of the audit trail to its channel. */
import type { WebClient } from '@slack/web-api';
import type { AuditVerdict } from '../domain/close/audit-chain.ts';
import type { AuditBoard, Delivery } from '../usecases/ports.ts';
import { failureText, slackCall } from './slack-call.ts';
import { auditHeadMessage } from './views/audit-view.ts';

export class AuditChannel implements AuditBoard {
  readonly #client: WebClient;
  readonly #channelId: string;

  constructor(client: WebClient, channelId: string) {
    this.#client = client;
    this.#channelId = channelId;
  }

  async postHead(verdict: AuditVerdict, atMs: number): Promise<Delivery> {
    const { text, blocks } = auditHeadMessage(verdict, atMs);
    const answer = await slackCall(() =>
      this.#client.chat.postMessage({
        channel: this.#channelId,
        text,
        blocks: [...blocks],
        unfurl_links: false,
        unfurl_media: false,
      }),
    );
    if (answer.ok) return { ok: true, card: null };
    const { failure } = answer;
    const retryAfterMs = failure.kind === 'rate-limited' ? failure.retryAfterMs : null;
    return { ok: false, retry: true, why: failureText(failure), retryAfterMs };
  }
}
