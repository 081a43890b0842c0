/** A sample of measurements as the table rows show it. */
export interface Distribution { readonly count: number; readonly median: number; readonly p90: number; readonly p99: number; readonly max: number }

/** Nearest-rank percentiles. */
export function distributionOf(values: readonly number[]): Distribution {
  const sorted = Float64Array.from(values).sort();
  const at = (p: number): number => sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))];
  return { count: sorted.length, median: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

export const DISTRIBUTION_HEADER: readonly string[] = ['median', 'p90', 'p99', 'max', 'count'];

/** Cells of a row; `digits` behind the point. */
export function distributionCells(d: Distribution, digits = 1): readonly string[] {
  return [...[d.median, d.p90, d.p99, d.max].map((v) => v.toFixed(digits)), String(d.count)];
}
