/** Buttons under `/ltv`: refresh, page, share, ask to close. */
import { readPageValue, readUnitValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { handled, type Listener, refused } from '../turn.ts';
import { askModal } from '../views/ask-modal.ts';
import { noticeModal } from '../views/notice-message.ts';
import { unitMessage } from '../views/unit-view.ts';
import { sharedUnitsMessage, unitsMessage } from '../views/units-view.ts';

/** Refresh, both page buttons, and one of several matches: the question in the value, asked again. */
export function showUnitsAction(
  id:
    | typeof ACTIONS.refreshUnits
    | typeof ACTIONS.unitsPageBack
    | typeof ACTIONS.unitsPageOn
    | typeof ACTIONS.pickUnit,
  { desk }: ListenerParts,
): Listener {
  return {
    name: id,
    lane: 'read',
    work: async (turn) => {
      const question = readPageValue(turn.input) ?? { query: '', page: 1 };
      const result = await desk.viewUnits(turn.by, question.query);
      if (!result.ok) return refused(result.refusal);
      const view = result.value;
      await turn.replace(
        view.kind === 'one' ? unitMessage(view, question.query) : unitsMessage(view, question),
      );
      return handled();
    },
  };
}

/** Read anew, so that a channel never gets old figures as new ones; addresses masked. */
export function shareUnitsAction({ desk }: ListenerParts): Listener {
  return {
    name: ACTIONS.shareUnits,
    lane: 'read',
    work: async (turn) => {
      const question = readPageValue(turn.input) ?? { query: '', page: 1 };
      const result = await desk.viewUnits(turn.by, question.query);
      if (!result.ok) return refused(result.refusal);
      // Only lists have the button; a filter that now means one unit is shown to its asker alone.
      if (result.value.kind === 'one') await turn.tell(unitMessage(result.value, question.query));
      else await turn.share(sharedUnitsMessage(result.value, question, turn.by));
      return handled();
    },
  };
}

export function askToCloseAction({ desk }: ListenerParts): Listener {
  return {
    name: ACTIONS.askToClose,
    prepare: (turn) => turn.openModal(noticeModal('Ask to close', 'Reading the unit as it is now…')),
    work: async (turn) => {
      const value = readUnitValue(turn.input);
      if (value === null) return refused({ code: 'unit-id-missing' });
      const fresh = await desk.prepareAsk(turn.by, value.unit);
      if (!fresh.ok) return refused(fresh.refusal);
      await turn.updateModal(askModal(fresh.value));
      return handled();
    },
  };
}
