/** Implements LoanCloser: the one call that changes something. It leaves at most once, whatever happens. */
import { type LongId, parseLongId } from '../domain/amount.ts';
import type { CloseOutcome, LoanCloser, LoanReader, PreparedClose, Read } from '../usecases/ports.ts';
import type { Account } from './account.ts';
import { bucketOf, type Caller, RECV_WINDOW_MS } from './caller.ts';
import { closeOutcomeOf, notSent, stoppedAtDoor, unconfirmed } from './close-outcome.ts';
import { ENDPOINTS } from './endpoints.ts';
import { failureOf } from './failure.ts';
import type { UnitOwners } from './unit-owners.ts';
import type { WeightLimiter } from './weight-limiter.ts';

export interface LoanCloserOptions {
  readonly caller: Pick<Caller, 'prepare'>;
  readonly limiter: Pick<WeightLimiter, 'stopOf'>;
  readonly owners: Pick<UnitOwners, 'find'>;
  /** Looks up what a refused close did. */
  readonly reader: Pick<LoanReader, 'riskUnit' | 'riskUnitAsCreditAccount' | 'findClosedUnit'>;
  readonly monotonic: () => number;
  readonly patienceMs: number;
}

export function createLoanCloser(options: LoanCloserOptions): LoanCloser {
  return { prepareClose: (groupId) => prepareClose(groupId, options) };
}

async function prepareClose(given: LongId, options: LoanCloserOptions): Promise<Read<PreparedClose>> {
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
      const outcome = closeOutcomeOf(await send(), groupId, account);
      return outcome.kind === 'refused' ? confirmed(outcome, groupId, timestampMs, options) : outcome;
    },
  };
  return { ok: true, value, asOfMs: timestampMs, flaws: [] };
}

function whyNotSend(account: Account, sinceMs: number, options: LoanCloserOptions): CloseOutcome | null {
  if (sinceMs > RECV_WINDOW_MS) {
    return notSent('Too much time passed after the close was signed: the exchange would refuse it.');
  }
  const stop = options.limiter.stopOf(bucketOf(ENDPOINTS.close, account));
  return stop === null ? null : notSent('The exchange told us meanwhile to stop sending for a while.');
}

/**
 * A refusal is an answer like any other: it is final once a look shows that the unit is still active and was not closed
 * since the signature. All looks are made at once: the answer is awaited.
 */
async function confirmed(
  refused: CloseOutcome,
  groupId: LongId,
  signedAtMs: number,
  { reader }: LoanCloserOptions,
): Promise<CloseOutcome> {
  const look = { priority: 'close', fresh: true } as const;
  const life = { creditAccount: null, activeAtMs: signedAtMs };
  const [closed, own, parents] = await Promise.all([
    reader.findClosedUnit(groupId, { ...look, life }),
    reader.riskUnitAsCreditAccount(groupId, look),
    reader.riskUnit(groupId, look),
  ]);
  if (closed.ok && closed.value !== null)
    return unconfirmed(refused, 'The unit is in the list of closed units all the same.');
  if ([own, parents].some((read) => read.ok && read.value !== null)) return refused;
  // Before the exchange's own door nothing is executed, and a ban stops the looks, too.
  if (stoppedAtDoor(refused.httpStatus, refused.exchangeCode)) return refused;
  return unconfirmed(refused, 'Afterwards the unit could not be seen as active.');
}
