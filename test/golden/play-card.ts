/** The life of close requests, on their cards. */

import { LONG_GROUP_ID } from '../../sandbox/binance/seed.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import type { StoredMessage } from '../../sandbox/slack/store.ts';
import type { World } from '../../sandbox/world.ts';
import { ACTIONS, INPUTS } from '../../src/slack/ids.ts';
import { type Advance, SHARED_ANSWER_MS, view } from './play-commands.ts';
import type { Scribe } from './scribe.ts';

const { rina, ada, ben, chen, vera, gus, loanDesk } = SEED_IDS;

/** The newest card in the approvals channel. */
export function newestCard({ workspace }: World): StoredMessage | undefined {
  return workspace.store
    .messages(loanDesk)
    .findLast(
      ({ blocks, threadTs, viewerId, userId }) =>
        userId === SEED_IDS.botUser &&
        threadTs === undefined &&
        viewerId === undefined &&
        blocks.some((block) => block.type === 'header'),
    );
}

const cardShows = (world: World, scribe: Scribe, what: string, fits: RegExp) =>
  scribe.shows(what, () => newestCard(world), fits);

async function ask(world: World, scribe: Scribe, line: string): Promise<StoredMessage> {
  await scribe.settled();
  const before = newestCard(world)?.ts;
  await scribe.command(rina, line);
  await world.workspace.until(() => (newestCard(world)?.ts === before ? undefined : true));
  const card = newestCard(world);
  if (card === undefined) throw new Error('there is no card');
  return card;
}

async function approve(scribe: Scribe, userId: string, card: StoredMessage, typed: string): Promise<void> {
  const ballot = view(await scribe.click(userId, card, ACTIONS.approve, 'clicks Approve', { modal: true }));
  await scribe.submit(userId, ballot, { [INPUTS.typedId]: typed }, `types ${typed} and submits`);
  await scribe.closeForms(userId);
}

export async function playCard(world: World, scribe: Scribe, advance: Advance): Promise<void> {
  const { exchange } = world;
  scribe.chapter('The card', 'In the approvals channel, for everybody there. It pings nobody.');
  const card = await cardShows(world, scribe, 'The card of that request', /0 of 2/);
  const toBen = world.workspace.directory.directMessage(ben).id;
  await scribe.shows(
    'To each approver alone',
    () => world.workspace.store.messages(toBen).findLast(({ userId }) => userId === SEED_IDS.botUser),
    /Approve closing unit 7/,
  );
  scribe.note('Who may not.');
  await scribe.click(rina, card, ACTIONS.approve, 'clicks Approve on her own request', { modal: true });
  await scribe.closeForms(rina);
  await scribe.click(vera, card, ACTIONS.approve, 'clicks Approve without being an approver', {
    modal: true,
  });
  await scribe.click(gus, card, ACTIONS.reject, 'clicks Reject as a guest', { modal: true });
  await scribe.click(ada, card, ACTIONS.withdraw, "clicks Withdraw on somebody else's request");
  scribe.note('The first approval.');
  const ballot = view(await scribe.click(ada, card, ACTIONS.approve, 'clicks Approve', { modal: true }));
  await scribe.submit(ada, ballot, { [INPUTS.typedId]: '72' }, 'types 72: the form stays open');
  await scribe.submit(ada, ballot, { [INPUTS.typedId]: '7' }, 'types 7 and submits');
  await scribe.closeForms(ada);
  const once = await cardShows(world, scribe, 'The card', /1 of 2/);
  await scribe.click(ada, once, ACTIONS.approve, 'clicks Approve again', { modal: true });
  await scribe.closeForms(ada);

  scribe.note('Meanwhile 0.5 USDT are borrowed: the vote was on other facts.');
  exchange.borrow('7', 'USDT', '0.5');
  advance(SHARED_ANSWER_MS);
  await scribe.click(ben, once, ACTIONS.approve, 'clicks Approve', { modal: true });
  await scribe.closeForms(ben);
  const changed = await cardShows(world, scribe, 'The card', /blocked, owes/);
  await scribe.click(rina, changed, ACTIONS.checkAgain, 'clicks Check again while it still owes');
  await scribe.click(
    chen,
    once,
    ACTIONS.approve,
    'clicks Approve on a window that still shows the old card',
    {
      modal: true,
      stale: true,
    },
  );
  await scribe.closeForms(chen);
  await scribe.click(rina, changed, ACTIONS.withdraw, 'clicks Withdraw');
  const ended = await cardShows(world, scribe, 'The card', /Withdrawn/);
  await scribe.click(ben, { ...ended, blocks: once.blocks }, ACTIONS.reject, 'clicks an old Reject', {
    modal: true,
    stale: true,
  });
  await scribe.closeForms(ben);

  scribe.note('Repaid, asked again, and approved by two people: the close runs.');
  exchange.repay('7', 'USDT');
  advance(SHARED_ANSWER_MS);
  const again = await ask(world, scribe, '/close-unit 7 Repaid in full');
  await approve(scribe, ada, again, '7');
  await approve(scribe, ben, again, '7');
  const closed = await cardShows(world, scribe, 'The card at the end', /Closed\./);
  await scribe.shows(
    'The last reply in its thread',
    () => world.workspace.store.thread(loanDesk, closed.ts).findLast((each) => each.ts !== closed.ts),
    /Closed\./,
  );
  const direct = world.workspace.directory.directMessage(rina).id;
  await scribe.shows(
    'To the requester alone',
    () => world.workspace.store.messages(direct).findLast(({ userId }) => userId === SEED_IDS.botUser),
    /Closed\./,
  );
  await scribe.command(rina, '/closed-units 7');
}

