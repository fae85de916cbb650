/** `/ltv [unit | filter]` and the buttons under its answer. */
import { done, type Result, refuse } from '../../domain/refusal.ts';
import { parseTrend } from '../../domain/unit/unit-query.ts';
import type { UnitsView, UnitView, WhatIfView } from '../../usecases/desk.ts';
import { readPageValue } from '../button-value.ts';
import { ACTIONS, COMMANDS } from '../ids.ts';
import {
  answerAnyRole,
  handled,
  type Listener,
  type ListenerParts,
  refused,
  type Turn,
} from '../listener.ts';
import { typedQuery } from '../typed-text.ts';
import type { Message } from '../views/blocks.ts';
import { cushionsMessage } from '../views/cushions-view.ts';
import { commandHelpMessage } from '../views/help-view.ts';
import { fileSentMessage, noticeMessage } from '../views/notice-message.ts';
import { askToShareMessage, channelMention, type PlaceToShare } from '../views/share-view.ts';
import { unitMessage } from '../views/unit-view.ts';
import { flawBlocks, sharedUnitsMessage, unitsMessage } from '../views/units-view.ts';
import { whatIfMessage } from '../views/what-if-view.ts';
import { tellTrend } from './watch.ts';

export function unitsListeners(parts: ListenerParts) {
  const show = askAgain(parts, 'replace');
  const pick = askAgain(parts, 'tell');
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
      [ACTIONS.unitsChart]: unitsChart(parts),
      [ACTIONS.shareUnits]: shareUnits(parts),
      [ACTIONS.shareUnitsConfirmed]: shareUnitsConfirmed(parts),
    },
  };
}

function ltv(parts: ListenerParts): Listener {
  const { desk } = parts;
  return {
    lane: 'read',
    work: async (turn) => {
      const query = typedQuery(turn.input);
      if (query.toLowerCase() === 'help') return answerAnyRole(desk, turn, commandHelpMessage(COMMANDS.ltv));
      const trend = parseTrend(query);
      if (!trend.ok) return answerAnyRole(desk, turn, trend.refusal);
      if (trend.value !== null) return tellTrend(parts, turn, trend.value, 'tell');
      const result = await desk.viewUnits(turn.by, query);
      if (!result.ok) return refused(result.refusal);
      await turn.tell(answer(result.value, query));
      return handled();
    },
  };
}

/** The question in the value, asked again: in place of the answer, or beneath it. */
function askAgain({ desk }: ListenerParts, how: 'replace' | 'tell'): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const query = asked(turn.input);
      const result = await desk.viewUnits(turn.by, query);
      if (!result.ok) return refused(result.refusal);
      await turn[how](answer(result.value, query));
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

/** The cushions as bars. */
function unitsChart({ desk }: ListenerParts): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const query = asked(turn.input);
      const result = await desk.viewUnits(turn.by, query);
      if (!result.ok) return refused(result.refusal);
      const { value } = result;
      await turn.tell(value.kind === 'many' ? cushionsMessage(value) : answer(value, query));
      return handled();
    },
  };
}

/** Says who would read it, and asks. No verb of the desk answers here, so the role is asked for first. */
function shareUnits(parts: ListenerParts): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const roles = await parts.desk.admit(turn.by);
      if (!roles.ok) return refused(roles.refusal);
      const readers = await readersHere(parts, turn);
      if (!readers.ok) return refused(readers.refusal);
      await turn.tell(askToShareMessage(readers.value, asked(turn.input)));
      return handled();
    },
  };
}

/** Reads the units and then looks who reads the channel, both again: neither may be older than the yes. */
function shareUnitsConfirmed(parts: ListenerParts): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const query = asked(turn.input);
      const result = await parts.desk.viewUnits(turn.by, query);
      if (!result.ok) return refused(result.refusal);
      const readers = await readersHere(parts, turn);
      if (!readers.ok) return refused(readers.refusal);
      const place = channelMention(readers.value.channelId);
      // Only lists have the button; a filter that now means one unit is shown to its asker alone.
      if (result.value.kind !== 'many') await turn.tell(answer(result.value, query));
      else if (await turn.share(sharedUnitsMessage(result.value, turn.by)))
        await turn.replace(noticeMessage(`Shared with everyone in ${place}.`));
      else
        await turn.tell(
          noticeMessage(`Slack didn't confirm the message. Look in ${place} before you share it again.`),
        );
      return handled();
    },
  };
}

/** Refuses where it is not known who reads along, and where another organisation does in a channel that is not listed. */
async function readersHere(
  { readersOf, allowedChannels }: ListenerParts,
  { channelId }: Turn,
): Promise<Result<PlaceToShare>> {
  if (channelId === null || channelId.startsWith('D'))
    return refuse({ code: 'not-shared', why: 'nobody-else' });
  const found = await readersOf(channelId);
  if (!found.ok) return refuse({ code: 'not-shared', why: 'not-looked-up' });
  if (found.value.includesOthers && !allowedChannels.includes(channelId))
    return refuse({ code: 'not-shared', why: 'other-organisation' });
  return done({ channelId, ...found.value });
}

function asked(buttonValue: string): string {
  return readPageValue(buttonValue)?.query ?? '';
}

function answer(view: UnitsView | UnitView | WhatIfView, query: string): Message {
  switch (view.kind) {
    case 'one':
      return unitMessage(view, query);
    case 'what-if':
      return whatIfMessage(view, query);
    case 'many':
      return unitsMessage(view, query);
  }
}
