/** One message on its way to Slack: how it is sent, and what follows from what became of it. */
import type { CardLocation } from '../domain/card-location.ts';
import type { Delivery } from './ports.ts';

/** The notice or record is damaged or of a newer version. Says why. */
export interface Undrawable {
  readonly undrawable: string;
}

/** It is not its turn yet. */
export interface TooEarly {
  readonly againAfterMs: number;
}

export interface Outgoing {
  /** Null: it is no longer needed. Throws UnreadableRecord. */
  send(): Promise<Delivery | Undrawable | TooEarly | null>;
  /** Slack has it. `card`: where a card was posted. */
  delivered(card: CardLocation | null): Promise<void>;
  /** It was put away for the first time, to be tried again from time to time. */
  kept(why: string): Promise<void>;
  /** It will never be delivered. */
  lost(why: string): Promise<void>;
}

/** A refusal from Slack is a value, so only drawing throws. */
export async function drawn(deliver: () => Promise<Delivery>): Promise<Delivery | Undrawable> {
  try {
    return await deliver();
  } catch (error) {
    return { undrawable: error instanceof Error ? `${error.name}: ${error.message}` : 'unknown' };
  }
}

const REMEMBERED_AT_MOST = 500;

/** What each card of this process shows, so that several changes in a row need one edit. */
export class DrawnCards {
  readonly #shown = new Map<string, string>();

  shows(subjectId: string, state: string): boolean {
    return this.#shown.get(subjectId) === state;
  }

  remember(subjectId: string, state: string): void {
    this.#shown.delete(subjectId);
    this.#shown.set(subjectId, state);
    const [oldest] = this.#shown.keys();
    if (this.#shown.size > REMEMBERED_AT_MOST && oldest !== undefined) this.#shown.delete(oldest);
  }
}
