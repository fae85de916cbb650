/**
 * Errors and failed results that a test looks at: what `expect` is given, and what a function throws that it is given.
 * A text that a test took out of an error is not seen, but the error is, wherever else it shows.
 */
import { inspect } from 'node:util';
import { chai } from 'vitest';
import type { Heard } from './heard.ts';

const DEPTH = 4;
const NOT_ASSERTIONS = new Set(['constructor', 'assert', 'withTest', 'withContext']);

export function listenToAssertions(heard: Heard): void {
  chai.use(({ Assertion }, { flag }) => {
    const seen = new WeakSet<object>();
    const look = (value: unknown): void => {
      for (const failure of failuresIn(value, DEPTH)) {
        if (seen.has(failure)) continue;
        seen.add(failure);
        heard.add('error', inspect(failure, { depth: 8, breakLength: Number.POSITIVE_INFINITY }));
      }
    };
    const properties = Object.getOwnPropertyDescriptors(Assertion.prototype);
    for (const [name, { value: assertion }] of Object.entries(properties)) {
      if (typeof assertion !== 'function' || NOT_ASSERTIONS.has(name)) continue;
      Object.defineProperty(Assertion.prototype, name, {
        ...properties[name],
        value(this: Chai.Assertion, ...words: unknown[]): unknown {
          const value: unknown = flag(this, 'object');
          if (typeof value === 'function' && /throw/i.test(name)) flag(this, 'object', listened(value, look));
          else look(value);
          return Reflect.apply(assertion, this, words);
        },
      });
    }
  });
}

/** The same function; what it throws is looked at. */
function listened(run: object, look: (thrown: unknown) => void): object {
  return new Proxy(run, {
    apply(target, self, words) {
      try {
        return Reflect.apply(target as () => unknown, self, words);
      } catch (error) {
        look(error);
        throw error;
      }
    },
  });
}

/** Errors, and results that say they failed, in a value or a few steps inside it. */
function* failuresIn(value: unknown, depth: number): Generator<object> {
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof Error || ('ok' in value && value.ok === false)) {
    yield value;
    return;
  }
  if (depth === 0) return;
  const parts = Array.isArray(value) ? value : Object.values(value);
  for (const part of parts) yield* failuresIn(part, depth - 1);
}
