/** The list of places a person can open: channels, the direct message with the bot, the bot's Home tab. */
import type { ReactElement } from 'react';
import type { Directory } from '../slack/directory.ts';
import type { Store } from '../slack/store.ts';
import { h, toHtml } from './html.ts';

export const HOME = 'home';

export interface Place {
  /** A channel's id, or `home`. */
  readonly id: string;
  readonly label: string;
  /** Order number of the newest thing in it: larger than what was seen means unread. */
  readonly newest: number;
}

export function placesOf(directory: Directory, store: Store, userId: string): readonly Place[] {
  const newestIn = (id: string) =>
    store.messages(id, userId).reduce((newest, message) => Math.max(newest, message.order), 0);
  const direct = directory.directMessage(userId);
  const channels = [...directory.channels.values()].filter(
    ({ kind, isArchived, members }) => kind === 'channel' && !isArchived && members.has(userId),
  );
  return [
    ...channels.map(({ id, name }) => ({ id, label: `#${name}`, newest: newestIn(id) })),
    { id: direct.id, label: '@Loandesk', newest: newestIn(direct.id) },
    { id: HOME, label: 'Loandesk Home', newest: 0 },
  ];
}

function drawPlace({ id, label, newest }: Place, isOpen: boolean): ReactElement {
  return h(
    'li',
    { key: id, 'data-key': id },
    h('a', { href: `#/at=${id}`, 'data-newest': newest, 'aria-current': isOpen ? 'page' : undefined }, label),
  );
}

export function channelsHtml(places: readonly Place[], openId: string): string {
  return toHtml(
    h(
      'ul',
      null,
      places.map((place) => drawPlace(place, place.id === openId)),
    ),
  );
}
