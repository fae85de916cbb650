/** A real Redis that loses what it wrote last, the mark of a DELETE among it, while the process that sent it lives. */
import { expect } from 'vitest';
import type { CloseOutcome } from '../../src/usecases/ports.ts';
import { all, onlyKey } from '../contracts/audit-trail.ts';
import { ALICE, BOB } from '../support/close-requests.ts';
import { DeskHarness, UNIT, withMethods } from '../support/desk-harness.ts';
import { AUDIT_KEY, newPrefix, realRedis, redisParts } from './redis-parts.ts';
import { restartableRedis } from './restartable-redis.ts';

const OUTCOMES: readonly (readonly [string, CloseOutcome['kind'], boolean])[] = [
  ['fault N7: a log cut short after the DELETE, which was executed', 'closed', true],
  ['fault N7, relative: which was not executed, and nobody knows', 'unknown', false],
];

for (const [name, kind, takesEffect] of OUTCOMES) {
  realRedis(
    `${name}: the mark is put back, and no second DELETE is sent`,
    async () => {
      const redis = await restartableRedis('--appendonly', 'yes', '--appendfsync', 'always');
      redis.start();
      const parts = await redisParts(redis.url, newPrefix());
      const { store, outbox, audit } = parts;
      const harness = new DeskHarness({}, { store, outbox, audit, auditKeys: onlyKey(AUDIT_KEY) });
      const { exchange } = harness;
      exchange.outcome = { kind, httpStatus: null, exchangeCode: null, meaning: kind, advice: '' };
      exchange.takesEffect = takesEffect;
      let claimed = 0;
      const reader = withMethods(exchange, {
        riskUnitAsCreditAccount: async (groupId) => {
          if (claimed === 0) claimed = await redis.logLength();
          return exchange.riskUnitAsCreditAccount(groupId);
        },
      });
      exchange.beforeSend = async () => {
        await redis.kill();
        await redis.cutLog(claimed);
        redis.start();
        await parts.connection.ready(5_000);
      };
      harness.restart({}, { reader, pause: async () => {} });
      const opened = await harness.desk.askToClose({ teamId: ALICE.teamId, userId: 'U0REQ' }, UNIT, 'repaid');
      if (!opened.ok) throw new Error(opened.refusal.code);
      await harness.settled();
      const request = (await store.load(opened.value.id))?.request;
      if (request === undefined) throw new Error('no request');
      await harness.approve(ALICE, request);
      await harness.settled();
      harness.heldBack.add('deliver');
      await harness.approve(BOB, request);
      await harness.settled();

      const events = (await all(audit, request.id)).map(({ body }) => body.event.type);
      expect(events).toContain('mark-restored');
      expect(events).not.toContain('sent');
      const left = (await store.load(request.id))?.request;
      expect(left).toMatchObject({
        state: takesEffect ? 'closed' : 'unknown',
        sent: { recvWindowMs: 5_000 },
        answer: { kind },
      });
      expect(await harness.work.checkAudit.verifySubject(request.id)).toMatchObject({ fault: null });
      expect(await harness.desk.startSending(ALICE, request.id, 1)).toMatchObject({ ok: false });
      expect(exchange.deletes).toEqual([UNIT]);
    },
    30_000,
  );
}
