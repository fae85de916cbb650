/**
 * Cards may show an older state than the record, or a newer one that was lost: after a start, when Redis is back (a
 * failover loses what the former master had not passed on), and when Slack takes the token again. Then the cards of all
 * requests that are open or ended lately and of all open alerts are drawn again, and messages that Slack refused
 * meanwhile are retried.
 */
import type { CloseRequest } from '../domain/close/close-request.ts';
import type { Episode } from '../domain/watch/episode.ts';
import type { Outbox } from '../usecases/outbox-ports.ts';
import type { Log, SeenOnce } from '../usecases/ports.ts';

/** The new master is known everywhere by then, and a flapping connection counts as one. */
const SETTLES_AFTER_MS = 3_000;
/** Of all processes that reconnect together one redraws a card. */
const ONE_OF_ALL_WITHIN_MS = 10_000;
/** Of requests, and of alerts: Slack takes about one edit per second and channel. */
const CARDS_AT_MOST = 50;

/** Who looks at a card after that sees an end that is a day old, and can look it up. */
const ENDED_LATELY_MS = 24 * 3_600_000;

export interface RedrawParts {
  /** Newest first. */
  readonly listRecent: (limit: number) => Promise<readonly CloseRequest[]>;
  readonly listOpen: () => Promise<readonly CloseRequest[]>;
  /** Those the watch knows; none while it is off. */
  readonly listEpisodes: () => Promise<Iterable<Episode>>;
  /** Of a request or an episode. */
  readonly redrawCard: (subjectId: string) => Promise<void>;
  readonly outbox: Pick<Outbox, 'retryKept'>;
  /** The store's clock, UTC milliseconds. */
  readonly nowMs: () => Promise<number>;
  readonly seenOnce: SeenOnce;
  readonly inBackground: (what: string, work: () => Promise<unknown>) => void;
  readonly log: Log;
}

/** Answers what to call at each of these; `why` is for the log. */
export function createRedrawAfterReconnect(parts: RedrawParts): (why: string) => void {
  const { listOpen, listRecent, listEpisodes, redrawCard, seenOnce, inBackground, log } = parts;
  let timer: NodeJS.Timeout | undefined;

  async function requestCards(): Promise<readonly CloseRequest[]> {
    const [open, recent, nowMs] = await Promise.all([listOpen(), listRecent(CARDS_AT_MOST), parts.nowMs()]);
    const ended = recent.filter(({ ending }) => ending !== null && nowMs - ending.atMs <= ENDED_LATELY_MS);
    return [...open.toReversed(), ...ended];
  }

  async function alertCards(): Promise<readonly Episode[]> {
    return [...(await listEpisodes())].filter(({ state }) => state === 'open');
  }

  async function redrawAll(why: string, what: string, found: readonly (CloseRequest | Episode)[]) {
    const cards = found.filter(({ card }) => card !== null).slice(0, CARDS_AT_MOST);
    let redrawn = 0;
    for (const { id } of cards) {
      if (!(await seenOnce.first(`redraw:${id}`, ONE_OF_ALL_WITHIN_MS))) continue;
      await redrawCard(id);
      redrawn += 1;
    }
    log.info({ why, what, cards: cards.length, redrawn }, 'cards redrawn');
  }

  async function catchUp(why: string): Promise<void> {
    const kept = await parts.outbox.retryKept();
    log.info({ why, kept }, 'kept messages retried');
    await redrawAll(why, 'requests', await requestCards());
    await redrawAll(why, 'alerts', await alertCards());
  }

  return (why) => {
    clearTimeout(timer);
    timer = setTimeout(() => inBackground('redraw', () => catchUp(why)), SETTLES_AFTER_MS);
    timer.unref();
  };
}
