/** `/close-unit <unit> [reason]`: with a reason it asks at once, without one it opens the form. */
import { COMMANDS } from '../ids.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { handled, type Listener, refused, type Turn } from '../turn.ts';
import { firstWord } from '../typed-text.ts';
import { askModal } from '../views/ask-modal.ts';
import { askedMessage } from '../views/done-text.ts';
import { commandHelpMessage } from '../views/help-view.ts';
import { noticeModal } from '../views/notice-message.ts';

function opensForm(turn: Turn): boolean {
  const { word, rest } = firstWord(turn.input);
  return word !== '' && word.toLowerCase() !== 'help' && rest === '';
}

export function closeUnitCommand({ desk, closeChannel }: ListenerParts): Listener {
  return {
    name: COMMANDS.closeUnit,
    loading: (turn) => (opensForm(turn) ? null : 'Reading the unit…'),
    prepare: (turn) =>
      opensForm(turn)
        ? turn.openModal(noticeModal('Ask to close', 'Reading the unit as it is now…'))
        : Promise.resolve(true),
    work: async (turn) => {
      const { word, rest } = firstWord(turn.input);
      if (word === '') return refused({ code: 'unit-id-missing' });
      if (word.toLowerCase() === 'help') {
        await turn.tell(commandHelpMessage(COMMANDS.closeUnit));
        return handled();
      }
      if (rest === '') {
        const fresh = await desk.prepareAsk(turn.by, word);
        if (!fresh.ok) return refused(fresh.refusal);
        await turn.updateModal(askModal(fresh.value));
        return handled();
      }
      const asked = await desk.askToClose(turn.by, word, rest);
      if (!asked.ok) return refused(asked.refusal);
      await turn.tell(askedMessage(asked.value, closeChannel));
      return handled(asked.value.id);
    },
  };
}
