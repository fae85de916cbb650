/** Everything that can be asked of a close request. */

import type { Person, PersonId } from '../policy.ts';
import type { Refusal } from '../refusal.ts';
import type { CardLocation, ClosedEvidence, ExchangeAnswer, Verdict } from './close-request.ts';
import type { Facts } from './facts.ts';

export type Command =
  | { readonly type: 'record-card'; readonly card: CardLocation }
  | { readonly type: 'give-up-card'; readonly why: string }
  | {
      readonly type: 'approve';
      readonly by: Person;
      readonly version: number;
      readonly factsDigest: string;
      readonly eligible: ReadonlySet<string>;
    }
  | {
      readonly type: 'reject';
      readonly by: Person;
      readonly version: number;
      readonly reason: string;
      readonly eligible: ReadonlySet<string>;
    }
  | { readonly type: 'withdraw'; readonly by: Person }
  | { readonly type: 'expire' }
  | { readonly type: 'remind'; readonly stage: 'half' | 'eighty' }
  /** `facts` null: they could not be read, which counts as changed. */
  | { readonly type: 'replace-facts'; readonly facts: Facts | null; readonly why: string | null }
  | { readonly type: 'recount-votes'; readonly eligible: ReadonlySet<string> }
  | { readonly type: 'supersede'; readonly evidence: ClosedEvidence }
  | {
      readonly type: 'claim';
      readonly owner: string;
      readonly deadlineAtMs: number;
      /** The person who starts it on the card they saw; null: the last vote did, or a background round. */
      readonly starter: {
        readonly by: Person;
        readonly version: number;
        readonly eligible: ReadonlySet<string>;
      } | null;
    }
  | { readonly type: 'abandon-claim' }
  | {
      readonly type: 'mark-sent';
      readonly owner: string;
      readonly signedTimestampMs: number;
      readonly recvWindowMs: number;
      readonly deadlineAtMs: number;
    }
  | { readonly type: 'rehearse'; readonly owner: string }
  | { readonly type: 'never-sent'; readonly owner: string; readonly why: string }
  | { readonly type: 'record-answer'; readonly answer: ExchangeAnswer }
  | { readonly type: 'lose-track' }
  | { readonly type: 'read-back'; readonly seen: ReadBackSighting }
  | { readonly type: 'page-people' }
  | {
      readonly type: 'settle';
      readonly by: Person;
      readonly verdict: Verdict;
      readonly note: string;
      readonly eligible: ReadonlySet<string>;
    }
  | {
      readonly type: 'note-refusal';
      readonly by: PersonId;
      readonly attempted: string;
      readonly refusal: Refusal['code'];
    };

/** What a look at the exchange's own record showed. `readAtMs` is exchange time. */
export type ReadBackSighting =
  | { readonly kind: 'in-closed-list'; readonly evidence: ClosedEvidence }
  | { readonly kind: 'still-active'; readonly readAtMs: number }
  | { readonly kind: 'neither'; readonly readAtMs: number }
  | { readonly kind: 'unreadable'; readonly why: string };

export type CommandOf<Type extends Command['type']> = Extract<Command, { type: Type }>;
