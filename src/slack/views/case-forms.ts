/** The forms of a case: a note, a mute with its end, and who has it from now on. */
import { LONGEST_NOTE } from '../../domain/watch/case-rule.ts';
import type { Episode } from '../../domain/watch/episode.ts';
import type { WatchLevel } from '../../domain/watch/levels.ts';
import { writeCaseValue } from '../button-value.ts';
import { INPUT, INPUTS, MODALS, type ModalId } from '../ids.ts';
import { alertTitle } from './alert-card.ts';
import { drillMark } from './alert-text.ts';
import { type Modal, plain, section, textInput } from './blocks.ts';
import { mention } from './format.ts';

type Inputs = Modal['blocks'];

function caseModal(
  { id: caseId, level, ...episode }: Episode,
  levels: readonly WatchLevel[],
  form: { readonly id: ModalId; readonly title: string; readonly submit: string; readonly inputs: Inputs },
): Modal {
  return {
    type: 'modal',
    callback_id: form.id,
    private_metadata: writeCaseValue({ caseId, level }),
    title: plain(form.title, 24),
    submit: plain(form.submit, 24),
    close: plain('Go back', 24),
    blocks: [
      ...drillMark(episode),
      section(`*${alertTitle({ id: caseId, level, ...episode }, { levels })}*`),
      ...form.inputs,
    ],
  };
}

export function noteCaseModal(episode: Episode, levels: readonly WatchLevel[]): Modal {
  return caseModal(episode, levels, {
    id: MODALS.noteCase,
    title: 'Note',
    submit: 'Add note',
    inputs: [
      textInput({
        blockId: INPUTS.note,
        label: 'What should the others know?',
        hint: 'It is shown on the card and in its thread, and kept in the audit trail.',
        multiline: true,
        maxLength: LONGEST_NOTE,
      }),
    ],
  });
}

const MINUTE_MS = 60_000;
const MUTES: readonly (readonly [minutes: number, label: string])[] = [
  [15, '15 minutes'],
  [60, '1 hour'],
  [240, '4 hours'],
  [1_440, '24 hours'],
];

export function muteCaseModal(episode: Episode, levels: readonly WatchLevel[]): Modal {
  return caseModal(episode, levels, {
    id: MODALS.muteCase,
    title: 'Mute',
    submit: 'Mute',
    inputs: [
      {
        type: 'input',
        block_id: INPUTS.muteFor,
        label: plain('For how long?', 200),
        hint: plain('No reminders until then. Anything worse is told at once and ends the mute.', 200),
        element: {
          type: 'radio_buttons',
          action_id: INPUT,
          options: MUTES.map(([minutes, label]) => ({ value: String(minutes), text: plain(label, 75) })),
        },
      },
    ],
  });
}

/** What was chosen, in milliseconds; null: none of the choices. */
export function chosenMute(value: string): number | null {
  const chosen = MUTES.find(([minutes]) => String(minutes) === value);
  return chosen === undefined ? null : chosen[0] * MINUTE_MS;
}

export function handOverCaseModal(episode: Episode, levels: readonly WatchLevel[]): Modal {
  const { owner } = episode;
  return caseModal(episode, levels, {
    id: MODALS.handOverCase,
    title: 'Hand over',
    submit: 'Hand over',
    inputs: [
      section(owner === null ? 'Nobody has it now: take it first.' : `${mention(owner.by)} has it now.`),
      {
        type: 'input',
        block_id: INPUTS.newOwner,
        label: plain('Who has it from now on?', 200),
        hint: plain('They get a direct message. Only people with access to Loandesk can have a case.', 200),
        element: { type: 'users_select', action_id: INPUT },
      },
    ],
  });
}
