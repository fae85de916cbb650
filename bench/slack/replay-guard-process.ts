/**
 * The product's way to a listener and nothing behind it: receiver, signature, Bolt, guard, log, and the one Redis
 * call that refuses replays. What a command asks for is left out, so that what all commands pay is seen alone.
 */
import { randomUUID } from 'node:crypto';
import { App } from '@slack/bolt';
import { z } from 'zod';
import { referenceFrom } from '../../src/domain/request-id.ts';
import { Correlation } from '../../src/ops/correlation.ts';
import { createLogger } from '../../src/ops/logger.ts';
import { RedisConnection } from '../../src/redis/connection.ts';
import { KeyNames } from '../../src/redis/key-names.ts';
import { RedisSeenOnce } from '../../src/redis/seen-once.ts';
import { createGuard } from '../../src/slack/guard.ts';
import { createHttpReceiver } from '../../src/slack/http-transport.ts';
import { ACTIONS, COMMANDS, MODALS } from '../../src/slack/ids.ts';
import { register } from '../../src/slack/register.ts';
import { fetchThrough } from '../../src/slack/slack-fetch.ts';
import { handled, type Listener } from '../../src/slack/turn.ts';
import { createWebClient } from '../../src/slack/web-client.ts';
import { WorkQueue } from '../../src/slack/work-queue.ts';
import { SIGNING_SECRET } from '../support/signed-request.ts';

const settings = z.object({ PORT: z.coerce.number(), REDIS_URL: z.string() }).parse(process.env);
const correlation = new Correlation();
const log = correlation.log(createLogger('info'));
const now = Date.now;

const nothing: Listener = {
  name: 'nothing',
  loading: () => 'Reading the risk units…',
  work: async () => handled(),
};

function all<Name extends string>(names: Readonly<Record<string, Name>>): Record<Name, Listener> {
  const table = {} as Record<Name, Listener>;
  for (const name of Object.values(names)) table[name] = nothing;
  return table;
}

const receiver = createHttpReceiver({ signingSecret: SIGNING_SECRET, routes: [], log, now });
const app = new App({ receiver, authorize: async () => ({ botToken: 'xoxb-bench' }), convoStore: false });
const queue = new WorkQueue({ atOnce: 32, waitingAtMost: 1_000 });
const guard = createGuard({
  seenOnce: new RedisSeenOnce({
    connection: new RedisConnection({ url: settings.REDIS_URL }, log),
    keys: new KeyNames('bench'),
    newId: randomUUID,
  }),
  lanes: { decision: queue, read: queue },
  turnedAway: new WorkQueue({ atOnce: 8, waitingAtMost: 200 }),
  log,
  now,
  newReference: () => referenceFrom(randomUUID()),
  redrawCard: async () => {},
  within: (reference, work) => correlation.within({ reference }, work),
});
register(
  app,
  {
    commands: all(COMMANDS),
    actions: all(ACTIONS),
    submissions: all(MODALS),
    homeOpened: nothing,
    otherAction: nothing,
  },
  guard,
  {
    client: createWebClient({ apiUrl: 'http://127.0.0.1:9/', botToken: 'xoxb-bench' }, log),
    log,
    quiet: async (message) => message,
    fetch: fetchThrough(),
  },
);
process.on('SIGTERM', () => process.exit(0));
await receiver.start({ port: settings.PORT, host: '127.0.0.1' });
