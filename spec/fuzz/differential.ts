/**
 * Differential testing: random programs on the reference interpreter and on others, compared call by call (values,
 * trap codes) and by the final linear memory without the linear stack, whose contents are nobody's business.
 */
import { UnsupportedError } from '../../lib/codegen/backend.ts';
import { layoutModule, printModule, type Module } from '../../lib/mir/index.ts';
import { formatOutcome, sameOutcome, type Outcome } from '../conformance/run-table.ts';
import { RandomChoices, ReplayChoices } from './choices.ts';
import { Coverage } from './coverage.ts';
import { execute, type FuzzExecutor, type ProgramOutcome } from './executor.ts';
import { reference } from './executors.ts';
import { generateProgram, type GenerateOptions, type Program } from './generate.ts';
import { shrinkStream } from './shrink.ts';

/**
 * The first difference in words, or undefined when the outcomes agree.
 *
 * @param places - the traces of traps are compared too: functions and source lines of every activation
 */
export function compareOutcomes(program: Program, expected: ProgramOutcome, actual: ProgramOutcome, places = false): string | undefined {
  for (let k = 0; k < program.calls.length; k++) {
    const a = expected.outcomes[k], b = actual.outcomes[k];
    if (b === undefined || !sameOutcome(a, b)) return `call ${k}: expected ${formatOutcome(a)}, got ${b === undefined ? 'nothing' : formatOutcome(b)}`;
    if (places && traceOf(a) !== traceOf(b)) return `call ${k}: expected ${formatOutcome(a)} in ${traceOf(a)}, got it in ${traceOf(b)}`;
  }
  if (expected.memory.length !== actual.memory.length) return `memory: expected ${expected.memory.length} bytes, got ${actual.memory.length}`;
  const { stackLow, stackHigh } = layoutModule(program.module);
  return compareBytes(expected.memory, actual.memory, 0, stackLow) ?? compareBytes(expected.memory, actual.memory, stackHigh, expected.memory.length);
}

/** Activations of a trace to compare: engines keep ten. */
const FRAMES = 8;

function traceOf(o: Outcome): string {
  if (!('trap' in o) || o.thrown === undefined) return '';
  // A stack overflow happens at a depth that is the executor's own.
  const { thrown } = o, frames = o.trap === 'stack-overflow' ? [] : thrown.frames.slice(0, FRAMES);
  return `${thrown.functionName ?? '?'}:${thrown.location?.line ?? 0} < ${frames.map((f) => `${f.functionName}:${f.location?.line ?? 0}`).join(' < ')}`;
}

function compareBytes(a: Uint8Array, b: Uint8Array, from: number, to: number): string | undefined {
  if (Buffer.compare(a.subarray(from, to), b.subarray(from, to)) === 0) return undefined;
  for (let k = from; k < to; k++) if (a[k] !== b[k]) return `memory at ${k}: expected ${a[k]}, got ${b[k]}`;
  return undefined;
}

/** What {@link difference} says when the executor's backend has no code for the program: no wrong answer. */
export const UNSUPPORTED = 'unsupported';

/** What is different between the reference and one executor; undefined when nothing is; {@link UNSUPPORTED}. */
export function difference(program: Program, executor: FuzzExecutor): string | undefined {
  const expected = execute(reference, program);
  let actual: ProgramOutcome;
  try {
    actual = execute(executor, program);
  } catch (error) {
    return fault(error);
  }
  return compareOutcomes(program, expected, actual, executor.places === true && program.places);
}

function fault(error: unknown): string { return error instanceof UnsupportedError ? UNSUPPORTED : threw(error); }

