/**
 * The page "In an emergency" of SECURITY.md, step by step in its order, on running processes, while a request that
 * two people approved is being sent. Each step alone must be enough that nothing is sent.
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, inject, it } from 'vitest';
import { type BotProcess, passedOn, programPath, startBotProcess } from '../../sandbox/bot-process.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import { startWorld } from '../../sandbox/world.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { People } from '../chaos/people.ts';
import { Records } from '../chaos/records.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { rina, ada, ben } = SEED_IDS;
const UNIT = '7';

/** The steps in bold of the section, in their order. */
function stepsOfThePage(): string[] {
  const text = readFileSync(`${ROOT}/SECURITY.md`, 'utf8');
  const section = text.split('\n## In an emergency\n')[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\d+\. \*\*([^*]+)\*\*/gm)].map(([, step = '']) => step);
}

it('does what the emergency page of SECURITY.md says, in its order, with an approved request in flight', async ({
  onTestFinished,
}) => {
  const prefix = `emergency-${randomUUID()}`;
  const world = await startWorld({
    redisUrl: inject('redisUrl'),
    replicas: 0,
    workspace: { transport: 'http' },
    settings: { REDIS_PREFIX: prefix },
  });
  onTestFinished(() => world.close());
  const { exchange, workspace } = world;
  const settings = world.settings();
  const records = new Records({
    redisUrl: inject('redisUrl'),
    prefix,
    auditKey: settings.AUDIT_KEY ?? '',
  });
  onTestFinished(() => records.close());
  let bots: BotProcess[] = [];
  const start = async (more: Record<string, string> = {}) => {
    bots = await Promise.all([1, 2].map(() => startBotProcess({ ...settings, ...more })));
  };
  onTestFinished(async () => void (await Promise.all(bots.map((bot) => bot.kill()))));
  await start();
  const people = new People({ workspace, someBot: () => bots[0]?.url ?? '', patienceMs: 20_000 });
  const deletes = () => exchange.requests({ endpoint: 'close' }).length;
  const record = async (id: string, fits: (request: CloseRequest) => boolean): Promise<CloseRequest> => {
    const seen: CloseRequest[] = [];
    await expect
      .poll(
        async () => {
          const now = await records.load(id);
          if (now !== null && fits(now)) seen.push(now);
          return seen.length > 0;
        },
        { timeout: 30_000 },
      )
      .toBe(true);
    return seen[0] ?? never();
  };
  const votersOf = ({ votes }: CloseRequest) => votes.map(({ voter }) => voter.userId);

  // Two people have approved, and the sender looks at the unit once more: the exchange takes its time over that.
  await people.ask(rina, UNIT, 'repaid');
  await expect
    .poll(async () => (await records.openFor(UNIT))?.card ?? null, { timeout: 20_000 })
    .not.toBeNull();
  const { id } = (await records.openFor(UNIT)) ?? never();
  const opened = await record(id, ({ card }) => card !== null);
  await people.approve(ada, opened);
  await record(id, ({ votes }) => votes.length === 1);
  const held = exchange.inject({ effect: { kind: 'latency', ms: 2_000 }, endpoint: 'ltv-details' });
  const lastLook = exchange.nextRequest({ endpoint: 'ltv-details', account: 'loan-7' });
  void people.approve(ben, opened);
  await lastLook;

  const steps: Record<string, () => Promise<void>> = {
    'Delete the API keys at Binance.': async () => {
      for (const [index, { name }] of exchange.accounts().entries())
        exchange.changeAccount({ name, apiKey: `${index}`.repeat(64).slice(0, 64) });
      exchange.clearFaults(held);
      // The claim is given back; the approvals stay, and nothing was sent.
      const back = await record(id, ({ state, claim }) => state === 'approved' && claim === null);
      expect(votersOf(back)).toEqual([ada, ben]);
      expect(deletes()).toBe(0);
    },
    'Revoke the Slack tokens.': async () => {
      workspace.faults.add('*', { kind: 'error', code: 'token_revoked' });
      await people.withdraw(ada, opened);
      expect(deletes()).toBe(0);
    },
    'Set `CLOSE_MODE=dry-run` and restart every bot.': async () => {
      await Promise.all(bots.map((bot) => bot.stop()));
      // As if the keys still worked, so that only the dry run stands before the DELETE.
      await writeFile(world.accountsFile, JSON.stringify(exchange.accounts()), { mode: 0o600 });
      workspace.faults.clear();
      await start({ CLOSE_MODE: 'dry-run' });
      workspace.setBotUrl(bots[0]?.url ?? '');
      const ended = await record(id, ({ state }) => state === 'rehearsed');
      expect(votersOf(ended)).toEqual([ada, ben]);
      expect(deletes()).toBe(0);
      // Slack takes messages again: the card shows the end that it missed.
      await expect
        .poll(() => workspace.renderText(people.cardOf(ended) ?? never()), { timeout: 30_000 })
        .toMatch(/dry run/i);
    },
    'Keep Redis and the logs as they are.': async () => {
      await Promise.all(bots.map((bot) => bot.stop()));
    },
    'Run `npm run audit -- verify`.': async () => {
      const env = { ...passedOn(), ...settings };
      const audit = spawnSync(process.execPath, [programPath('audit'), 'verify'], { env, encoding: 'utf8' });
      expect(audit.stderr).toBe('');
      expect(audit.status).toBe(0);
      expect(exchange.unit(UNIT).groupId).toBe(UNIT);
      expect(deletes()).toBe(0);
    },
  };
  expect(stepsOfThePage()).toEqual(Object.keys(steps));
  for (const step of stepsOfThePage()) await steps[step]?.();
}, 120_000);

function never(): never {
  throw new Error('there is no card');
}
