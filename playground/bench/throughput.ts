/** Compile throughput in MIR instructions per second, and whether it stays the same from 10,000 to 1,000,000. */
import { compile } from 'lamella';
import { LEVELS } from './kernels.ts';
import { measure, type Variant } from './measure.ts';
import { instructionCount, syntheticModule } from './synthetic.ts';
import { formatTable } from './table.ts';

const SIZES = [10_000, 100_000, 1_000_000] as const;
const PER_FUNCTION = 500;

/** Prints instructions per second by level and size, then the same size in one single function. */
export function benchThroughput(): void {
  const warm = syntheticModule(20_000, PER_FUNCTION);
  for (let i = 0; i < 3; i++) for (const level of LEVELS) compileOnce(warm, level);
  const rows: string[][] = [];
  for (const perFunction of [PER_FUNCTION, Infinity]) {
    for (const size of SIZES) {
      const m = syntheticModule(size, perFunction), count = instructionCount(m);
      const variants = LEVELS.map((level): Variant => ({ name: level, run: () => compileOnce(m, level) }));
      const timings = measure(variants, size > 100_000 ? 1 : 5, 0);
      const label = `${count.toLocaleString('en')} in ${m.functions.length === 1 ? 'one function' : `${m.functions.length.toLocaleString('en')} functions`}`;
      rows.push([label, ...timings.map((t) => `${Math.round(count / t.median).toLocaleString('en')}`)]);
    }
  }
  process.stdout.write(`\nCompile throughput, thousand MIR instructions per second, from warm (more is better)\n\n${formatTable(['instructions', ...LEVELS], rows)}\n`);
}

function compileOnce(m: Parameters<typeof compile>[0], level: (typeof LEVELS)[number]): void {
  compile(m, { level })[Symbol.dispose]();
}
