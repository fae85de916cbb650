/** Before figures go to a channel: who would read them, and a button that posts them. */
import { writePageValue } from '../button-value.ts';
import type { ActionId } from '../ids.ts';
import { buttons, type Message, section } from './blocks.ts';
import { channelMention } from './format.ts';

export interface PlaceToShare {
  readonly channelId: string;
  /** Null: not known. */
  readonly members: number | null;
  /** People of another organisation read along. */
  readonly includesOthers: boolean;
}

/** What is said about what would be shared. */
export interface ShareWords {
  /** "these units" */
  readonly subject: string;
  /** "every LTV and amount" */
  readonly shown: string;
  /** A sentence: what Loandesk does first. */
  readonly first: string;
  readonly action: ActionId;
}

export function askToShareMessage(place: PlaceToShare, words: ShareWords, query: string): Message {
  const count = place.members === null ? '' : ` (${place.members} members)`;
  const others = place.includesOthers ? ', *among them people of another organisation*,' : '';
  const text = `Share ${words.subject} in ${channelMention(place.channelId, 'this channel')}? Everyone there${count}${others} will see ${words.shown}. ${words.first}`;
  const share = {
    id: words.action,
    label: 'Share now',
    value: writePageValue({ query, page: 1 }),
    spoken: `Share now: post ${words.subject} for everyone in this channel`,
    style: 'primary',
  } as const;
  return { text, blocks: [section(text), ...buttons([share])] };
}