function threw(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.stack}` : '';
  return `threw ${error instanceof Error ? error.stack : String(error)}${cause}`;
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
  /**
   * Programs whose seed is a multiple of this are thorough: verified after every pass, register allocations checked,
   * every level compiled and run even when its module equals another level's. Default 1: all.
   */
  readonly thorough?: number;
  readonly coverage?: Coverage;
  /** Called with each mismatch as soon as it is shrunk. */
  readonly found?: (m: Mismatch) => void;
  /** Called now and then. */
  readonly progress?: (done: number) => void;
}

export interface DifferentialReport {
  readonly programs: number;
  readonly mismatches: readonly Mismatch[];
  /** By executor: programs it compiled and ran; and programs it has no code for. */
  readonly ran: Readonly<Record<string, number>>;
  readonly unsupported: Readonly<Record<string, number>>;
}

/** Programs that are taken through each stage together, which keeps the stage's code in the caches: more than twice as fast. */
const BATCH = 64;

/** One program of a batch. */
interface Item { readonly seed: number; readonly thorough: boolean; readonly choices: RandomChoices; readonly program: Program; expected: ProgramOutcome | undefined }

/** Generates, runs and compares; a mismatch comes with its shrunk program. */
export function runDifferential(options: DifferentialOptions): DifferentialReport {
  const found: Mismatch[] = [], most = options.mismatches ?? 1, { executors, generate, coverage } = options, every = options.thorough ?? 1;
  const add = (m: Mismatch): void => {
    found.push(m);
    options.found?.(m);
  };
  const ran = executors.map(() => 0), unsupported = executors.map(() => 0);
  let done = 0;
  while (done < options.count && found.length < most) {
    const batch: Item[] = [];
    for (let k = Math.min(BATCH, options.count - done); k > 0; k--, done++) {
      const seed = options.seed + done, choices = new RandomChoices(seed);
      batch.push({ seed, thorough: seed % every === 0, choices, program: generateProgram(choices, generate), expected: undefined });
    }
    const items: Item[] = [];
    for (const it of batch) {
      try {
        it.expected = execute(reference, it.program, it.thorough);
        items.push(it);
        coverage?.add(it.program, it.expected.outcomes, it.thorough);
      } catch (error) {
        if (found.length < most) add(describe(it.seed, reference.name, threw(error), it.choices.taken, generate, ownFault));
      }
    }
    const report = (it: Item, x: number, d: string): void => {
      if (d === UNSUPPORTED) { unsupported[x]++; ran[x]--; }
      else if (found.length < most) add(describe(it.seed, executors[x].name, d, it.choices.taken, generate, (p) => difference(p, executors[x])));
    };
    const modules = executors.map((executor, x) => items.map((it): Module | undefined => {
      try {
        return executor.prepare(it.program.module, it.thorough);
      } catch (error) {
        report(it, x, threw(error));
        return undefined;
      }
    }));
    for (let x = 0; x < executors.length; x++) {
      const runs = items.map((it, k): (() => ProgramOutcome) | undefined => {
        const module = modules[x][k];
        if (module === undefined || !it.thorough && sameBefore(executors, modules, x, k)) return undefined;
        ran[x]++;
        try {
          return executors[x].runner.compile(it.program, module, it.thorough);
        } catch (error) {
          report(it, x, fault(error));
          return undefined;
        }
      });
      for (let k = 0; k < items.length; k++) {
        const d = runs[k] === undefined ? undefined : differs(items[k], executors[x], runs[k]!);
        if (d !== undefined) report(items[k], x, d);
      }
    }
    options.progress?.(done);
  }
  const named = (counts: readonly number[]): Record<string, number> => Object.fromEntries(executors.map((e, x) => [e.name, counts[x]]));
  return { programs: done, mismatches: found, ran: named(ran), unsupported: named(unsupported) };
}

function differs(it: Item, executor: FuzzExecutor, run: () => ProgramOutcome): string | undefined {
  let actual: ProgramOutcome;
  try {
    actual = run();
  } catch (error) {
    return fault(error);
  }
  return compareOutcomes(it.program, it.expected!, actual, executor.places === true && it.program.places);
}

/** True when the same runner has run the very same module for an earlier executor. */
function sameBefore(executors: readonly FuzzExecutor[], modules: readonly (readonly (Module | undefined)[])[], x: number, k: number): boolean {
  for (let y = 0; y < x; y++) if (modules[y][k] === modules[x][k] && executors[y].runner === executors[x].runner) return true;
  return false;
}

/** How the reference itself fails: a program must not make it throw. */
function ownFault(program: Program): string | undefined {
  try {
    execute(reference, program);
    return undefined;
  } catch (error) {
    return threw(error);
  }
}

function describe(seed: number, executor: string, found: string, stream: readonly number[], generate: GenerateOptions | undefined, faultOf: (p: Program) => string | undefined): Mismatch {
  const rebuild = (s: readonly number[]): Program => generateProgram(new ReplayChoices(s), generate);
  // An exception that turns into another one is most likely the same fault; a wrong value stays a wrong value.
  const kind = found.startsWith('threw');
  const small = shrinkStream(stream, (s) => {
    const d = faultOf(rebuild(s));
    return d !== undefined && d !== UNSUPPORTED && d.startsWith('threw') === kind;
  });
  const program = rebuild(small);
  return {
    seed, executor, difference: found,
    shrunk: { difference: faultOf(program) ?? 'does not happen again: the executor keeps state between programs', text: printModule(program.module), calls: program.calls },
  };
}

/** A mismatch as a report to read: seed, difference, and the small program as text. */
export function formatMismatch(m: Mismatch): string {
  const calls = m.shrunk.calls.map((c) => `; call ${c.fn}(${c.args.map((a) => typeof a === 'bigint' ? `${a}n` : Object.is(a, -0) ? '-0' : String(a)).join(', ')})`);
  return [`seed ${m.seed}: ${m.executor} differs from the interpreter`, `  ${m.difference}`, 'shrunk:', `  ${m.shrunk.difference}`, ...calls, m.shrunk.text].join('\n');
}