export async function playReject(world: World, scribe: Scribe): Promise<void> {
  scribe.chapter('A rejection');
  const card = await ask(world, scribe, `/close-unit ${LONG_GROUP_ID} Repaid`);
  const form = view(await scribe.click(chen, card, ACTIONS.reject, 'clicks Reject', { modal: true }));
  await scribe.submit(chen, form, { [INPUTS.reason]: '' }, 'submits without a reason: the form stays open');
  await scribe.submit(
    chen,
    form,
    { [INPUTS.reason]: 'Collateral is still moving' },
    'gives a reason and submits',
  );
  await scribe.closeForms(chen);
  await cardShows(world, scribe, 'The card', /Rejected/);
}

export async function playUnknown(world: World, scribe: Scribe): Promise<void> {
  const { exchange } = world;
  scribe.chapter(
    'An outcome that is not known',
    'The connection breaks after the DELETE left. It is never sent again; the record decides, or two people do.',
  );
  const fault = exchange.inject({ effect: { kind: 'reset', when: 'after' }, endpoint: 'close' });
  // The exchange did close it, but its list does not show it: people see it in their web console.
  exchange.configure({ closedListDelayMs: Number.POSITIVE_INFINITY });
  const card = await ask(world, scribe, `/close-unit ${LONG_GROUP_ID} Moved and repaid`);
  await approve(scribe, ada, card, LONG_GROUP_ID);
  await approve(scribe, ben, card, LONG_GROUP_ID);
  const unknown = await cardShows(world, scribe, 'The card', /not known/);
  exchange.clearFaults(fault);
  const id =
    /"requestId":"([0-9A-Z]{10})"/.exec(JSON.stringify(card.blocks).replaceAll('\\"', '"'))?.[1] ?? '';
  await scribe.click(ben, { ...unknown, blocks: card.blocks }, ACTIONS.withdraw, 'clicks an old Withdraw', {
    stale: true,
  });
  const shown = await scribe.command(ada, `/loandesk request ${id}`);
  const settle = async (userId: string, verdict: 'closed' | 'not-closed', note: string) => {
    const own = userId === ada ? shown : await scribe.command(userId, `/loandesk request ${id}`);
    const form = view(
      await scribe.click(userId, own, ACTIONS.settle, 'clicks Resolve manually', { modal: true }),
    );
    const values = { [INPUTS.verdict]: verdict, [INPUTS.note]: note };
    await scribe.submit(userId, form, values, `chooses "${verdict}", notes "${note}" and submits`);
    await scribe.closeForms(userId);
  };
  await settle(ada, 'closed', '');
  await settle(ada, 'closed', 'Gone from the account');
  await settle(ada, 'closed', 'Gone from the account');
  await settle(ben, 'not-closed', 'I think it did not go through');
  await settle(ben, 'closed', 'Seen in the web console, too');
  await cardShows(world, scribe, 'The card', /resolved manually/);
  exchange.configure({ closedListDelayMs: 0 });
  exchange.revealClosed(LONG_GROUP_ID);
}
