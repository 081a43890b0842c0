/**
 * Runs conformance cases on anything that can execute a module: the interpreter, optimised modules, native code.
 *
 * @example
 * const report = runTable(conformanceCases(), interpreterExecutor);
 * assert.is(report.failures.length, 0, formatFailures(report));
 */
import { LamellaError, Interpreter, TrapError, type Module, type TrapCode } from '../../lib/mir/index.ts';
import type { Scalar } from './values.ts';

export type Outcome = { readonly values: readonly Scalar[] } | { readonly trap: TrapCode; readonly thrown?: TrapError };

/** Calls an exported function of a fresh instance (initial memory) and says what happened. */
export type Executor = (module: Module, fn: string, args: readonly Scalar[]) => Outcome;

export interface ConformanceCase {
  /** Operation, types and form, for example `sdiv i32 rr`. */
  readonly name: string;
  readonly module: Module;
  readonly fn: string;
  readonly args: readonly Scalar[];
  readonly expected: Outcome;
}

export interface TableFailure { readonly case: ConformanceCase; readonly actual: Outcome | { readonly error: string } }
export interface TableReport { readonly total: number; readonly failures: readonly TableFailure[] }

/** Equal values: bit for bit, except that every NaN equals every NaN. */
export function sameValue(a: Scalar, b: Scalar): boolean { return Object.is(a, b); }

export function sameOutcome(a: Outcome, b: Outcome): boolean {
  if ('trap' in a || 'trap' in b) return 'trap' in a && 'trap' in b && a.trap === b.trap;
  return a.values.length === b.values.length && a.values.every((v, k) => sameValue(v, b.values[k]));
}

/**
 * Runs every case. `unsupported` may name cases (by a function of the module) that an executor cannot run yet.
 *
 * @param accept - false to leave a case out
 */
export function runTable(cases: Iterable<ConformanceCase>, executor: Executor, accept: (c: ConformanceCase) => boolean = () => true): TableReport {
  const failures: TableFailure[] = [];
  let total = 0;
  for (const c of cases) {
    if (!accept(c)) continue;
    total++;
    let actual: TableFailure['actual'];
    try {
      actual = executor(c.module, c.fn, c.args);
    } catch (error) {
      actual = { error: error instanceof Error ? error.message : String(error) };
    }
    if ('error' in actual || !sameOutcome(actual, c.expected)) failures.push({ case: c, actual });
  }
  return { total, failures };
}

function text(v: Scalar): string { return typeof v === 'bigint' ? `${v}n` : Object.is(v, -0) ? '-0' : String(v); }
export function formatOutcome(o: TableFailure['actual']): string {
  return 'error' in o ? `error: ${o.error}` : 'trap' in o ? `trap ${o.trap}` : `(${o.values.map(text).join(', ')})`;
}

/** The first failures as lines of text. */
export function formatFailures(report: TableReport, most = 20): string {
  const lines = report.failures.slice(0, most).map((f) => `${f.case.name} (${f.case.args.map(text).join(', ')}): expected ${formatOutcome(f.case.expected)}, got ${formatOutcome(f.actual)}`);
  return [`${report.failures.length} of ${report.total} cases failed`, ...lines].join('\n');
}

const instances = new WeakMap<Module, Interpreter>();

/** Runs on the reference interpreter, one instance per module, reset before each call. */
export const interpreterExecutor: Executor = (module, fn, args) => {
  let it = instances.get(module);
  if (it === undefined) instances.set(module, it = new Interpreter(module)); else it.reset();
  return outcomeOf(() => it.call(fn, args).values);
};

/** The outcome of a run that throws {@link TrapError} on a trap; other errors pass through. */
export function outcomeOf(run: () => readonly Scalar[]): Outcome {
  try {
    return { values: run() };
  } catch (error) {
    if (error instanceof LamellaError && error instanceof TrapError) return { trap: error.trap, thrown: error };
    throw error;
  }
}
