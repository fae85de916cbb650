/** What the stand-ins of the benchmarks expect. */
export const BENCH_KEY = { apiKey: 'bench-api-key', secret: 'bench-secret' };
export const SIGNING_SECRET = 'bench-signing-secret-0001';
export const TEAM = 'T0BENCH0001';
