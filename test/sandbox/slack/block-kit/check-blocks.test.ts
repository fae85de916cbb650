import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBlockKitFaults } from '../../../../sandbox/slack/block-kit/check-blocks.ts';
import { LIMITS } from '../../../../src/slack/views/limits.ts';

const plain = (text: string) => ({ type: 'plain_text', text });
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text });
const section = (text: string) => ({ type: 'section', text: mrkdwn(text) });
const button = (more: object = {}) => ({ type: 'button', text: plain('Go'), action_id: 'go', ...more });
const actions = (...elements: object[]) => ({ type: 'actions', elements });
const raw = (text: string) => ({ type: 'raw_text', text });
const raws = (...texts: string[]) => texts.map(raw);
const repeat = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, i) => make(i));
const options = (count: number) => repeat(count, (i) => ({ text: plain(`o${i}`), value: `v${i}` }));
const modal = (more: object = {}) => ({
  type: 'modal',
  title: plain('Title'),
  blocks: [section('x')],
  ...more,
});
const input = { type: 'input', label: plain('L'), element: { type: 'plain_text_input', action_id: 'a' } };
const dataTable = (rows: unknown, more: object = {}) => ({ type: 'data_table', caption: 'c', rows, ...more });

const ofMessage = (...blocks: unknown[]) =>
  findBlockKitFaults('message', { text: 't', blocks }).map(({ pointer, code, text }) => [
    pointer,
    code,
    text,
  ]);

describe('accepted', () => {
  it.each<[string, 'message' | 'modal' | 'home', object]>([
    [
      'a full card',
      'message',
      {
        text: 'Close unit 1?',
        blocks: [
          { type: 'header', text: plain('x'.repeat(150)) },
          { type: 'section', fields: repeat(10, () => mrkdwn('f'.repeat(400))) },
          {
            type: 'context',
            elements: [mrkdwn('by <@U1>'), plain('and')],
          },
          { type: 'divider' },
          actions(
            button({
              style: 'primary',
              accessibility_label: 'Approve the close',
              value: 'v'.repeat(2000),
              confirm: {
                title: plain('t'),
                text: mrkdwn('x'.repeat(300)),
                confirm: plain('Yes'),
                deny: plain('No'),
              },
            }),
            button({ action_id: 'no', style: 'danger' }),
          ),
        ],
      },
    ],
    [
      'a data table with numbers',
      'message',
      {
        blocks: [
          dataTable(
            [
              raws('Unit', 'LTV'),
              ...repeat(200, (i) => [raw(`${i}`), { type: 'raw_number', value: i / 100, text: `${i}%` }]),
            ],
            { page_size: 10, row_header_column_index: 0 },
          ),
        ],
      },
    ],
    [
      'a container with a table',
      'home',
      {
        type: 'home',
        blocks: [
          {
            type: 'container',
            title: plain('Wallets'),
            is_collapsible: true,
            child_blocks: [
              { type: 'table', rows: [raws('a', 'b')], column_settings: [null, { align: 'right' }] },
            ],
          },
        ],
      },
    ],
    [
      'a modal with every input',
      'modal',
      modal({
        submit: plain('Send'),
        close: plain('Back'),
        private_metadata: 'm'.repeat(3000),
        blocks: [
          { type: 'alert', text: mrkdwn('careful'), level: 'warning' },
          input,
          { type: 'input', label: plain('L'), element: { type: 'radio_buttons', options: options(10) } },
        ],
      }),
    ],
    ['no blocks at all', 'message', { text: 'x'.repeat(39_000) }],
  ])('%s', (_name, surface, payload) => {
    expect(findBlockKitFaults(surface, payload)).toEqual([]);
  });
});

