/** Something that goes wrong on Slack's side, on purpose. */
export type WorkspaceFault =
  /** The answer takes this long. */
  | { readonly kind: 'latency'; readonly ms: number }
  | { readonly kind: 'rate_limited'; readonly retryAfterS: number }
  /** An HTTP status with an empty body, e.g. 500, before anything happened. */
  | { readonly kind: 'http'; readonly status: number }
  /** HTTP 200 with a page in place of Slack's JSON, as a filter or a captive portal answers. */
  | { readonly kind: 'html' }
  /** `{ok: false, error: code}`. */
  | { readonly kind: 'error'; readonly code: string }
  /** The effect happens, but the answer carries no `ts`. */
  | { readonly kind: 'no_ts' }
  /** The connection breaks before or after the effect. */
  | { readonly kind: 'reset'; readonly when: 'before' | 'after' }
  /** No answer ever; the effect does not happen. */
  | { readonly kind: 'hang' }
  /** A workspace that does not know this block type yet: `invalid_blocks`. */
  | { readonly kind: 'refuse_block'; readonly blockType: string };

/** Blocks that a workspace may not know yet. */
export const REFUSABLE = ['data_visualization', 'data_table', 'table'] as const;

export interface ActiveFault {
  readonly id: number;
  /** A method name, `response_url`, or `*` for all. */
  readonly method: string;
  readonly fault: WorkspaceFault;
  /** How many calls it still meets; without a number until it is cleared. */
  readonly count?: number;
}

/** Which faults are switched on. */
export class WorkspaceFaults {
  #active: ActiveFault[] = [];
  #ids = 0;

  /** Switches a fault on for the next `count` calls, or until it is cleared. Returns its id. */
  add(method: string, fault: WorkspaceFault, count?: number): number {
    this.#ids += 1;
    this.#active.push({ id: this.#ids, method, fault, ...(count === undefined ? {} : { count }) });
    return this.#ids;
  }

  /** Switches off one fault by id, all of one method, or everything. */
  clear(which?: number | string): void {
    this.#active = this.#active.filter(
      ({ id, method }) => which !== undefined && id !== which && method !== which,
    );
  }

  list(): readonly ActiveFault[] {
    return this.#active;
  }

  /** The ids of the faults that refuse this block type. */
  refusing(blockType: string): readonly number[] {
    return this.#active
      .filter(({ fault }) => fault.kind === 'refuse_block' && fault.blockType === blockType)
      .map(({ id }) => id);
  }

  /** The faults that meet this call; counted ones are used up. `hasBlock` tells which blocks it sends. */
  take(method: string, hasBlock: (type: string) => boolean): readonly WorkspaceFault[] {
    const met = this.#active.filter(
      (entry) =>
        (entry.method === method || entry.method === '*') &&
        (entry.fault.kind !== 'refuse_block' || hasBlock(entry.fault.blockType)),
    );
    this.#active = this.#active.flatMap((entry) => {
      if (entry.count === undefined || !met.includes(entry)) return [entry];
      return entry.count > 1 ? [{ ...entry, count: entry.count - 1 }] : [];
    });
    return met.map(({ fault }) => fault);
  }
}
