/** Markup as templates: what is put into one is escaped, unless it is markup itself. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Of a start tag; those that are undefined or false are left out, `true` is an empty one. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Text, numbers, markup and attributes, or lists of them; null, undefined and false are nothing. */
export type Content = Markup | Attributes | string | number | false | null | undefined | readonly Content[];

export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const text = parts.reduce((sum, part, index) => sum + toHtml(contents[index - 1]) + part);
  return new Markup(text.trim());
}

export function toHtml(content: Content): string {
  if (content instanceof Markup) return content.text;
  if (typeof content === 'string') return escapeHtml(content);
  if (typeof content === 'number') return String(content);
  if (!content) return '';
  return isList(content) ? content.map(toHtml).join('') : attributesHtml(content);
}

function isList(content: Attributes | readonly Content[]): content is readonly Content[] {
  return Array.isArray(content);
}

function attributesHtml(attributes: Attributes): string {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([name, value]) => `${name}="${value === true ? '' : escapeHtml(String(value))}"`)
    .join(' ');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
