/** Tells the browser that it should look again, at most ten times a second, and once in two seconds anyway. */
import type { ServerResponse } from 'node:http';
import type { Playground } from './playground.ts';

const GATHERED_MS = 100;
const ANYWAY_EVERY_MS = 2_000;

/** Two kinds of events: `talk` (what Slack shows) and `side` (the exchange, the bots, the record). */
export function streamChanges(playground: Playground, closing: AbortSignal, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(': open\n\n');
  const waiting = new Set<'talk' | 'side'>();
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    timer = undefined;
    for (const kind of waiting) response.write(`event: ${kind}\ndata: \n\n`);
    waiting.clear();
  };
  const tell = (...kinds: readonly ('talk' | 'side')[]) => {
    for (const kind of kinds) waiting.add(kind);
    timer ??= setTimeout(flush, GATHERED_MS);
  };
  // A card that changed means that the record behind it changed.
  const stopTalk = playground.world.workspace.store.listen(() => tell('talk', 'side'));
  const stopSide = playground.onChange(() => tell('side'));
  const anyway = setInterval(() => tell('side'), ANYWAY_EVERY_MS);
  const end = () => response.end();
  closing.addEventListener('abort', end, { once: true });
  response.on('close', () => {
    stopTalk();
    stopSide();
    clearInterval(anyway);
    clearTimeout(timer);
    closing.removeEventListener('abort', end);
  });
}
