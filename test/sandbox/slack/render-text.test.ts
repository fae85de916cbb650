import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth, renderTable, renderText } from '../../../sandbox/slack/render-text.ts';

const names: Readonly<Record<string, string>> = { U1: '@Ada', C1: '#loan-desk', S1: '@approvers' };
const nameOf = (id: string) => names[id] ?? id;
const render = (...blocks: Record<string, unknown>[]) => renderText({ blocks }, nameOf).split('\n');

const plain = (text: string) => ({ type: 'plain_text', text });
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text });
const section = (text: string) => ({ type: 'section', text: mrkdwn(text) });
const raw = (text: string) => ({ type: 'raw_text', text });
const number = (value: number) => ({ type: 'raw_number', value, text: value.toFixed(2) });
const button = (label: string) => ({ type: 'button', action_id: label, text: plain(label) });

describe('text', () => {
  it.each([
    ['<@U1> in <#C1>, <!subteam^S1>, <!here>', '@Ada in #loan-desk, @approvers, @here'],
    ['a &lt; b &amp;&amp; c &gt; d, &amp;lt;', 'a < b && c > d, &lt;'],
    ['<https://x.example/a|the card>', 'the card (https://x.example/a)'],
    ['<https://x.example/a>', 'https://x.example/a'],
    ['<!date^1795176300^{date_short_pretty} {time}|fallback>', 'Nov 20, 2026 12:05 UTC'],
    ['<!date^1795176300^{date_num} {time_secs}|x>', '2026-11-20 12:05:00 UTC'],
    ['<!date^junk^{date}|fallback>', 'fallback'],
  ])('%s', (text, expected) => {
    expect(render(section(text))).toEqual([expected]);
    expect(renderText({ text }, nameOf)).toBe(expected);
  });

  it('plain text is left as it is', () => {
    expect(render({ type: 'header', text: plain('<@U1> &amp;') })).toEqual(['<@U1> &amp;', '───────────']);
  });
});

describe('a card', () => {
  it('reads well in a terminal', () => {
    const lines = render(
      { type: 'header', text: plain('Close risk unit 3') },
      section('Asked by <@U1>: _repaid_'),
      {
        type: 'section',
        fields: [
          mrkdwn('*Credit account*\nfund-a'),
          mrkdwn('*Liability*\n0'),
          mrkdwn('*Unit*\n3'),
          mrkdwn('*LTV*\n0.00'),
        ],
      },
      { type: 'context', elements: [mrkdwn('Facts `ab12`'), plain('expires 16:00 UTC')] },
      { type: 'divider' },
      {
        type: 'actions',
        elements: [button('Approve'), button('Reject')],
      },
    );
    expect(lines).toEqual([
      'Close risk unit 3',
      '─────────────────',
      '',
      'Asked by @Ada: _repaid_',
      '',
      '*Credit account*   *Liability*',
      'fund-a             0',
      '*Unit*             *LTV*',
      '3                  0.00',
      'Facts `ab12`  expires 16:00 UTC',
      '',
      '────────────────────────────────────────────────────────────',
      '',
      '[Approve] [Reject]',
    ]);
  });
});

describe('tables', () => {
  it('a data table: caption, lines, numbers on the right', () => {
    const rows = [
      [raw('Unit'), raw('LTV')],
      [raw('1'), number(0.8)],
      [raw('credit 信用'), number(12.5)],
    ];
    expect(render({ type: 'data_table', caption: 'All units', rows })).toEqual([
      'All units',
      '┌─────────────┬───────┐',
      '│ Unit        │   LTV │',
      '├─────────────┼───────┤',
      '│ 1           │  0.80 │',
      '│ credit 信用 │ 12.50 │',
      '└─────────────┴───────┘',
    ]);
  });

  it('a table takes its column settings, and rich cells', () => {
    const rich = {
      type: 'rich_text',
      elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'Ada' }] }],
    };
    const rows = [
      [raw('Who'), raw('Votes')],
      [rich, raw('2')],
    ];
    expect(render({ type: 'table', rows, column_settings: [null, { align: 'right' }] })).toEqual([
      '┌─────┬───────┐',
      '│ Who │ Votes │',
      '├─────┼───────┤',
      '│ Ada │     2 │',
      '└─────┴───────┘',
    ]);
  });

  it('every line of a table has the same width', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 }).map((value) => value.replaceAll('\n', ' '));
    const cell = fc.record({
      text,
      align: fc.constantFrom('left' as const, 'right' as const, 'center' as const),
    });
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
        (rows) => {
          // Padding touches the text, so a text that begins with a combining mark is left out.
          fc.pre(
            rows.flat().every((entry) => displayWidth(` ${entry.text} `) === displayWidth(entry.text) + 2),
          );
          expect(new Set(renderTable(rows).map(displayWidth)).size).toBe(1);
        },
      ),
    );
  });
});

