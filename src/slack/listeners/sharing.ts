/**
 * What people take out of an answer. Share…: says who would read it and asks; posts at the yes, and only where it is
 * known who reads along. CSV: a file in a direct message.
 */
import type { PersonId } from '../../domain/person.ts';
import { done, type Result, refuse } from '../../domain/refusal.ts';
import { readQuery } from '../button-value.ts';
import {
  answerWith,
  handled,
  type Listener,
  type ListenerParts,
  type Outcome,
  refused,
  type Turn,
} from '../listener.ts';
import type { Message } from '../views/blocks.ts';
import { channelMention } from '../views/format.ts';
import { fileSentMessage, noticeMessage } from '../views/notice-message.ts';
import { askToShareMessage, type PlaceToShare, type ShareWords } from '../views/share-view.ts';
import { flawBlocks } from '../views/units-view.ts';

export interface Shareable<View> {
  readonly words: ShareWords;
  /** The question in the button's value, asked again. */
  read(turn: Turn, query: string): Promise<Result<View>>;
  /** Without buttons and whole addresses. Null: it is for its asker alone. */
  forChannel(view: View, sharedBy: PersonId): Message | null;
  forAsker(view: View, query: string): Message;
}

export function sharing<View>(
  parts: ListenerParts,
  what: Shareable<View>,
): { readonly ask: Listener; readonly share: Listener } {
  return { ask: ask(parts, what.words), share: share(parts, what) };
}

/** No verb of the desk answers here, so the role is asked for first. */
function ask(parts: ListenerParts, words: ShareWords): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const roles = await parts.desk.admit(turn.by);
      if (!roles.ok) return refused(roles.refusal);
      return answerWith(readersHere(parts, turn), (readers) =>
        turn.tell(askToShareMessage(readers, words, readQuery(turn.input))),
      );
    },
  };
}

/** Reads the figures and then looks who reads the channel, both again: neither may be older than the yes. */
function share<View>(parts: ListenerParts, what: Shareable<View>): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const query = readQuery(turn.input);
      const result = await what.read(turn, query);
      if (!result.ok) return refused(result.refusal);
      const readers = await readersHere(parts, turn);
      if (!readers.ok) return refused(readers.refusal);
      const place = channelMention(readers.value.channelId, 'this channel');
      const message = what.forChannel(result.value, turn.by);
      if (message === null) await turn.tell(what.forAsker(result.value, query));
      else if (await turn.share(message))
        await turn.replace(noticeMessage(`Shared with everyone in ${place}.`));
      else
        await turn.tell(
          noticeMessage(`Slack didn't confirm the message. Look in ${place} before you share it again.`),
        );
      return handled();
    },
  };
}

/** Refuses where it is not known who reads along, and where another organisation does in a channel that is not listed. */
async function readersHere(
  { readersOf, allowedChannels }: ListenerParts,
  { channelId }: Turn,
): Promise<Result<PlaceToShare>> {
  if (channelId === null || channelId.startsWith('D'))
    return refuse({ code: 'not-shared', why: 'nobody-else' });
  const found = await readersOf(channelId);
  if (!found.ok) return refuse({ code: 'not-shared', why: 'not-looked-up' });
  if (found.value.includesOthers && !allowedChannels.includes(channelId))
    return refuse({ code: 'not-shared', why: 'other-organisation' });
  return done({ channelId, ...found.value });
}

export function sendCsv(
  turn: Turn,
  asked: Promise<
    Result<{
      readonly fileName: string;
      readonly csv: string;
      readonly flaws: Parameters<typeof flawBlocks>[0];
    }>
  >,
): Promise<Outcome> {
  return answerWith(asked, async ({ fileName, csv, flaws }) => {
    const sent = fileSentMessage(fileName, await turn.sendFile(fileName, csv));
    await turn.tell({ ...sent, blocks: [...sent.blocks, ...flawBlocks(flaws)] });
  });
}
