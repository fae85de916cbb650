/** A month of every unit of the stand-in, through the real client and the stand-in's own limits by fixed minutes. */
import { afterEach, expect, it } from 'vitest';
import { type Exchange, startExchange } from '../../sandbox/binance/exchange.ts';
import { PUBLISHED_THRESHOLDS } from '../../src/domain/unit/risk-unit.ts';
import { createAccess } from '../../src/usecases/access.ts';
import { createViewLoan } from '../../src/usecases/view-loan.ts';
import { MemoryReadingProgress } from '../fakes/loan-records.ts';
import { FakeDirectory } from '../fakes/people.ts';
import { settingsOnly } from '../support/close-requests.ts';
import { VIEWER } from '../support/desk-harness.ts';
import { QUIET } from '../support/logs.ts';
import { type Client, createClient } from './support/client.ts';

let exchange: Exchange;
let client: Client;

afterEach(async () => {
  await client.stop();
  await exchange.close();
});

it('five units: 30 days and two statements each, without a 429, and every statement reconciles', async () => {
  exchange = await startExchange();
  const names = exchange.accounts().map(({ name }) => name);
  client = createClient(exchange, { names });
  await client.start();
  const access = createAccess(
    new FakeDirectory(VIEWER),
    { requesters: [], approvers: [], viewers: '*' },
    settingsOnly(),
  );
  const loans = createViewLoan({
    ...{
      access,
      reader: client.reader,
      records: client.records,
      readingProgress: new MemoryReadingProgress(),
    },
    ...{ thresholds: PUBLISHED_THRESHOLDS, now: Date.now, log: QUIET },
  });
  const units = await client.reader.riskUnits({ priority: 'interactive' });
  const ids = units.ok ? units.value.map(({ groupId }) => groupId).slice(0, 5) : [];
  expect(ids).toHaveLength(5);
  for (const id of ids) {
    const view = await loans.viewLoan(VIEWER, `${id} last 30d`, 1, 'r-1');
    expect(view).toMatchObject({ ok: true, value: { groupId: id, missing: [], flaws: [] } });
    for (const month of ['this month', 'last month']) {
      const read = await loans.viewStatement(VIEWER, `${id} statement ${month}`, 'r-2');
      const { differences, interestUnchecked, missing, flaws } = read.ok
        ? read.value
        : { differences: [read.refusal.code] };
      expect({ id, month, differences, interestUnchecked, missing, flaws }).toEqual({
        id,
        month,
        differences: [],
        interestUnchecked: [],
        missing: [],
        flaws: [],
      });
    }
  }
  const refused = exchange.requests().filter(({ status }) => status !== 200);
  expect(refused).toEqual([]);
});
