/** Looks up the names that stand for mentions in messages to a channel. */

import type { HomeWorkspace } from './home-workspace.ts';
import type { Message } from './views/message.ts';
import { mentionedIn, withoutPings } from './views/quiet-mentions.ts';

/** `nameOf`: null when a name is not known now; the id then stands in its place. */
export function quietNames(
  nameOf: (userId: string) => Promise<string | null>,
  home: HomeWorkspace,
): (message: Message) => Promise<Message> {
  return async (message) => {
    const ids = [...mentionedIn(message)];
    if (ids.length === 0) return message;
    await home.read();
    const names = await Promise.all(ids.map(async (id) => [id, await nameOf(id)] as const));
    return withoutPings(message, new Map(names), home.url);
  };
}
