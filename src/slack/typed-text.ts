/** What people typed, without what Slack and phones add. */

const TOKEN = /<([^<>|]*)(?:\|([^<>]*))?>/g;

/** `<@U1|ann>` becomes "@ann", `<mailto:a@b.c|a@b.c>` "a@b.c", `<https://x|x>` "x": what was typed, not its markup. */
function unwrap(_token: string, target: string, label: string | undefined): string {
  const kind = target[0];
  const name = label === undefined || label === '' ? null : label;
  if (kind === '@' || kind === '#') return `${kind}${name ?? target.slice(1)}`;
  if (kind === '!') return name ?? `@${target.slice(1)}`;
  return name ?? target.replace(/^mailto:/, '');
}

/** Typed text in plain characters: markup and entities undone, quotes straight, spaces plain, ends trimmed. */
export function plainTyped(text: string): string {
  return text
    .replace(TOKEN, unwrap)
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replace(/[\u2018\u2019\u201A\u201B]/g, "'")
    .replace(/[\u201C\u201D\u201E\u201F\u00AB\u00BB]/g, '"')
    .replace(/[\u200B-\u200F\u202A-\u202E\u2060\uFEFF]/g, '')
    .replace(/[^\S\n]/g, ' ')
    .trim();
}

/** A query or an id: one line, single spaces, no backticks, no quotes around it. */
export function typedQuery(text: string): string {
  return plainTyped(text)
    .replaceAll('`', '')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2')
    .trim();
}

/**
 * Whom a command's text mentions, and its other words. Slack writes mentions as `<@U1|ann>` and `<!subteam^S1|@desk>`
 * where the command escapes them (manifest.yml).
 */
export function typedMentions(text: string): {
  readonly people: readonly string[];
  readonly groups: readonly string[];
  readonly text: string;
} {
  const people = new Set<string>();
  const groups = new Set<string>();
  const rest = text.replace(/<(?:@|!subteam\^)([A-Z0-9]+)(?:\|[^<>]*)?>/g, (token, id: string) => {
    (token.startsWith('<@') ? people : groups).add(id);
    return ' ';
  });
  return { people: [...people], groups: [...groups], text: typedQuery(rest) };
}

/** The first word and the rest; the rest keeps its own spacing. */
export function firstWord(text: string): { readonly word: string; readonly rest: string } {
  const typed = plainTyped(text);
  const space = typed.search(/\s/);
  if (space === -1) return { word: typedQuery(typed), rest: '' };
  return { word: typedQuery(typed.slice(0, space)), rest: typed.slice(space).trim() };
}

/**
 * The fault of one text field, found before any look-up and shown in the form, which stays open. Null: none.
 * `max` counts UTF-16 units.
 */
export function textFault(
  fields: ReadonlyMap<string, string>,
  blockId: string,
  max: number,
  whenEmpty: string,
): Readonly<Record<string, string>> | null {
  const text = (fields.get(blockId) ?? '').trim();
  if (text === '') return { [blockId]: `${whenEmpty} Nothing was changed.` };
  if (text.length > max) return { [blockId]: `At most ${max} characters. Nothing was changed.` };
  return null;
}
