/** A ledger that answers later than this, in real time, is as good as gone. */
const LEDGER_PATIENCE_MS = 1_000;

/** The promise's value, or an error when it takes too long. */
export async function inTime<Value>(promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the ledger did not answer in time')), LEDGER_PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
