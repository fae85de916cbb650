/** The buttons of a case, on its card and in private messages, and their forms. The desk looks up who may at each click. */
import type { Result } from '../../domain/refusal.ts';
import { LONGEST_NOTE } from '../../domain/watch/case-rule.ts';
import type { Episode } from '../../domain/watch/episode.ts';
import type { WatchLevel } from '../../domain/watch/levels.ts';
import type { CaseView, WatchDesk } from '../../usecases/desk.ts';
import { readCaseValue } from '../button-value.ts';
import { ACTIONS, INPUTS, MODALS } from '../ids.ts';
import {
  answerWith,
  handled,
  type Listener,
  type ListenerParts,
  type Outcome,
  refused,
  type Turn,
  withWatch,
} from '../listener.ts';
import { plainTyped, textFault } from '../typed-text.ts';
import type { Modal } from '../views/blocks.ts';
import { chosenMute, handOverCaseModal, muteCaseModal, noteCaseModal } from '../views/case-forms.ts';
import { caseMessage, caseStepMessage } from '../views/case-view.ts';
import { noticeModal } from '../views/notice-message.ts';

export function caseListeners(parts: ListenerParts) {
  const typed = ({ fields }: Turn, input: string) => fields.get(input) ?? '';
  return {
    actions: {
      [ACTIONS.takeCase]: step(parts, 'You have it.', (watch, id, { by }) => watch.takeCase(by, id)),
      [ACTIONS.noteCase]: form(parts, 'Note', noteCaseModal),
      [ACTIONS.muteCase]: form(parts, 'Mute', muteCaseModal),
      [ACTIONS.handOverCase]: form(parts, 'Hand over', handOverCaseModal),
      [ACTIONS.openCase]: showCase(parts, 'tell'),
      [ACTIONS.refreshCase]: showCase(parts, 'replace'),
      [ACTIONS.openAlertCard]: openAlertCard,
      [ACTIONS.endDrill]: step(parts, 'The drill is over.', (watch, id, { by }) => watch.endDrill(by, id)),
    },
    submissions: {
      [MODALS.noteCase]: {
        check: ({ fields }: Turn) => textFault(fields, INPUTS.note, LONGEST_NOTE, 'A note is needed.'),
        ...step(parts, 'Your note is recorded.', (watch, id, turn) =>
          watch.noteCase(turn.by, id, plainTyped(typed(turn, INPUTS.note))),
        ),
      },
      [MODALS.muteCase]: {
        check: (turn: Turn) =>
          chosenMute(typed(turn, INPUTS.muteFor)) === null
            ? { [INPUTS.muteFor]: 'Choose for how long. Nothing was changed.' }
            : null,
        ...step(parts, 'Reminders are muted.', (watch, id, turn) =>
          watch.muteCase(turn.by, id, chosenMute(typed(turn, INPUTS.muteFor)) ?? 0),
        ),
      },
      [MODALS.handOverCase]: {
        check: (turn: Turn) =>
          typed(turn, INPUTS.newOwner) === ''
            ? { [INPUTS.newOwner]: 'Choose a person. Nothing was changed.' }
            : null,
        ...step(parts, 'The case is handed over.', (watch, id, turn) => {
          const to = { teamId: turn.by.teamId, userId: typed(turn, INPUTS.newOwner) };
          return watch.handOverCase(turn.by, id, to);
        }),
      },
    },
  };
}

/** Evidence, for `/loandesk case <id>` and the buttons that open it. */
export function tellCase(
  parts: ListenerParts,
  turn: Turn,
  caseId: string,
  how: 'tell' | 'replace',
): Promise<Outcome> {
  return withWatch(parts, turn, async (watch) => {
    const found = await watch.openCase(turn.by, caseId);
    if (!found.ok) return refused(found.refusal, caseId);
    await turn[how](caseMessage(found.value, parts.workspaceUrl()));
    return handled(found.value.episode.id);
  });
}

/** One step on the case that the button or the form names, and what is said about it. */
function step(
  parts: ListenerParts,
  said: string,
  act: (watch: WatchDesk, caseId: string, turn: Turn) => Promise<Result<Episode>>,
): Listener {
  return {
    work: async (turn) => {
      // A form carries it in its metadata, a button in its value.
      const value = readCaseValue(turn.metadata || turn.input);
      if (value === null) return refused({ code: 'bad-case-id', input: '' });
      const { caseId, level } = value;
      return withWatch(parts, turn, (watch) =>
        answerWith(
          act(watch, caseId, turn),
          (episode) => turn.tell(caseStepMessage(said, episode, level)),
          caseId,
        ),
      );
    },
  };
}

/** Opens a form with the case as it is now. Nothing is decided yet. */
function form(
  parts: ListenerParts,
  title: string,
  draw: (episode: CaseView['episode'], levels: readonly WatchLevel[]) => Modal,
): Listener {
  return {
    prepare: (turn) => turn.openModal(noticeModal(title, 'Looking up the case…')),
    work: (turn) =>
      withWatch(parts, turn, async (watch) => {
        const value = readCaseValue(turn.input);
        if (value === null) return refused({ code: 'bad-case-id', input: '' });
        return answerWith(
          watch.openCase(turn.by, value.caseId),
          ({ episode, levels }) => turn.updateModal(draw(episode, levels)),
          value.caseId,
        );
      }),
  };
}

function showCase(parts: ListenerParts, how: 'tell' | 'replace'): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const value = readCaseValue(turn.input);
      return value === null
        ? refused({ code: 'bad-case-id', input: '' })
        : tellCase(parts, turn, value.caseId, how);
    },
  };
}

/** A link that Slack follows by itself. */
const openAlertCard: Listener = { lane: 'read', work: async () => handled() };
