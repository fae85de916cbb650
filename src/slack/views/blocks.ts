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

/** Slack draws it in messages only, at most two each. @slack/types 3.2.0 does not have it yet. */
export interface ChartBlock {
  readonly type: 'data_visualization';
  readonly block_id?: string;
  readonly title: string;
  readonly chart: {
    readonly type: 'line' | 'bar' | 'area';
    readonly series: readonly {
      readonly name: string;
      readonly data: readonly { readonly label: string; readonly value: number }[];
    }[];
    readonly axis_config: { readonly categories: string[]; readonly y_label?: string };
  };
}

/** What a message may hold; a modal and a Home tab take `KnownBlock` only. */
export type MessageBlock = KnownBlock | ChartBlock;

export interface Message {
  readonly text: string;
  readonly blocks: readonly MessageBlock[];
  /** The same in older blocks, for a Slack that refuses these with `invalid_blocks`. */
  readonly plainer?: Message;
}

/** One text in several forms, the richest first: each of the others is for a Slack that refuses the one before. */
export function inForms(
  text: string,
  blocks: Message['blocks'],
  ...plainer: readonly Message['blocks'][]
): Message {
  const [next, ...rest] = plainer;
  return { text, blocks, ...(next === undefined ? {} : { plainer: inForms(text, next, ...rest) }) };
}

export type Modal = ModalView;
/** `plainer`: the same in older blocks, for a Slack that refuses these. */
export type Home = HomeView & { readonly plainer?: HomeView };

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
  /** Where it leads; Slack opens it and tells of the click all the same. */
  readonly url?: string;
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
    ...(spec.url === undefined ? {} : { url: spec.url }),
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

export interface ChartSpec {
  readonly title: string;
  readonly kind: 'line' | 'bar' | 'area';
  /** Along the x axis, from left to right. */
  readonly labels: readonly string[];
  /** Each series by its name, one value for each label. A chart shows where things are; it is not for exact money. */
  readonly series: Readonly<Record<string, readonly number[]>>;
  readonly unit?: string;
}

/**
 * A chart within Slack's limits; none where there is nothing to draw. Of too many points a line keeps the newest (the
 * last), bars keep the first; a point without a value in every series is left out, since Slack refuses holes.
 */
export function chart({ title, kind, labels, series, unit }: ChartSpec): readonly ChartBlock[] {
  const { chart: most } = LIMITS;
  const drawn = Object.entries(series).slice(0, most.series);
  const whole = [...labels.keys()].filter((at) => drawn.every(([, values]) => Number.isFinite(values[at])));
  const points = kind === 'bar' ? whole.slice(0, most.points) : whole.slice(-most.points);
  if (drawn.length === 0 || points.length === 0) return [];
  const categories = distinct(points.map((at) => labels[at] ?? ''));
  const names = distinct(drawn.map(([name]) => name));
  return [
    {
      type: 'data_visualization',
      title: shorten(title, most.title),
      chart: {
        type: kind,
        series: drawn.map(([, values], index) => ({
          name: names[index] ?? '',
          data: points.map((at, place) => ({ label: categories[place] ?? '', value: values[at] ?? 0 })),
        })),
        axis_config: {
          categories,
          ...(unit === undefined ? {} : { y_label: shorten(unit, most.axisLabel) }),
        },
      },
    },
  ];
}

/** Labels as long as Slack takes them, each once: a repeated one gets its number, as "16:00 (2)". */
function distinct(labels: readonly string[]): string[] {
  const taken = new Set<string>();
  return labels.map((given) => {
    const label = given.trim() === '' ? '–' : given;
    let fitting = shorten(label, LIMITS.chart.label);
    for (let number = 2; taken.has(fitting); number += 1) {
      const mark = ` (${number})`;
      fitting = shorten(label, LIMITS.chart.label - mark.length) + mark;
    }
    taken.add(fitting);
    return fitting;
  });
}

/** As many whole lines as fit into `max` characters; `more` says what to do about the others. */
export function fitLines(
  lines: readonly string[],
  max: number,
  more: (left: number) => string = (left) => `… and ${left} more lines`,
): string {
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

/** Of a list of items as many as fit; `what`: " changes", after "and 3 more". */
export function fitItems(lines: readonly string[], max: number, what = ''): string {
  return fitLines(lines, max, (left) => `• … and ${left} more${what}`);
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
