/** Slack's signed requests as bytes, ready to be written to a socket. */
import { createHmac } from 'node:crypto';
import { INPUT, INPUTS, MODALS } from '../../src/slack/ids.ts';

export const SIGNING_SECRET = 'bench-signing-secret-0001';
export const TEAM = 'T0BENCH0001';

export type Kind = 'command' | 'form';

export interface Wanted {
  readonly kind: Kind;
  /** Unique: trigger id, and where the answer goes. */
  readonly number: number;
  readonly user: string;
  readonly command: string;
  readonly text: string;
  /** Where response URLs point. */
  readonly answersTo: string;
}

export function signedRequest(wanted: Wanted): Buffer {
  const body = wanted.kind === 'command' ? commandBody(wanted) : formBody(wanted);
  const timestamp = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', SIGNING_SECRET).update(`v0:${timestamp}:${body}`).digest('hex');
  return Buffer.from(
    [
      'POST /slack/events HTTP/1.1',
      'host: 127.0.0.1',
      'connection: keep-alive',
      'user-agent: Slackbot 1.0 (+https://api.slack.com/robots)',
      'content-type: application/x-www-form-urlencoded',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-slack-request-timestamp: ${timestamp}`,
      `x-slack-signature: v0=${signature}`,
      '',
      body,
    ].join('\r\n'),
  );
}

function commandBody({ number, user, command, text, answersTo }: Wanted): string {
  return new URLSearchParams({
    token: 'deprecated',
    team_id: TEAM,
    team_domain: 'bench',
    channel_id: 'C0BENCH0001',
    channel_name: 'loan-desk',
    user_id: user,
    user_name: 'somebody',
    command,
    text,
    api_app_id: 'A0BENCH0001',
    is_enterprise_install: 'false',
    response_url: `${answersTo}/answer/${number}`,
    trigger_id: `${process.pid}.${number}.trigger`,
  }).toString();
}

/** A ballot whose typed id is wrong: the product answers it in the ack and does nothing else. */
function formBody({ number, user }: Wanted): string {
  const metadata = { requestId: 'R0000000000000000', version: 1, digest: 'd'.repeat(64), groupId: '7' };
  const payload = {
    type: 'view_submission',
    team: { id: TEAM, domain: 'bench' },
    user: { id: user, username: 'somebody', name: 'somebody', team_id: TEAM },
    api_app_id: 'A0BENCH0001',
    token: 'deprecated',
    trigger_id: `${process.pid}.${number}.trigger`,
    view: {
      id: `V${number}`,
      team_id: TEAM,
      type: 'modal',
      blocks: [],
      private_metadata: JSON.stringify(metadata),
      callback_id: MODALS.ballot,
      state: { values: { [INPUTS.typedId]: { [INPUT]: { type: 'plain_text_input', value: '8' } } } },
      hash: '1.a',
      title: { type: 'plain_text', text: 'Approve close' },
      submit: { type: 'plain_text', text: 'Approve' },
      app_id: 'A0BENCH0001',
      bot_id: 'B0BENCH0001',
    },
    response_urls: [],
    is_enterprise_install: false,
    enterprise: null,
  };
  return new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
}
