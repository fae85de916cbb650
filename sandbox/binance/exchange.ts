/**
 * The exchange on this machine: Binance as its documents describe it, for tests and the sandbox.
 *
 * It does not model:
 * - trading, transfers, POST endpoints, GET /loan-group and /loan-groups, interest rebates, transfer records of
 *   liquidations, anything over WebSocket, TLS, compression, other hosts;
 * - markets: equity and interest change only through the control; a liquidation sells nothing, and freezing a
 *   unit adds no liquidation record;
 * - what 12,000 weight in a minute costs beyond a 429: bans (418) and the firewall (403) come only as faults;
 * - the orders in which undocumented checks run and the codes where none is published. Assumed here: refused
 *   calls count against the IP, UID weight counts once the signature is proved; a key of the wrong role or
 *   without permission is -2015; a malformed optional LONG is -27000, a malformed mandatory one -1102; a close
 *   of a closed or foreign unit is -27001; a foreign groupId in ltv-details gives no results; maintenance
 *   answers signed calls with 503; LTV is "999.000" where E - M <= 0 and rounds half up to three decimals;
 *   the asynchronous delay of `closed` is a setting, 0 at first;
 * - the parameters' order, unknown parameters and repeated headers, which are let through;
 * - persistence: a restart starts from the seeds, with the same keys.
 */
import { setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createControl, type ExchangeControl } from './control.ts';
import { Faults } from './faults.ts';
import { type AccountOverride, KeyRing } from './key-ring.ts';
import { Ledger } from './ledger.ts';
import { answerBadBytes, apiListener } from './listener.ts';
import type { LedgerSeed } from './model.ts';
import type { Machine } from './pipeline.ts';
import { seedLedger } from './seed.ts';
import { SEED_ACCOUNTS } from './seed-accounts.ts';
import { DEFAULT_SETTINGS, ExchangeClock, type Settings } from './settings.ts';
import { DEFAULT_LIMITS, type WeightLimits, Weights } from './weights.ts';
import { WireLog } from './wire-log.ts';

export interface ExchangeOptions {
  /** 0, the default: a free one. */
  readonly port?: number;
  /** UTC milliseconds; `settings.skewMs` comes on top of it. */
  readonly now?: () => number;
  /** By name: changes seeded accounts (say, an Ed25519 public key in place of a secret) and adds others. */
  readonly accounts?: readonly AccountOverride[];
  /** In place of the seeded loans; also what `reset` goes back to. */
  readonly ledger?: (nowMs: number) => LedgerSeed;
  readonly settings?: Partial<Settings>;
  readonly limits?: Partial<WeightLimits>;
  /** Requests that the wire log keeps. */
  readonly wireLogSize?: number;
}

export interface Exchange extends ExchangeControl {
  /** BINANCE_API_URL for this stand-in, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Ends the server and every socket, waiting calls included. */
  close(): Promise<void>;
}

/** Starts the stand-in on 127.0.0.1. */
export async function startExchange(options: ExchangeOptions = {}): Promise<Exchange> {
  const firstSettings: Settings = { ...DEFAULT_SETTINGS, ...options.settings };
  const settings = { ...firstSettings };
  const clock = new ExchangeClock(options.now ?? Date.now, settings);
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const log = new WireLog(options.wireLogSize ?? 100_000);
  const machine: Machine = {
    settings,
    clock,
    ledger: new Ledger(clock, settings),
    keyRing: new KeyRing(SEED_ACCOUNTS, options.accounts ?? []),
    weights: new Weights({ ...DEFAULT_LIMITS, ...options.limits }),
    faults: new Faults(),
    closing: closing.signal,
  };
  const seed = () => (options.ledger ?? seedLedger)(clock.serverMs());
  machine.ledger.load(seed());
  const control = createControl({ machine, log, seed, firstSettings });
  const server = serve(machine, log);
  const port = await listen(server, options.port ?? 0);
  return {
    ...control,
    url: `http://127.0.0.1:${port}`,
    port,
    async close() {
      closing.abort();
      log.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function serve(machine: Machine, log: WireLog): Server {
  const server = createServer(apiListener(machine, log));
  server.on('clientError', (error, socket) => answerBadBytes(error, socket, log, machine.clock.realMs()));
  return server;
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the exchange has no port');
  return address.port;
}
