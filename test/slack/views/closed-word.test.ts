/** Approval case 36: no text calls the unit closed before the record says so. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CloseRequest, RequestEvent } from '../../../src/domain/close/close-request.ts';
import { approverMessage, approversReply, directMessage } from '../../../src/slack/views/direct-message.ts';
import { threadText } from '../../../src/slack/views/event-text.ts';
import { askedMessage, recordedMessage } from '../../../src/slack/views/notice-message.ts';
import { requestCard } from '../../../src/slack/views/request-card.ts';
import { settleModal } from '../../../src/slack/views/request-forms.ts';
import { requestMessage } from '../../../src/slack/views/request-view.ts';
import { ALICE, BOB, REQUESTER, request, START_MS } from '../../support/close-requests.ts';
import { eventArb, requestArb } from '../support/arbitraries.ts';

/** The exchange's list by its name, and our own command: neither says that this unit is closed. */
const FIXED_PHRASES = ["Binance's closed list", 'in the closed list', '/closed-units'];

/** Everything a person could read in it, without what people themselves typed. */
function readable(value: unknown): string {
  let text = JSON.stringify(value).replaceAll(/"(?:not-)?closed"/g, '""');
  for (const phrase of FIXED_PHRASES) text = text.replaceAll(phrase, '');
  return text;
}

function textsAbout(event: RequestEvent, about: CloseRequest): unknown[] {
  return [
    requestCard(about, { approvers: null, edition: 'e' }),
    requestMessage({ request: about, approvers: null, nowMs: START_MS }, null),
    settleModal(about),
    askedMessage(about, 'C0DESK'),
    recordedMessage('Your approval is recorded.', about),
    threadText(event, about),
    directMessage(event, about, REQUESTER, null),
    directMessage(event, about, ALICE, null),
    approverMessage(event, about, null),
    approversReply(event, about),
  ];
}

describe('the word "closed"', () => {
  it('appears for no event and no state but closed', () => {
    fc.assert(
      fc.property(eventArb, requestArb, (event, about) => {
        fc.pre(about.state !== 'closed');
        for (const text of textsAbout(event, about)) expect(readable(text)).not.toMatch(/\bclosed\b/i);
      }),
      { numRuns: 500 },
    );
  });

  it('appears on the card, in the thread and to the requester when the record says closed', () => {
    const ended = request({
      state: 'closed',
      ending: { kind: 'read-back', atMs: START_MS },
      evidence: {
        groupId: request().groupId,
        creditEmail: 'c@test.com',
        createdAtMs: 1,
        closedAtMs: START_MS,
      },
    });
    const event: RequestEvent = {
      type: 'read-back',
      by: null,
      atMs: START_MS,
      seen: 'in-closed-list',
      why: null,
      evidence: ended.evidence,
    };
    for (const text of [
      threadText(event, ended),
      directMessage(event, ended, REQUESTER, null).text,
      requestCard(ended, { approvers: null, edition: 'e' }).text,
    ]) {
      expect(text).toContain('*Closed.*');
    }
  });

  it("is not taken from the exchange's answer: accepting is not being closed", () => {
    const answer = {
      kind: 'closed' as const,
      httpStatus: 200,
      exchangeCode: null,
      meaning: 'CLOSED',
      advice: '',
      atMs: START_MS,
    };
    const sending = request({
      state: 'sending',
      answer,
      sent: { atMs: START_MS, signedTimestampMs: START_MS, recvWindowMs: 5_000 },
    });
    const told = threadText({ type: 'answered', by: null, atMs: START_MS, answer }, sending);
    expect(told).toContain('accepted the close');
    expect(told).toContain('read-back is pending');
    expect(readable(told)).not.toMatch(/closed/i);
  });

  it('says who lost a vote that it no longer counts', () => {
    const event: RequestEvent = { type: 'votes-dropped', by: null, atMs: START_MS, dropped: [BOB] };
    expect(directMessage(event, request(), BOB, null).text).toMatch(/^Your approval no longer counts\./);
  });
});
