/** A reading of many calls that is under way: how far it is, and a way to give it up. */
import type { ReadingProgress } from '../../usecases/loan-desk.ts';
import { type ReadingValue, writeReadingValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import { buttons, type Message, section } from './blocks.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import { noticeMessage } from './notice-message.ts';

export function readingMessage(reading: ReadingValue, { done, of }: ReadingProgress): Message {
  const text = `Reading ${nameOf(reading)}: ${done} of ${of} call${of === 1 ? '' : 's'}.`;
  const value = writeReadingValue(reading);
  const controls = buttons([
    {
      id: ACTIONS.readingProgress,
      label: 'How far?',
      value,
      spoken: 'How far? Shows how far this reading is',
    },
    {
      id: ACTIONS.stopReading,
      label: 'Stop reading',
      value,
      spoken: 'Stop reading: nothing is shown then',
    },
  ]);
  return { text, blocks: [section(text), ...controls] };
}

export function readingStopsMessage(reading: ReadingValue): Message {
  return noticeMessage(`Stopping ${nameOf(reading)} after the call that is under way.`);
}

/** Also of a reading whose process ended half-way: then nothing more comes. */
export function readingOverMessage(): Message {
  return noticeMessage(
    "This reading is over: its answer is in another message, or comes in a moment. If none comes, Loandesk couldn't finish it: ask again.",
  );
}

function nameOf({ query }: ReadingValue): string {
  return `\`/loan ${shorten(escapeMrkdwn(query.replaceAll('`', '')), 120)}\``;
}
