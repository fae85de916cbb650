/** More at once than a process takes on: everybody is told, and nothing piles up behind the acks. */
import { afterEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { done, refuse } from '../../src/domain/refusal.ts';
import { QUEUE_LIMITS } from '../../src/slack/bolt-app.ts';
import { ACTIONS, INPUTS } from '../../src/slack/ids.ts';
import { fakeDesk } from '../fakes/desk.ts';
import { request } from '../support/close-requests.ts';
import { type SlackHarness, startSlackHarness } from './support/slack-harness.ts';

/** Queues a tenth as long as in production. */
const LIMITS = {
  read: { atOnce: 3, waitingAtMost: 100 },
  decision: { atOnce: 6, waitingAtMost: 40 },
  overflow: { atOnce: 1, waitingAtMost: 20 },
};
const places = ({ atOnce, waitingAtMost }: (typeof LIMITS)['read']) => atOnce + waitingAtMost;
const BUSY = 'Loandesk is too busy right now';

let slack: SlackHarness;
let release = (): void => {};
afterEach(() => {
  release();
  return slack.close();
});

describe.each(['http', 'socket'] as const)('over %s', (transport) => {
  it('commands and forms are refused in their ack, clicks after it', async () => {
    // Who looks things up, who decides, and clicks that are told that there is no room.
    expect(Object.values(QUEUE_LIMITS).map(places)).toEqual([1_032, 464, 208]);
    const held = Promise.withResolvers<void>();
    release = held.resolve;
    const pending = request({ requester: { teamId: ids.team, userId: ids.rina }, card: null });
    slack = await startSlackHarness({
      transport,
      limits: { queueLimits: LIMITS },
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

    const looks = Array.from({ length: places(LIMITS.read) }, () =>
      workspace.as(ids.vera).command('/ltv', '', at),
    );
    for (const look of await Promise.all(looks)) expect(look.failure).toBeUndefined();
    const command = await workspace.as(ids.rina).command('/ltv', '', at);
    if (command.shown === undefined) throw new Error('the ack showed nothing');
    expect(workspace.renderText(command.shown)).toContain(BUSY);
    const decisions = Array.from({ length: places(LIMITS.decision) }, () =>
      workspace.as(ids.rina).click(card, ACTIONS.withdraw),
    );
    for (const click of await Promise.all(decisions)) expect(click.failure).toBeUndefined();
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
    const clicks = Array.from({ length: places(LIMITS.overflow) }, () =>
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
    expect(told).toHaveLength(places(LIMITS.read));
  });
});
