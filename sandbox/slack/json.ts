/** Reading JSON of unknown shape. Everything that comes over HTTP passes through here. */

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The string under `name`; undefined where it is missing, empty or no string. */
export function readString(source: JsonObject, name: string): string | undefined {
  const value = source[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The objects in a list; everything else in it is left out. */
export function readObjects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** True for the boolean and for the text `true`, `1`: form bodies carry texts only. */
export function readFlag(value: unknown): boolean {
  return value === true || value === 'true' || value === '1';
}

/** Parsed JSON, or undefined where the text is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
