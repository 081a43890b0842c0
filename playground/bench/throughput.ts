/** Compile throughput in MIR instructions per second, and whether it stays the same from 10,000 to 1,000,000. */
import { compile } from 'lamella';
import { DEFAULT_LEVEL, LEVELS } from './kernels.ts';
import { measure, type Variant } from './measure.ts';
import { instructionCount, syntheticModule } from './synthetic.ts';
import { formatTable } from './table.ts';

type Level = (typeof LEVELS)[number];

const SIZES = [10_000, 100_000, 1_000_000] as const;
const PER_FUNCTION = 500;
/** One huge function is about linearity, not about levels. */
const SINGLE_FUNCTION_LEVELS: readonly Level[] = ['O0', DEFAULT_LEVEL];

/** Prints thousands of instructions per second by level and size, for many functions and for one. */
export function benchThroughput(): void {
  const warm = syntheticModule(20_000, PER_FUNCTION);
  for (let i = 0; i < 3; i++) for (const level of LEVELS) compileOnce(warm, level);
  const rows: string[][] = [];
  for (const perFunction of [PER_FUNCTION, Infinity]) {
    let smallest = 0;
    for (const size of SIZES) {
      const m = syntheticModule(size, perFunction), count = instructionCount(m);
      const levels = perFunction === Infinity ? SINGLE_FUNCTION_LEVELS : LEVELS;
      const timings = new Map(measure(levels.map((level): Variant => ({ name: level, run: () => compileOnce(m, level) })), size > 100_000 ? 1 : 7, 0).map((t) => [t.name, t]));
      const perInstruction = (timings.get(DEFAULT_LEVEL)?.cpu ?? NaN) / count;
      if (size === SIZES[0]) smallest = perInstruction;
      const label = `${count.toLocaleString('en')} in ${m.functions.length === 1 ? 'one function' : `${m.functions.length.toLocaleString('en')} functions`}`;
      rows.push([label, ...LEVELS.map((l) => timings.has(l) ? Math.round(count / (timings.get(l)?.median ?? NaN)).toLocaleString('en') : '-'), (perInstruction / smallest).toFixed(2)]);
    }
  }
  process.stdout.write(`\nCompile throughput, thousand MIR instructions per second, from warm (more is better);\nlast column: processor time per instruction at ${DEFAULT_LEVEL} against the smallest module of its kind (1.00 is linear)\n\n${formatTable(['instructions', ...LEVELS, 'linearity'], rows)}\n`);
}

function compileOnce(m: Parameters<typeof compile>[0], level: Level): void {
  compile(m, { level })[Symbol.dispose]();
}
