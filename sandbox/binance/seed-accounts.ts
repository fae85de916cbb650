import type { AccountSeed } from './key-ring.ts';

export const PARENT_EMAIL = 'andrew.kemmer001@test.com';

/** A parent, a credit account per unit (the closed ones too), and a key that belongs to no unit. */
export const SEED_ACCOUNTS: readonly AccountSeed[] = [
  { name: 'fund-a', role: 'parent', email: PARENT_EMAIL },
  { name: 'loan-1', role: 'credit', email: 'tst20241120@test.com' },
  { name: 'loan-7', role: 'credit', email: 'credit007@test.com' },
  { name: 'loan-12', role: 'credit', email: 'credit012@test.com' },
  { name: 'loan-15', role: 'credit', email: 'credit015@test.com' },
  { name: 'loan-long', role: 'credit', email: 'credit-long@test.com' },
  { name: 'loan-72', role: 'credit', email: 'wdywaxmzlnah@test.com' },
  { name: 'loan-73', role: 'credit', email: 'wdyw7x4gfybn@test.com' },
  { name: 'stranger', role: 'other', email: 'stranger@test.com' },
];
