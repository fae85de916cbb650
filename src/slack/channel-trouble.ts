/** Why the bot can't post in a channel, for `/loandesk status`. */
import type { WebClient } from '@slack/web-api';
import { slackCall } from './slack-call.ts';

/** Null: it can, or Slack doesn't say (it does with the optional scopes channels:read and groups:read). */
export function channelTroubleThrough(client: WebClient, channelId: string): () => Promise<string | null> {
  return async () => {
    const answer = await slackCall(() => client.conversations.info({ channel: channelId }));
    if (!answer.ok) {
      const { failure } = answer;
      const isGone = failure.kind === 'refused' && failure.error === 'channel_not_found';
      return isGone ? `${channelId} doesn't exist, or is private and the bot isn't in it: ${INSTEAD}` : null;
    }
    const { is_archived: isArchived, is_member: isMember } = answer.value.channel ?? {};
    if (isArchived === true) return `${channelId} is archived: ${INSTEAD}`;
    return isMember === false ? `the bot isn't in ${channelId}: ${INSTEAD}` : null;
  };
}

const INSTEAD = 'alerts are direct messages to WATCH_GROUP until it can post there';
