/** A trigger_id lives three seconds and opens one view: docs.slack.dev/interactivity/handling-user-interaction */
const LIFE_MS = 3_000;

interface Trigger {
  readonly userId: string;
  readonly createdAtMs: number;
  /** The view that was looked at when it was made. */
  readonly viewId: string | undefined;
  isUsed: boolean;
}

export type TriggerAnswer =
  | { readonly ok: true; readonly userId: string; readonly viewId: string | undefined }
  | {
      readonly ok: false;
      readonly error: 'invalid_trigger_id' | 'expired_trigger_id' | 'exchanged_trigger_id';
    };

export class Triggers {
  readonly #now: () => number;
  readonly #triggers = new Map<string, Trigger>();

  constructor(now: () => number) {
    this.#now = now;
  }

  create(userId: string, viewId?: string): string {
    const number = this.#triggers.size + 1;
    const id = `${9_000_000_000 + number}.${1_000_000 + number}.${number.toString(16).padStart(32, '0')}`;
    this.#triggers.set(id, { userId, createdAtMs: this.#now(), viewId, isUsed: false });
    return id;
  }

  /** Uses the trigger up. The codes are those that views.open answers with (seen in bolt-python#886). */
  exchange(id: string): TriggerAnswer {
    const trigger = this.#triggers.get(id);
    if (trigger === undefined) return { ok: false, error: 'invalid_trigger_id' };
    if (trigger.isUsed) return { ok: false, error: 'exchanged_trigger_id' };
    if (this.#now() - trigger.createdAtMs > LIFE_MS) return { ok: false, error: 'expired_trigger_id' };
    trigger.isUsed = true;
    return { ok: true, userId: trigger.userId, viewId: trigger.viewId };
  }
}
