/**
 * JSON.parse that keeps every number as its source text: a LONG id above 2^53 or an amount would change as a JS
 * number. Uses the reviver's `context.source` (ES2025; Node from 21 on). Throws SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  return JSON.parse(text, keepSource);
}

function keepSource(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' ? (context?.source ?? String(value)) : value;
}
