import { closeRequestStoreContract } from '../contracts/close-request-store.ts';
import { MemoryCloseRequestStore } from './memory-close-request-store.ts';

closeRequestStoreContract('memory', async () => {
  let nowMs = Date.UTC(2026, 10, 21, 9);
  const auditKey = Buffer.alloc(32, 7);
  const store = new MemoryCloseRequestStore({ now: () => nowMs, auditKey });
  return {
    store,
    outbox: store.outbox,
    audit: store.audit,
    auditKey,
    passTime: async (ms) => {
      nowMs += ms;
    },
  };
});
