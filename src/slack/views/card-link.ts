/** Links to messages, in the form Slack's own "Copy link" gives. */
import type { CardLocation } from '../../domain/close/close-request.ts';

/** `workspaceUrl` comes from auth.test ("https://acme.slack.com/"); null: not known yet, so no link. */
export function cardLink(workspaceUrl: string | null, card: CardLocation | null): string | null {
  if (workspaceUrl === null || card === null) return null;
  if (!URL.canParse(workspaceUrl) || !/^[A-Z0-9]+$/.test(card.channelId)) return null;
  if (!/^\d+\.\d+$/.test(card.messageTs)) return null;
  return new URL(`archives/${card.channelId}/p${card.messageTs.replace('.', '')}`, workspaceUrl).href;
}

/** " · card" as a mrkdwn link, or nothing. */
export function cardMention(workspaceUrl: string | null, card: CardLocation | null): string {
  const link = cardLink(workspaceUrl, card);
  return link === null ? '' : ` · <${link}|card>`;
}
