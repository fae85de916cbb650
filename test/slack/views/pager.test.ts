/** The one row of page buttons, as each list that has pages uses it. */
import { expect, it } from 'vitest';
import { ACTIONS } from '../../../src/slack/ids.ts';
import { type Message, pager } from '../../../src/slack/views/blocks.ts';
import { closedUnitsMessage } from '../../../src/slack/views/closed-units-view.ts';
import { requestListMessage } from '../../../src/slack/views/request-view.ts';
import { request, START_MS } from '../../support/close-requests.ts';

const BACK = { id: ACTIONS.closedNewer, label: 'Newer', spoken: 'Show newer' } as const;
const ON = { id: ACTIONS.closedOlder, label: 'Older', spoken: 'Show older' } as const;

it.each([
  [1, 1, []],
  [1, 3, ['Older 2']],
  [2, 3, ['Newer 1', 'Older 3']],
  [3, 3, ['Newer 2']],
])('page %d of %d', (page, pages, shown) => {
  const specs = pager('margin-call', { page, pages }, BACK, ON);
  const turns = specs.map(({ label, value }) => [label, JSON.parse(value)] as const);
  expect(turns.map(([label, value]) => `${label} ${value.page}`)).toEqual(shown);
  for (const [, value] of turns) expect(value.query).toBe('margin-call');
});

function actionsOf({ blocks }: Message): string[] {
  return blocks.flatMap((block) =>
    block.type === 'actions' ? block.elements.map(({ action_id = '' }) => action_id) : [],
  );
}

it('a list in the middle of its pages turns both ways', () => {
  const many = Array.from({ length: 40 }, () => request());
  expect(actionsOf(requestListMessage({ open: many, recent: [], unreadable: [] }, 2, null))).toEqual([
    ACTIONS.requestsPageBack,
    ACTIONS.requestsPageOn,
  ]);
  const closed = { rows: [], page: 2, pages: 3, total: 25, filter: null, timeZone: 'UTC', flaws: [] };
  expect(actionsOf(closedUnitsMessage({ ...closed, asOfMs: START_MS }, 'last 30d', null))).toEqual([
    ACTIONS.closedNewer,
    ACTIONS.closedOlder,
    ACTIONS.closedCsv,
  ]);
});
