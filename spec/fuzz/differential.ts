/**
 * Differential testing: random programs on the reference interpreter and on others, compared call by call (values,
 * trap codes) and by the final linear memory without the linear stack, whose contents are nobody's business.
 */
import { UnsupportedError } from '../../lib/codegen/backend.ts';
import { layoutModule, printModule } from '../../lib/mir/index.ts';
import { formatOutcome, sameOutcome } from '../conformance/run-table.ts';
import { RandomChoices, ReplayChoices } from './choices.ts';
import { Coverage } from './coverage.ts';
import { reference, type FuzzExecutor, type ProgramOutcome } from './executors.ts';
import { generateProgram, type GenerateOptions, type Program } from './generate.ts';
import { shrinkStream } from './shrink.ts';

/** The first difference in words, or undefined when the outcomes agree. */
export function compareOutcomes(program: Program, expected: ProgramOutcome, actual: ProgramOutcome): string | undefined {
  for (let k = 0; k < program.calls.length; k++) {
    const a = expected.outcomes[k], b = actual.outcomes[k];
    if (b === undefined || !sameOutcome(a, b)) return `call ${k}: expected ${formatOutcome(a)}, got ${b === undefined ? 'nothing' : formatOutcome(b)}`;
  }
  if (expected.memory.length !== actual.memory.length) return `memory: expected ${expected.memory.length} bytes, got ${actual.memory.length}`;
  const { stackLow, stackHigh } = layoutModule(program.module);
  return compareBytes(expected.memory, actual.memory, 0, stackLow) ?? compareBytes(expected.memory, actual.memory, stackHigh, expected.memory.length);
}

function compareBytes(a: Uint8Array, b: Uint8Array, from: number, to: number): string | undefined {
  if (Buffer.compare(a.subarray(from, to), b.subarray(from, to)) === 0) return undefined;
  for (let k = from; k < to; k++) if (a[k] !== b[k]) return `memory at ${k}: expected ${a[k]}, got ${b[k]}`;
  return undefined;
}

/** What is different between the reference and one executor, or undefined (also when the executor's backend does not support the program). */
export function difference(program: Program, executor: FuzzExecutor, expected: ProgramOutcome = reference.run(program)): string | undefined {
  let actual: ProgramOutcome;
  try {
    actual = executor.run(program);
  } catch (error) {
    // A backend may say that it has no code for an instruction yet: that is no wrong answer.
    if (error instanceof UnsupportedError) return undefined;
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.stack}` : '';
    return `threw ${error instanceof Error ? error.stack : String(error)}${cause}`;
  }
  return compareOutcomes(program, expected, actual);
}

export interface Mismatch {
  readonly seed: number;
  readonly executor: string;
  readonly difference: string;
  /** The shrunk program: its difference, text and calls. */
  readonly shrunk: { readonly difference: string; readonly text: string; readonly calls: Program['calls'] };
}

export interface DifferentialOptions {
  readonly executors: readonly FuzzExecutor[];
  /** Program k has seed `seed + k`. */
  readonly seed: number;
  readonly count: number;
  readonly generate?: GenerateOptions;
  /** Mismatches to find before stopping; default 1. */
  readonly mismatches?: number;
  readonly coverage?: Coverage;
  readonly progress?: (done: number) => void;
}

export interface DifferentialReport { readonly programs: number; readonly mismatches: readonly Mismatch[] }

/** Generates, runs and compares; a mismatch comes with its shrunk program. */
export function runDifferential(options: DifferentialOptions): DifferentialReport {
  const found: Mismatch[] = [], most = options.mismatches ?? 1;
  let k = 0;
  for (; k < options.count && found.length < most; k++) {
    const seed = options.seed + k, choices = new RandomChoices(seed), program = generateProgram(choices, options.generate);
    const expected = reference.run(program);
    options.coverage?.add(program, expected.outcomes);
    for (const executor of options.executors) {
      const d = difference(program, executor, expected);
      if (d !== undefined) found.push(describe(seed, executor, d, choices.taken, options.generate));
    }
    options.progress?.(k + 1);
  }
  return { programs: k, mismatches: found };
}

function describe(seed: number, executor: FuzzExecutor, found: string, stream: readonly number[], generate: GenerateOptions | undefined): Mismatch {
  const rebuild = (s: readonly number[]): Program => generateProgram(new ReplayChoices(s), generate);
  // An exception that turns into another one is most likely the same fault; a wrong value stays a wrong value.
  const threw = found.startsWith('threw');
  const small = shrinkStream(stream, (s) => {
    const d = difference(rebuild(s), executor);
    return d !== undefined && d.startsWith('threw') === threw;
  });
  const program = rebuild(small);
  return {
    seed, executor: executor.name, difference: found,
    shrunk: { difference: difference(program, executor) ?? 'does not happen again: the executor keeps state between programs', text: printModule(program.module), calls: program.calls },
  };
}

/** A mismatch as a report to read: seed, difference, and the small program as text. */
export function formatMismatch(m: Mismatch): string {
  const calls = m.shrunk.calls.map((c) => `; call ${c.fn}(${c.args.map((a) => typeof a === 'bigint' ? `${a}n` : Object.is(a, -0) ? '-0' : String(a)).join(', ')})`);
  return [`seed ${m.seed}: ${m.executor} differs from the interpreter`, `  ${m.difference}`, 'shrunk:', `  ${m.shrunk.difference}`, ...calls, m.shrunk.text].join('\n');
}