describe('refused in messages', () => {
  it.each<[string, unknown[], string, string]>([
    ['51 blocks', repeat(51, () => section('x')), '/blocks', 'no more than 50 items allowed'],
    ['an unknown block', [{ type: 'fancy' }], '/blocks/0/type', 'unsupported type: fancy'],
    ['no type', [{}], '/blocks/0', 'missing required field: type'],
    ['not an object', ['x'], '/blocks/0', 'must provide an object'],
    [
      'an alert',
      [{ type: 'alert', text: mrkdwn('x') }],
      '/blocks/0/type',
      'unsupported type: alert (not allowed in a message)',
    ],
    [
      'a long section',
      [section('x'.repeat(3001))],
      '/blocks/0/text/text',
      'must be less than 3001 characters',
    ],
    ['an empty section', [section('')], '/blocks/0/text/text', 'must be more than 0 characters'],
    ['a section without text', [{ type: 'section' }], '/blocks/0', 'must have either text or fields'],
    ['a bare string as text', [{ type: 'section', text: 'x' }], '/blocks/0/text', 'must provide an object'],
    [
      'a long header',
      [{ type: 'header', text: plain('x'.repeat(151)) }],
      '/blocks/0/text/text',
      'must be less than 151 characters',
    ],
    [
      'a mrkdwn header',
      [{ type: 'header', text: mrkdwn('x') }],
      '/blocks/0/text/type',
      'unsupported type: mrkdwn',
    ],
    [
      '11 fields',
      [{ type: 'section', fields: repeat(11, () => mrkdwn('x')) }],
      '/blocks/0/fields',
      'no more than 10 items allowed',
    ],
    [
      'a long field',
      [{ type: 'section', fields: [mrkdwn('x'.repeat(2001))] }],
      '/blocks/0/fields/0/text',
      'must be less than 2001 characters',
    ],
    [
      '11 context elements',
      [{ type: 'context', elements: repeat(11, () => mrkdwn('x')) }],
      '/blocks/0/elements',
      'no more than 10 items allowed',
    ],
    [
      '26 buttons',
      [actions(...repeat(26, (i) => button({ action_id: `a${i}` })))],
      '/blocks/0/elements',
      'no more than 25 items allowed',
    ],
    [
      'the same action twice',
      [actions(button(), button())],
      '/blocks/0/elements/1/action_id',
      '`action_id` "go" already exists',
    ],
    [
      'the same block id twice',
      [
        { type: 'divider', block_id: 'b' },
        { type: 'divider', block_id: 'b' },
      ],
      '/blocks/1/block_id',
      '`block_id` "b" already exists',
    ],
    [
      'a long block id',
      [{ type: 'divider', block_id: 'b'.repeat(256) }],
      '/blocks/0/block_id',
      'must be less than 256 characters',
    ],
    [
      'a long button',
      [actions(button({ text: plain('x'.repeat(76)) }))],
      '/blocks/0/elements/0/text/text',
      'must be less than 76 characters',
    ],
    [
      'a long value',
      [actions(button({ value: 'x'.repeat(2001) }))],
      '/blocks/0/elements/0/value',
      'must be less than 2001 characters',
    ],
    [
      'an empty value',
      [actions(button({ value: '' }))],
      '/blocks/0/elements/0/value',
      'must be more than 0 characters',
    ],
    [
      'a long url',
      [actions(button({ url: `https://${'x'.repeat(3000)}` }))],
      '/blocks/0/elements/0/url',
      'must be less than 3001 characters',
    ],
    [
      'a long label',
      [actions(button({ accessibility_label: 'x'.repeat(76) }))],
      '/blocks/0/elements/0/accessibility_label',
      'must be less than 76 characters',
    ],
    [
      'a style',
      [actions(button({ style: 'warning' }))],
      '/blocks/0/elements/0/style',
      'must be a valid enum value: primary, danger',
    ],
    [
      'a confirm without text',
      [actions(button({ confirm: { title: plain('t') } }))],
      '/blocks/0/elements/0/confirm',
      'missing required field: text',
    ],
    [
      'a long confirm',
      [actions(button({ confirm: { text: plain('x'.repeat(301)) } }))],
      '/blocks/0/elements/0/confirm/text/text',
      'must be less than 301 characters',
    ],
    [
      'an unknown property',
      [{ type: 'divider', page_size: 3 }],
      '/blocks/0',
      'invalid additional property: page_size',
    ],
    [
      'an element that is not modelled',
      [actions({ type: 'static_select', options: options(2) })],
      '/blocks/0/elements/0/type',
      'unsupported type: static_select',
    ],
    [
      'a table in a container of a data table',
      [{ type: 'container', title: plain('t'), child_blocks: [dataTable([raws('a'), raws('b')])] }],
      '/blocks/0/child_blocks/0/type',
      'unsupported type: data_table',
    ],
    [
      '11 children',
      [{ type: 'container', title: plain('t'), child_blocks: repeat(11, () => section('x')) }],
      '/blocks/0/child_blocks',
      'no more than 10 items allowed',
    ],
    [
      'a container without a title',
      [{ type: 'container', child_blocks: [section('x')] }],
      '/blocks/0',
      'must have either title or rich_text_title',
    ],
    [
      'uneven rows',
      [{ type: 'table', rows: [raws('a', 'b'), raws('c')] }],
      '/blocks/0/rows/1',
      'all rows must have the same number of values',
    ],
    [
      '101 rows',
      [{ type: 'table', rows: repeat(101, () => raws('a')) }],
      '/blocks/0/rows',
      'no more than 100 items allowed',
    ],
    [
      '21 columns',
      [{ type: 'table', rows: [repeat(21, () => raw('a'))] }],
      '/blocks/0/rows/0',
      'no more than 20 items allowed',
    ],
    [
      'too many table characters',
      [{ type: 'table', rows: repeat(11, () => raws('x'.repeat(1000))) }],
      '/blocks/0/rows',
      'no more than 10000 characters allowed in all cells (11000)',
    ],
    ['only a header row', [dataTable([raws('a')])], '/blocks/0/rows', 'no fewer than 2 items allowed'],
    [
      'no caption',
      [{ type: 'data_table', rows: [raws('a'), raws('b')] }],
      '/blocks/0',
      'missing required field: caption',
    ],
    [
      'a number as text',
      [dataTable([raws('a'), [{ type: 'raw_number', value: '1', text: '1' }]])],
      '/blocks/0/rows/1/0/value',
      'must be a number',
    ],
    [
      'a number without value',
      [dataTable([raws('a'), [{ type: 'raw_number', text: '1' }]])],
      '/blocks/0/rows/1/0',
      'missing required field: value',
    ],
    [
      'an empty cell',
      [dataTable([raws('a'), raws('')])],
      '/blocks/0/rows/1/0/text',
      'must be more than 0 characters',
    ],
    [
      'a rich header cell',
      [dataTable([[{ type: 'rich_text', elements: [] }], raws('b')])],
      '/blocks/0/rows/0/0/type',
      'unsupported type: rich_text',
    ],
    [
      'a header column that is not there',
      [dataTable([raws('a'), raws('b')], { row_header_column_index: 1 })],
      '/blocks/0/row_header_column_index',
      'must be the index of a column',
    ],
  ])('%s', (_name, blocks, pointer, text) => {
    expect(ofMessage(...blocks)).toContainEqual([pointer, 'invalid_blocks', text]);
  });

  it('a second table, also inside a container', () => {
    const table = { type: 'table', rows: [raws('a')] };
    const container = { type: 'container', title: plain('t'), child_blocks: [table] };
    expect(ofMessage(dataTable([raws('a'), raws('b')]), container)).toEqual([
      ['/blocks/1/child_blocks/0', 'invalid_attachments', 'only_one_table_allowed'],
    ]);
  });

  it('too much text in all blocks together, tables not counted', () => {
    const rows = repeat(19, () => raws('x'.repeat(1000)));
    expect(ofMessage(...repeat(5, () => section('x'.repeat(2640))), dataTable(rows))).toEqual([]);
    expect(ofMessage(...repeat(5, () => section('x'.repeat(2641))))).toEqual([
      ['/blocks', 'msg_blocks_too_long', 'message blocks are too long in total'],
    ]);
  });

  it('an update with more than 4,000 characters of text, while a post may have them', () => {
    const payload = { text: 'x'.repeat(4001) };
    expect(findBlockKitFaults('message', payload)).toEqual([]);
    expect(findBlockKitFaults('message', payload, { update: true })).toEqual([
      { pointer: '/text', code: 'msg_too_long', text: 'must be less than 4001 characters' },
    ]);
  });
});

