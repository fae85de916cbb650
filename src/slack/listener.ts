/** One interaction of one person: what a listener reads and how it answers. Listeners use this, never Bolt. */
import type { PersonId } from '../domain/person.ts';
import type { Refusal, Result } from '../domain/refusal.ts';
import type { Desk, WatchDesk } from '../usecases/desk.ts';
import type { LoanDesk } from '../usecases/loan-desk.ts';
import type { NewId } from '../usecases/ports.ts';
import type { ReadersOf } from './channel-info.ts';
import type { HomeWatch } from './home-watch.ts';
import type { Home, Message, Modal } from './views/blocks.ts';

export interface Turn {
  readonly by: PersonId;
  /** Where it happened; null in App Home and in modals. */
  readonly channelId: string | null;
  /** The message whose button was clicked; null elsewhere. */
  readonly messageTs: string | null;
  /** A command's text as typed (see typed-text.ts), or a button's value; "" when there is none. */
  readonly input: string;
  /** A modal's inputs by block_id, as typed. */
  readonly fields: ReadonlyMap<string, string>;
  /** `private_metadata` of the modal. */
  readonly metadata: string;
  /**
   * Says something to this person alone: in the modal that is open, or else as a private message. Falls back to other
   * ways when one fails; false: nothing got through (logged).
   */
  tell(message: Message): Promise<boolean>;
  /**
   * Says in private that the answer is late, unless it is on its way or a modal shows it; the answer then waits until
   * this is in Slack. The notice stays above the answer.
   */
  sayStillWorking(text: string): void;
  /** From now on a late answer is announced by this; null: by the usual text. */
  whenLate(notice: () => Promise<Message | null>): void;
  /** Redraws the private message whose button was clicked. */
  replace(message: Message): Promise<boolean>;
  /** For everyone in the conversation. */
  share(message: Message): Promise<boolean>;
  /** Opens a modal, which Slack allows for 3 seconds; false: it didn't open. */
  openModal(modal: Modal): Promise<boolean>;
  /** A modal of this turn is open: `tell` shows its message there. */
  readonly hasModal: boolean;
  /** Redraws the modal that is open; false: it is no longer there. */
  updateModal(modal: Modal): Promise<boolean>;
  publishHome(home: Home): Promise<boolean>;
  /** Sends a file in a direct message. */
  sendFile(fileName: string, content: string): Promise<'sent' | 'scope-missing' | 'failed'>;
}

/** How it ended, for the log and for the answer that every click gets. */
export interface Outcome {
  readonly refusal: Refusal | null;
  readonly requestId: string | null;
}

export function handled(requestId: string | null = null): Outcome {
  return { refusal: null, requestId };
}

export function refused(refusal: Refusal, requestId: string | null = null): Outcome {
  return { refusal, requestId };
}

/** Says what the desk answered, or passes its refusal on. `about`: the request or case, for the log. */
export async function answerWith<Value>(
  asked: Promise<Result<Value>>,
  say: (value: Value) => Promise<unknown>,
  about: string | null = null,
): Promise<Outcome> {
  const result = await asked;
  if (!result.ok) return refused(result.refusal, about);
  await say(result.value);
  return handled(about);
}

/** Answers without a verb of the desk (help, a mistyped command), so the role is asked for here: any will do. */
export async function answerAnyRole(
  desk: Pick<Desk, 'admit'>,
  turn: Turn,
  answer: Message | Refusal,
): Promise<Outcome> {
  const roles = await desk.admit(turn.by);
  if (!roles.ok) return refused(roles.refusal);
  if ('code' in answer) return refused(answer);
  await turn.tell(answer);
  return handled();
}

/** The verbs of the watch; refuses while it is off. */
export async function withWatch(
  { desk, watch }: Pick<ListenerParts, 'desk' | 'watch'>,
  turn: Turn,
  act: (watch: WatchDesk) => Promise<Outcome>,
): Promise<Outcome> {
  return watch === null ? answerAnyRole(desk, turn, { code: 'watch-off' }) : act(watch);
}

/** Work waits for work of its own lane only, so that a decision never waits behind look-ups. */
export type Lane = 'decision' | 'read';

/** One command, button, modal or event. `work` starts after the ack; nothing here acks by itself. */
export interface Listener {
  /** Default: decision. */
  readonly lane?: Lane;
  /** Faults of a form by block_id, found without any look-up; the form shows them, and nothing else happens. */
  readonly check?: (turn: Turn) => Readonly<Record<string, string>> | null;
  /** Why this may take long, in place of the usual notice of a late answer. */
  readonly lateNotice?: string;
  /** Opens a modal within the 3 seconds of a trigger; changes nothing else. False: `work` doesn't run. */
  readonly prepare?: (turn: Turn) => Promise<boolean>;
  readonly work: (turn: Turn) => Promise<Outcome>;
}

/** What every listener is given. */
export interface ListenerParts {
  readonly desk: Desk;
  readonly loans: LoanDesk;
  readonly newReadingId: NewId;
  /** Null: WATCH is off. */
  readonly watch: WatchDesk | null;
  /** For links to cards; null until Slack has answered. */
  readonly workspaceUrl: () => string | null;
  /** Id of the approvals channel: buttons that act on a request work there only. */
  readonly closeChannel: string;
  /** Ids of channels in which commands are answered; empty: all. */
  readonly allowedChannels: readonly string[];
  /** Who reads a channel; asks Slack. */
  readonly readersOf: ReadersOf;
  /** Remembers who opened App Home. */
  readonly homes: Pick<HomeWatch, 'opened'>;
}
