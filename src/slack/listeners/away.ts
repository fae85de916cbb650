/** `/loandesk away [until 2026-12-06 for @ada]` and `/loandesk back [@ben]`. */
import type { TypedAbsence } from '../../domain/close/away-query.ts';
import { answerWith, type ListenerParts, type Outcome, type Turn } from '../listener.ts';
import { typedMentions, typedQuery } from '../typed-text.ts';
import { absencesMessage, awayMessage, backMessage } from '../views/away-view.ts';

/** Alone: who is away. */
export async function tellAway({ desk, closeChannel }: ListenerParts, turn: Turn): Promise<Outcome> {
  const typed = typedAbsence(turn);
  return typed.input === ''
    ? answerWith(desk.listAbsences(turn.by), (rows) => turn.tell(absencesMessage(rows)))
    : answerWith(desk.enterAbsence(turn.by, typed), (entered) =>
        turn.tell(awayMessage(entered, closeChannel)),
      );
}

export async function tellBack({ desk }: ListenerParts, turn: Turn): Promise<Outcome> {
  return answerWith(desk.endAbsence(turn.by, typedAbsence(turn)), (ended) =>
    turn.tell(backMessage(ended, turn.by.userId)),
  );
}

/** Without the word `away` or `back`. Not from `firstWord`, which turns mentions into plain names. */
function typedAbsence({ input }: Turn): TypedAbsence {
  const raw = input.trim().replace(/^\S+/, '');
  return { ...typedMentions(raw), input: typedQuery(raw) };
}
