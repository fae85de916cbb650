/**
 * After a failover the record may be older than the card: a vote or a send that was lost with the former master is
 * still drawn, perhaps without the buttons that people now need. So the cards of all open requests are drawn anew.
 */
import type { CloseRequest } from '../domain/close/close-request.ts';
import type { Log, SeenOnce } from '../usecases/ports.ts';

/** The new master is known everywhere by then, and a flapping connection counts as one. */
const SETTLES_AFTER_MS = 3_000;
/** Of all processes that reconnect together one redraws a card. */
const ONE_OF_ALL_WITHIN_MS = 10_000;
/** Slack takes about one edit a second and channel. */
const CARDS_AT_MOST = 50;

export interface RedrawParts {
  readonly listOpen: () => Promise<readonly CloseRequest[]>;
  readonly redrawCard: (requestId: string) => Promise<void>;
  readonly seenOnce: SeenOnce;
  readonly inBackground: (what: string, work: () => Promise<unknown>) => void;
  readonly log: Log;
}

/** Answers what to call when the connection stands anew. */
export function createRedrawAfterReconnect(parts: RedrawParts): () => void {
  const { listOpen, redrawCard, seenOnce, inBackground, log } = parts;
  let timer: NodeJS.Timeout | undefined;

  async function redrawAll(): Promise<void> {
    const open = (await listOpen()).filter(({ card }) => card !== null).slice(-CARDS_AT_MOST);
    let redrawn = 0;
    for (const { id } of open) {
      if (!(await seenOnce.first(`redraw:${id}`, ONE_OF_ALL_WITHIN_MS))) continue;
      await redrawCard(id);
      redrawn += 1;
    }
    log.info({ open: open.length, redrawn }, 'cards drawn anew after Redis was away');
  }

  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => inBackground('redraw', redrawAll), SETTLES_AFTER_MS);
    timer.unref();
  };
}
