/**
 * JSON.parse that keeps every number as its source text: a LONG id above 2^53 or an amount would change as a JS
 * number. Throws SyntaxError.
 *
 * The reviver that sees source texts (`context.source`, ES2025; Node from 21 on) is slow, so it is used only where a
 * number may not survive: one with a fraction, an exponent or more than 15 digits. What looks like one inside a
 * string costs time, nothing else.
 */
export function parseExactJson(text: string): unknown {
  if (DELICATE_NUMBER.test(text)) return JSON.parse(text, keepSource);
  const value: unknown = JSON.parse(text);
  // The pattern does not match a text that is one number.
  return typeof value === 'number' ? JSON.parse(text, keepSource) : numbersToTexts(value);
}

const DELICATE_NUMBER = /[:,[]\s*-?\d{16}|[:,[]\s*-?\d+[.eE]/;

function keepSource(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' ? (context?.source ?? String(value)) : value;
}

/** In place; integers of up to 15 digits have one writing only (but for -0, which becomes 0). */
function numbersToTexts(value: unknown): unknown {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const item: unknown = value[index];
      if (typeof item === 'number') value[index] = String(item);
      else if (typeof item === 'object') numbersToTexts(item);
    }
  } else if (isObject(value)) {
    for (const name in value) {
      const item = value[name];
      if (typeof item === 'number') value[name] = String(item);
      else if (typeof item === 'object') numbersToTexts(item);
    }
  }
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
