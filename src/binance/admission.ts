import type { ReadOptions } from '../usecases/ports.ts';

export type Priority = ReadOptions['priority'];

export interface AdmitRequest {
  readonly bucket: string;
  readonly weight: number;
  /** Of the bucket, a minute. */
  readonly limit: number;
  readonly priority: Priority;
  /** Longest time to wait; beyond it the answer is `busy`, as soon as that is known. */
  readonly patienceMs: number;
  /** True: not without the shared count. False: within a small local budget when the ledger is down. */
  readonly mustCount: boolean;
}

export type AdmitResult =
  | { readonly kind: 'admitted'; readonly waitMs: number }
  | {
      readonly kind: 'busy';
      readonly why: BusyReason;
      /** What the exchange said when it stopped us; empty otherwise. */
      readonly reason: string;
      /** Exchange time from which on it may work. */
      readonly retryAtMs: number;
    }
  | { readonly kind: 'uncounted' };

export type BusyReason = 'limit' | 'stopped' | 'queue-full';
