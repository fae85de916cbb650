/** What Slack would refuse of a message, by the checker of the stand-in. */
import { findBlockKitFaults } from '../../../sandbox/slack/block-kit/check-blocks.ts';
import type { Message } from '../../../src/slack/views/blocks.ts';
import { LIMITS } from '../../../src/slack/views/limits.ts';

/** Characters of text in blocks, tables apart: a whole message was seen refused well below the known ceiling. */
function charactersOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + charactersOf(each), 0);
  if (typeof value !== 'object' || value === null) return 0;
  if ('type' in value && (value.type === 'table' || value.type === 'data_table')) return 0;
  return Object.entries(value).reduce(
    (sum, [name, each]) =>
      sum + (name === 'text' && typeof each === 'string' ? each.length : charactersOf(each)),
    0,
  );
}

/** The message, every plainer form of it, and its text where Slack limits it. */
export function faultsOf(message: Message): unknown[] {
  const faults: unknown[] = [];
  for (let form: Message | undefined = message; form !== undefined; form = form.plainer) {
    faults.push(...findBlockKitFaults('message', form, { update: true }));
    const characters = charactersOf(form.blocks);
    if (characters > LIMITS.message.blocksCharactersAimed) faults.push(`${characters} characters`);
    if (form.text.trim() === '') faults.push('a message without text');
  }
  return faults;
}