describe('other blocks', () => {
  it('a container indents its children', () => {
    const container = {
      type: 'container',
      title: plain('Account 7'),
      subtitle: plain('SPOT'),
      is_collapsible: true,
      child_blocks: [section('one'), section('two')],
    };
    expect(render(container)).toEqual(['▾ Account 7 · SPOT', '  one', '', '  two']);
  });

  it('a chart shows each series on one scale, with its last value', () => {
    const data = (...values: number[]) => values.map((value, index) => ({ label: `1${index}:00`, value }));
    const series = [
      { name: 'LTV', data: data(79, 81, 84.2) },
      { name: 'Margin call', data: data(85, 85, 85) },
    ];
    const chart = { type: 'line', series, axis_config: { categories: ['10:00', '11:00', '12:00'] } };
    expect(render({ type: 'data_visualization', title: 'Unit 12: LTV', chart })).toEqual([
      'Chart: Unit 12: LTV',
      '  LTV          ▁▃▇  84.2 (12:00)',
      '  Margin call  ███  85 (12:00)',
    ]);
  });

  it('rich text: sections and quotes', () => {
    const piece = (text: string) => ({ type: 'text', text });
    const elements = [
      { type: 'rich_text_section', elements: [piece('Hi '), piece('Ada')] },
      { type: 'rich_text_quote', elements: [piece('q1\nq2')] },
    ];
    expect(render({ type: 'rich_text', elements })).toEqual(['Hi Ada', '> q1', '> q2']);
  });

  it('a modal shows its title, inputs and buttons', () => {
    const view = {
      type: 'modal',
      title: plain('Approve'),
      submit: plain('Close the unit'),
      close: plain('Cancel'),
      blocks: [
        { type: 'alert', level: 'warning', text: mrkdwn('cannot be undone') },
        {
          type: 'input',
          label: plain('Unit id'),
          hint: plain('type 3'),
          element: { type: 'plain_text_input', action_id: 'a' },
        },
      ],
    };
    expect(renderText(view, nameOf).split('\n')).toEqual([
      'Approve',
      '═══════',
      '',
      'WARNING: cannot be undone',
      '',
      'Unit id:',
      '  [________]',
      '  type 3',
      '',
      '[Close the unit] [Cancel]',
    ]);
  });

  it('draws any JSON without an exception', () => {
    const block = fc.record({
      type: fc.constantFrom(
        'section',
        'table',
        'data_table',
        'container',
        'data_visualization',
        'rich_text',
        'actions',
        'input',
        'header',
        'x',
      ),
      text: fc.jsonValue(),
      rows: fc.jsonValue(),
      elements: fc.jsonValue(),
      child_blocks: fc.jsonValue(),
      fields: fc.jsonValue(),
      element: fc.jsonValue(),
      chart: fc.record({
        type: fc.constantFrom('line', 'pie'),
        series: fc.jsonValue(),
        segments: fc.jsonValue(),
      }),
    });
    fc.assert(
      fc.property(fc.array(block, { maxLength: 4 }), (blocks) => {
        expect(typeof renderText({ blocks }, nameOf)).toBe('string');
      }),
    );
  });
});
