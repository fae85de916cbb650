/**
 * Runs around every listener: acks first, then does the work through a bounded queue, once per delivery. Every refusal
 * and every error gets an answer, and one log line says who did what, how it ended and how long it took. Nothing that a
 * listener throws goes further.
 */

import type { PersonId } from '../domain/person.ts';
import type { RefusalCode } from '../domain/refusal.ts';
import { subjectField } from '../domain/subject.ts';
import {
  type Log,
  type NewId,
  type SeenOnce,
  StoreUnavailable,
  UnreadableRecord,
} from '../usecases/ports.ts';
import { type Lane, type Listener, type Outcome, refused, type Turn } from './listener.ts';
import type { HandledInteraction, SlackEvents } from './slack-events.ts';
import { errorFields } from './slack-log.ts';
import type { Message } from './views/blocks.ts';
import {
  duplicateMessage,
  noticeMessage,
  refusalMessage,
  unexpectedMessage,
} from './views/notice-message.ts';
import type { WorkQueue } from './work-queue.ts';

/** Longer than the 5 minutes for which Slack repeats a delivery and a signature is accepted. */
const SEEN_TTL_MS = 10 * 60_000;

export interface GuardParts {
  readonly seenOnce: SeenOnce;
  /** One queue for each lane, so that neither waits for the other. */
  readonly lanes: Readonly<Record<Lane, WorkQueue>>;
  /** For clicks that come while their lane is full: their ack can't say so, so a message follows. */
  readonly overflowQueue: WorkQueue;
  readonly log: Log;
  readonly now: () => number;
  readonly newReference: NewId;
  /** Called after a refusal that shows that the person saw an outdated card. */
  readonly redrawCard: (requestId: string) => Promise<void>;
  readonly events?: Partial<SlackEvents>;
  /** After how long a person without an answer is told that it is late; default 2.5 s. */
  readonly lateAfterMs?: number;
  /** Runs the work of one interaction, so that its log lines carry the reference. */
  readonly within?: (reference: string, work: () => Promise<void>) => Promise<void>;
  /** Aborted when the process must end: people who still wait are answered now. */
  readonly shutdownSignal?: AbortSignal;
}

const LATE_AFTER_MS = 2_500;

const STILL_WORKING = 'Still working on this. The answer follows here…';

const RESTARTING =
  "Loandesk is restarting and didn't finish this. What was recorded counts and is carried on: see `/loandesk requests`. For anything else, ask again in a minute.";

/** One interaction as the transport delivers it. */
export interface Delivered {
  readonly turn: Turn;
  /** The same for a repeated delivery of the same interaction. Read after the ack. */
  readonly deliveryKey: () => string;
  /** Answers Slack. `faults`: those of a form, which then stays open. */
  readonly ack: (faults: Readonly<Record<string, string>> | null) => Promise<void>;
  /** Acks with this as the whole answer. False: this kind of ack can't carry one, and nothing was acked. */
  readonly answerInAck: (message: Message) => Promise<boolean>;
}

/** `name`: for the log, metrics and traces. */
export type NamedListener = Listener & { readonly name: string };

export type Guard = (listener: NamedListener, delivered: Delivered) => Promise<void>;

/** Refused because of who asked, or where. */
const NOT_ALLOWED: ReadonlySet<string> = new Set<RefusalCode>([
  'not-a-full-member',
  'role-missing',
  'only-stand-in',
  'channel-not-allowed',
  'not-the-card',
  'self-approval',
  'not-the-requester',
]);

/** The person saw an outdated card, so it is redrawn. Someone who may not act causes no edit. */
const SAW_AN_OLD_CARD: ReadonlySet<string> = new Set<RefusalCode>([
  'already-decided',
  'already-executing',
  'already-voted',
  'expired',
  'old-version',
  'facts-changed',
  'wrong-state',
  'owes',
  'already-closed',
  'claim-expired',
  'changed-meanwhile',
  'too-early-to-settle',
  'too-few-approvals',
]);

const FORM_NOT_OPENED = "Slack didn't open the form in time. Nothing was changed. Click again.";

type Ended = { readonly outcome: string; readonly requestId: string | null };

