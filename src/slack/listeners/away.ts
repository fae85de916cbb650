/** `/loandesk away [until 2026-12-06 for @ada]` and `/loandesk back [@ben]`. */
import type { TypedAbsence } from '../../domain/close/away-query.ts';
import { handled, type ListenerParts, type Outcome, refused, type Turn } from '../listener.ts';
import { typedMentions, typedQuery } from '../typed-text.ts';
import { absencesMessage, awayMessage, backMessage } from '../views/away-view.ts';

/** Alone: who is away. */
export async function tellAway({ desk, closeChannel }: ListenerParts, turn: Turn): Promise<Outcome> {
  const typed = typedAbsence(turn);
  if (typed.input === '') {
    const rows = await desk.listAbsences(turn.by);
    if (!rows.ok) return refused(rows.refusal);
    await turn.tell(absencesMessage(rows.value));
    return handled();
  }
  const entered = await desk.enterAbsence(turn.by, typed);
  if (!entered.ok) return refused(entered.refusal);
  await turn.tell(awayMessage(entered.value, closeChannel));
  return handled();
}

export async function tellBack({ desk }: ListenerParts, turn: Turn): Promise<Outcome> {
  const ended = await desk.endAbsence(turn.by, typedAbsence(turn));
  if (!ended.ok) return refused(ended.refusal);
  await turn.tell(backMessage(ended.value, turn.by.userId));
  return handled();
}

/** Without the word `away` or `back`. Not from `firstWord`, which turns mentions into plain names. */
function typedAbsence({ input }: Turn): TypedAbsence {
  const raw = input.trim().replace(/^\S+/, '');
  return { ...typedMentions(raw), input: typedQuery(raw) };
}
