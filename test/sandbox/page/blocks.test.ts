/** What the page makes of Block Kit, where the library alone would draw something else. */
import { describe, expect, it } from 'vitest';
import { drawBlocks } from '../../../sandbox/page/draw-blocks.ts';
import { conversationHtml, modalHtml } from '../../../sandbox/page/draw-slack.ts';
import type { Reader } from '../../../sandbox/page/draw-text.ts';
import { toHtml } from '../../../sandbox/page/html.ts';
import { Directory } from '../../../sandbox/slack/directory.ts';
import type { JsonObject } from '../../../sandbox/slack/json.ts';
import { createSeed, SEED_IDS } from '../../../sandbox/slack/seed.ts';
import { Store } from '../../../sandbox/slack/store.ts';
import { chart } from '../../../src/slack/views/blocks.ts';

const NOON_MS = Date.UTC(2026, 10, 20, 12);
const directory = new Directory(createSeed());

function readerOf(userId: string): Reader {
  const person = directory.people.get(userId);
  if (person === undefined) throw new Error(`no ${userId}`);
  return { person, directory, nowMs: NOON_MS };
}

function html(block: JsonObject, userId: string = SEED_IDS.rina): string {
  return toHtml(drawBlocks([block], readerOf(userId)));
}

const textOf = (markup: string) =>
  markup
    .replaceAll(/<[^>]+>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&#x27;', "'")
    .replaceAll('&amp;', '&');
const mrkdwn = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } });

describe('text', () => {
  it.each([
    ['*bold* although verbatim', 'bold although verbatim'],
    ['a masked c***1@test.com and c***2@test.com', 'a masked c∗∗∗1@test.com and c∗∗∗2@test.com'],
    ['at 06:45:53 UTC', 'at 06:45:53 UTC'],
    [':warning: look', '⚠️ look'],
    [`<@${SEED_IDS.ada}> of <!subteam^${SEED_IDS.approvers}>`, '@Ada Lindqvist of @loan-approvers'],
    ['1 &lt; 2 &amp;&amp; 3', '1 < 2 && 3'],
  ])('%s', (text, shown) => {
    expect(textOf(html(mrkdwn(text)))).toBe(shown);
  });

  it('is never markup', () => {
    const bad = '<script>alert(1)</script><img src=x onerror=alert(1)>';
    for (const block of [
      mrkdwn(bad),
      { type: 'header', text: { type: 'plain_text', text: bad } },
      {
        type: 'rich_text',
        elements: [{ type: 'rich_text_quote', elements: [{ type: 'text', text: bad }] }],
      },
      { type: 'data_table', caption: bad, rows: [[{ type: 'raw_text', text: bad }]] },
      {
        type: 'actions',
        elements: [{ type: 'button', action_id: bad, text: { type: 'plain_text', text: bad } }],
      },
    ]) {
      expect(html(block)).not.toMatch(/<script|<img/);
    }
  });

  it('shows times in the zone of the person who reads', () => {
    const block = mrkdwn(`<!date^${NOON_MS / 1000 + 7_200}^{date_short_pretty} {time} ({ago})|fallback>`);
    expect(textOf(html(block, SEED_IDS.rina))).toBe('Today 14:00 (in 2 hours)');
    expect(textOf(html(block, SEED_IDS.chen))).toBe('Today 22:00 (in 2 hours)');
  });
});

describe('tables', () => {
  const rows = [
    [
      { type: 'raw_text', text: 'Unit' },
      { type: 'raw_text', text: 'LTV' },
    ],
    [
      { type: 'raw_text', text: '15' },
      { type: 'raw_number', value: 0.92, text: '92.00 %' },
    ],
  ];

  it.each(['table', 'data_table'])('%s with numbers is drawn, header and cells', (type) => {
    const markup = html({ type, caption: 'Units', rows, row_header_column_index: 0 });
    expect(textOf(markup)).toContain('15');
    expect(markup).toContain('data-number="0.92"');
    expect(markup).toMatch(/<th[^>]*scope="col"[^>]*>/);
  });
});

describe('a data table with more rows than a page', () => {
  const cells = (...texts: string[]) => texts.map((text) => ({ type: 'raw_text', text }));
  const rows = [cells('Unit'), ...Array.from({ length: 7 }, (_, index) => cells(`unit ${index}`))];
  const rowsShown = (markup: string) => (markup.match(/<tr >/g) ?? []).length;

  it.each([
    [undefined, 5, '1–5 of 7'],
    [3, 3, '1–3 of 7'],
  ])('page_size %s', (pageSize, shown, label) => {
    const markup = html({ type: 'data_table', caption: 'Units', rows, page_size: pageSize });
    expect(rowsShown(markup)).toBe(shown);
    expect(textOf(markup)).toContain(label);
  });

  it('has no pager where all rows fit', () => {
    const markup = html({ type: 'data_table', caption: 'Units', rows, page_size: 7 });
    expect(markup).not.toContain('data-turn');
  });
});

