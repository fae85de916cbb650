/** Many change the watch's record at the same moment: none of it is lost. */
import { expect, it } from 'vitest';
import { WatchHarness } from '../support/watch-harness.ts';

it('fifty cards that one process posted at once are all recorded', async () => {
  const harness = new WatchHarness();
  const ids = Array.from({ length: 50 }, (_, index) => String(100 + index));
  const all = (ltv: string) => Object.fromEntries(ids.map((id) => [id, ltv]));
  await harness.round(all('0.6'));
  await harness.round(all('0.86'));
  harness.beforeSave = () => new Promise((resolve) => setImmediate(resolve));
  const { book } = harness.work.alerts;
  const posted = [...harness.episodes.keys()].map((id, index) =>
    book.recordAlertCard(id, { channelId: 'C0WATCH', messageTs: `${index}` }),
  );
  await Promise.all(posted);
  const cards = [...harness.episodes.values()].map(({ card }) => card?.messageTs);
  expect(cards).toEqual(ids.map((_, index) => `${index}`));
});

it('a change that fails holds up none behind it', async () => {
  const harness = new WatchHarness();
  await harness.round({ 7: '0.86' });
  const { id } = harness.caseOf('7');
  let saves = 0;
  harness.beforeSave = async () => {
    saves += 1;
    if (saves === 1) throw new Error('Redis is down');
  };
  const { book } = harness.work.alerts;
  const first = book.recordAlertCard(id, { channelId: 'C0WATCH', messageTs: '1' });
  const second = book.recordAlertCard(id, { channelId: 'C0WATCH', messageTs: '2' });
  await expect(first).rejects.toThrow('Redis is down');
  await second;
  expect(harness.caseOf('7').card).toEqual({ channelId: 'C0WATCH', messageTs: '2' });
});