describe('refused in views', () => {
  it.each<[string, 'modal' | 'home', unknown, string, string]>([
    ['not a view', 'modal', null, '', 'must provide an object'],
    ['the wrong kind', 'home', modal(), '/type', 'unsupported type: modal'],
    [
      'a long title',
      'modal',
      modal({ title: plain('x'.repeat(25)) }),
      '/title/text',
      'must be less than 25 characters',
    ],
    ['no title', 'modal', { type: 'modal', blocks: [] }, '', 'missing required field: title'],
    [
      'a long submit',
      'modal',
      modal({ submit: plain('x'.repeat(25)) }),
      '/submit/text',
      'must be less than 25 characters',
    ],
    [
      'a long close',
      'modal',
      modal({ close: plain('x'.repeat(25)) }),
      '/close/text',
      'must be less than 25 characters',
    ],
    [
      'long metadata',
      'modal',
      modal({ private_metadata: 'x'.repeat(3001) }),
      '/private_metadata',
      'must be less than 3001 characters',
    ],
    [
      'a long callback id',
      'modal',
      modal({ callback_id: 'x'.repeat(256) }),
      '/callback_id',
      'must be less than 256 characters',
    ],
    ['an input without submit', 'modal', modal({ blocks: [input] }), '', 'missing required field: submit'],
    [
      '101 blocks',
      'modal',
      modal({ blocks: repeat(101, () => section('x')) }),
      '/blocks',
      'no more than 100 items allowed',
    ],
    [
      'a table',
      'modal',
      modal({ blocks: [{ type: 'table', rows: [raws('a')] }] }),
      '/blocks/0/type',
      'unsupported type: table (not allowed in a modal)',
    ],
    [
      'a container',
      'modal',
      modal({ blocks: [{ type: 'container', title: plain('t'), child_blocks: [section('x')] }] }),
      '/blocks/0/type',
      'unsupported type: container (not allowed in a modal)',
    ],
    [
      'a title',
      'home',
      { type: 'home', title: plain('x'), blocks: [] },
      '',
      'invalid additional property: title',
    ],
    [
      'a chart',
      'home',
      {
        type: 'home',
        blocks: [
          {
            type: 'data_visualization',
            title: 't',
            chart: { type: 'pie', segments: [{ label: 'a', value: 1 }] },
          },
        ],
      },
      '/blocks/0/type',
      'unsupported type: data_visualization (not allowed in a home)',
    ],
    [
      '11 radio buttons',
      'modal',
      modal({
        submit: plain('s'),
        blocks: [{ ...input, element: { type: 'radio_buttons', options: options(11) } }],
      }),
      '/blocks/0/element/options',
      'no more than 10 items allowed',
    ],
    [
      'a button as input',
      'modal',
      modal({ submit: plain('s'), blocks: [{ ...input, element: button() }] }),
      '/blocks/0/element/type',
      'unsupported type: button',
    ],
  ])('%s', (_name, surface, payload, pointer, text) => {
    expect(findBlockKitFaults(surface, payload)).toContainEqual({ pointer, code: 'invalid_arguments', text });
  });
});

