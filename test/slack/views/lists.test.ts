/** The lists that people look things up in: what is first, what ended how, and what a phone shows of a row. */
import type { DataTableBlock } from '@slack/types';
import { describe, expect, it } from 'vitest';
import { longId } from '../../../src/domain/amount.ts';
import type { CloseRequest } from '../../../src/domain/close/close-request.ts';
import type { Message } from '../../../src/slack/views/blocks.ts';
import { closedUnitsMessage } from '../../../src/slack/views/closed-units-view.ts';
import { requestLine, requestListMessage } from '../../../src/slack/views/request-view.ts';
import { statusMessage } from '../../../src/slack/views/status-view.ts';
import { ALICE, BOB, CAROL, request, START_MS } from '../../support/close-requests.ts';

type Cell = DataTableBlock['rows'][number][number];

/** What is read in a cell; people by user id, times as their fallback. */
function read(cell: Cell): string {
  if (cell.type !== 'rich_text') return cell.text ?? '';
  const [line] = cell.elements;
  if (line?.type !== 'rich_text_section') return '';
  return line.elements
    .map((piece) => {
      if (piece.type === 'user') return `@${piece.user_id}`;
      if (piece.type === 'date') return piece.fallback ?? '';
      return 'text' in piece ? (piece.text ?? '') : '';
    })
    .join('');
}

function tableOf({ blocks }: Message): string[][] {
  const table = blocks.find((block): block is DataTableBlock => block.type === 'data_table');
  return (table?.rows ?? []).map((row) => row.map(read));
}

const settled: CloseRequest = request({
  state: 'closed',
  ending: { kind: 'settled', verdict: 'closed', by: [ALICE, BOB], note: 'seen', atMs: START_MS + 60_000 },
});
const rejected: CloseRequest = request({
  state: 'rejected',
  ending: { kind: 'rejected', by: CAROL, reason: 'not yet', atMs: START_MS + 60_000 },
});

describe('/loandesk requests', () => {
  it('shows open ones first, then how the others ended and through whom', () => {
    const list = requestListMessage(
      { open: [request()], recent: [request(), rejected, settled], unreadable: [] },
      1,
      null,
    );
    expect(tableOf(list)).toEqual([
      ['Unit', 'State', 'Asked by', 'Asked', 'Ended', 'Ended by', 'Request'],
      ['7', '0 of 2 approvals', '@U0REQ', '2026-11-20 12:00 UTC', '–', '–', 'R000000001'],
      ['7', 'rejected', '@U0REQ', '2026-11-20 12:00 UTC', '2026-11-20 12:01 UTC', '@U0CAROL', 'R000000001'],
      [
        '7',
        'closed (resolved manually)',
        '@U0REQ',
        '2026-11-20 12:00 UTC',
        '2026-11-20 12:01 UTC',
        '@U0ALICE, @U0BOB',
        'R000000001',
      ],
    ]);
    expect(list.text).toMatch(/^Close requests: \*1 open\*, then those that ended lately\n/);
    expect(list.text).not.toContain('Page');
  });

  it('shows long ids by their ends, so that a phone shows whose a request is, and says each whole', () => {
    const long = request({ groupId: longId('9007199254740993') });
    const list = requestListMessage({ open: [request(), long], recent: [], unreadable: [] }, 1, null);
    expect(tableOf(list).map(([unit]) => unit)).toEqual(['Unit', '7', '…0993']);
    expect(JSON.stringify(list.blocks)).toContain('…0993 is unit 9007199254740993');
  });

  it('says so where there is none', () => {
    const list = requestListMessage({ open: [], recent: [], unreadable: [] }, 1, null);
    expect(list.text).toContain('No close request is open.');
    expect(tableOf(list)).toEqual([]);
  });

  it('keeps what ended for the last page of many', () => {
    const many = { open: Array.from({ length: 16 }, () => request()), recent: [rejected], unreadable: [] };
    expect(tableOf(requestListMessage(many, 1, null))).toHaveLength(16);
    expect(requestListMessage(many, 1, null).text).toContain('*16 open*. Page 1 of 2, oldest first.');
    expect(tableOf(requestListMessage(many, 2, null)).map(([, state]) => state)).toEqual([
      'State',
      '0 of 2 approvals',
      'rejected',
    ]);
  });

  it('as a line, says who ended it and when, and who had asked', () => {
    expect(requestLine(rejected, null)).toMatch(
      /^• \*Unit 7\*: rejected by <@U0CAROL> <!date\^1795176060\^.*> · asked by <@U0REQ> <.*> · `R000000001`$/,
    );
    expect(requestLine(settled, null)).toMatch(/: closed \(resolved manually\) by <@U0ALICE>, <@U0BOB> </);
  });
});

