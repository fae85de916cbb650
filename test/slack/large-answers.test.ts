/** What is long is split or filed: nothing is refused by Slack, and nothing is out of reach. */
import { afterEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import type { StoredMessage } from '../../sandbox/slack/store.ts';
import { longId } from '../../src/domain/amount.ts';
import { done } from '../../src/domain/refusal.ts';
import { PUBLISHED_THRESHOLDS } from '../../src/domain/unit/risk-unit.ts';
import { ACTIONS } from '../../src/slack/ids.ts';
import type { Desk } from '../../src/usecases/desk.ts';
import { fakeDesk } from '../fakes/desk.ts';
import { exampleUnit, policy, request, START_MS } from '../support/close-requests.ts';
import { DeskHarness } from '../support/desk-harness.ts';
import { type SlackHarness, startSlackHarness } from './support/slack-harness.ts';

const SCOPES = ['commands', 'chat:write', 'users:read', 'usergroups:read', 'files:write'];

let slack: SlackHarness;

afterEach(() => slack.close());

async function start(transport: 'http' | 'socket', desk: Partial<Desk> | Desk): Promise<void> {
  slack = await startSlackHarness({
    transport,
    workspace: { scopes: SCOPES },
    desk: () => fakeDesk(desk),
  });
}

/** Walks through all pages with one button, and answers what each shows. */
async function walk(first: StoredMessage, button: string, page: (text: string) => string | undefined) {
  const pages: string[] = [];
  let shown = first;
  for (;;) {
    const text = slack.workspace.renderText(shown);
    pages.push(text);
    if (!JSON.stringify(shown.blocks).includes(`"${button}"`)) return pages;
    const here = page(text);
    await slack.workspace.as(ids.rina).click(shown, button);
    shown = await slack.privateText(ids.rina, (next) => page(next) !== here, ids.general);
  }
}

const pageOf = (text: string): string | undefined => /Page (\d+) of \d+/.exec(text)?.[1];

const units = Array.from({ length: 500 }, (_, index) =>
  exampleUnit({ groupId: longId(String(1_000 + index)), updatedAtMs: START_MS }),
);
const viewUnits: Desk['viewUnits'] = async () =>
  done({
    kind: 'many',
    units,
    hidden: 0,
    filter: null,
    thresholds: PUBLISHED_THRESHOLDS,
    asOfMs: START_MS,
    nowMs: START_MS,
    flaws: [],
  });

describe.each(['http', 'socket'] as const)('over %s', (transport) => {
  it.each([
    ['tables', []],
    ['older tables', ['data_table']],
    ['text alone', ['data_table', 'table']],
  ])('/ltv with 500 units shows the worst and says how many it leaves out, as %s', async (_, refused) => {
    await start(transport, { viewUnits });
    for (const blockType of refused) slack.workspace.faults.add('*', { kind: 'refuse_block', blockType });
    await slack.workspace.as(ids.rina).command('/ltv', '', { channelId: ids.general });
    const shown = await slack.privateText(
      ids.rina,
      (text) => text.includes('440 units not shown'),
      ids.general,
    );
    const text = slack.workspace.renderText(shown);
    expect(text).toContain('500 units below 80%');
    const listed = new Set(text.match(/\b10[0-5]\d\b/g));
    expect(listed.size + Number(/and (\d+) more: narrow/.exec(text)?.[1] ?? 0)).toBe(60);
  });

  it('/loandesk requests with 100 open ones shows each of them once', async () => {
    const open = Array.from({ length: 100 }, (_, index) =>
      request({ id: `R${String(index).padStart(9, '0')}` }),
    );
    await start(transport, { listRequests: async () => done({ open, recent: [], unreadable: [] }) });
    await slack.workspace.as(ids.rina).command('/loandesk', 'requests', { channelId: ids.general });
    const first = await slack.privateText(ids.rina, (text) => text.includes('Page 1'), ids.general);
    const pages = await walk(first, ACTIONS.requestsPageOn, pageOf);
    expect(pages.flatMap((text) => text.match(/R\d{9}/g) ?? [])).toEqual(open.map(({ id }) => id));
  });

  it('a long audit export and 10,000 closed rows come as files', async () => {
    const jsonLines = '{"entry":1}\n'.repeat(50_000);
    const office = new DeskHarness();
    for (let index = 0; index < 10_000; index += 1)
      office.exchange.closed.push({
        groupId: longId(String(10_001 + index)),
        parentEmail: 'parent@test.com',
        creditEmail: `fund-${index % 7}@test.com`,
        enabled: false,
        createdAtMs: START_MS - 86_400_000 * 90 - index * 60_000,
        closedAtMs: START_MS - index * 60_000,
      });
    slack = await startSlackHarness({
      transport,
      workspace: { scopes: SCOPES },
      desk: ({ directory }) => {
        const { desk } = new DeskHarness(
          {},
          {
            directory,
            reader: office.exchange,
            roles: { requesters: [ids.rina], approvers: [ids.ada], viewers: [ids.rina] },
            policy: policy({ approvers: [ids.ada] }),
          },
        );
        return { ...desk, exportAudit: async () => done({ fileName: 'audit-all.jsonl', jsonLines }) };
      },
    });
    const { workspace } = slack;
    const rina = workspace.as(ids.rina);
    await rina.command('/loandesk', 'audit export', { channelId: ids.general });
    await slack.privateText(ids.rina, (text) => text.includes('audit-all.jsonl'), ids.general);
    expect(workspace.store.files.at(-1)?.bytes.length).toBe(jsonLines.length);

    await rina.command('/closed-units', '', { channelId: ids.general });
    const first = await slack.privateText(ids.rina, (text) => text.includes('Page 1 of 1000'), ids.general);
    await rina.click(first, ACTIONS.closedOlder);
    const second = await slack.privateText(ids.rina, (text) => text.includes('Page 2 of 1000'), ids.general);
    expect(workspace.renderText(second)).toMatch(/│ +10011 │/);
    await rina.click(second, ACTIONS.closedNewer);
    const again = await slack.privateText(ids.rina, (text) => text.includes('Page 1 of 1000'), ids.general);
    await rina.click(again, ACTIONS.closedCsv);
    await slack.privateText(ids.rina, (text) => text.includes('.csv'), ids.general);
    const lines = workspace.store.files.at(-1)?.bytes.toString('utf8').trimEnd().split('\r\n') ?? [];
    expect(lines).toHaveLength(10_001);
    expect(lines.at(-1)).toContain('20000,fund-3@test.com,parent@test.com,');
  });
});
