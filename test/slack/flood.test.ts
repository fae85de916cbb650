/** More at once than a process takes on: everybody is told, and nothing piles up behind the acks. */
import { afterEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { done, refuse } from '../../src/domain/refusal.ts';
import { ACTIONS, INPUTS } from '../../src/slack/ids.ts';
import { fakeDesk } from '../fakes/desk.ts';
import { request } from '../support/close-requests.ts';
import { type SlackHarness, startSlackHarness } from './support/slack-harness.ts';

/** Those at work and those in line, in one process: who looks things up, and who decides. */
const PLACES = 1_032;
const PLACES_OF_DECISIONS = 464;
/** Clicks that are told so at one time, and those in line for it. */
const CLICKS_TURNED_AWAY = 208;
const BUSY = 'Loandesk has more to do right now';

let slack: SlackHarness;
let release = (): void => {};
afterEach(() => {
  release();
  return slack.close();
});

describe.each(['http', 'socket'] as const)('over %s', (transport) => {
  it('commands and forms are refused in their ack, clicks after it', async () => {
    const held = Promise.withResolvers<void>();
    release = held.resolve;
    const pending = request({ requester: { teamId: ids.team, userId: ids.rina }, card: null });
    slack = await startSlackHarness({
      transport,
      desk: () =>
        fakeDesk({
          openRejection: async () => done(pending),
          viewUnits: async () => {
            await held.promise;
            return refuse({ code: 'unit-id-missing' });
          },
          withdraw: async () => {
            await held.promise;
            return done(pending);
          },
        }),
    });
    const { workspace } = slack;
    const at = { channelId: ids.general };
    await slack.clients.notifier.deliver({ kind: 'card' }, pending, null);
    const [card] = workspace.store.messages(ids.loanDesk);
    if (card === undefined) throw new Error('no card');
    await workspace.as(ids.ada).click(card, ACTIONS.reject);
    const form = await slack.modal(ids.ada, (text) => text.includes('Why do you reject it?'));

    for (let sent = 0; sent < PLACES; sent += 43)
      await Promise.all(Array.from({ length: 43 }, () => workspace.as(ids.vera).command('/ltv', '', at)));
    const command = await workspace.as(ids.rina).command('/ltv', '', at);
    if (command.shown === undefined) throw new Error('the ack showed nothing');
    expect(workspace.renderText(command.shown)).toContain(BUSY);
    for (let sent = 0; sent < PLACES_OF_DECISIONS; sent += 58) {
      const clicks = Array.from({ length: 58 }, () => workspace.as(ids.rina).click(card, ACTIONS.withdraw));
      for (const click of await Promise.all(clicks)) expect(click.failure).toBeUndefined();
    }
    const sent = await workspace.as(ids.ada).submit(form.id, { [INPUTS.reason]: 'not yet' });
    expect(sent.failure).toBeUndefined();
    // The form is still open, with what was typed and why it was not taken.
    expect(workspace.store.modals(ids.ada).at(-1)?.errors).toEqual({
      [INPUTS.reason]: expect.stringContaining(BUSY),
    });
    await workspace.as(ids.ben).click(card, ACTIONS.approve);
    await slack.privateText(ids.ben, (text) => text.includes(BUSY), ids.loanDesk);
    expect(workspace.store.ephemerals(ids.rina)).toEqual([command.shown]);

    // With as many clicks to answer as may be, one more is not acked: Slack shows its person that it failed.
    workspace.faults.add('response_url', { kind: 'hang' });
    const clicks = Array.from({ length: CLICKS_TURNED_AWAY }, () =>
      workspace.as(ids.ben).click(card, ACTIONS.approve),
    );
    for (const click of await Promise.all(clicks)) expect(click.failure).toBeUndefined();
    expect((await workspace.as(ids.chen).click(card, ACTIONS.approve)).failure).toBeDefined();
    workspace.faults.clear();
    release();
    await slack.app.stop();
    const told = workspace.store
      .ephemerals(ids.vera)
      .filter((message) => workspace.renderText(message).includes('The unit is missing'));
    expect(told).toHaveLength(PLACES);
  }, 60_000);
});
