/** `/ltv [unit | filter]` and the buttons under its answer. */
import type { UnitsView, UnitView } from '../../usecases/desk.ts';
import { readPageValue } from '../button-value.ts';
import { ACTIONS, COMMANDS } from '../ids.ts';
import { handled, type Listener, type ListenerParts, refused } from '../listener.ts';
import { typedQuery } from '../typed-text.ts';
import type { Message } from '../views/blocks.ts';
import { commandHelpMessage } from '../views/help-view.ts';
import { unitMessage } from '../views/unit-view.ts';
import { sharedUnitsMessage, type UnitsQuestion, unitsMessage } from '../views/units-view.ts';

export function unitsListeners(parts: ListenerParts) {
  const show = showUnits(parts);
  return {
    commands: { [COMMANDS.ltv]: ltv(parts) },
    actions: {
      [ACTIONS.refreshUnits]: show,
      [ACTIONS.unitsPageBack]: show,
      [ACTIONS.unitsPageOn]: show,
      [ACTIONS.pickUnit]: show,
      [ACTIONS.shareUnits]: shareUnits(parts),
    },
  };
}

function ltv({ desk }: ListenerParts): Listener {
  return {
    lane: 'read',
    loading: () => 'Reading the risk units…',
    work: async (turn) => {
      const query = typedQuery(turn.input);
      if (query.toLowerCase() === 'help') {
        await turn.tell(commandHelpMessage(COMMANDS.ltv));
        return handled();
      }
      const result = await desk.viewUnits(turn.by, query);
      if (!result.ok) return refused(result.refusal);
      await turn.tell(answer(result.value, { query, page: 1 }));
      return handled();
    },
  };
}

/** Refresh, both page buttons, and one of several matches: the question in the value, asked again. */
function showUnits({ desk }: ListenerParts): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const question = asked(turn.input);
      const result = await desk.viewUnits(turn.by, question.query);
      if (!result.ok) return refused(result.refusal);
      await turn.replace(answer(result.value, question));
      return handled();
    },
  };
}

/** Read again, so that a channel never gets old figures as new ones; addresses masked. */
function shareUnits({ desk }: ListenerParts): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const question = asked(turn.input);
      const result = await desk.viewUnits(turn.by, question.query);
      if (!result.ok) return refused(result.refusal);
      // Only lists have the button; a filter that now means one unit is shown to its asker alone.
      if (result.value.kind === 'one') await turn.tell(unitMessage(result.value, question.query));
      else await turn.share(sharedUnitsMessage(result.value, question, turn.by));
      return handled();
    },
  };
}

function asked(buttonValue: string): UnitsQuestion {
  return readPageValue(buttonValue) ?? { query: '', page: 1 };
}

function answer(view: UnitsView | UnitView, question: UnitsQuestion): Message {
  return view.kind === 'one' ? unitMessage(view, question.query) : unitsMessage(view, question);
}
