/**
 * Small checks from which the Block Kit rules are put together (see `block-kit-faults.ts`). Each takes
 * any JSON value and adds what Slack would refuse, in the wording that Slack itself uses in
 * `response_metadata.messages`. Pure.
 */

export type Surface = 'message' | 'modal' | 'home';

/** Slack's error code for the whole call. */
export type FaultCode =
  | 'invalid_blocks'
  | 'invalid_arguments'
  | 'invalid_attachments'
  | 'msg_blocks_too_long'
  | 'msg_too_long';

export interface Fault {
  /** JSON pointer into the payload, e.g. `/blocks/0/text/text`. */
  readonly pointer: string;
  readonly code: FaultCode;
  readonly text: string;
}

/** What one run of the checker collects. */
export interface Inspection {
  readonly surface: Surface;
  readonly faults: Fault[];
  /** The code for a plain rule breach: `invalid_blocks` in messages, `invalid_arguments` in views. */
  readonly defaultCode: FaultCode;
}

export type Check = (inspection: Inspection, pointer: string, value: unknown) => void;

export interface Field {
  readonly check: Check;
  readonly required: boolean;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function addFault(inspection: Inspection, pointer: string, text: string, code?: FaultCode): void {
  inspection.faults.push({ pointer, code: code ?? inspection.defaultCode, text });
}

export const required = (check: Check): Field => ({ check, required: true });
export const optional = (check: Check): Field => ({ check, required: false });

export const anything: Check = () => {};

export const boolean: Check = (inspection, pointer, value) => {
  if (typeof value !== 'boolean') addFault(inspection, pointer, 'must be a boolean');
};

/** A string of `min` to `max` UTF-16 units. */
export function string(max: number, min = 1): Check {
  return (inspection, pointer, value) => {
    if (typeof value !== 'string') addFault(inspection, pointer, 'must be a string');
    else if (value.length < min) addFault(inspection, pointer, `must be more than ${min - 1} characters`);
    else if (value.length > max) addFault(inspection, pointer, `must be less than ${max + 1} characters`);
  };
}

export const finiteNumber: Check = (inspection, pointer, value) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) addFault(inspection, pointer, 'must be a number');
};

export function integer(min: number, max: number): Check {
  return (inspection, pointer, value) => {
    if (!Number.isInteger(value)) addFault(inspection, pointer, 'must be an integer');
    else if (Number(value) < min || Number(value) > max)
      addFault(inspection, pointer, `must be between ${min} and ${max}`);
  };
}

export function oneOf(...allowed: readonly string[]): Check {
  return (inspection, pointer, value) => {
    if (typeof value !== 'string' || !allowed.includes(value))
      addFault(inspection, pointer, `must be a valid enum value: ${allowed.join(', ')}`);
  };
}

export function matching(pattern: RegExp, what: string): Check {
  return (inspection, pointer, value) => {
    if (typeof value !== 'string' || !pattern.test(value)) addFault(inspection, pointer, `must be ${what}`);
  };
}

export function array(item: Check, max: number, min = 1): Check {
  return (inspection, pointer, value) => {
    if (!Array.isArray(value)) {
      addFault(inspection, pointer, 'must be an array');
      return;
    }
    if (value.length < min)
      addFault(inspection, pointer, `no fewer than ${min} item${min === 1 ? '' : 's'} allowed`);
    if (value.length > max) addFault(inspection, pointer, `no more than ${max} items allowed`);
    value.forEach((entry, index) => {
      item(inspection, `${pointer}/${index}`, entry);
    });
  };
}

/** An object with these fields and no others; `also` sees it after its fields. */
export function object(fields: Readonly<Record<string, Field>>, also: Check = anything): Check {
  return (inspection, pointer, value) => {
    if (!isObject(value)) {
      addFault(inspection, pointer, 'must provide an object');
      return;
    }
    for (const [name, field] of Object.entries(fields)) {
      const entry = value[name];
      if (entry !== undefined && entry !== null) field.check(inspection, `${pointer}/${name}`, entry);
      else if (field.required) addFault(inspection, pointer, `missing required field: ${name}`);
    }
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(fields, name)) addFault(inspection, pointer, `invalid additional property: ${name}`);
    }
    also(inspection, pointer, value);
  };
}

/** Picks the check by the object's `type`; any other type is refused. */
export function byType(checks: () => Readonly<Record<string, Check>>): Check {
  return (inspection, pointer, value) => {
    if (!isObject(value)) {
      addFault(inspection, pointer, 'must provide an object');
      return;
    }
    const known = checks();
    const type = value.type;
    if (typeof type !== 'string') addFault(inspection, pointer, 'missing required field: type');
    else if (!Object.hasOwn(known, type))
      addFault(inspection, `${pointer}/type`, `unsupported type: ${type}`);
    else known[type]?.(inspection, pointer, value);
  };
}

/** The field `type` itself, already used to pick the check. */
const type = required(anything);

/** `{type: 'plain_text', text, emoji?}` */
export function plainText(max: number): Check {
  const shape = object({ type, text: required(string(max)), emoji: optional(boolean) });
  return byType(() => ({ plain_text: shape }));
}

/** `{type: 'mrkdwn', text, verbatim?}` */
export function mrkdwnText(max: number): Check {
  const shape = object({ type, text: required(string(max)), verbatim: optional(boolean) });
  return byType(() => ({ mrkdwn: shape }));
}

/** Either text object. */
export function anyText(max: number): Check {
  const plain = object({ type, text: required(string(max)), emoji: optional(boolean) });
  const mrkdwn = object({ type, text: required(string(max)), verbatim: optional(boolean) });
  return byType(() => ({ plain_text: plain, mrkdwn }));
}
