/** An answer that is late: its notice comes before it, never after, and stays where it is. */
import type { RespondFn } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { refuse } from '../../src/domain/refusal.ts';
import { BoltTurn } from '../../src/slack/bolt-turn.ts';
import type { Message } from '../../src/slack/views/blocks.ts';
import { noticeMessage } from '../../src/slack/views/notice-message.ts';
import { fakeDesk } from '../fakes/desk.ts';
import { QUIET } from '../support/logs.ts';
import { type SlackHarness, startSlackHarness } from './support/slack-harness.ts';

/** A turn whose messages reach Slack when the test says. */
function scene(changes: { readonly isHome?: boolean; readonly viewId?: string } = {}) {
  const said: string[] = [];
  const arrives = Promise.withResolvers<void>();
  const respond: RespondFn = async (message) => {
    await arrives.promise;
    said.push(typeof message === 'string' ? message : String(message.text));
    return new Response('ok');
  };
  const client = new WebClient();
  const turn = new BoltTurn(
    { client, log: QUIET, quiet: async (message) => message, fetch },
    {
      ...{ by: { teamId: 'T1', userId: 'U1' }, channelId: null, messageTs: null, input: '' },
      ...{ fields: new Map(), metadata: '', respond, isHome: false, triggerId: null, viewId: null },
      ...changes,
    },
  );
  return { turn, said, arrive: arrives.resolve };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('the notice of a late answer', () => {
  it('is in Slack before the answer', async () => {
    const { turn, said, arrive } = scene();
    turn.sayStillWorking('Still reading');
    const told = turn.tell(noticeMessage('the list'));
    await nextTurn();
    expect(said).toEqual([]);
    arrive();
    await told;
    expect(said).toEqual(['Still reading', 'the list']);
  });

  it('says what the listener wants it to say, and waits for it', async () => {
    const { turn, said, arrive } = scene();
    arrive();
    const notice = Promise.withResolvers<Message | null>();
    turn.whenLate(() => notice.promise);
    turn.sayStillWorking('Still reading');
    const told = turn.tell(noticeMessage('the list'));
    await nextTurn();
    expect(said).toEqual([]);
    notice.resolve(noticeMessage('5 of 26 calls'));
    await told;
    expect(said).toEqual(['5 of 26 calls', 'the list']);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('no Redis'))],
    ['has nothing to say', async () => null],
  ])('is the usual one where the listener %s', async (_, notice) => {
    const { turn, said, arrive } = scene();
    arrive();
    turn.whenLate(notice);
    turn.sayStillWorking('Still reading');
    await turn.tell(noticeMessage('the list'));
    expect(said).toEqual(['Still reading', 'the list']);
  });

  it('is left out once the answer is on its way', async () => {
    const { turn, said, arrive } = scene();
    const told = turn.tell(noticeMessage('the list'));
    turn.sayStillWorking('Still reading');
    arrive();
    await told;
    expect(said).toEqual(['the list']);
  });

  it.each([[{ isHome: true }], [{ viewId: 'V1' }]])('is not a message for %j', async (changes) => {
    const { turn, said, arrive } = scene(changes);
    turn.sayStillWorking('Still reading');
    arrive();
    await nextTurn();
    expect(said).toEqual([]);
  });
});

describe.each(['http', 'socket'] as const)('over %s', (transport) => {
  let slack: SlackHarness;

  afterEach(() => slack.close());

  it('a late command gets an empty ack, one notice, and its answer as a message of its own', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    onTestFinished(() => resolve());
    slack = await startSlackHarness({
      transport,
      limits: { lateAfterMs: 1 },
      desk: () =>
        fakeDesk({ viewUnits: () => promise.then(() => refuse({ code: 'bad-request-id', input: '99' })) }),
    });
    const at = { channelId: ids.general };
    const { shown } = await slack.workspace.as(ids.rina).command('/ltv', '99', at);
    expect(shown).toBeUndefined();
    await slack.privateText(ids.rina, (text) => text.includes('Still working'), ids.general);
    resolve();
    await slack.privateText(ids.rina, (text) => text.includes('99'), ids.general);
    expect(slack.workspace.store.ephemerals(ids.rina).map(({ text }) => text)).toEqual([
      expect.stringContaining('Still working on this. The answer follows here…'),
      expect.stringContaining('99'),
    ]);
  });
});
