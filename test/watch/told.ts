/** What people were told by the watch. */
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import type { StoredMessage } from '../../sandbox/slack/store.ts';
import type { Workspace } from '../../sandbox/slack/workspace.ts';

/** A message of the bot, as it was when it came: what a phone showed. */
export interface Told {
  readonly text: string;
  readonly atMs: number;
  /** In the channel itself, or in a thread. */
  readonly isReply: boolean;
  /** Somebody's phone rings. */
  readonly isLoud: boolean;
  readonly message: StoredMessage;
}

export function toldIn(workspace: Workspace, channelId: string): Told[] {
  return workspace.store.events
    .flatMap((event) => (event.type === 'message' ? [event.message] : []))
    .filter((message) => message.channelId === channelId && message.userId === ids.botUser)
    .filter(({ viewerId }) => viewerId === undefined)
    .map((message) => {
      const text = workspace.renderText(message);
      return {
        text,
        atMs: Math.floor(Number(message.ts) * 1000),
        isReply: message.threadTs !== undefined && message.threadTs !== message.ts,
        isLoud: text.includes('@loan-approvers') || message.text.includes(ids.approvers),
        message,
      };
    });
}