describe('a chart', () => {
  it('is drawn with its series and its levels as lines, and their names', () => {
    const labels = ['08:00', '09:00'];
    const [block] = chart({
      title: 'Unit 12: LTV',
      kind: 'line',
      labels,
      series: { LTV: [82, 84], 'Margin call': [85, 85] },
    });
    const markup = html({ ...block });
    expect(markup.match(/<path[^>]* stroke="rgb/g)).toHaveLength(2);
    expect(textOf(markup)).toMatch(/Unit 12: LTV.*08:00.*LTV.*Margin call/);
  });
});

describe('what acts', () => {
  it('carries the action, the value and the confirm dialog, and a name with the words on it', () => {
    const markup = html({
      type: 'actions',
      block_id: 'b1',
      elements: [
        {
          type: 'button',
          action_id: 'request:withdraw',
          value: '{"requestId":"A"}',
          text: { type: 'plain_text', text: 'Withdraw' },
          accessibility_label: 'Takes the request back',
          confirm: {
            title: { type: 'plain_text', text: 'Sure?' },
            text: { type: 'plain_text', text: 'Really?' },
            confirm: { type: 'plain_text', text: 'Yes' },
            deny: { type: 'plain_text', text: 'No' },
          },
        },
      ],
    });
    expect(markup).toContain('data-action="request:withdraw"');
    expect(markup).toContain('data-value="{&quot;requestId&quot;:&quot;A&quot;}"');
    expect(markup).toContain('aria-label="Withdraw Takes the request back"');
    expect(markup).toContain('&quot;title&quot;:&quot;Sure?&quot;');
  });

  it('shows what a submission was refused with at its field', () => {
    const store = new Store(() => NOON_MS);
    const view = store.addView(SEED_IDS.ada, {
      type: 'modal',
      title: { type: 'plain_text', text: 'Approve' },
      submit: { type: 'plain_text', text: 'Go' },
      blocks: [
        {
          type: 'input',
          block_id: 'input:typed-id',
          label: { type: 'plain_text', text: 'Id' },
          element: { type: 'plain_text_input', action_id: 'value', max_length: 30 },
        },
      ],
    });
    const refused = store.refuseView(view, { 'input:typed-id': 'Not this unit' });
    const markup = modalHtml(refused, readerOf(SEED_IDS.ada));
    expect(markup).toContain('aria-invalid="true"');
    expect(markup).toContain('aria-describedby="field-input:typed-id-error"');
    expect(markup).toContain('Not this unit');
  });
});

describe('a conversation', () => {
  it('shows an ephemeral message to its reader alone, and replies under their message', () => {
    const store = new Store(() => NOON_MS);
    const place = { channelId: SEED_IDS.loanDesk, userId: SEED_IDS.botUser };
    const card = store.addMessage(place, { text: 'a card', blocks: [] });
    store.addMessage({ ...place, threadTs: card.ts }, { text: 'a reply', blocks: [] });
    store.addMessage({ ...place, viewerId: SEED_IDS.rina }, { text: 'for Rina', blocks: [] });
    const rina = conversationHtml(store, SEED_IDS.loanDesk, readerOf(SEED_IDS.rina));
    const ada = conversationHtml(store, SEED_IDS.loanDesk, readerOf(SEED_IDS.ada));
    expect(rina).toMatch(/Only visible to you[\s\S]*for Rina/);
    expect(ada).not.toContain('for Rina');
    expect(ada).toMatch(/a card[\s\S]*1 reply[\s\S]*a reply/);
  });

  it('falls back to the text of a message whose blocks cannot be drawn', () => {
    const store = new Store(() => NOON_MS);
    const broken: JsonObject = {
      type: 'rich_text',
      elements: [{ type: 'rich_text_list', elements: [null] }],
    };
    store.addMessage(
      { channelId: SEED_IDS.general, userId: SEED_IDS.botUser },
      { text: 'said in words', blocks: [broken] },
    );
    const markup = conversationHtml(store, SEED_IDS.general, readerOf(SEED_IDS.ada));
    expect(markup).toContain('said in words');
  });
});
