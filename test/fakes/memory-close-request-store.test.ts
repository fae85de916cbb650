import { closeRequestStoreContract } from '../contracts/close-request-store.ts';
import { ruleBookStoreContract } from '../contracts/rule-book.ts';
import { watchStoreContract } from '../contracts/watch-store.ts';
import { MemoryCloseRequestStore } from './memory-close-request-store.ts';

async function memoryParts() {
  let nowMs = Date.UTC(2026, 10, 21, 9);
  const auditKey = Buffer.alloc(32, 7);
  const store = new MemoryCloseRequestStore({ now: () => nowMs, auditKey });
  return {
    store,
    watch: store.watch,
    loseWatchRecord: async () => store.watch.loseRecord(),
    ruleBook: store.ruleBook,
    loseRuleBook: async () => store.ruleBook.loseRecord(),
    outbox: store.outbox,
    audit: store.audit,
    auditKey,
    passTime: async (ms: number) => {
      nowMs += ms;
    },
  };
}

closeRequestStoreContract('memory', memoryParts);
watchStoreContract('memory', memoryParts);
ruleBookStoreContract('memory', memoryParts);
