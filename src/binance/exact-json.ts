/**
 * JSON.parse that keeps every number as its source text: a LONG id above 2^53 or an amount would change as a JS
 * number. Throws SyntaxError.
 *
 * The reviver with source texts (`context.source`, ES2025; Node from 21) is slow, so it is used only if the text may have
 * a number with a fraction, an exponent or more than 15 digits. A match inside a string only costs time.
 */
export function parseExactJson(text: string): unknown {
  if (DELICATE_NUMBER.test(text)) return JSON.parse(text, keepSource);
  const value: unknown = JSON.parse(text);
  // The pattern misses a text that is a single number.
  return typeof value === 'number' ? JSON.parse(text, keepSource) : numbersToTexts(value);
}

const DELICATE_NUMBER = /[:,[]\s*-?\d{16}|[:,[]\s*-?\d+[.eE]/;

function keepSource(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' ? (context?.source ?? String(value)) : value;
}

/** In place. Integers of up to 15 digits keep their text (except -0, which becomes 0). */
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
