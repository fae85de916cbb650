/** `/loandesk watch`, `/loandesk drill <unit>`, and `/ltv <unit> trend [24h | 7d | 30d]` with its buttons. */
import type { TrendSpan } from '../../domain/unit/unit-query.ts';
import { readTrendValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
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
import { caseStepMessage } from '../views/case-view.ts';
import { trendMessage } from '../views/trend-view.ts';
import { watchViewMessage } from '../views/watch-view.ts';

export function watchListeners(parts: ListenerParts) {
  const show = showTrend(parts);
  return {
    actions: {
      [ACTIONS.trendDay]: show,
      [ACTIONS.trendWeek]: show,
      [ACTIONS.trendMonth]: show,
    },
  };
}

export function tellWatch(parts: ListenerParts, turn: Turn): Promise<Outcome> {
  return withWatch(parts, turn, (watch) =>
    answerWith(watch.viewWatch(turn.by), (view) => turn.tell(watchViewMessage(view, parts.workspaceUrl()))),
  );
}

export function startDrill(parts: ListenerParts, turn: Turn, unit: string): Promise<Outcome> {
  return withWatch(parts, turn, async (watch) => {
    const drill = await watch.startDrill(turn.by, unit);
    if (!drill.ok) return refused(drill.refusal);
    const { id, level } = drill.value;
    await turn.tell(
      caseStepMessage('The drill has started: its card goes to the watch channel.', drill.value, level),
    );
    return handled(id);
  });
}

export function tellTrend(
  parts: ListenerParts,
  turn: Turn,
  asked: { readonly unit: string; readonly span: TrendSpan },
  how: 'tell' | 'replace',
): Promise<Outcome> {
  return withWatch(parts, turn, (watch) =>
    answerWith(watch.viewTrend(turn.by, asked.unit, asked.span), (trend) => turn[how](trendMessage(trend))),
  );
}

function showTrend(parts: ListenerParts): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const value = readTrendValue(turn.input);
      return value === null ? refused({ code: 'unit-id-missing' }) : tellTrend(parts, turn, value, 'replace');
    },
  };
}
