/** Sharing units: asked first, and only where it is known who reads along. */
import { afterEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import type { Role } from '../../src/domain/person.ts';
import { done, type Refusal, type Result, refuse } from '../../src/domain/refusal.ts';
import { PUBLISHED_THRESHOLDS } from '../../src/domain/unit/risk-unit.ts';
import { ACTIONS } from '../../src/slack/ids.ts';
import { fakeDesk } from '../fakes/desk.ts';
import { exampleUnit, START_MS } from '../support/close-requests.ts';
import { type SlackHarness, startSlackHarness } from './support/slack-harness.ts';

let slack: SlackHarness;

afterEach(() => slack.close());

const NEEDED = ['commands', 'chat:write', 'users:read', 'usergroups:read'];

interface Scene {
  scopes?: string[];
  allowedChannels?: string[];
  filter?: string;
  admit?: Result<readonly Role[]>;
}

async function start(options: Scene = {}): Promise<void> {
  slack = await startSlackHarness({
    desk: () =>
      fakeDesk({
        admit: async () => options.admit ?? done(['viewer']),
        viewUnits: async () =>
          done({
            kind: 'many',
            units: [exampleUnit()],
            hidden: 0,
            filter: options.filter ?? null,
            thresholds: PUBLISHED_THRESHOLDS,
            asOfMs: START_MS,
            nowMs: START_MS,
            flaws: [],
          }),
      }),
    workspace: { scopes: options.scopes ?? [...NEEDED, 'channels:read'] },
    allowedChannels: options.allowedChannels ?? [],
  });
}

/** Asks for the units, clicks Share… and answers what is said then. */
async function share(channelId: string, expected: RegExp) {
  const rina = slack.workspace.as(ids.rina);
  await rina.command('/ltv', '', { channelId });
  const shown = await slack.privateText(ids.rina, (text) => text.includes('as valued by Binance'), channelId);
  await rina.click(shown, ACTIONS.shareUnits);
  return slack.privateText(ids.rina, (text) => expected.test(text), channelId);
}

const publicMessages = (channelId: string) =>
  slack.workspace.store.messages(channelId).filter(({ viewerId }) => viewerId === undefined);

describe('Share', () => {
  it('names the channel and how many read it, and posts only after the yes', async () => {
    await start();
    const asked = await share(ids.general, /Share these units/);
    expect(slack.workspace.renderText(asked)).toContain(
      'Share these units in #general? Everyone there (8 members) will see every LTV and amount',
    );
    expect(publicMessages(ids.general)).toEqual([]);
    await slack.workspace.as(ids.rina).click(asked, ACTIONS.shareUnitsConfirmed);
    const shared = await slack.workspace.until(() => publicMessages(ids.general)[0]);
    const text = slack.workspace.renderText(shared);
    expect(text).not.toContain('@test.com');
    expect(text).toContain('shared by Rina Okafor');
    expect(JSON.stringify(shared)).not.toContain(`<@${ids.rina}>`);
    const after = await slack.privateText(
      ids.rina,
      (each) => each.includes('Shared with everyone'),
      ids.general,
    );
    expect(after.ts).toBe(asked.ts);
  });

  it('refuses a channel that another organisation reads', async () => {
    await start();
    await share(ids.partnerDesk, /shared with another organisation, whose people would see every figure/);
    expect(publicMessages(ids.partnerDesk)).toEqual([]);
  });

  it('asks there, too, where the administrator listed it, and says who reads along', async () => {
    await start({ allowedChannels: [ids.partnerDesk] });
    await share(ids.partnerDesk, /5 members.*among them people of another organisation/);
  });

  it('refuses where it cannot be looked up, even a listed channel', async () => {
    await start({ scopes: NEEDED, allowedChannels: [ids.general] });
    await share(ids.general, /Slack didn't say who reads this conversation.*channels:read/);
  });

  it('looks again at the yes: a channel that was shared meanwhile gets nothing', async () => {
    await start();
    const asked = await share(ids.general, /Share these units/);
    const { channels } = slack.workspace.directory;
    const general = channels.get(ids.general);
    if (general === undefined) throw new Error('no such channel');
    channels.set(ids.general, { ...general, isExternallyShared: true });
    await slack.workspace.as(ids.rina).click(asked, ACTIONS.shareUnitsConfirmed);
    await slack.privateText(ids.rina, (text) => text.includes('another organisation'), ids.general);
    expect(publicMessages(ids.general)).toEqual([]);
  });

  it('says so when Slack takes it by no way', async () => {
    await start();
    const asked = await share(ids.general, /Share these units/);
    slack.workspace.faults.add('response_url', { kind: 'http', status: 404 }, 1);
    slack.workspace.faults.add('chat.postMessage', { kind: 'error', code: 'not_in_channel' }, 1);
    await slack.workspace.as(ids.rina).click(asked, ACTIONS.shareUnitsConfirmed);
    await slack.privateText(ids.rina, (text) => text.includes("didn't confirm"), ids.general);
    expect(publicMessages(ids.general)).toEqual([]);
  });

  it('masks an address that the filter names', async () => {
    await start({ filter: 'credit account contains "desk.one@firm.com"' });
    const asked = await share(ids.general, /Share these units/);
    await slack.workspace.as(ids.rina).click(asked, ACTIONS.shareUnitsConfirmed);
    const shared = await slack.workspace.until(() => publicMessages(ids.general)[0]);
    expect(JSON.stringify(shared)).toContain('d***e@firm.com');
    expect(JSON.stringify(shared)).not.toContain('desk.one');
  });

  it('tells nothing about a channel to a person without a role', async () => {
    const refusal: Refusal = { code: 'role-missing', role: 'viewer' };
    await start({ admit: refuse(refusal) });
    const asked = await share(ids.general, /list of people who may do this/);
    expect(slack.workspace.renderText(asked)).not.toContain('Everyone there');
    expect(slack.workspace.store.calls.filter(({ method }) => method === 'conversations.info')).toEqual([]);
  });

  it('has nobody to share with in a direct message', async () => {
    await start();
    await share(slack.workspace.directory.directMessage(ids.rina).id, /only you and Loandesk/);
  });
});

describe('Chart', () => {
  it.each([
    ['as bars with the same in words', []],
    ['in words alone where Slack refuses charts', ['data_visualization']],
  ])('shows the cushions %s', async (_, refused) => {
    await start();
    for (const blockType of refused) slack.workspace.faults.add('*', { kind: 'refuse_block', blockType });
    const rina = slack.workspace.as(ids.rina);
    await rina.command('/ltv', '', { channelId: ids.general });
    const shown = await slack.privateText(ids.rina, (text) => text.includes('as valued'), ids.general);
    await rina.click(shown, ACTIONS.unitsChart);
    const drawn = await slack.privateText(ids.rina, (text) => text.includes('Cushion by unit'), ids.general);
    expect(slack.workspace.renderText(drawn)).toContain(
      '*Unit 1* (59.2%): *7.84 (29.7%)* to margin call, *8.84 (33.5%)* to liquidation',
    );
    expect(drawn.blocks.some(({ type }) => type === 'data_visualization')).toBe(refused.length === 0);
  });
});
