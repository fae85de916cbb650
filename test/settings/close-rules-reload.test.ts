/** CLOSE_RULES_FILE in a running bot: what is refused at the start, and what reading it again changes. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import { startWorld } from '../../sandbox/world.ts';
import { isRuleEntry } from '../../src/domain/close/rule-entry.ts';
import { RULES_ID } from '../../src/domain/subject.ts';
import { createLogger } from '../../src/ops/logger.ts';

const { rina, ada, ben, loanDesk, team } = SEED_IDS;

it('a bot refuses to start on a faulty file, and a faulty change of it changes nothing', async ({
  onTestFinished,
}) => {
  const folder = await mkdtemp(join(tmpdir(), 'rules-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'rules.json');
  const write = (value: unknown) => writeFile(path, JSON.stringify(value));
  const lines: string[] = [];
  const start = () =>
    startWorld({
      redisUrl: inject('redisUrl'),
      log: createLogger('info', { write: (line: string) => void lines.push(line) }),
      settings: {
        ...{ REDIS_PREFIX: `test-${randomUUID()}`, REDIS_MAY_FORGET: 'true' },
        CLOSE_RULES_FILE: path,
      },
    });
  await write([{ units: [7], need: [{ from: [ada], count: 1 }] }]);
  await expect(start()).rejects.toThrow('CLOSE_RULES_FILE: rule 1, units: expected');

  await write([{ units: ['12'], need: [{ from: [ada], count: 1 }] }]);
  const world = await start();
  onTestFinished(() => world.close());
  const [bot] = world.bots;
  if (bot === undefined) throw new Error('no bot');
  await bot.work.noteRules.round();
  const requester = { teamId: team, userId: rina };
  const ask = () => bot.work.desk.askToClose(requester, '7', 'Loan repaid');
  expect(await ask()).toMatchObject({ refusal: { code: 'no-rule', groupId: '7' } });

  await writeFile(path, '[{"units": "*"');
  await bot.reloadFiles();
  expect(lines.filter((line) => line.includes('rules for closes reload failed'))).toHaveLength(1);
  const status = await bot.work.desk.status(requester);
  expect(status.ok && status.value.lines.filter(({ name }) => name === 'Rules')).toEqual([
    {
      ...{ name: 'Rules', level: 'warning' },
      text: expect.stringMatching(
        /^CLOSE_RULES_FILE has faults since .* so the earlier rules stay in force: it is not valid JSON \(line 1 column 15\)$/,
      ),
    },
    { name: 'Rules', level: 'ok', text: expect.stringMatching(/^1 rule, digest [0-9a-f]{8}$/) },
  ]);
  expect(await ask()).toMatchObject({ refusal: { code: 'no-rule' } });

  const need = [
    { from: [ada], count: 1 },
    { from: [ben], count: 1 },
  ];
  await write([{ units: '*', need, delay: '15m' }]);
  await bot.reloadFiles();
  const told = async () => {
    const trail = await bot.work.checkAudit.trailOf(RULES_ID);
    expect(trail?.verdict.fault).toBeNull();
    return trail?.entries.filter(isRuleEntry).map(({ body }) => body.event) ?? [];
  };
  const changes = async () => (await told()).filter(({ type }) => type === 'rules-changed');
  await expect.poll(changes, { timeout: 20_000 }).toMatchObject([
    { type: 'rules-changed', from: null, after: { rules: [{ units: ['12'] }] } },
    { type: 'rules-changed', after: { rules: [{ units: '*', need, delayMs: 900_000 }] } },
  ]);
  const inChannel = (text: string) =>
    world.workspace.until(
      () => world.workspace.store.messages(loanDesk).find((each) => each.text.includes(text)),
      20_000,
    );
  await inChannel('Rules for closes are in force now');
  const changed = await inChannel('The rules for closes changed');
  expect(changed.text).toMatch(
    /Rule 1 is gone: unit 12: 1 of .*\n• New rule 1: any unit: 1 of .* and 1 of .*, 15 min to stop it/,
  );
  // A round of its own may have been first.
  expect(['noted', 'not-due']).toContain(await bot.work.noteAccess());
  const resolved = (await told()).find(({ type }) => type === 'access-resolved');
  expect(resolved).toMatchObject({
    access: { lists: expect.arrayContaining([{ from: [ada], people: [ada] }]) },
  });
  const healed = await bot.work.desk.status(requester);
  expect(healed.ok && healed.value.lines.filter(({ name }) => name === 'Rules')).toMatchObject([
    { level: 'ok' },
  ]);
  const asked = await ask();
  expect(asked).toMatchObject({ ok: true, value: { policy: { need, quorum: 2, delayMs: 900_000 } } });
  const card = await world.workspace.until(
    () => world.workspace.store.messages(loanDesk).find(({ text }) => text.includes('Close unit 7')),
    20_000,
  );
  expect(JSON.stringify(card)).toContain('waits 15 min, in which any approver or the requester can stop it');
});
