/** The buttons of a case, on its card and in private messages, and their forms. The desk looks up who may at each click. */
import type { Result } from '../../domain/refusal.ts';
import { LONGEST_NOTE } from '../../domain/watch/case-rule.ts';
import type { Episode } from '../../domain/watch/episode.ts';
import type { WatchLevel } from '../../domain/watch/levels.ts';
import type { CaseView, WatchDesk } from '../../usecases/desk.ts';
import { type CaseValue, readCaseValue } from '../button-value.ts';
import { ACTIONS, INPUTS, MODALS } from '../ids.ts';
import {
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
  return {
    actions: {
      [ACTIONS.takeCase]: take(parts),
      [ACTIONS.noteCase]: form(parts, 'Note', noteCaseModal),
      [ACTIONS.muteCase]: form(parts, 'Mute', muteCaseModal),
      [ACTIONS.handOverCase]: form(parts, 'Hand over', handOverCaseModal),
      [ACTIONS.openCase]: showCase(parts, 'tell'),
      [ACTIONS.refreshCase]: showCase(parts, 'replace'),
      [ACTIONS.openAlertCard]: openAlertCard,
      [ACTIONS.endDrill]: endDrill(parts),
    },
    submissions: {
      [MODALS.noteCase]: noteSent(parts),
      [MODALS.muteCase]: muteSent(parts),
      [MODALS.handOverCase]: handOverSent(parts),
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
async function step(
  parts: ListenerParts,
  turn: Turn,
  value: CaseValue | null,
  act: (watch: WatchDesk, caseId: string) => Promise<Result<Episode>>,
  said: string,
): Promise<Outcome> {
  if (value === null) return refused({ code: 'bad-case-id', input: '' });
  return withWatch(parts, turn, async (watch) => {
    const result = await act(watch, value.caseId);
    if (!result.ok) return refused(result.refusal, value.caseId);
    await turn.tell(caseStepMessage(said, result.value, value.level));
    return handled(value.caseId);
  });
}

function take(parts: ListenerParts): Listener {
  return {
    work: (turn) =>
      step(
        parts,
        turn,
        readCaseValue(turn.input),
        (watch, caseId) => watch.takeCase(turn.by, caseId),
        'You have it.',
      ),
  };
}

function endDrill(parts: ListenerParts): Listener {
  return {
    work: (turn) =>
      step(
        parts,
        turn,
        readCaseValue(turn.input),
        (watch, caseId) => watch.endDrill(turn.by, caseId),
        'The drill is over.',
      ),
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
        const found = await watch.openCase(turn.by, value.caseId);
        if (!found.ok) return refused(found.refusal, value.caseId);
        await turn.updateModal(draw(found.value.episode, found.value.levels));
        return handled(value.caseId);
      }),
  };
}

function noteSent(parts: ListenerParts): Listener {
  return {
    check: (turn) => textFault(turn.fields, INPUTS.note, LONGEST_NOTE, 'A note is needed.'),
    work: (turn) => {
      const note = plainTyped(turn.fields.get(INPUTS.note) ?? '');
      return step(
        parts,
        turn,
        readCaseValue(turn.metadata),
        (watch, caseId) => watch.noteCase(turn.by, caseId, note),
        'Your note is recorded.',
      );
    },
  };
}

function muteSent(parts: ListenerParts): Listener {
  const chosen = (turn: Turn) => chosenMute(turn.fields.get(INPUTS.muteFor) ?? '');
  return {
    check: (turn) =>
      chosen(turn) === null ? { [INPUTS.muteFor]: 'Choose for how long. Nothing was changed.' } : null,
    work: (turn) =>
      step(
        parts,
        turn,
        readCaseValue(turn.metadata),
        (watch, caseId) => watch.muteCase(turn.by, caseId, chosen(turn) ?? 0),
        'Reminders are muted.',
      ),
  };
}

function handOverSent(parts: ListenerParts): Listener {
  const chosen = (turn: Turn) => turn.fields.get(INPUTS.newOwner) ?? '';
  return {
    check: (turn) =>
      chosen(turn) === '' ? { [INPUTS.newOwner]: 'Choose a person. Nothing was changed.' } : null,
    work: (turn) =>
      step(
        parts,
        turn,
        readCaseValue(turn.metadata),
        (watch, caseId) =>
          watch.handOverCase(turn.by, caseId, { teamId: turn.by.teamId, userId: chosen(turn) }),
        'The case is handed over.',
      ),
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
