import type { StopCause } from '../usecases/ports.ts';
import type { Account } from './account.ts';
import type { BusyReason } from './admission.ts';
import type { Endpoint } from './endpoints.ts';
import type { NetworkFault } from './http.ts';

/** What became of one call, before it is put into words. Free of keys, signatures and URLs. */
export type CallResult = Answered | FailedCall;

export interface Answered {
  readonly kind: 'answered';
  readonly json: unknown;
  /** The body as received, to be shared with other replicas. */
  readonly body: string;
  /** Exchange time at which the call left: what it says is at least that new. */
  readonly asOfMs: number;
}

export type FailedCall =
  /** Any status but 200. `code` and `text` (cleaned) as far as the body had them. */
  | {
      readonly kind: 'rejected';
      readonly httpStatus: number;
      readonly code: number | null;
      readonly text: string;
      /** When a limit stopped us: exchange time from which on to ask again. */
      readonly retryAtMs: number | null;
    }
  /** 200 with something that is not the documented answer. */
  | { readonly kind: 'unreadable'; readonly httpStatus: number; readonly detail: string }
  | { readonly kind: 'network'; readonly fault: NetworkFault; readonly written: boolean }
  /** Not sent: our own limits. */
  | {
      readonly kind: 'busy';
      readonly why: BusyReason;
      readonly cause: StopCause | null;
      readonly retryAtMs: number;
    }
  /** Not sent: the shared count does not answer and this call must be counted. */
  | { readonly kind: 'uncounted' }
  /** Not sent: the exchange's clock is not known. */
  | { readonly kind: 'no-clock' }
  /** Not sent: the exchange says that it is under maintenance. */
  | { readonly kind: 'maintenance' }
  /** Not sent: no key, or a key of the wrong role. */
  | { readonly kind: 'no-account'; readonly endpoint: Endpoint; readonly account: Account | null }
  /** Not sent: a parameter that the exchange would refuse. */
  | { readonly kind: 'bad-request'; readonly detail: string };
