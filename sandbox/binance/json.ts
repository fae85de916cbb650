declare global {
  interface JSON {
    /** ES2025, in Node from 21 on: JSON text that `stringify` writes out as it is. */
    rawJSON(text: string): object;
  }
}

/** Writes a decimal string as a bare JSON number, digit by digit: LONG ids beyond 2^53 and exact amounts. */
export function bareNumber(digits: string): object {
  return JSON.rawJSON(digits);
}
