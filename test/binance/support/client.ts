/** The client under test, connected to the stand-in; everything it says is searched for secrets when it stops. */
import { inspect } from 'node:util';
import { expect } from 'vitest';
import type { Exchange } from '../../../sandbox/binance/exchange.ts';
import { Account } from '../../../src/binance/accounts.ts';
import type { CallRecord } from '../../../src/binance/caller.ts';
import type { Delay } from '../../../src/binance/clock.ts';
import {
  createLoanExchange,
  type LoanExchange,
  type LoanExchangeOptions,
} from '../../../src/binance/loan-exchange.ts';
import { createSigningKey } from '../../../src/binance/signing.ts';
import type { ExchangeStop } from '../../../src/usecases/ports.ts';
import { MemorySharedReads } from '../../fakes/memory-shared-reads.ts';
import { MemoryWeightLedger } from '../../fakes/memory-weight-ledger.ts';
import { capturingLog } from '../../support/logs.ts';

export interface Client extends LoanExchange {
  readonly log: ReturnType<typeof capturingLog>;
  readonly calls: CallRecord[];
  readonly stopped: ExchangeStop[];
  /** Everything that was answered, as text. */
  readonly said: string[];
}

export function accountOf(entry: {
  name: string;
  role: 'parent' | 'credit';
  apiKey: string;
  secret: string;
}): Account {
  const key = createSigningKey(entry.secret, null);
  if (!key.ok) throw new Error(key.fault);
  return new Account(entry.name, entry.role, entry.apiKey, key.key);
}

/** The stand-in's accounts of these names. */
export function accountsOf(exchange: Exchange, ...names: string[]): Account[] {
  return names.map((name) => {
    const role = exchange.accounts().find((entry) => entry.name === name)?.role ?? 'credit';
    return accountOf({ name, role, ...exchange.credentials(name) });
  });
}

/** Pauses between tries take no time; everything longer waits until it is stopped. */
export const quickDelay: Delay = (ms, signal) =>
  new Promise((resolve) => {
    if (ms < 5_000) setImmediate(resolve);
    signal?.addEventListener('abort', () => resolve(), { once: true });
    if (signal?.aborted === true) resolve();
  });

export interface ClientOptions extends Partial<LoanExchangeOptions> {
  readonly names?: readonly string[];
}

export function createClient(exchange: Exchange, options: ClientOptions = {}): Client {
  const log = capturingLog();
  const calls: CallRecord[] = [];
  const stopped: ExchangeStop[] = [];
  const said: string[] = [];
  const now = options.now ?? Date.now;
  const client = createLoanExchange({
    closeMode: 'live',
    baseUrl: exchange.url,
    accounts: accountsOf(exchange, ...(options.names ?? ['fund-a', 'loan-1', 'loan-7'])),
    ledger: new MemoryWeightLedger(now),
    sharedReads: new MemorySharedReads(now),
    log,
    random: () => 0.5,
    delay: quickDelay,
    events: {
      exchangeCalled: (record) => calls.push(record),
      exchangeStopped: (stop) => stopped.push(stop),
    },
    ...options,
  });
  const heard = { reader: hear(client.reader, said), closer: hear(client.closer, said) };
  return {
    ...client,
    ...heard,
    institutionalLoan: hear(client.institutionalLoan, said),
    checks: hear(client.checks, said),
    log,
    calls,
    stopped,
    said,
    async stop() {
      said.push(JSON.stringify(client.snapshot()), inspect(client, { depth: 12 }));
      await client.stop();
      expectNoSecrets(exchange, [...log.lines, ...said, JSON.stringify([calls, stopped])]);
    },
  };
}

/** No key, secret, PEM or signature in any of these texts. */
export function expectNoSecrets(exchange: Exchange, texts: readonly string[]): void {
  const secrets = exchange
    .accounts()
    .flatMap((entry) => [entry.apiKey, 'secret' in entry ? entry.secret : '']);
  const signatures = exchange
    .requests()
    .map((record) => /signature=([^&]+)/.exec(record.rawQueryWithSignature)?.[1] ?? '');
  const needles = [...secrets, ...signatures, 'signature=', 'PRIVATE KEY'].filter((needle) => needle !== '');
  const found = texts.filter((text) => needles.some((needle) => text.includes(needle)));
  expect(found, 'texts with a secret').toEqual([]);
}

/** Records what each method answers or throws, nested `send` of a prepared close included. */
function hear<Part extends object>(part: Part, said: string[]): Part {
  return new Proxy(part, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) => {
        try {
          const answer: unknown = await Reflect.apply(member, target, args);
          said.push(inspect(answer, { depth: 12 }), JSON.stringify(answer) ?? '');
          return hearNested(answer, said);
        } catch (error) {
          said.push(inspect(error, { depth: 12 }));
          throw error;
        }
      };
    },
  });
}

function hearNested(answer: unknown, said: string[]): unknown {
  if (typeof answer !== 'object' || answer === null || !('value' in answer)) return answer;
  const { value } = answer;
  const prepared = typeof value === 'object' && value !== null && 'send' in value;
  return prepared ? { ...answer, value: hear(value, said) } : answer;
}
