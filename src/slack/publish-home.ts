/** Home as it is drawn; where Slack refuses its blocks, the simpler form. */
import type { WebClient } from '@slack/web-api';
import { type SlackAnswer, slackCall } from './slack-call.ts';
import type { Home } from './views/blocks.ts';

export async function publishHomeTab(
  client: WebClient,
  userId: string,
  { plainer, ...drawn }: Home,
): Promise<SlackAnswer<unknown>> {
  const publish = (view: Omit<Home, 'plainer'>) =>
    slackCall(() => client.views.publish({ user_id: userId, view }));
  const answer = await publish(drawn);
  if (answer.ok || answer.failure.kind !== 'refused' || plainer === undefined) return answer;
  return publish(plainer);
}
