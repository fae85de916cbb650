/** Who is let in and where, App Home, clicks that do not count, and an exchange in trouble. */

import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import type { World } from '../../sandbox/world.ts';
import { ACTIONS } from '../../src/slack/ids.ts';
import { newestCard } from './play-card.ts';
import { type Advance, SHARED_ANSWER_MS } from './play-commands.ts';
import type { Scribe } from './scribe.ts';

const { rina, ada, ben, vera, gus, frank, general, partnerDesk, botUser } = SEED_IDS;

export async function playPeople({ workspace }: World, scribe: Scribe): Promise<void> {
  scribe.chapter(
    'Who is let in, and where',
    'People without a role, guests, people of other workspaces and channels that are not allowed get a kind answer, and a line in the log. A failed look-up lets nobody in.',
  );
  await scribe.command(vera, '/ltv');
  await scribe.command(gus, '/ltv');
  await scribe.command(frank, '/ltv', { channelId: partnerDesk });
  await scribe.command(rina, '/ltv', { channelId: general });
  const fault = workspace.faults.add('users.info', { kind: 'http', status: 503 });
  await scribe.command(ben, '/ltv');
  workspace.faults.clear(fault);
}

export async function playHome({ workspace }: World, scribe: Scribe, advance: Advance): Promise<void> {
  scribe.chapter('App Home', 'Drawn when it is opened, and again when a request changes.');
  advance(SHARED_ANSWER_MS);
  await workspace.as(ada).openHome();
  await scribe.shows('**Ada Lindqvist** opens it', () => workspace.store.home(ada), /wait/);
  await workspace.as(vera).openHome();
  await scribe.shows('**Vera Novak** opens it', () => workspace.store.home(vera), /aren't on the list/);
}

export async function playElsewhere(world: World, scribe: Scribe): Promise<void> {
  const { workspace } = world;
  scribe.chapter('Clicks that do not count');
  const card = newestCard(world);
  const { events } = workspace.store;
  const pending = workspace.store
    .messages(SEED_IDS.loanDesk)
    .flatMap(({ ts }) =>
      events
        .flatMap((event) => ('message' in event && event.message.ts === ts ? [event.message] : []))
        .slice(0, -1),
    );
  const withButtons = pending.findLast(({ blocks }) => JSON.stringify(blocks).includes(ACTIONS.withdraw));
  if (card === undefined || withButtons === undefined) throw new Error('there is no card to copy');
  const copy = workspace.store.addMessage(
    { channelId: partnerDesk, userId: botUser },
    { text: card.text, blocks: withButtons.blocks },
  );
  await scribe.click(ada, copy, ACTIONS.withdraw, 'clicks a button of a card that stands in another channel');
  const old = workspace.store.addMessage(
    { channelId: SEED_IDS.loanDesk, userId: botUser },
    { text: 'old', blocks: [oldButton()] },
  );
  await scribe.click(ada, old, 'old:approve', 'clicks a button of an earlier version');
}

export async function playExchangeTrouble({ exchange }: World, scribe: Scribe): Promise<void> {
  scribe.chapter('An exchange in trouble');
  // One closed unit is looked up afresh, so no remembered answer hides the trouble.
  const endpoint = 'closed' as const;
  const troubles = [
    { kind: 'error', status: 503, msg: 'Service unavailable' },
    { kind: 'error', status: 400, code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' },
    { kind: 'rate-limited', retryAfterS: 30 },
  ] as const;
  for (const effect of troubles) {
    const fault = exchange.inject({ effect, endpoint });
    await scribe.command(rina, '/closed-units 99');
    exchange.clearFaults(fault);
  }
}

function oldButton() {
  const text = { type: 'plain_text', text: 'Approve' };
  return { type: 'actions', elements: [{ type: 'button', action_id: 'old:approve', text, value: '1' }] };
}
