/** Bolt as it comes, with one handler for each kind: the floor under the product. Plain JavaScript: no types to strip. */
import { App, HTTPReceiver, LogLevel } from '@slack/bolt';

const { SLACK_SIGNING_SECRET = '', BALLOT = '', PORT } = process.env;

const receiver = new HTTPReceiver({ signingSecret: SLACK_SIGNING_SECRET, logLevel: LogLevel.ERROR });
const app = new App({
  receiver,
  authorize: async () => ({ botToken: 'xoxb-bench' }),
  logLevel: LogLevel.ERROR,
});
app.command('/ltv', async ({ ack, respond }) => {
  await ack();
  await respond({ response_type: 'ephemeral', text: 'An answer.' });
});
app.view(BALLOT, async ({ ack }) =>
  ack({
    response_action: 'errors',
    errors: { typed: 'That is not the id of this unit. Your approval was not recorded.' },
  }),
);
// The compile cache is written at a normal exit only.
process.on('SIGTERM', () => process.exit(0));
await app.start({ port: Number(PORT), host: '127.0.0.1' });
