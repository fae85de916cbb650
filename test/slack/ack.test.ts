/**
 * The ack does not wait for anything behind the bot (approval case 33): here the exchange and Redis do not answer at
 * all until every ack is in, as if each took its 10 s, and the 99th percentile is measured over the real transports.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { refuse } from '../../src/domain/refusal.ts';
import { ACTIONS } from '../../src/slack/ids.ts';
import type { SeenOnce } from '../../src/usecases/ports.ts';
import { fakeDesk } from '../fakes/desk.ts';
import { request } from '../support/close-requests.ts';
import { type SlackHarness, startSlackHarness } from './support/slack-harness.ts';

const ROUNDS = 40;

let slack: SlackHarness;

afterEach(() => slack.close());

/** Redis and the exchange, silent until `release`; how often they were asked. */
function silence() {
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = 0;
  const held = async () => {
    asked += 1;
    await promise;
    return refuse({ code: 'exchange-busy', why: 'The limit of calls is used up.', retryAtMs: null });
  };
  const seenOnce: SeenOnce = {
    first: async () => {
      asked += 1;
      await promise;
      return true;
    },
    has: async () => false,
    forget: async () => {},
  };
  return { held, seenOnce, release: resolve, asked: () => asked };
}

describe.each(['http', 'socket'] as const)('over %s', (transport) => {
  it('approval case 33: every ack is in within 100 ms (p99) while nothing behind answers', async () => {
    const { held, seenOnce, release, asked } = silence();
    slack = await startSlackHarness({
      transport,
      seenOnce,
      desk: () =>
        fakeDesk({
          admit: held,
          viewUnits: held,
          listClosedUnits: held,
          askToClose: held,
          status: held,
          withdraw: held,
          redrawCard: async () => {},
        }),
    });
    const { workspace } = slack;
    const card = request({ requester: { teamId: ids.team, userId: ids.rina }, card: null });
    await slack.clients.notifier.deliver({ kind: 'card' }, card, null);
    const [posted] = workspace.store.messages(ids.loanDesk);
    if (posted === undefined) throw new Error('no card');
    const rina = workspace.as(ids.rina);
    const at = { channelId: ids.general };
    await fetch(`${slack.url}/livez`);

    const tookMs: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const act of [
        () => rina.command('/ltv', '', at),
        () => rina.command('/closed-units', '', at),
        () => rina.command('/close-unit', '7 Repaid', at),
        () => rina.command('/loandesk', 'status', at),
        () => rina.click(posted, ACTIONS.withdraw),
      ]) {
        const { failure, elapsedMs } = await act();
        expect(failure).toBeUndefined();
        tookMs.push(elapsedMs);
      }
    }
    // Nothing was answered so far: every ack came before whatever the interaction needs.
    expect(workspace.store.messages(ids.loanDesk, ids.rina)).toHaveLength(1);
    expect(asked()).toBeGreaterThan(0);
    tookMs.sort((a, b) => a - b);
    expect(tookMs[Math.ceil(tookMs.length * 0.99) - 1]).toBeLessThan(100);
    release();
    // And every one of them gets its answer afterwards.
    const answers = () =>
      workspace.store
        .ephemerals(ids.rina)
        .filter((message) => workspace.renderText(message).includes('limit of calls')).length;
    await expect.poll(answers, { timeout: 15_000 }).toBe(ROUNDS * 5);
  });
});