export function createGuard(parts: GuardParts): Guard {
  const { seenOnce, log, now, newReference, lateAfterMs = LATE_AFTER_MS } = parts;

  async function work(
    listener: Listener,
    { turn, deliveryKey }: Delivered,
    prepared: Promise<boolean>,
  ): Promise<Ended> {
    const [first, ready] = await Promise.all([seenOnce.first(deliveryKey(), SEEN_TTL_MS), prepared]);
    if (!first) {
      // The first delivery gets the answer. A form that this one opened or sent must not be left at "Working on it…".
      if (turn.hasModal) await turn.tell(duplicateMessage());
      return { outcome: 'duplicate', requestId: null };
    }
    if (!ready) {
      await turn.tell(noticeMessage(FORM_NOT_OPENED));
      return { outcome: 'modal-not-opened', requestId: null };
    }
    return conclude(turn, await listener.work(turn));
  }

  async function conclude(turn: Turn, { refusal, requestId }: Outcome): Promise<Ended> {
    if (refusal === null) return { outcome: 'done', requestId };
    await turn.tell(refusalMessage(refusal));
    if (requestId !== null && SAW_AN_OLD_CARD.has(refusal.code)) {
      // The person has the answer already, so a card that isn't redrawn is only logged.
      await parts
        .redrawCard(requestId)
        .catch((error: unknown) => log.warn({ requestId, ...errorFields(error) }, 'a card was not redrawn'));
    }
    return { outcome: refusal.code, requestId };
  }

  async function explain(
    listener: NamedListener,
    turn: Turn,
    reference: string,
    error: unknown,
  ): Promise<Ended> {
    if (error instanceof StoreUnavailable) {
      log.error({ listener: listener.name, reference, ...errorFields(error) }, 'store unavailable');
      await turn.tell(refusalMessage({ code: 'store-unavailable' }));
      return { outcome: 'store-unavailable', requestId: null };
    }
    if (error instanceof UnreadableRecord) {
      const { subjectId: requestId, what: why } = error;
      log.error({ listener: listener.name, reference, ...subjectField(requestId), why }, 'record unreadable');
      await turn.tell(refusalMessage({ code: 'record-not-proved', requestId, why }));
      return { outcome: 'record-not-proved', requestId };
    }
    log.error({ listener: listener.name, reference, ...errorFields(error) }, 'a listener failed');
    await turn.tell(unexpectedMessage(reference));
    return { outcome: 'error', requestId: null };
  }

  async function handle(listener: NamedListener, delivered: Delivered, reference: string): Promise<Ended> {
    const { turn } = delivered;
    const arrivedMs = performance.now();
    const place = parts.lanes[listener.lane ?? 'decision'].enter();
    let preparing: Promise<boolean> = Promise.resolve(true);
    let late: NodeJS.Timeout | undefined;
    try {
      if (place === null) return await refuseWhenFull(delivered);
      const faults = listener.check?.(turn) ?? null;
      await delivered.ack(faults);
      parts.events?.interactionAcked?.(performance.now() - arrivedMs);
      if (faults !== null) return { outcome: 'form-faults', requestId: null };
      late = setTimeout(() => turn.sayStillWorking(listener.lateNotice ?? STILL_WORKING), lateAfterMs);
      preparing = listener.prepare?.(turn) ?? preparing;
      // Nobody awaits it until the queue does: its failure must not count as unhandled.
      preparing.catch(() => {});
      const ready = preparing;
      return await orShutdown(
        turn,
        place.run(() => work(listener, delivered, ready)),
      );
    } catch (error) {
      // If a form is still opening, that is where the person expects the answer.
      await preparing.catch(() => {});
      return await explain(listener, turn, reference, error);
    } finally {
      clearTimeout(late);
      place?.leave();
    }
  }

  /**
   * Refuses when the lane is full. The ack of a command or form says so; a click gets a message after its ack, through
   * a queue that is bounded as well. Beyond that a click isn't acked, and Slack shows the person that it failed.
   */
  async function refuseWhenFull(delivered: Delivered): Promise<Ended> {
    const refusal = { code: 'too-much-at-once' } as const;
    if (await delivered.answerInAck(refusalMessage(refusal))) {
      return { outcome: refusal.code, requestId: null };
    }
    const place = parts.overflowQueue.enter();
    if (place === null) return { outcome: 'not-acked', requestId: null };
    try {
      await delivered.ack(null);
      return await place.run(() => conclude(delivered.turn, refused(refusal)));
    } finally {
      place.leave();
    }
  }

  /** The result of the work; if the process must end first, the person is told and the work goes on unobserved. */
  async function orShutdown(turn: Turn, working: Promise<Ended>): Promise<Ended> {
    const { shutdownSignal } = parts;
    if (shutdownSignal === undefined) return working;
    const { promise: stopped, resolve } = Promise.withResolvers<null>();
    const stop = () => resolve(null);
    if (shutdownSignal.aborted) stop();
    shutdownSignal.addEventListener('abort', stop, { once: true });
    try {
      const ended = await Promise.race([working, stopped]);
      if (ended !== null) return ended;
      working.catch(() => {});
      await turn.tell(noticeMessage(RESTARTING));
      return { outcome: 'restarting', requestId: null };
    } finally {
      shutdownSignal.removeEventListener('abort', stop);
    }
  }

  async function finish(listener: NamedListener, delivered: Delivered, reference: string): Promise<void> {
    const startedAtMs = now();
    const ended = await handle(listener, delivered, reference);
    const handled: HandledInteraction = {
      listener: listener.name,
      actor: actorOf(delivered.turn.by),
      ...ended,
      durationMs: now() - startedAtMs,
    };
    parts.events?.interactionHandled?.(handled);
    // Warnings, so that attempts by people who may not can be found.
    log[NOT_ALLOWED.has(ended.outcome) ? 'warn' : 'info']({ ...handled, reference }, 'interaction handled');
  }

  return (listener, delivered) => {
    const reference = newReference();
    const run = () => finish(listener, delivered, reference);
    return parts.within === undefined ? run() : parts.within(reference, run);
  };
}

function actorOf({ teamId, userId }: PersonId): string {
  return `${teamId}/${userId}`;
}
