/** What a person can play with rules switched on: one of each team, a time to stop it, and what follows. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Playground, startPlayground } from '../../sandbox/page/playground.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import { ACTIONS, INPUTS } from '../../src/slack/ids.ts';

const { rina, ada, ben, mara, omar, risk, loanDesk } = SEED_IDS;
const UNIT = '7';

let playground: Playground;

beforeAll(async () => {
  playground = await startPlayground();
  await playground.fleet.setByRules(true);
});
afterAll(() => playground?.close());

const workspace = () => playground.world.workspace;
const card = () =>
  workspace()
    .store.messages(loanDesk)
    .findLast((message) => /Request `\w{10}` · asked/.test(workspace().renderText(message)));
const shown = () => {
  const found = card();
  return found === undefined ? '' : workspace().renderText(found);
};
const until = (pattern: RegExp) => workspace().until(() => pattern.test(shown()) || undefined, 15_000);

async function ask(): Promise<void> {
  const before = card()?.ts;
  await workspace().as(rina).command('/close-unit', `${UNIT} repaid`, { channelId: loanDesk });
  await workspace().until(() => card()?.ts !== before || undefined, 15_000);
}

async function approve(user: string): Promise<void> {
  const { store } = workspace();
  const { order } = store;
  await workspace()
    .as(user)
    .click(card() ?? { channelId: '', ts: '' }, ACTIONS.approve);
  const ballot = await workspace().until(() =>
    store
      .modals(user)
      .find((view) => view.order > order && JSON.stringify(view.payload).includes(INPUTS.typedId)),
  );
  await workspace()
    .as(user)
    .submit(ballot.id, { [INPUTS.typedId]: UNIT });
}

it('the risk team has a channel of its own', () => {
  const { channels } = workspace().directory;
  expect(channels.get(risk)).toMatchObject({ name: 'risk' });
  for (const user of [mara, omar]) expect(channels.get(risk)?.members.has(user)).toBe(true);
});

it('two of treasury do not close a unit; with one of risk it can be stopped for two minutes, and somebody does', async () => {
  await ask();
  await approve(ada);
  await until(/☑ 1 of @treasury/);
  await approve(ben);
  await until(/Ben Carter.*\d\d:\d\d/);
  expect(shown()).toMatch(/☐ 1 of @risk/);
  await approve(mara);
  await until(/unless someone stops it/);
  expect(playground.world.exchange.requests({ method: 'DELETE' })).toEqual([]);
  await workspace()
    .as(rina)
    .click(card() ?? { channelId: '', ts: '' }, ACTIONS.withdraw);
  await until(/withdrawn/i);
}, 90_000);

it('one of treasury and one of risk close it once the two minutes are over', async () => {
  await ask();
  await approve(omar);
  await until(/☑ 1 of @risk/);
  await approve(ben);
  await until(/unless someone stops it/);
  playground.skipTime(5);
  await until(/Closed/);
  expect(playground.world.exchange.requests({ method: 'DELETE' })).toHaveLength(1);
}, 90_000);
