/** What drawing spans takes. open-telemetry-tracer.ts does it; whoever uses this knows nothing of OpenTelemetry. */

export type Attributes = Readonly<Record<string, string | number>>;

/** Something that took its time and is over: a call, with nothing inside. */
export interface EndedCall {
  readonly name: string;
  readonly attributes: Attributes;
  readonly durationMs: number;
  /** A short word for what went wrong, never free text; null: nothing. */
  readonly failure: string | null;
  /** True: happens in every round, also in one that finds nothing to do. */
  readonly idle: boolean;
}

/**
 * Whatever `work` starts, awaited or not, belongs to its span, as long as that has not ended: a timer that was set
 * meanwhile and goes off later starts outside. A throw marks the span with the error's name, never with its message.
 */
export interface Tracer {
  /** A trace of its own. */
  trace<Value>(name: string, attributes: Attributes, work: () => Promise<Value>): Promise<Value>;
  /** The same, and drawn only if something beside idle calls happens in it: rounds that find nothing leave nothing. */
  round<Value>(name: string, attributes: Attributes, work: () => Promise<Value>): Promise<Value>;
  /** A part of the span around; without one, a trace of its own. */
  span<Value>(name: string, attributes: Attributes, work: () => Promise<Value>): Promise<Value>;
  /** Drawn into the span around; without one it is left out. */
  ended(call: EndedCall): void;
  /** Says more about the span around, if there is one. */
  note(note: {
    readonly attributes: Attributes;
    readonly name?: string;
    readonly failure?: string | null;
  }): void;
  /** Ids of the span around for a line of log; empty outside of one, and for what is not sampled. */
  logFields(): TraceFields;
  /** Delivers what is left; never rejects, and may take as long as the receiver does. */
  stop(): Promise<void>;
}

export interface TraceFields {
  readonly trace_id?: string;
  readonly span_id?: string;
}
