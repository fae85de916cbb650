/** How answers reach people: fallbacks, files, sharing, forged clicks, App Home. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { done, refuse } from '../../src/domain/refusal.ts';
import { PUBLISHED_THRESHOLDS } from '../../src/domain/unit/risk-unit.ts';
import { ACTIONS } from '../../src/slack/ids.ts';
import { requestCard } from '../../src/slack/views/request-card.ts';
import { createWebClient } from '../../src/slack/web-client.ts';
import type { Desk, UnitsView } from '../../src/usecases/desk.ts';
import { fakeDesk } from '../fakes/desk.ts';
import { exampleUnit, request, START_MS } from '../support/close-requests.ts';
import { QUIET } from '../support/logs.ts';
import { type SlackHarness, startSlackHarness } from './support/slack-harness.ts';

let slack: SlackHarness;
/** Everything below is done twice. */
let transport: 'http' | 'socket';

afterEach(async () => {
  await slack.close();
});

async function start(desk: Partial<Desk>, scopes?: readonly string[]): Promise<void> {
  slack = await startSlackHarness({
    transport,
    desk: () => fakeDesk(desk),
    workspace: scopes === undefined ? {} : { scopes },
  });
}

const UNITS: UnitsView = {
  kind: 'many',
  units: [exampleUnit()],
  hidden: 0,
  filter: null,
  thresholds: PUBLISHED_THRESHOLDS,
  asOfMs: START_MS,
  nowMs: START_MS,
  flaws: [],
};

const viewUnits = async () => done(UNITS);
const SCOPES = ['commands', 'chat:write', 'users:read', 'usergroups:read'];

/** The Home tab once it was drawn. */
function home() {
  return slack.workspace.until(() => {
    const drawn = slack.workspace.store.events.find((event) => event.type === 'home');
    return drawn?.type === 'home' ? drawn.view : undefined;
  });
}

async function ltv(channelId: string = ids.loanDesk) {
  await slack.workspace.as(ids.rina).command('/ltv', '', { channelId });
  return slack.privateText(ids.rina, (text) => text.includes('as valued by Binance'), channelId);
}

describe.each(['http', 'socket'] as const)('over %s', (way) => {
  beforeEach(() => {
    transport = way;
  });

  describe('answers', () => {
    it.each([
      [[], 'data_table'],
      [['data_table'], 'table'],
      [['data_table', 'table'], 'section'],
    ])('fall back to older blocks where Slack refuses %j', async (refused, expected) => {
      await start({ viewUnits });
      for (const blockType of refused) slack.workspace.faults.add('*', { kind: 'refuse_block', blockType });
      const types = (await ltv()).blocks.map((block) => block.type);
      expect(types).toContain(expected);
      for (const blockType of refused) expect(types).not.toContain(blockType);
    });

    it('are redrawn in place by Refresh', async () => {
      let calls = 0;
      await start({
        viewUnits: async () => {
          calls += 1;
          return done({ ...UNITS, filter: `number ${calls}` });
        },
      });
      const shown = await ltv();
      await slack.workspace.as(ids.rina).click(shown, ACTIONS.refreshUnits);
      const again = await slack.privateText(ids.rina, (text) => text.includes('number 2'), ids.loanDesk);
      expect(again.ts).toBe(shown.ts);
    });

    it('come another way when the response_url is gone', async () => {
      await start({ viewUnits });
      const shown = await ltv();
      slack.workspace.faults.add('response_url', { kind: 'http', status: 404 });
      await slack.workspace.as(ids.rina).click(shown, ACTIONS.refreshUnits);
      await slack.workspace.until(() =>
        slack.workspace.store.calls.find((call) => call.method === 'chat.postEphemeral' && call.ok),
      );
    });
  });

  describe('files', () => {
    const exportAudit = async () => done({ fileName: 'audit.jsonl', jsonLines: '{"a":1}\n' });

    it('are sent directly when the app may send files', async () => {
      await start({ exportAudit }, [...SCOPES, 'files:write']);
      await slack.workspace.as(ids.rina).command('/loandesk', 'audit export');
      await slack.privateText(ids.rina, (text) => text.includes('in your direct messages'));
      expect(slack.workspace.store.files.map(({ name, bytes }) => [name, bytes.toString()])).toEqual([
        ['audit.jsonl', '{"a":1}\n'],
      ]);
    });

    it('are refused with a sentence when it may not', async () => {
      await start({ exportAudit });
      await slack.workspace.as(ids.rina).command('/loandesk', 'audit export');
      await slack.privateText(ids.rina, (text) => text.includes('files:write'));
      expect(slack.workspace.store.files).toEqual([]);
    });
  });

  describe('clicks on a request', () => {
    it('count on its card in the approvals channel only, and are noted elsewhere', async () => {
      const noted: unknown[] = [];
      await start({
        noteForgery: async (by, requestId, what) => void noted.push([by.userId, requestId, what]),
        redrawCard: async () => {},
      });
      const client = createWebClient(
        { apiUrl: slack.workspace.apiUrl, botToken: slack.workspace.grants.botToken },
        QUIET,
      );
      const card = requestCard(request(), { approvers: null, edition: '1' });
      const { ts = '' } = await client.chat.postMessage({
        channel: ids.partnerDesk,
        text: card.text,
        blocks: [...card.blocks],
      });
      const copy = { channelId: ids.partnerDesk, ts };
      await slack.workspace.as(ids.ada).click(copy, ACTIONS.withdraw);
      await slack.privateText(ids.ada, (text) => text.includes("not on the request's card"), ids.partnerDesk);
      expect(noted).toEqual([
        [ids.ada, 'R000000001', `a click outside the approvals channel (${ids.partnerDesk})`],
      ]);
    });
  });

  describe('App Home', () => {
    it('is drawn when it is opened', async () => {
      await start({
        home: async () =>
          done({
            roles: ['viewer'],
            waitingForMe: [],
            open: [request()],
            recent: [],
            unreadable: [],
            units: UNITS,
            unitsRefusal: null,
            nowMs: START_MS,
          }),
      });
      await slack.workspace.as(ids.rina).openHome();
      const view = await home();
      expect(slack.workspace.renderText(view)).toContain('Unit 7');
    });

    it('says why when there is nothing to show, and never as a message', async () => {
      await start({ home: async () => refuse({ code: 'not-a-full-member', kind: 'guest' }) });
      await slack.workspace.as(ids.rina).openHome();
      const view = await home();
      expect(slack.workspace.renderText(view)).toContain('only for full members');
      expect(slack.workspace.store.messages(slack.workspace.directory.directMessage(ids.rina).id)).toEqual(
        [],
      );
    });
  });
});
