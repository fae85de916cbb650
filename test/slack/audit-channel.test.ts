import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { startWorkspace, type Workspace } from '../../sandbox/slack/workspace.ts';
import type { AuditVerdict } from '../../src/domain/audit-chain.ts';
import { AuditChannel } from '../../src/slack/slack-clients.ts';
import { createWebClient } from '../../src/slack/web-client.ts';
import { START_MS } from '../support/close-requests.ts';
import { QUIET } from '../support/logs.ts';

const WHOLE: AuditVerdict = {
  entries: 12,
  requests: 3,
  episodes: 0,
  head: 'ab'.repeat(32),
  fault: null,
  kept: null,
};

let workspace: Workspace;
let channel: AuditChannel;

beforeEach(async () => {
  workspace = await startWorkspace();
  const settings = { apiUrl: workspace.apiUrl, botToken: workspace.grants.botToken };
  channel = new AuditChannel(createWebClient(settings, QUIET), ids.partnerDesk);
});

afterEach(() => workspace.close());

const text = () => workspace.store.messages(ids.partnerDesk).at(-1)?.text ?? '';

describe('the audit channel', () => {
  it('gets the day, how much was read, and the head', async () => {
    expect(await channel.postHead(WHOLE, START_MS)).toEqual({ ok: true, card: null });
    expect(text()).toContain('Audit head of 2026-11-20');
    expect(text()).toContain('12 entries of 3 requests read');
    expect(text()).toContain(`Head \`${WHOLE.head}\` after 12 entries`);
    expect(text()).toContain(`\`/loandesk audit verify 12 ${WHOLE.head}\``);
    expect(text()).toContain(`\`npm run audit -- verify --entries 12 --head ${WHOLE.head}\``);
  });

  it('gets the fault, if there is one', async () => {
    const fault = { position: 4, subjectId: 'R000000001', sequence: 2, what: 'its seal does not fit' };
    await channel.postHead({ ...WHOLE, fault }, START_MS);
    expect(text()).toContain('FAULT in the audit trail');
    expect(text()).toContain('entry 4 in order, number 2 of request `R000000001`: its seal does not fit');
  });

  it.each([
    [{ kind: 'rate_limited', retryAfterS: 9 }, { retryAfterMs: 9_000 }],
    [{ kind: 'http', status: 503 }, { retryAfterMs: null }],
    [{ kind: 'error', code: 'not_in_channel' }, { retryAfterMs: null }],
  ] as const)('answers that it is to be tried again after %j', async (fault, expected) => {
    workspace.faults.add('chat.postMessage', fault);
    expect(await channel.postHead(WHOLE, START_MS)).toMatchObject({ ok: false, retry: true, ...expected });
  });
});
