/** A Socket Mode connection; the first one has id 1. */
export interface OpenConnection {
  readonly id: number;
  readonly openedAtMs: number;
}
