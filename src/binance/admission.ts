import type { ReadOptions, StopCause } from '../usecases/ports.ts';

export type Priority = ReadOptions['priority'];

/** The most urgent first. */
export const PRIORITIES = ['close', 'interactive', 'background'] as const satisfies readonly Priority[];

/** Whether `one` goes before `other`. */
export function isMoreUrgent(one: Priority, other: Priority): boolean {
  return PRIORITIES.indexOf(one) < PRIORITIES.indexOf(other);
}

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
      /** What the exchange answered when it stopped us; null otherwise. */
      readonly cause: StopCause | null;
      /** Exchange time from which on it may work. */
      readonly retryAtMs: number;
    }
  | { readonly kind: 'uncounted' };

export type BusyReason = 'limit' | 'stopped' | 'queue-full';
