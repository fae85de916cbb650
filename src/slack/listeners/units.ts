/** `/ltv [unit | filter]` and the buttons under its answer. */
import type { UnitsView, UnitView } from '../../usecases/desk.ts';
import { readPageValue } from '../button-value.ts';
import { ACTIONS, COMMANDS } from '../ids.ts';
import { answerAnyRole, handled, type Listener, type ListenerParts, refused } from '../listener.ts';
import { typedQuery } from '../typed-text.ts';
import type { Message } from '../views/blocks.ts';
import { commandHelpMessage } from '../views/help-view.ts';
import { fileSentMessage } from '../views/notice-message.ts';
import { unitMessage } from '../views/unit-view.ts';
import { flawBlocks, sharedUnitsMessage, unitsMessage } from '../views/units-view.ts';

export function unitsListeners(parts: ListenerParts) {
  const show = showUnits(parts);
  const pick = pickUnit(parts);
  return {
    commands: { [COMMANDS.ltv]: ltv(parts) },
    actions: {
      [ACTIONS.refreshUnits]: show,
      [ACTIONS.unitsPageBack]: show,
      [ACTIONS.unitsPageOn]: show,
      [ACTIONS.pickUnit]: pick,
      [ACTIONS.pickSecondUnit]: pick,
      [ACTIONS.pickThirdUnit]: pick,
      [ACTIONS.unitsCsv]: unitsCsv(parts),
      [ACTIONS.shareUnits]: shareUnits(parts),
    },
  };
}

function ltv({ desk }: ListenerParts): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const query = typedQuery(turn.input);
      if (query.toLowerCase() === 'help') return answerAnyRole(desk, turn, commandHelpMessage(COMMANDS.ltv));
      const result = await desk.viewUnits(turn.by, query);
      if (!result.ok) return refused(result.refusal);
      await turn.tell(answer(result.value, query));
      return handled();
    },
  };
}

/** Refresh: the question in the value, asked again. */
function showUnits({ desk }: ListenerParts): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const query = asked(turn.input);
      const result = await desk.viewUnits(turn.by, query);
      if (!result.ok) return refused(result.refusal);
      await turn.replace(answer(result.value, query));
      return handled();
    },
  };
}

/** One unit of the list, which stays. */
function pickUnit({ desk }: ListenerParts): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const query = asked(turn.input);
      const result = await desk.viewUnits(turn.by, query);
      if (!result.ok) return refused(result.refusal);
      await turn.tell(answer(result.value, query));
      return handled();
    },
  };
}

function unitsCsv({ desk }: ListenerParts): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const result = await desk.exportUnits(turn.by, asked(turn.input));
      if (!result.ok) return refused(result.refusal);
      const { fileName, csv, flaws } = result.value;
      const sent = fileSentMessage(fileName, await turn.sendFile(fileName, csv));
      await turn.tell({ ...sent, blocks: [...sent.blocks, ...flawBlocks(flaws)] });
      return handled();
    },
  };
}

/** Read again, so that a channel never gets old figures as new ones. */
function shareUnits({ desk }: ListenerParts): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const query = asked(turn.input);
      const result = await desk.viewUnits(turn.by, query);
      if (!result.ok) return refused(result.refusal);
      // Only lists have the button; a filter that now means one unit is shown to its asker alone.
      if (result.value.kind === 'one') await turn.tell(unitMessage(result.value, query));
      else await turn.share(sharedUnitsMessage(result.value, turn.by));
      return handled();
    },
  };
}

function asked(buttonValue: string): string {
  return readPageValue(buttonValue)?.query ?? '';
}

function answer(view: UnitsView | UnitView, query: string): Message {
  return view.kind === 'one' ? unitMessage(view, query) : unitsMessage(view, query);
}
