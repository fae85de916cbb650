/** Before figures go to a channel: who would read them, and a button that posts them. */
import { writePageValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import { buttons, type Message, section } from './blocks.ts';

export interface PlaceToShare {
  readonly channelId: string;
  /** Null: not known. */
  readonly members: number | null;
  /** People of another organisation read along. */
  readonly includesOthers: boolean;
}

export function channelMention(channelId: string): string {
  return /^[CG][A-Z0-9]+$/.test(channelId) ? `<#${channelId}>` : 'this channel';
}

export function askToShareMessage(place: PlaceToShare, query: string): Message {
  const count = place.members === null ? '' : ` (${place.members} members)`;
  const others = place.includesOthers ? ', *among them people of another organisation*,' : '';
  const text = `Share these units in ${channelMention(place.channelId)}? Everyone there${count}${others} will see every LTV and amount. Loandesk reads them again first, and leaves out e-mails.`;
  const share = {
    id: ACTIONS.shareUnitsConfirmed,
    label: 'Share now',
    value: writePageValue({ query, page: 1 }),
    spoken: 'Share now: post these units for everyone in this channel',
    style: 'primary',
  } as const;
  return { text, blocks: [section(text), ...buttons([share])] };
}
