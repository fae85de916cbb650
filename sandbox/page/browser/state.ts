/** Who one is and where one looks; both stand in the address, so that two windows can be two people. */
export interface Where {
  readonly as: string;
  readonly at: string;
}

let where: Where = { as: '', at: '' };
const { promise, resolve } = Promise.withResolvers<void>();
/** Settles when it is known which channel one looks at. */
export const placed: Promise<void> = promise;

export function now(): Where {
  return where;
}

/** Reads the address; what it leaves out stays as it was. */
export function readAddress(firstPerson: string): Where {
  const asked = new URLSearchParams(location.hash.slice(2));
  where = { as: asked.get('as') ?? (where.as || firstPerson), at: asked.get('at') ?? where.at };
  if (where.at !== '') resolve();
  return where;
}

export function go(change: Partial<Where>): void {
  const next = { ...where, ...change };
  location.hash = `/${new URLSearchParams({ as: next.as, at: next.at })}`;
}
