import { sharedPartsContract } from '../contracts/shared-parts.ts';
import { MemorySeenOnce } from './memory-seen-once.ts';
import { MemorySharedReads } from './memory-shared-reads.ts';
import { MemoryWeightLedger } from './memory-weight-ledger.ts';

sharedPartsContract('memory', async () => {
  let nowMs = Date.UTC(2026, 10, 21, 9);
  const now = () => nowMs;
  return {
    ledger: new MemoryWeightLedger(now),
    reads: new MemorySharedReads(now),
    seen: new MemorySeenOnce(now),
    nowMs: async () => nowMs,
    passTime: async (ms) => {
      nowMs += ms;
    },
  };
});
