/** A click on a card, checked before anything else: it names a request, and it happened on that request's card. */
import { type RequestValue, readRequestValue } from '../button-value.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { type Outcome, refused, type Turn } from '../turn.ts';

type CardClick =
  | { readonly ok: true; readonly value: RequestValue }
  | { readonly ok: false; readonly outcome: Outcome };

export async function readCardClick({ desk, closeChannel }: ListenerParts, turn: Turn): Promise<CardClick> {
  const value = readRequestValue(turn.input);
  if (value === null) {
    await desk.noteForgery(turn.by, null, 'a click whose value names no request');
    return { ok: false, outcome: refused({ code: 'not-the-card' }) };
  }
  if (turn.channelId !== closeChannel) {
    await desk.noteForgery(
      turn.by,
      value.requestId,
      `a click outside the approvals channel (${turn.channelId ?? 'no channel'})`,
    );
    return { ok: false, outcome: refused({ code: 'not-the-card' }) };
  }
  const { channelId, messageTs } = turn;
  if (messageTs !== null && (await desk.isCopyOfCard(value.requestId, { channelId, messageTs }))) {
    return { ok: false, outcome: refused({ code: 'not-the-card' }) };
  }
  return { ok: true, value };
}
