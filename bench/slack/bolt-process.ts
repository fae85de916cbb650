/** Bolt as it comes, with one handler a kind: the floor under the product. */
import { App, HTTPReceiver, LogLevel } from '@slack/bolt';
import { MODALS } from '../../src/slack/ids.ts';
import { SIGNING_SECRET } from '../support/signed-request.ts';

const LOADING = { response_type: 'ephemeral', text: 'Reading the risk units…' } as const;

const receiver = new HTTPReceiver({ signingSecret: SIGNING_SECRET, logLevel: LogLevel.ERROR });
const app = new App({
  receiver,
  authorize: async () => ({ botToken: 'xoxb-bench' }),
  logLevel: LogLevel.ERROR,
});
app.command('/ltv', async ({ ack }) => ack(LOADING));
app.command('/answer', async ({ ack, respond }) => {
  await ack(LOADING);
  await respond({ response_type: 'ephemeral', replace_original: true, text: 'An answer.' });
});
app.view(MODALS.ballot, async ({ ack }) =>
  ack({
    response_action: 'errors',
    errors: { typed: 'That is not the id of this unit. Your approval was not recorded.' },
  }),
);
// The compile cache is written at a normal exit only.
process.on('SIGTERM', () => process.exit(0));
await app.start({ port: Number(process.env.PORT), host: '127.0.0.1' });
