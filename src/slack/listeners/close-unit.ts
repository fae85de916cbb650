/** `/close-unit <unit> [reason]`: with a reason it asks at once, without one it opens the ask form. */
import { readUnitValue } from '../button-value.ts';
import { ACTIONS, COMMANDS, INPUTS, MODALS } from '../ids.ts';
import {
  answerAnyRole,
  answerWith,
  handled,
  type Listener,
  type ListenerParts,
  type Outcome,
  refused,
  type Turn,
} from '../listener.ts';
import { firstWord, plainTyped, textFault, typedQuery } from '../typed-text.ts';
import { commandHelpMessage } from '../views/help-view.ts';
import { askedMessage, noticeModal } from '../views/notice-message.ts';
import { askForUnitModal, askModal, LONGEST_ASK_REASON, LONGEST_UNIT_ID } from '../views/request-forms.ts';

export function closeUnitListeners(parts: ListenerParts) {
  return {
    commands: { [COMMANDS.closeUnit]: closeUnit(parts) },
    actions: { [ACTIONS.askToClose]: askToClose(parts), [ACTIONS.closeAUnit]: closeAUnit },
    submissions: { [MODALS.ask]: askSent(parts), [MODALS.askForUnit]: askForUnitSent(parts) },
  };
}

const openForm = (turn: Turn) =>
  turn.openModal(noticeModal('Ask to close', 'Reading the unit as it is now…'));

function closeUnit(parts: ListenerParts): Listener {
  return {
    prepare: (turn) => (opensForm(turn) ? openForm(turn) : Promise.resolve(true)),
    work: async (turn) => {
      const { word, rest } = firstWord(turn.input);
      if (word === '') return answerAnyRole(parts.desk, turn, { code: 'unit-id-missing' });
      if (word.toLowerCase() === 'help')
        return answerAnyRole(parts.desk, turn, commandHelpMessage(COMMANDS.closeUnit));
      return rest === '' ? showForm(parts, turn, word) : ask(parts, turn, word, rest);
    },
  };
}

function opensForm(turn: Turn): boolean {
  const { word, rest } = firstWord(turn.input);
  return word !== '' && word.toLowerCase() !== 'help' && rest === '';
}

/** The button in Home: the form asks for the unit, too. */
const closeAUnit: Listener = {
  prepare: (turn) => turn.openModal(askForUnitModal()),
  work: async () => handled(),
};

function askForUnitSent(parts: ListenerParts): Listener {
  return {
    check: (turn) =>
      textFault(turn.fields, INPUTS.unit, LONGEST_UNIT_ID, 'A unit is needed.') ??
      textFault(turn.fields, INPUTS.reason, LONGEST_ASK_REASON, 'A reason is needed.'),
    work: (turn) => ask(parts, turn, typedQuery(turn.fields.get(INPUTS.unit) ?? ''), reasonIn(turn)),
  };
}

function reasonIn({ fields }: Turn): string {
  return plainTyped(fields.get(INPUTS.reason) ?? '');
}

/** The button under one unit. */
function askToClose(parts: ListenerParts): Listener {
  return {
    prepare: openForm,
    work: async (turn) => {
      const value = readUnitValue(turn.input);
      return value === null ? refused({ code: 'unit-id-missing' }) : showForm(parts, turn, value.unit);
    },
  };
}

function askSent(parts: ListenerParts): Listener {
  return {
    check: (turn) => textFault(turn.fields, INPUTS.reason, LONGEST_ASK_REASON, 'A reason is needed.'),
    work: async (turn) => {
      const value = readUnitValue(turn.metadata);
      if (value === null) return refused({ code: 'unit-id-missing' });
      return ask(parts, turn, value.unit, reasonIn(turn));
    },
  };
}

function showForm({ desk }: ListenerParts, turn: Turn, unit: string): Promise<Outcome> {
  return answerWith(desk.prepareAsk(turn.by, unit), (fresh) => turn.updateModal(askModal(fresh)));
}

async function ask(
  { desk, closeChannel }: ListenerParts,
  turn: Turn,
  unit: string,
  reason: string,
): Promise<Outcome> {
  const asked = await desk.askToClose(turn.by, unit, reason);
  if (!asked.ok) return refused(asked.refusal);
  await turn.tell(askedMessage(asked.value, closeChannel));
  return handled(asked.value.id);
}
