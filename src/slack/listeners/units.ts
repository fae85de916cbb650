/** `/ltv [unit | filter]` and the buttons under its answer. */
import { parseTrend } from '../../domain/unit/unit-query.ts';
import type { UnitsView, UnitView, WhatIfView } from '../../usecases/desk.ts';
import { readQuery } from '../button-value.ts';
import { ACTIONS, COMMANDS } from '../ids.ts';
import { answerAnyRole, handled, type Listener, type ListenerParts, refused } from '../listener.ts';
import { typedQuery } from '../typed-text.ts';
import type { Message } from '../views/blocks.ts';
import { cushionsMessage } from '../views/cushions-view.ts';
import { commandHelpMessage } from '../views/help-view.ts';
import { fileSentMessage } from '../views/notice-message.ts';
import { unitMessage } from '../views/unit-view.ts';
import { flawBlocks, sharedUnitsMessage, unitsMessage } from '../views/units-view.ts';
import { whatIfMessage } from '../views/what-if-view.ts';
import { type Shareable, sharing } from './sharing.ts';
import { tellTrend } from './watch.ts';

export function unitsListeners(parts: ListenerParts) {
  const show = askAgain(parts, 'replace');
  const pick = askAgain(parts, 'tell');
  const { ask, share } = sharing(parts, units(parts));
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
      [ACTIONS.shareUnits]: ask,
      [ACTIONS.shareUnitsConfirmed]: share,
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
      const query = readQuery(turn.input);
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
      const result = await desk.exportUnits(turn.by, readQuery(turn.input));
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
      const query = readQuery(turn.input);
      const result = await desk.viewUnits(turn.by, query);
      if (!result.ok) return refused(result.refusal);
      const { value } = result;
      await turn.tell(value.kind === 'many' ? cushionsMessage(value) : answer(value, query));
      return handled();
    },
  };
}

/** Only lists have the button; a filter that now means one unit is shown to its asker alone. */
function units({ desk }: ListenerParts): Shareable<UnitsView | UnitView | WhatIfView> {
  return {
    words: {
      subject: 'these units',
      shown: 'every LTV and amount',
      first: 'Loandesk reads them again first, and leaves out e-mails.',
      action: ACTIONS.shareUnitsConfirmed,
    },
    read: (turn, query) => desk.viewUnits(turn.by, query),
    forChannel: (view, sharedBy) => (view.kind === 'many' ? sharedUnitsMessage(view, sharedBy) : null),
    forAsker: answer,
  };
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
