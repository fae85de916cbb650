/** Everything that can be asked of a close request. */

import type { Person, PersonId } from '../person.ts';
import type { Refusal } from '../refusal.ts';
import type { CardLocation, ExchangeAnswer, SentMark, Verdict } from './close-request.ts';
import type { ClosedEvidence } from './closed-evidence.ts';
import type { Facts } from './facts.ts';

/** Who counts, looked up just now. */
export interface PeopleNow {
  /** Accounts that are on both lists of approvers, the frozen one and the one of now, and may vote on this request. */
  readonly eligible: ReadonlySet<string>;
  /** The requester is still a requester and a full member. */
  readonly requesterMayAsk: boolean;
}

export type Command =
  | { readonly type: 'record-card'; readonly card: CardLocation }
  | { readonly type: 'give-up-card'; readonly why: string }
  | ({
      readonly type: 'approve';
      readonly by: Person;
      readonly version: number;
      readonly factsDigest: string;
    } & PeopleNow)
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
  | { readonly type: 'replace-facts'; readonly facts: Facts }
  | ({ readonly type: 'recount-votes' } & PeopleNow)
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
  /** Its own process could not go on: it is sent later, by whoever finds the trouble gone. */
  | { readonly type: 'release-claim'; readonly owner: string; readonly why: string }
  | ({
      readonly type: 'mark-sent';
      readonly owner: string;
      readonly signedTimestampMs: number;
      readonly recvWindowMs: number;
      readonly deadlineAtMs: number;
    } & PeopleNow)
  | ({ readonly type: 'rehearse'; readonly owner: string } & PeopleNow)
  | { readonly type: 'never-sent'; readonly owner: string; readonly why: string }
  /**
   * What the sending process knows: its mark, and the answer when there is one. A record that lost the mark (Redis
   * lost its last second) gets it back.
   */
  | { readonly type: 'record-answer'; readonly mark: SentMark; readonly answer: ExchangeAnswer | null }
  | { readonly type: 'lose-track' }
  /** `afterAnswer`: the answer that the record holds was there before the look began. */
  | { readonly type: 'read-back'; readonly seen: ReadBackSighting; readonly afterAnswer: boolean }
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
  | { readonly kind: 'neither' }
  /** In the closed list as it should be, and in the list of active units, too. */
  | { readonly kind: 'in-both-lists' }
  | { readonly kind: 'unreadable'; readonly why: string };

export type CommandOf<Type extends Command['type']> = Extract<Command, { type: Type }>;
