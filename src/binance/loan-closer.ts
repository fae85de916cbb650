/** Implements LoanCloser: the one call that changes something. It leaves at most once, whatever happens. */
import { type LongId, parseLongId } from '../domain/amount.ts';
import type { CloseMode } from '../domain/policy.ts';
import type { CloseOutcome, LoanCloser, PreparedClose, Read } from '../usecases/ports.ts';
import type { Account } from './account.ts';
import { bucketOf, type Caller, RECV_WINDOW_MS } from './caller.ts';
import { closeOutcomeOf, notSent } from './close-outcome.ts';
import { ENDPOINTS } from './endpoints.ts';
import { failureOf } from './failure.ts';
import type { UnitOwners } from './unit-owners.ts';
import type { WeightLimiter } from './weight-limiter.ts';

export interface LoanCloserOptions {
  /** `dry-run`: this process sends no close, whatever it is asked. */
  readonly closeMode: CloseMode;
  readonly caller: Pick<Caller, 'prepare'>;
  readonly limiter: Pick<WeightLimiter, 'stopOf'>;
  readonly owners: Pick<UnitOwners, 'find'>;
  readonly monotonic: () => number;
  readonly patienceMs: number;
}

export function createLoanCloser(options: LoanCloserOptions): LoanCloser {
  return { prepareClose: (groupId) => prepareClose(groupId, options) };
}

const DRY_RUN = 'This Loandesk runs with CLOSE_MODE=dry-run and sends no close';

async function prepareClose(given: LongId, options: LoanCloserOptions): Promise<Read<PreparedClose>> {
  if (options.closeMode !== 'live') {
    return { ok: false, failure: failureOf({ kind: 'bad-request', detail: DRY_RUN }, null) };
  }
  // Checked again although it is typed: an id that is not canonical may name another unit.
  const groupId = typeof given === 'string' ? parseLongId(given) : null;
  if (groupId === null) {
    return {
      ok: false,
      failure: failureOf({ kind: 'bad-request', detail: 'The unit id is not a LONG id' }, null),
    };
  }
  const ownership = await options.owners.find(groupId, 'close');
  if (ownership.kind === 'unknown') return { ok: false, failure: ownership.failure };
  if (ownership.kind === 'none') {
    const failure = failureOf({ kind: 'no-account', endpoint: ENDPOINTS.close, account: null }, null);
    return { ok: false, failure };
  }
  const { account } = ownership;
  const ready = await options.caller.prepare({
    endpoint: ENDPOINTS.close,
    account,
    parameters: [['groupId', groupId]],
    priority: 'close',
    patienceMs: options.patienceMs,
    mustCount: true,
  });
  if (ready.kind !== 'ready') return { ok: false, failure: failureOf(ready, account) };
  const { timestampMs, send } = ready;
  const signedAt = options.monotonic();
  let used = false;
  const value: PreparedClose = {
    signedTimestampMs: timestampMs,
    recvWindowMs: RECV_WINDOW_MS,
    async send() {
      if (used) throw new Error('a prepared close is sent once');
      used = true;
      const refusal = whyNotSend(account, options.monotonic() - signedAt, options);
      if (refusal !== null) return refusal;
      return closeOutcomeOf(await send(), groupId, account);
    },
  };
  return { ok: true, value, asOfMs: timestampMs, flaws: [] };
}

function whyNotSend(account: Account, sinceMs: number, options: LoanCloserOptions): CloseOutcome | null {
  if (options.closeMode !== 'live') return notSent(`${DRY_RUN}.`);
  if (sinceMs > RECV_WINDOW_MS) {
    return notSent('Too much time passed after the close was signed: the exchange would refuse it.');
  }
  const stop = options.limiter.stopOf(bucketOf(ENDPOINTS.close, account));
  return stop === null ? null : notSent('The exchange told us meanwhile to stop sending for a while.');
}
