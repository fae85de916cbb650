/**
 * The exchange on this machine: Binance as its documents describe it, for tests and the sandbox.
 *
 * It does not model:
 * - trading, transfers, POST endpoints, GET /loan-group and /loan-groups, anything over WebSocket, TLS, compression,
 *   other hosts;
 * - markets: equity changes only through the control, the courses of `price-paths.ts` and forced liquidations, which
 *   come from the control too, sell nothing and are over at once; freezing a unit is none;
 * - what 12,000 weight in a minute costs beyond a 429: bans (418) and the firewall (403) come only as faults;
 * - the orders in which undocumented checks run and the codes where none is published. Assumed here: refused
 *   calls count against the IP, UID weight counts once the signature is proved; a key of the wrong role or
 *   without permission is -2015; a malformed optional LONG is -27000, a malformed mandatory one -1102; a close
 *   of a closed or foreign unit is -27001; a range of over 100 days is -1127, a reversed one -3011; a foreign
 *   groupId in ltv-details gives no results; maintenance answers signed calls with 503; LTV is "999.000" where
 *   E - M <= 0 and rounds half up to three decimals; the asynchronous delay of `closed` is a setting, 0 at first;
 * - the parameters' order, unknown parameters and repeated headers, which are let through;
 * - persistence: a restart starts from the seeds, with the same keys.
 */
import { setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import { closeServer, listen } from '../http.ts';
import { ENDPOINTS, type EndpointName } from './endpoints.ts';
import { type Fault, type FaultOrder, Faults } from './faults.ts';
import { answerBadBytes, apiListener, type Machine, poolOf } from './http-listener.ts';
import { type Account, type AccountOverride, type AccountsFileEntry, KeyRing } from './key-ring.ts';
import { Ledger, type UnitView } from './ledger.ts';
import type { ClosedUnit, LedgerSeed, Unit } from './model.ts';
import { member, newUnit, PARENT_EMAIL, SEED_ACCOUNTS, seedLedger } from './seed.ts';
import { DEFAULT_SETTINGS, ExchangeClock, type Settings } from './settings.ts';
import { DEFAULT_LIMITS, type WeightLimits, Weights, type WeightUsage } from './weight-counter.ts';
import { type NextOptions, type WireFilter, WireLog, type WireRecord } from './wire-log.ts';

export interface ExchangeOptions {
  /** 0, the default: a free one. */
  readonly port?: number;
  /** UTC milliseconds; `settings.skewMs` comes on top of it. */
  readonly now?: () => number;
  /** By name: changes seeded accounts (say, an Ed25519 public key in place of a secret) and adds others. */
  readonly accounts?: readonly AccountOverride[];
  /** In place of the seeded loans. */
  readonly ledger?: (nowMs: number) => LedgerSeed;
  readonly settings?: Partial<Settings>;
  readonly limits?: Partial<WeightLimits>;
  /** Requests that the wire log keeps. */
  readonly wireLogSize?: number;
}

/** Closed rows to add in bulk; ids count up from `firstGroupId`, close times a minute apart, ending now. */
export interface ClosedBatch {
  readonly count: number;
  readonly creditEmail: string;
  readonly parentEmail?: string;
  readonly firstGroupId?: string;
}

/** Starts the stand-in on 127.0.0.1. */
export async function startExchange(options: ExchangeOptions = {}): Promise<Exchange> {
  const settings = { ...DEFAULT_SETTINGS, ...options.settings };
  const clock = new ExchangeClock(options.now ?? Date.now, settings);
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const parts = {
    settings,
    clock,
    keyRing: new KeyRing(SEED_ACCOUNTS, options.accounts ?? []),
    weights: new Weights({ ...DEFAULT_LIMITS, ...options.limits }),
    faults: new Faults(),
    log: new WireLog(options.wireLogSize ?? 100_000),
    closing: closing.signal,
  };
  const server = createServer();
  const exchange = new Exchange(parts, options, server, closing, await listen(server, options.port));
  const machine: Machine = { ...parts, ledger: exchange };
  server.on('request', apiListener(machine));
  server.on('clientError', (error, socket) => answerBadBytes(error, socket, machine));
  return exchange;
}

/** What can be done to the exchange, and what can be seen of it. */
export class Exchange extends Ledger {
  readonly port: number;
  /** BINANCE_API_URL for this stand-in, without a slash at the end. */
  readonly url: string;
  readonly #machine: Omit<Machine, 'ledger'>;
  readonly #server: Server;
  readonly #closing: AbortController;

  constructor(
    machine: Omit<Machine, 'ledger'>,
    options: ExchangeOptions,
    server: Server,
    closing: AbortController,
    port: number,
  ) {
    super(machine.clock, machine.settings);
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.#machine = machine;
    this.#server = server;
    this.#closing = closing;
    this.load((options.ledger ?? seedLedger)(machine.clock.serverMs()));
  }

  /** What BINANCE_ACCOUNTS_FILE has to hold for this stand-in. */
  accounts(): AccountsFileEntry[] {
    return this.#machine.keyRing.fileEntries();
  }

  /** Key and HMAC secret of any account, the one without a unit too. @throws when it has no secret. */
  credentials(name: string): { apiKey: string; secret: string } {
    const account = this.#machine.keyRing.byName(name);
    if (account?.key.kind !== 'hmac') throw new Error(`no HMAC account ${name}`);
    return { apiKey: account.apiKey, secret: account.key.secret };
  }

  /** Changes or adds an account: another key, permissions, allowed addresses. Its secret is not in the answer. */
  changeAccount(override: AccountOverride): Pick<Account, 'name' | 'email' | 'role' | 'uid'> {
    const { name, email, role, uid } = this.#machine.keyRing.change(override);
    return { name, email, role, uid };
  }

  /**
   * Adds a unit, repaid and with one credit and one collateral account where nothing else is said, and an account
   * `loan-<groupId>` with a key if its credit account has none yet.
   */
  addUnit({ groupId, ...wanted }: Partial<Unit> & Pick<Unit, 'groupId'>): UnitView {
    if (!/^[1-9]\d{0,18}$/.test(groupId)) throw new Error('groupId: 1 to 2^63-1, in digits');
    const { keyRing, clock } = this.#machine;
    const creditEmail = wanted.creditEmail ?? `credit${groupId}@test.com`;
    const members = [
      member('CREDIT', creditEmail, { SPOT: '0', PORTFOLIO_MARGIN: '1000000' }),
      member('COLLATERAL', `collateral${groupId}@test.com`, { SPOT: '500000', CROSS_MARGIN: '0' }),
    ];
    const nowMs = clock.serverMs();
    const times = { createTimeMs: nowMs, updateTimeMs: nowMs };
    this.add(newUnit(groupId, creditEmail, nowMs, { ...times, members, ...wanted }));
    if (keyRing.byEmail(creditEmail) === undefined)
      keyRing.change({ name: `loan-${groupId}`, role: 'credit', email: creditEmail });
    return this.unit(groupId);
  }

  /** Closes a unit as somebody else would, whatever it owes. */
  closeOutside(groupId: string): ClosedUnit {
    return this.closeUnit(groupId);
  }

  addClosed({ count, creditEmail, parentEmail = PARENT_EMAIL, firstGroupId = '100000' }: ClosedBatch): void {
    const nowMs = this.serverTimeMs();
    const rows = Array.from({ length: count }, (_, index) => {
      const groupId = (BigInt(firstGroupId) + BigInt(index)).toString();
      const closeTimeMs = nowMs - (count - index) * 60_000;
      const times = { createTimeMs: closeTimeMs - 86_400_000, closeTimeMs, listedFromMs: 0 };
      return { groupId, parentEmail, creditEmail, ...times };
    });
    this.closedList.list(rows);
  }

  settings(): Settings {
    return { ...this.#machine.settings };
  }

  configure(change: Partial<Settings>): Settings {
    return Object.assign(this.#machine.settings, change);
  }

  serverTimeMs(): number {
    return this.#machine.clock.serverMs();
  }

  /** Switches a fault on and returns its id. @throws ZodError when the order is none. */
  inject(order: FaultOrder): number {
    return this.#machine.faults.add(order);
  }

  clearFaults(id?: number): void {
    this.#machine.faults.clear(id);
  }

  faults(): Fault[] {
    return this.#machine.faults.list();
  }

  weights(): WeightUsage[] {
    return this.#machine.weights.usage();
  }

  /** Uses up weight as another program behind the same address or UID would. Subject: an IP, or account name. */
  spendWeight(name: EndpointName, weight: number, subject = '127.0.0.1'): void {
    const endpoint = ENDPOINTS.find((one) => one.name === name);
    if (endpoint === undefined) throw new Error(`no endpoint ${name}`);
    const { keyRing, weights } = this.#machine;
    const counted = keyRing.byName(subject)?.uid ?? subject;
    weights.spend(poolOf(endpoint), endpoint.scope, counted, weight, this.serverTimeMs());
  }

  requests(filter?: WireFilter): WireRecord[] {
    return this.#machine.log.requests(filter);
  }

  /** DELETEs that arrived, by groupId, whatever became of them. */
  deletes(): Map<string, number> {
    return this.#machine.log.deletes();
  }

  nextRequest(filter?: WireFilter, options?: NextOptions): Promise<WireRecord> {
    return this.#machine.log.next(filter, options);
  }

  onAnswered(see: (record: WireRecord) => void): () => void {
    return this.#machine.log.onAnswered(see);
  }

  /** Ends the server and every socket, waiting calls included. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#machine.log.close();
    await closeServer(this.#server);
  }
}
