/** Timing: several variants of one job in turns, so that a slow moment of the machine hits all of them. */

/** One way of doing the job. `prepare` is not timed. */
export interface Variant { readonly name: string; prepare?(): void; run(): unknown }

export interface Timing {
  readonly name: string;
  /** Milliseconds. */
  readonly median: number;
  readonly least: number;
  /** Processor time of the process, garbage collection threads included: other load changes it little. Median. */
  readonly cpu: number;
  /** What the last run gave. */
  readonly result: unknown;
}

/** Runs every variant `warmup` times, then `rounds` times in turns; the median time of each. */
export function measure(variants: readonly Variant[], rounds: number, warmup = 2): Timing[] {
  const times = variants.map((): number[] => []), cpus = variants.map((): number[] => []), results: unknown[] = [];
  for (let round = -warmup; round < rounds; round++) {
    variants.forEach((v, i) => {
      v.prepare?.();
      const cpu = process.cpuUsage(), start = performance.now();
      results[i] = v.run();
      const time = performance.now() - start;
      if (round < 0) return;
      const used = process.cpuUsage(cpu);
      times[i].push(time);
      cpus[i].push((used.user + used.system) / 1000);
    });
  }
  return variants.map((v, i) => ({ name: v.name, median: median(times[i]), least: Math.min(...times[i]), cpu: median(cpus[i]), result: results[i] }));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
