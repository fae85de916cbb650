/** The end of the tour: prices fall, the watch speaks by itself, somebody has the case and it is cured. */
import { ACTIONS } from '../src/slack/ids.ts';
import type { Exchange } from './binance/exchange.ts';
import { SEED_IDS } from './slack/seed.ts';
import type { StoredMessage } from './slack/store.ts';
import type { TourStep } from './tour.ts';
import type { World } from './world.ts';

const UNIT = '1';
/** A few rounds of the watch. */
const WITHIN_MS = 30_000;
/** The five minutes for which a unit must be seen below a level, and one more. */
const RECOVERY_MINUTES = 6;

/** By minutes; null where time cannot be skipped, because Redis has a clock of its own. */
export type SkipTime = ((minutes: number) => void) | null;

/** Half a minute at a time, each with a reading: time in which nobody read would prove nothing. */
export async function skipWatched(
  exchange: Exchange,
  skip: NonNullable<SkipTime>,
  minutes: number,
): Promise<void> {
  for (let skipped = 0; skipped < minutes; skipped += 0.5) {
    const read = exchange.nextRequest(
      { endpoint: 'ltv-details', account: 'fund-a', done: true },
      { stage: 'answered', signal: AbortSignal.timeout(WITHIN_MS) },
    );
    skip(0.5);
    await read;
  }
}

/** For a world whose bots watch. */
export function watchTourOf({ workspace, exchange }: World, skip: SkipTime): readonly TourStep[] {
  /** Its card, or a reply in its thread, as soon as it says so. */
  function alert(pattern: RegExp): Promise<StoredMessage> {
    const ofUnit = new RegExp(`unit ${UNIT}\\b`, 'i');
    return workspace.until(
      () =>
        workspace.store.messages(SEED_IDS.loanAlerts).find((message) => {
          const text = workspace.renderText(message);
          return ofUnit.test(text) && pattern.test(text);
        }),
      WITHIN_MS,
    );
  }

  return [
    {
      title: 'The watch: prices fall, and the alert comes by itself',
      actor: null,
      does: `unit ${UNIT} falls to LTV 86%; nobody types anything`,
      run: async () => {
        exchange.startPath({ groupId: UNIT, kind: 'crash', lastsS: 2 });
        return workspace.renderText(await alert(/margin call[\s\S]*\[I have it\]/i));
      },
    },
    {
      title: 'Somebody has it',
      actor: SEED_IDS.ada,
      does: 'clicks I have it',
      run: async () => {
        const card = await alert(/\[I have it\]/);
        await workspace.as(SEED_IDS.ada).click(card, ACTIONS.takeCase, { stale: true });
        return workspace.renderText(await alert(/Ada Lindqvist has it/));
      },
    },
    {
      title: 'The cure, and five minutes of fresh readings below the level',
      actor: null,
      does: `3 USDT are repaid from outside unit ${UNIT}${skip === null ? '' : '; six minutes are skipped, each with a reading'}`,
      run: async () => {
        exchange.repay(UNIT, 'USDT', '3');
        const ltv = Number(exchange.unit(UNIT).ltv);
        if (ltv >= 0.8) throw new Error(`the unit is not cured: LTV ${ltv}`);
        if (skip === null) return `LTV is ${ltv}: after five minutes of that the alert is over.`;
        await skipWatched(exchange, skip, RECOVERY_MINUTES);
        return workspace.renderText(await alert(/recovered/i));
      },
    },
  ];
}
