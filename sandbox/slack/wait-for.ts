import type { Store } from './store.ts';

/** What `look` returns as soon as it is not undefined: looked at now and after each event. Rejects after `timeoutMs`. */
export function waitFor<T>(store: Store, look: () => T | undefined, timeoutMs: number): Promise<T> {
  const found = look();
  if (found !== undefined) return Promise.resolve(found);
  const { stack } = new Error('Waiting began here');
  return new Promise((resolve, reject) => {
    const stop = store.listen(() => {
      const value = look();
      if (value === undefined) return;
      clearTimeout(timer);
      stop();
      resolve(value);
    });
    const timer = setTimeout(() => {
      stop();
      const newest = store.events.slice(-5).map(({ type, order }) => `${order} ${type}`);
      const message = `Nothing that fits happened in ${timeoutMs} ms. Newest events: ${newest.join(', ') || 'none'}`;
      reject(new Error(message, { cause: stack }));
    }, timeoutMs);
  });
}
