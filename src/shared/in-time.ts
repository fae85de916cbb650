/** Waiting for work, up to a limit. What comes too late goes on unobserved; a failure within the limit is passed on. */

const TOO_LATE = Symbol('too late');

/** The work's value, or what `late` answers (or throws) when it takes longer than `patienceMs`. */
export async function inTime<Value, Late>(
  work: Promise<Value>,
  patienceMs: number,
  late: () => Late,
): Promise<Value | Late> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<typeof TOO_LATE>((resolve) => {
    timer = setTimeout(() => resolve(TOO_LATE), patienceMs);
  });
  try {
    const first = await Promise.race([work, timeout]);
    return first === TOO_LATE ? late() : first;
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the work ended in time. */
export function endsInTime(work: Promise<unknown>, patienceMs: number): Promise<boolean> {
  return inTime(
    work.then(() => true),
    patienceMs,
    () => false,
  );
}
