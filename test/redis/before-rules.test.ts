/**
 * Requests that the version before rules for closes left open, byte by byte as it wrote them to Redis: no need, no delay
 * and no digest of a rule in their policy. They end under their own rule, and under the current one where that asks for
 * more.
 */
import { readFile } from 'node:fs/promises';
import { expect, inject, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import type { CloseRule } from '../../src/domain/close/close-rules.ts';
import { all, onlyKey, verdictOf } from '../contracts/audit-trail.ts';
import { ALICE, BOB, CAROL } from '../support/close-requests.ts';
import { DeskHarness } from '../support/desk-harness.ts';
import { AUDIT_KEY, newPrefix, redisParts } from './redis-parts.ts';

/** The records don't expire while this test exists. */
const NEVER_MS = 100 * 365 * 86_400_000;
const ID = '1111111111';
const TREASURY = { from: ['S0TREASURY'], count: 1 };
const RISK = { from: ['S0RISK'], count: 1 };

const key = z.union([
  z.strictObject({ hash: z.record(z.string(), z.string()) }),
  z.strictObject({ string: z.string() }),
  z.strictObject({ zset: z.array(z.string()) }),
  z.strictObject({ stream: z.array(z.tuple([z.string(), z.array(z.string())])) }),
]);
const FORM = z.strictObject({ pending: z.record(z.string(), key), approved: z.record(z.string(), key) });

/** Alice and Bob are treasury, Carol is risk. */
async function before(state: 'pending' | 'approved', rules: readonly Partial<CloseRule>[]) {
  const prefix = newPrefix();
  const parts = await redisParts(inject('redisUrl'), prefix);
  const { store, outbox, audit, ruleBook: ruleBookStore } = parts;
  const { client } = parts.connection;
  const dump = FORM.parse(JSON.parse(await readFile(new URL('before-rules.json', import.meta.url), 'utf8')));
  for (const [name, value] of Object.entries(dump[state])) {
    const full = `{${prefix}}:${name}`;
    if ('hash' in value) await client.hset(full, value.hash);
    else if ('string' in value) await client.set(full, value.string);
    else if ('zset' in value) await client.zadd(full, ...value.zset.toReversed());
    else for (const [id, fields] of value.stream) await client.xadd(full, id, ...fields);
  }
  const whole = { units: '*' as const, releasesOver: null, need: [TREASURY], delayMs: null };
  const list = rules.map((each) => ({ ...whole, ...each }));
  const harness = new DeskHarness(
    { expiresAfterMs: NEVER_MS },
    {
      ...{ store, outbox, audit, ruleBookStore, auditKeys: onlyKey(AUDIT_KEY) },
      ...(list.length > 0 && { rules: () => ({ rules: list, away: [] }) }),
    },
  );
  // Messages on their way end before their Redis is left.
  onTestFinished(() => harness.settled());
  harness.directory.groups.set('S0TREASURY', [ALICE.userId, BOB.userId]);
  harness.directory.groups.set('S0RISK', [CAROL.userId]);
  const request = async () => {
    await harness.settled();
    const stored = await store.load(ID);
    if (stored === null) throw new Error('no request');
    return stored.request;
  };
  const approve = async (by: typeof ALICE) => harness.approve(by, await request());
  const attend = async () => {
    while ((await harness.work.attendRequests()) > 0) await harness.settled();
  };
  const verified = () => verdictOf(audit, AUDIT_KEY);
  return { harness, request, approve, attend, verified, audit };
}

it('a pending one is approved and closed by two people of its own list, without a rules file', async () => {
  const { harness, request, approve, verified } = await before('pending', []);
  expect((await request()).policy).not.toHaveProperty('need');
  expect(await approve(BOB)).toMatchObject({ ok: true });
  expect(await request()).toMatchObject({ state: 'closed', votes: [{}, {}] });
  expect((await request()).policy).toEqual({
    ...{ quorum: 2, requesterMayApprove: false, mode: 'live', samePerson: [], expiresAfterMs: NEVER_MS },
    approvers: [ALICE.userId, BOB.userId, CAROL.userId],
  });
  expect(harness.exchange.deletes).toHaveLength(1);
  expect(await verified()).toMatchObject({ requests: 1, fault: null });
});

it('a pending one also needs what the rules file asks for now, and no less than it asked for itself', async () => {
  const { harness, request, approve, verified } = await before('pending', [{ need: [TREASURY, RISK] }]);
  expect(await approve(BOB)).toMatchObject({ ok: true });
  expect(await request()).toMatchObject({ state: 'pending', votes: [{}, {}] });
  expect(await approve(CAROL)).toMatchObject({ ok: true });
  expect(await request()).toMatchObject({ state: 'closed', votes: [{}, {}, {}] });
  expect((await request()).policy).not.toHaveProperty('need');
  expect(harness.exchange.deletes).toHaveLength(1);
  expect(await verified()).toMatchObject({ requests: 1, fault: null });
});

it('a rule that one person fulfils does not lower the two that it asked for', async () => {
  const { harness, request, approve } = await before('pending', [{ need: [TREASURY] }]);
  expect(await request()).toMatchObject({ state: 'pending', votes: [{}] });
  expect(harness.exchange.deletes).toEqual([]);
  // Carol is on its own list, and on none of the rules now.
  expect(await approve(CAROL)).toMatchObject({ refusal: { code: 'role-missing' } });
  await approve(BOB);
  expect((await request()).state).toBe('closed');
});

it('an approved one is sent, without a rules file and where its approvals fulfil the rule', async () => {
  for (const rules of [[], [{ need: [{ ...TREASURY, count: 2 }] }]]) {
    const { harness, request, attend, verified } = await before('approved', rules);
    expect((await request()).state).toBe('approved');
    await attend();
    expect(await request()).toMatchObject({ state: 'closed', votes: [{}, {}] });
    expect(harness.exchange.deletes).toHaveLength(1);
    expect(await verified()).toMatchObject({ requests: 1, fault: null });
  }
});

it('an approved one goes back to pending where the rules need somebody else, and is closed with them', async () => {
  const { harness, request, approve, attend, audit } = await before('approved', [{ need: [TREASURY, RISK] }]);
  await attend();
  expect(await request()).toMatchObject({ state: 'pending', votes: [{}, {}] });
  expect(harness.exchange.deletes).toEqual([]);
  await approve(CAROL);
  expect((await request()).state).toBe('closed');
  expect(harness.exchange.deletes).toHaveLength(1);
  const types = (await all(audit, ID)).map(({ body }) => body.event.type);
  expect(types.filter((type) => type === 'sent')).toEqual(['sent']);
});

it('an approved one waits for the time in which the rule now lets people stop it', async () => {
  const { harness, request, attend } = await before('approved', [
    { need: [TREASURY], delayMs: NEVER_MS / 2 },
  ]);
  await attend();
  expect((await request()).state).toBe('approved');
  expect(harness.exchange.deletes).toEqual([]);
  expect(await harness.desk.reject(BOB, ID, 1, 'wait')).toMatchObject({ value: { state: 'rejected' } });
});
