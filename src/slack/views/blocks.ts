/** What a view gives: text that says everything essential (screen readers and notifications read it), and blocks. */
import type {
  ActionsBlock,
  Button,
  ContextBlock,
  HeaderBlock,
  HomeView,
  InputBlock,
  KnownBlock,
  ModalView,
  MrkdwnElement,
  PlainTextElement,
  RichTextBlock,
  SectionBlock,
} from '@slack/types';
import { writePageValue } from '../button-value.ts';
import { type ActionId, INPUT } from '../ids.ts';
import { LIMITS, shorten } from './limits.ts';

export interface Message {
  readonly text: string;
  readonly blocks: readonly KnownBlock[];
  /** The same in older blocks, for a Slack that refuses these with `invalid_blocks`. */
  readonly plainer?: Message;
}

export type Modal = ModalView;
export type Home = HomeView;

export function mrkdwn(text: string, max: number = LIMITS.section.text): MrkdwnElement {
  // Slack refuses empty text; a dash says that there is none.
  return { type: 'mrkdwn', text: text.trim() === '' ? '–' : shorten(text, max), verbatim: true };
}

export function plain(text: string, max: number): PlainTextElement {
  return { type: 'plain_text', text: shorten(text, max), emoji: false };
}

export function header(text: string): HeaderBlock {
  return { type: 'header', text: plain(text, LIMITS.header.text) };
}

export function section(text: string, max: number = LIMITS.section.text): SectionBlock {
  return { type: 'section', text: mrkdwn(text, max), expand: true };
}

/**
 * Somebody's own words as a quote: as data, not mrkdwn, so that nothing typed there can look like a line of ours,
 * ping anybody or become a link. Needs no escaping.
 */
export function quote(text: string, max: number): RichTextBlock {
  const said = text.trim() === '' ? '–' : shorten(text, max);
  return {
    type: 'rich_text',
    elements: [{ type: 'rich_text_quote', elements: [{ type: 'text', text: said }] }],
  };
}

/** Label and value, two by two; more than ten pairs would be refused, so the caller splits. */
export function fields(pairs: readonly (readonly [label: string, value: string])[]): SectionBlock {
  return {
    type: 'section',
    fields: pairs
      .slice(0, LIMITS.section.fields)
      .map(([label, value]) => mrkdwn(`*${label}*\n${value}`, 600)),
  };
}

export function context(text: string, max = 1_000): ContextBlock {
  return { type: 'context', elements: [mrkdwn(text, max)] };
}

export const divider: KnownBlock = { type: 'divider' };

export interface ButtonSpec {
  readonly id: ActionId;
  readonly label: string;
  readonly value: string;
  /** Read aloud in place of the label; says what the button acts on. */
  readonly spoken: string;
  readonly style?: 'primary' | 'danger';
  readonly confirm?: { readonly title: string; readonly text: string; readonly yes: string };
}

/** People who use voice control say the visible label, so the accessible name contains it (WCAG 2.5.3). */
function spokenLabel({ label, spoken }: ButtonSpec): string {
  return spoken.toLowerCase().includes(label.replace('…', '').toLowerCase()) ? spoken : `${label}: ${spoken}`;
}

function button(spec: ButtonSpec): Button {
  return {
    type: 'button',
    action_id: spec.id,
    text: plain(spec.label, LIMITS.button.text),
    value: spec.value,
    accessibility_label: shorten(spokenLabel(spec), LIMITS.button.accessibilityLabel),
    ...(spec.style === undefined ? {} : { style: spec.style }),
    ...(spec.confirm === undefined
      ? {}
      : {
          confirm: {
            title: plain(spec.confirm.title, LIMITS.confirm.title),
            text: plain(spec.confirm.text, LIMITS.confirm.text),
            confirm: plain(spec.confirm.yes, LIMITS.confirm.confirm),
            deny: plain('Go back', LIMITS.confirm.deny),
          },
        }),
  };
}

export function buttons(specs: readonly ButtonSpec[], blockId?: string): readonly ActionsBlock[] {
  if (specs.length === 0) return [];
  const elements = specs.map(button);
  return [{ type: 'actions', elements, ...(blockId === undefined ? {} : { block_id: blockId }) }];
}

export function textInput(spec: {
  readonly blockId: string;
  readonly label: string;
  readonly hint: string;
  readonly multiline: boolean;
  readonly maxLength: number;
}): InputBlock {
  return {
    type: 'input',
    block_id: spec.blockId,
    label: plain(spec.label, LIMITS.input.label),
    hint: plain(spec.hint, LIMITS.input.hint),
    element: {
      type: 'plain_text_input',
      action_id: INPUT,
      multiline: spec.multiline,
      max_length: spec.maxLength,
    },
  };
}

/** As many whole lines as fit into `max` characters; `more` says what to do about the others. */
export function fitLines(lines: readonly string[], max: number, more: (left: number) => string): string {
  const whole = lines.join('\n');
  if (whole.length <= max) return whole;
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    const tail = more(lines.length - kept.length);
    if (length + line.length + 1 + tail.length > max) break;
    kept.push(line);
    length += line.length + 1;
  }
  return shorten([...kept, more(lines.length - kept.length)].join('\n'), max);
}

/** The lines in as many sections as they need, at most `max` characters in all. */
export function sections(
  lines: readonly string[],
  max: number,
  more: (left: number) => string,
): SectionBlock[] {
  const fitted = fitLines(lines, max, more).split('\n');
  const found: SectionBlock[] = [];
  let text = '';
  for (const line of fitted) {
    if (text !== '' && text.length + 1 + line.length > 2_900) {
      found.push(section(text));
      text = '';
    }
    text = text === '' ? line : `${text}\n${line}`;
  }
  return text === '' ? found : [...found, section(text)];
}

export interface Position {
  /** From 1. */
  readonly page: number;
  readonly pages: number;
}

type PageTurn = Pick<ButtonSpec, 'id' | 'label' | 'spoken'>;

/** `query` is asked again for the other page. */
export function pager(query: string, { page, pages }: Position, back: PageTurn, on: PageTurn): ButtonSpec[] {
  const to = (turn: PageTurn, target: number): ButtonSpec => ({
    ...turn,
    value: writePageValue({ query, page: target }),
  });
  return [...(page > 1 ? [to(back, page - 1)] : []), ...(page < pages ? [to(on, page + 1)] : [])];
}
