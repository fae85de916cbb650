export interface BenchOptions {
  /** Fewer rounds and shorter runs: whether it works, not what to quote. */
  readonly quick: boolean;
  readonly say: (line: string) => void;
}
