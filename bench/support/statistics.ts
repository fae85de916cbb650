/** Medians, spreads and percentiles: what every table of the benchmarks is made of. */

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** Nearest rank; NaN for no values. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(Math.ceil((percent / 100) * sorted.length), 1);
  return sorted[rank - 1] ?? Number.NaN;
}

/** `median [least..most]`; `-` where there is nothing to tell. */
export function spread(values: readonly number[], digits = 0): string {
  const show = (value: number) => value.toFixed(digits);
  if (!values.every(Number.isFinite)) return '-';
  return `${show(median(values))} [${show(Math.min(...values))}..${show(Math.max(...values))}]`;
}

/** Median of the ratios round by round: the rounds' noise falls on both sides of each. */
export function medianRatio(values: readonly number[], base: readonly number[]): number {
  return median(values.map((value, round) => value / (base[round] ?? Number.NaN)));
}

/** Each size is at most a twentieth above the smallest before it; measured at even distances, after a warm-up. */
export function isFlat(sizes: readonly number[]): boolean {
  return (
    sizes.length > 1 && sizes.every((size, at) => at === 0 || size <= 1.05 * Math.min(...sizes.slice(0, at)))
  );
}