describe('charts', () => {
  const line = (labels: string[], categories: string[]) => ({
    type: 'data_visualization',
    title: 'LTV',
    chart: {
      type: 'line',
      series: [{ name: 'LTV', data: labels.map((label, value) => ({ label, value })) }],
      axis_config: { categories },
    },
  });

  it('takes a series with every category and refuses one with a hole, and a third chart', () => {
    expect(ofMessage(line(['a', 'b'], ['a', 'b']))).toEqual([]);
    expect(ofMessage(line(['a'], ['a', 'b']))).toEqual([
      ['/blocks/0/chart/series/0/data', 'invalid_blocks', 'must have one entry for every category'],
    ]);
    expect(ofMessage(line(['a', 'a'], ['a', 'a']))).toEqual([
      ['/blocks/0/chart/axis_config/categories', 'invalid_blocks', 'categories must be unique'],
    ]);
    expect(ofMessage(...repeat(3, () => line(['a'], ['a'])))).toEqual([
      ['/blocks', 'invalid_blocks', 'too many data_visualization blocks'],
    ]);
  });
});

describe('properties', () => {
  it('any JSON is answered with faults, never with an exception', () => {
    const payload = fc.record({ text: fc.jsonValue(), blocks: fc.jsonValue(), title: fc.jsonValue() });
    fc.assert(
      fc.property(
        fc.constantFrom('message', 'modal', 'home'),
        fc.oneof(fc.jsonValue(), payload),
        (surface, value) => {
          for (const fault of findBlockKitFaults(surface, value)) {
            expect(fault.pointer === '' || fault.pointer.startsWith('/')).toBe(true);
            expect(fault.text).not.toBe('');
          }
        },
      ),
    );
  });

  it('a text is refused exactly above its limit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_200 }), (length) => {
        const faults = ofMessage(section('x'.repeat(length)));
        expect(faults.length).toBe(length > LIMITS.section.text ? 1 : 0);
      }),
    );
  });
});