describe('/closed-units', () => {
  const unit = {
    groupId: longId('7'),
    parentEmail: 'parent@test.com',
    creditEmail: 'credit7@test.com',
    enabled: false,
    createdAtMs: START_MS - 3_600_000,
    closedAtMs: START_MS,
  };
  const view = {
    page: 1,
    pages: 1,
    total: 1,
    filter: null,
    timeZone: 'Asia/Tokyo',
    asOfMs: START_MS,
    flaws: [],
  };

  it('says first which unit, when, and through what, in the time zone of the reader', () => {
    const voted = { ...settled, votes: [{ voter: ALICE, atMs: START_MS, version: 1, factsDigest: '' }] };
    const rows = [
      { unit, through: voted },
      { unit: { ...unit, groupId: longId('9007199254740993') }, through: null },
      { unit, through: 'unreadable' as const },
    ];
    const message = closedUnitsMessage({ ...view, rows, total: 3 }, '', null);
    const [headings, ...shown] = tableOf(message);
    expect(headings?.slice(0, 4)).toEqual(['Unit', 'Closed', 'Through', 'Approved by']);
    expect(shown.map((row) => row.slice(0, 4))).toEqual([
      ['7', '2026-11-20 21:00', 'Loandesk (resolved manually)', '@U0ALICE'],
      ['…0993', '2026-11-20 21:00', 'elsewhere', '–'],
      ['7', '2026-11-20 21:00', 'record unreadable', '–'],
    ]);
    expect(JSON.stringify(message.blocks)).toContain('…0993 is unit 9007199254740993');
    expect(message.text).not.toContain('Page');
    expect(message.plainer?.text).toContain('closed (resolved manually), approved by <@U0ALICE>');
  });

  it('sorts ids as numbers only where that is exact', () => {
    const ids = ['7', '9007199254740991', '9007199254740993'].map((id) => ({
      unit: { ...unit, groupId: longId(id) },
      through: null,
    }));
    const table = closedUnitsMessage({ ...view, rows: ids }, '', null).blocks.find(
      (block): block is DataTableBlock => block.type === 'data_table',
    );
    expect(table?.rows.slice(1).map(([id]) => id?.type)).toEqual(['raw_number', 'raw_number', 'raw_text']);
  });
});

describe('/loandesk status', () => {
  const line = (name: string, level: 'ok' | 'warning' | 'fault') => ({ name, level, text: `${name} text` });
  const view = { version: '1.2.3', nodeVersion: '24.0.0', mode: 'live' as const };
  const textOf = (blocks: readonly unknown[]) => JSON.stringify(blocks);

  it('begins with what is wrong, worst first, and folds away what is right', () => {
    const lines = [
      line('Redis', 'ok'),
      line('Limits', 'warning'),
      line('Clock', 'fault'),
      line('Slack', 'ok'),
    ];
    const { text, blocks } = statusMessage({ ...view, lines });
    expect(text).toMatch(/^1 fault, 1 warning\. /);
    expect(blocks.map(({ type }) => type)).toEqual(['header', 'section', 'container', 'context']);
    expect(textOf(blocks.slice(0, 2))).toMatch(
      /Loandesk: 1 fault, 1 warning.*FAULT \*Clock\*.*WARNING \*Limits\*/,
    );
    expect(blocks[2]).toMatchObject({ title: { text: '2 checks are OK' }, default_collapsed: true });
  });

  it('says so when nothing is wrong', () => {
    const { text, blocks } = statusMessage({ ...view, lines: [line('Redis', 'ok')] });
    expect(text).toMatch(/^all checks OK\. /);
    expect(textOf(blocks)).toContain('Loandesk: all checks OK');
    expect(textOf(blocks)).toContain('1 check is OK');
  });

  it('is whole where Slack takes no container', () => {
    const { plainer } = statusMessage({ ...view, lines: [line('Redis', 'ok'), line('Clock', 'fault')] });
    expect(plainer?.blocks.map(({ type }) => type)).toEqual(['header', 'section', 'section', 'context']);
  });
});
