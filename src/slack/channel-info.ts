/** What Slack says of a channel: who reads it, for people who are about to post figures there; why the bot can't post. */
import type { WebClient } from '@slack/web-api';
import type { Lookup } from '../usecases/ports.ts';
import { failureText, slackCall } from './slack-call.ts';

export interface ChannelReaders {
  /** Null: Slack did not say how many. */
  readonly members: number | null;
  /** Shared with another organisation (Slack Connect), or about to be. */
  readonly includesOthers: boolean;
}

export type ReadersOf = (channelId: string) => Promise<Lookup<ChannelReaders>>;

/** Asked each time: a channel can be shared at any moment. What Slack leaves out is not taken for a no. */
export function readersThrough(client: WebClient): ReadersOf {
  return async (channelId) => {
    const answer = await slackCall(() =>
      client.conversations.info({ channel: channelId, include_num_members: true }),
    );
    if (!answer.ok) return { ok: false, why: `conversations.info: ${failureText(answer.failure)}` };
    const { channel } = answer.value;
    if (channel?.id !== channelId || channel.is_ext_shared === undefined)
      return { ok: false, why: 'conversations.info: Slack did not say whether the channel is shared' };
    return {
      ok: true,
      value: {
        members: channel.num_members ?? null,
        includesOthers: channel.is_ext_shared || channel.is_pending_ext_shared === true,
      },
    };
  };
}

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
