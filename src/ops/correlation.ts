/** Ties log lines together: what one interaction or one look at a request sets off carries its reference and ids. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Log } from '../usecases/ports.ts';

export interface CorrelationFields {
  /** Of one interaction or one background round; shown to people when something unexpected happens. */
  readonly reference?: string;
  readonly requestId?: string;
}

export class Correlation {
  readonly #storage = new AsyncLocalStorage<CorrelationFields>();
  readonly #more: () => object;

  /** `more`: further fields for every line, asked when it is written. */
  constructor(more: () => object = () => ({})) {
    this.#more = more;
  }

  /** Runs `work`; whatever it starts, awaited or not, has these fields and those around it. */
  within<Value>(fields: CorrelationFields, work: () => Value): Value {
    return this.#storage.run({ ...this.#storage.getStore(), ...fields }, work);
  }

  get fields(): CorrelationFields {
    return { ...this.#storage.getStore(), ...this.#more() };
  }

  /** The same log, its lines with the fields in force; a line's own fields win. */
  log(log: Log): Log {
    return {
      debug: (fields, message) => log.debug({ ...this.fields, ...fields }, message),
      info: (fields, message) => log.info({ ...this.fields, ...fields }, message),
      warn: (fields, message) => log.warn({ ...this.fields, ...fields }, message),
      error: (fields, message) => log.error({ ...this.fields, ...fields }, message),
    };
  }
}
