import { expect, it } from 'vitest';
import type { Turn } from '../../src/slack/listener.ts';
import { tellIfSlow } from '../../src/slack/listeners/closed-units.ts';

/** A turn whose messages reach Slack when the test says. */
function scene() {
  const said: string[] = [];
  const told = Promise.withResolvers<void>();
  const arrives = Promise.withResolvers<void>();
  const tell: Turn['tell'] = async ({ text }) => {
    told.resolve();
    await arrives.promise;
    said.push(text);
    return true;
  };
  const nothing = async () => true;
  const turn: Turn = {
    ...{ by: { teamId: 'T1', userId: 'U1' }, channelId: null, input: '' },
    ...{ messageTs: null, hasModal: false, fields: new Map(), metadata: '' },
    ...{ tell, replace: nothing, share: nothing, openModal: nothing, updateModal: nothing },
    ...{ publishHome: nothing, sendFile: async () => 'sent' as const },
  };
  return { turn, said, told: told.promise, arrive: arrives.resolve };
}

it('says nothing where the work is quick', async () => {
  const { turn, said } = scene();
  expect(await tellIfSlow(turn, 'Still reading', Promise.resolve('done'), 10_000)).toBe('done');
  expect(said).toEqual([]);
});

it('says that it goes on, and answers only when that is in Slack', async () => {
  const { turn, said, told, arrive } = scene();
  const work = Promise.withResolvers<string>();
  const answer = tellIfSlow(turn, 'Still reading', work.promise, 1).then((value) => said.push(value));
  await told;
  work.resolve('the list');
  await new Promise((resolve) => setImmediate(resolve));
  expect(said).toEqual([]);
  arrive();
  await answer;
  expect(said).toEqual(['Still reading', 'the list']);
});

it('passes a failure on', async () => {
  const { turn } = scene();
  await expect(tellIfSlow(turn, 'Still reading', Promise.reject(new Error('broken')))).rejects.toThrow(
    'broken',
  );
});
