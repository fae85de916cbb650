/** `/ltv [unit | filter]` and the buttons under its answer. */
import { parseTrend } from '../../domain/unit/unit-query.ts';
import type { UnitsView, UnitView, WhatIfView } from '../../usecases/desk.ts';
import { readQuery } from '../button-value.ts';
import { ACTIONS, COMMANDS } from '../ids.ts';
import { answerAnyRole, answerWith, type Listener, type ListenerParts, type Turn } from '../listener.ts';
import { typedQuery } from '../typed-text.ts';
import type { Message } from '../views/blocks.ts';
import { commandHelpMessage } from '../views/help-view.ts';
import { unitMessage } from '../views/unit-view.ts';
import { cushionsMessage, sharedUnitsMessage, unitsMessage } from '../views/units-view.ts';
import { whatIfMessage } from '../views/what-if-view.ts';
import { sendCsv, sharing } from './sharing.ts';
import { tellTrend } from './watch.ts';

type Answer = UnitsView | UnitView | WhatIfView;

export function unitsListeners(parts: ListenerParts) {
  const { desk } = parts;
  /** The question in the value, asked again. */
  const again = (say: (turn: Turn, view: Answer, query: string) => Promise<unknown>): Listener => ({
    lane: 'read',
    work: (turn) => {
      const query = readQuery(turn.input);
      return answerWith(desk.viewUnits(turn.by, query), (view) => say(turn, view, query));
    },
  });
  const show = again((turn, view, query) => turn.replace(draw(view, query)));
  const pick = again((turn, view, query) => turn.tell(draw(view, query)));
  // Only lists have the button; a filter that now means one unit is shown to its asker alone.
  const { ask, share } = sharing<Answer>(parts, {
    words: {
      subject: 'these units',
      shown: 'every LTV and amount',
      first: 'Loandesk reads them again first, and leaves out e-mails.',
      action: ACTIONS.shareUnitsConfirmed,
    },
    read: (turn, query) => desk.viewUnits(turn.by, query),
    forChannel: (view, sharedBy) => (view.kind === 'many' ? sharedUnitsMessage(view, sharedBy) : null),
    forAsker: draw,
  });
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
      [ACTIONS.unitsChart]: again((turn, view, query) =>
        turn.tell(view.kind === 'many' ? cushionsMessage(view) : draw(view, query)),
      ),
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
      return answerWith(desk.viewUnits(turn.by, query), (view) => turn.tell(draw(view, query)));
    },
  };
}

function unitsCsv({ desk }: ListenerParts): Listener {
  return {
    lane: 'read',
    work: (turn) => sendCsv(turn, desk.exportUnits(turn.by, readQuery(turn.input))),
  };
}

function draw(view: Answer, query: string): Message {
  switch (view.kind) {
    case 'one':
      return unitMessage(view, query);
    case 'what-if':
      return whatIfMessage(view, query);
    case 'many':
      return unitsMessage(view, query);
  }
}
