/** App Home: what it says first, what its buttons do, and a Slack that refuses its table. */
import { afterEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { amount, longId, ZERO } from '../../src/domain/amount.ts';
import { done, refuse } from '../../src/domain/refusal.ts';
import { PUBLISHED_THRESHOLDS } from '../../src/domain/unit/risk-unit.ts';
import { ACTIONS, INPUTS } from '../../src/slack/ids.ts';
import { homeTab, refusedHomeTab } from '../../src/slack/views/home-view.ts';
import type { Desk, HomeView } from '../../src/usecases/desk.ts';
import { fakeDesk } from '../fakes/desk.ts';
import { exampleUnit, request, START_MS } from '../support/close-requests.ts';
import { type SlackHarness, startSlackHarness } from './support/slack-harness.ts';

const VIEW: HomeView = {
  roles: ['viewer', 'requester', 'approver'],
  waitingForMe: [],
  open: [],
  recent: [],
  unreadable: [],
  units: {
    kind: 'many',
    units: [exampleUnit()],
    hidden: 0,
    filter: null,
    thresholds: PUBLISHED_THRESHOLDS,
    asOfMs: START_MS,
    nowMs: START_MS,
    flaws: [],
  },
  unitsRefusal: null,
  nowMs: START_MS,
};
const CARD = { channelId: 'C0DESK', messageTs: '1795176006.300001' };

const textOf = (view: unknown) => JSON.stringify(view);

describe('what Home shows', () => {
  it('begins with what waits, with a button that leads to the card', () => {
    const waiting = request({ card: CARD });
    const [title, first] = homeTab({ ...VIEW, waitingForMe: [waiting] }, 'https://acme.slack.com/').blocks;
    expect(textOf(title)).toContain('1 request waits for you');
    expect(first).toMatchObject({
      type: 'section',
      accessory: {
        text: { text: 'Review' },
        url: 'https://acme.slack.com/archives/C0DESK/p1795176006300001',
      },
    });
  });

  it('says so when nothing waits, and shows the units as a table', () => {
    const home = homeTab(VIEW, null);
    expect(textOf(home.blocks[0])).toContain('Nothing waits for your decision');
    expect(home.blocks.map(({ type }) => type)).toContain('data_table');
    expect(home.plainer?.blocks.map(({ type }) => type)).not.toContain('data_table');
    expect(textOf(home.plainer)).toContain('*Unit 1*: 59.2%');
  });

  it('says of an unknown outcome that it waits, without an expiry, which no longer counts', () => {
    const unknown = request({ state: 'unknown', card: CARD });
    const [title, first] = homeTab({ ...VIEW, waitingForMe: [unknown] }, null).blocks;
    expect(textOf(title)).toContain('1 request waits for you');
    expect(textOf(first)).toContain('outcome not known');
    expect(textOf(first)).not.toContain('expires');
  });

  it('lists a request that waits for me once', () => {
    const waiting = request({ card: CARD });
    const other = { ...request({ card: CARD }), id: 'R000000002' as typeof waiting.id };
    const { blocks } = homeTab({ ...VIEW, waitingForMe: [waiting], open: [waiting, other] }, null);
    expect(textOf(blocks).split('R000000001')).toHaveLength(2);
    expect(textOf(blocks)).toMatch(/Other open close requests.*R000000002/);
  });

  it('begins with the units at margin call or worse, and what cures them', () => {
    const thresholds = PUBLISHED_THRESHOLDS;
    const units = ['0.92', '0.86', '0.84', '0.5'].map((owed, index) =>
      exampleUnit({
        groupId: longId(String(12 + index)),
        totalNetEquity: amount('1'),
        totalMaintenanceMargin: ZERO,
        totalLiability: amount(owed),
        ltv: amount(owed),
        accounts: [],
        liabilities: [],
      }),
    );
    const view = { ...VIEW, units: { ...VIEW.units, thresholds, units } as HomeView['units'] };
    const { blocks } = homeTab({ ...view, waitingForMe: [request({ card: CARD })] }, null);
    expect(blocks.slice(0, 4).map(textOf)).toEqual([
      expect.stringContaining('2 units need action now'),
      expect.stringMatching(/Unit 12 · 92\.0% · LIQUIDATION.*add \*/),
      expect.stringMatching(/Unit 13 · 86\.0%.*MARGIN CALL.*add \*/),
      expect.stringContaining('1 request waits for you'),
    ]);
  });

  it('offers the form to requesters only', () => {
    expect(textOf(homeTab(VIEW, null))).toContain('Close a unit…');
    expect(textOf(homeTab({ ...VIEW, roles: ['viewer'] }, null))).not.toContain('Close a unit…');
  });

  it('tells a guest in one sentence', () => {
    const [, said] = refusedHomeTab({ code: 'not-a-full-member', kind: 'guest' }).blocks;
    expect(textOf(said).match(/\. |\."/g)).toHaveLength(1);
    expect(textOf(said)).not.toContain('Nothing was changed');
  });
});

describe.each(['http', 'socket'] as const)('Home over %s', (transport) => {
  let slack: SlackHarness;
  afterEach(() => slack.close());

  async function open(desk: Partial<Desk>): Promise<void> {
    slack = await startSlackHarness({
      transport,
      desk: () => fakeDesk({ home: async () => done(VIEW), ...desk }),
    });
    await slack.workspace.as(ids.rina).openHome();
    await shown(/Units/);
  }

  const shown = (text: RegExp) =>
    slack.workspace.until(() => {
      const home = slack.workspace.store.home(ids.rina);
      return home !== undefined && text.test(slack.workspace.renderText(home)) ? home : undefined;
    });

  it('is drawn again by Refresh', async () => {
    let roles: HomeView['roles'] = VIEW.roles;
    await open({ home: async () => done({ ...VIEW, roles }) });
    roles = ['viewer'];
    await slack.workspace.as(ids.rina).click({ viewId: (await shown(/Units/)).id }, ACTIONS.refreshHome);
    await shown(/Your roles: viewer ·/);
  });

  it('that is late says that the tab shows it, and promises no message', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let opened = false;
    const home: Desk['home'] = async () => {
      if (opened) await promise;
      opened = true;
      return done(VIEW);
    };
    slack = await startSlackHarness({
      transport,
      limits: { lateAfterMs: 1 },
      desk: () => fakeDesk({ home }),
    });
    await slack.workspace.as(ids.rina).openHome();
    await slack.workspace.as(ids.rina).click({ viewId: (await shown(/Units/)).id }, ACTIONS.refreshHome);
    const { id } = slack.workspace.directory.directMessage(ids.rina);
    const said = await slack.workspace.until(() => slack.workspace.store.messages(id)[0]);
    resolve();
    expect(said.text).toContain('Your Home tab shows them');
  });

  it('is drawn without its table where Slack takes none', async () => {
    slack = await startSlackHarness({ transport, desk: () => fakeDesk({ home: async () => done(VIEW) }) });
    slack.workspace.faults.add('views.publish', { kind: 'error', code: 'invalid_arguments' }, 1);
    await slack.workspace.as(ids.rina).openHome();
    await shown(/\*Unit 1\*: 59\.2%/);
  });

  it('opens a form that asks for the unit and the reason, and asks with both', async () => {
    const asked: string[][] = [];
    await open({
      askToClose: async (_, unit, reason) => {
        asked.push([unit, reason]);
        return refuse({ code: 'unknown-unit', input: unit });
      },
    });
    await slack.workspace.as(ids.rina).click({ viewId: (await shown(/Units/)).id }, ACTIONS.closeAUnit);
    const form = await slack.modal(ids.rina, (text) => text.includes('Why should it be closed?'));
    await slack.workspace.as(ids.rina).submit(form.id, { [INPUTS.unit]: ' ', [INPUTS.reason]: 'Repaid' });
    expect(slack.workspace.store.modals(ids.rina).at(-1)?.errors).toEqual({
      [INPUTS.unit]: 'A unit is needed. Nothing was changed.',
    });
    await slack.workspace.as(ids.rina).submit(form.id, { [INPUTS.unit]: '`7`', [INPUTS.reason]: 'Repaid' });
    await slack.modal(ids.rina, (text) => text.includes('No unit matches'));
    expect(asked).toEqual([['7', 'Repaid']]);
  });
});
