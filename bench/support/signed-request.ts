/** What Slack sends, signed: a slash command, and a form that is refused in its ack. */
import { FORM, signBody } from '../../sandbox/slack/payload-sender.ts';
import { INPUT, INPUTS, MODALS } from '../../src/slack/ids.ts';
import { SIGNING_SECRET, TEAM } from './secrets.ts';

export interface Wanted {
  readonly kind: 'command' | 'form';
  /** Unique: trigger id, and where the answer goes. */
  readonly number: number;
  readonly command: string;
  readonly text: string;
  /** Where response URLs point. */
  readonly answersTo: string;
}

export interface Signed {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const USER = 'U0PERSON0';

export function signedRequest(wanted: Wanted): Signed {
  const body = wanted.kind === 'command' ? commandBody(wanted) : formBody(wanted);
  const timestampS = Math.floor(Date.now() / 1000);
  return {
    body,
    headers: {
      'content-type': FORM,
      'x-slack-request-timestamp': String(timestampS),
      'x-slack-signature': signBody(SIGNING_SECRET, timestampS, body),
    },
  };
}

function commandBody({ number, command, text, answersTo }: Wanted): string {
  return new URLSearchParams({
    token: 'deprecated',
    team_id: TEAM,
    team_domain: 'bench',
    channel_id: 'C0BENCH0001',
    channel_name: 'loan-desk',
    user_id: USER,
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
function formBody({ number }: Wanted): string {
  const metadata = { requestId: 'R0000000000000000', version: 1, digest: 'd'.repeat(64), groupId: '7' };
  const payload = {
    type: 'view_submission',
    team: { id: TEAM, domain: 'bench' },
    user: { id: USER, username: 'somebody', name: 'somebody', team_id: TEAM },
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
