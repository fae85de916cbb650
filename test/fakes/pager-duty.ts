/**
 * PagerDuty as its documentation describes it (https://support.pagerduty.com/docs/incidents): one incident per
 * deduplication key while it is open; an acknowledged one calls nobody again, whatever it is sent.
 */
import type { PageEvent, Pager } from '../../src/usecases/watch-ports.ts';

export class FakePagerDuty implements Pager {
  readonly name = 'PagerDuty';
  readonly received: PageEvent[] = [];
  /** Keys of the incidents that somebody was called for, in order. */
  readonly called: string[] = [];
  /** Of every event from now on. */
  answer: { readonly ok: true } | { readonly ok: false; readonly why: string } = { ok: true };
  readonly #open = new Map<string, 'triggered' | 'acknowledged'>();

  /** Incidents that are not resolved. */
  get open(): Readonly<Record<string, 'triggered' | 'acknowledged'>> {
    return Object.fromEntries(this.#open);
  }

  readonly send = async (event: PageEvent) => {
    this.received.push(event);
    const { answer } = this;
    if (answer.ok) this.#take(event);
    return answer;
  };

  #take({ key, state }: PageEvent): void {
    const known = this.#open.get(key);
    if (state === 'resolved') this.#open.delete(key);
    else if (state === 'triggered' && known === undefined) {
      this.#open.set(key, 'triggered');
      this.called.push(key);
    } else if (state === 'acknowledged' && known !== undefined) this.#open.set(key, 'acknowledged');
  }
}
