/** Who reads a channel, for people who are about to post figures there. */
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
