/**
 * Messages that a channel reads name people without pinging them: a mention (`<@U…>`) notifies the person it names, even
 * with `verbatim`, and the approvers of a busy desk would be called for every card and every vote of others; a group's
 * (`<!subteam^S…>`) notifies all its members. So each mention of a person becomes a name that links to their profile:
 * still who it is by user id, and silent; a group's becomes its handle. Who must act is told directly (reminders,
 * outcomes), once.
 */
import type { Message, MessageBlock } from './blocks.ts';
import { escapeMrkdwn, LIMITS, shorten } from './limits.ts';

const MENTION = /<(?:@|!subteam\^)([UWS][A-Z0-9]{1,30})>/g;
const LONGEST_NAME = 40;

/** Names by user id, handles by group id; null where it is not known now. */
export type Names = ReadonlyMap<string, string | null>;

/** User ids and group ids that the message, and each plainer form of it, mentions. */
export function mentionedIn(message: Message): ReadonlySet<string> {
  const found = new Set<string>();
  for (let form: Message | undefined = message; form !== undefined; form = form.plainer) {
    const texts = [form.text, ...form.blocks.flatMap(mrkdwnOf)];
    for (const text of texts) for (const [, id = ''] of text.matchAll(MENTION)) found.add(id);
  }
  return found;
}

export function withoutPings(message: Message, names: Names, workspaceUrl: string | null): Message {
  const quiet = (text: string, max: number): string => {
    const replaced = text.replaceAll(MENTION, (_, id: string) => quietName(id, names, workspaceUrl));
    if (replaced.length <= max) return replaced;
    // A crowd of links can outgrow the block: then the names alone.
    const short = text.replaceAll(MENTION, (_, id: string) => quietName(id, names, null));
    return shorten(short, max);
  };
  return {
    text: quiet(message.text, LIMITS.message.updateText),
    blocks: message.blocks.map((block) => quietBlock(block, quiet)),
    ...(message.plainer === undefined ? {} : { plainer: withoutPings(message.plainer, names, workspaceUrl) }),
  };
}

/** Names are typed by their owners: marks that would format them are dropped, and their length is bounded. */
function quietName(id: string, names: Names, workspaceUrl: string | null): string {
  const name = (names.get(id) ?? '').replace(/[*_~`|<>\p{C}]/gu, '').trim();
  const label = name === '' ? id : shorten(escapeMrkdwn(shorten(name, LONGEST_NAME)), LONGEST_NAME);
  if (id.startsWith('S')) return name === '' ? label : `@${label}`;
  if (workspaceUrl === null || !URL.canParse(workspaceUrl)) return label;
  return `<${new URL(`team/${id}`, workspaceUrl).href}|${label}>`;
}

/** The mrkdwn texts of our blocks; quotes of people's own words are data and stay as they are. */
function mrkdwnOf(block: MessageBlock): string[] {
  if (block.type === 'section') {
    return [block.text, ...(block.fields ?? [])].flatMap((each) =>
      each?.type === 'mrkdwn' ? [each.text] : [],
    );
  }
  if (block.type !== 'context') return [];
  return block.elements.flatMap((each) => (each.type === 'mrkdwn' ? [each.text] : []));
}

function quietBlock(block: MessageBlock, quiet: (text: string, max: number) => string): MessageBlock {
  const one = <Text extends { readonly type: string; readonly text?: string }>(
    each: Text,
    max: number,
  ): Text =>
    each.type === 'mrkdwn' && each.text !== undefined ? { ...each, text: quiet(each.text, max) } : each;
  if (block.type === 'section') {
    return {
      ...block,
      ...(block.text === undefined ? {} : { text: one(block.text, LIMITS.section.text) }),
      ...(block.fields === undefined
        ? {}
        : { fields: block.fields.map((each) => one(each, LIMITS.section.field)) }),
    };
  }
  if (block.type !== 'context') return block;
  return { ...block, elements: block.elements.map((each) => one(each, LIMITS.section.text)) };
}
