/**
 * The outcome of a sandboxed run: data, a discriminated union on `status`, made for matching.
 *
 * @example
 * match(outcome)
 *   .with({ status: 'ok' }, ({ value }) => value)
 *   .with({ status: 'timeout' }, () => 'too slow')
 *   .with({ status: P._ }, ({ error }) => error.message)
 */
import { LamellaError } from '../mir/errors.ts';
import { showThrown } from '../mir/show.ts';
import type { TrapError } from '../mir/errors.ts';
import type { PolicyError } from '../passes/policy.ts';
import type { MemoryBudgetError } from '../passes/memory-estimate.ts';

/** What a run cost. Times in milliseconds, sizes in bytes. */
export interface RunMetrics {
  /** From entering guest code to leaving it. */
  readonly wallTime: number;
  /**
   * Processor time of the guest's thread in that span. Exact in the tier `worker`. In the tier `wasm` it is exact where
   * Node tells it (`process.threadCpuUsage`); else the kernel's count to within some milliseconds for runs of 20 ms and
   * more (Linux), and otherwise the time not spent waiting for host functions, an upper bound.
   */
  readonly cpuTime: number;
  /** Validation and compilation, the engine's included; about 0 when the code was cached. */
  readonly compileTime: number;
  /** From submission to the start on a worker. */
  readonly queueTime: number;
  /** Largest size the linear memory had. Of a run that was killed in the tier `wasm`: the size it began with. */
  readonly peakMemory: number;
  /** Bytes of machine code, or of the WebAssembly module. */
  readonly codeSize: number;
  /** Which tier ran the code (or would have, if the run had not been cancelled before); null when the module was refused. */
  readonly isolation: 'worker' | 'wasm' | null;
}

/** The run took longer than its deadline and was stopped. */
export class TimeoutError extends LamellaError {
  readonly limit: number;
  constructor(functionName: string, limit: number) {
    super('timeout', `timeout: ${functionName} was stopped at its deadline of ${limit} ms`, 'Raise maxExecutionTime, or make the work smaller.');
    this.limit = limit;
  }
}

/** The run was cancelled through its `AbortSignal`. */
export class CancelledError extends LamellaError {
  readonly reason: unknown;
  constructor(functionName: string, reason: unknown) {
    super('cancelled', `cancelled: ${functionName} was stopped by its abort signal`, '');
    this.reason = reason;
  }
}

/** The worker died. The host goes on; a new worker takes the place of the old one. */
export class CrashedError extends LamellaError {
  constructor(functionName: string, what: string) {
    super('crashed', `crashed: the worker running ${functionName} ended unexpectedly: ${what}`, 'This should not happen: please report it with the module that caused it.');
  }
}

/** What was thrown, which may be anything: also what throws when it is looked at. */
function textOf(cause: unknown): string {
  if (typeof cause === 'string') return cause;
  try {
    if (cause instanceof Error && typeof cause.message === 'string') return cause.message;
  } catch { /* Said below. */ }
  return showThrown(cause);
}

/** A function the host supplied threw while guest code had called it. */
export class HostError extends LamellaError {
  constructor(functionName: string, cause: unknown) {
    super('host', `host: a host function called from ${functionName} threw: ${textOf(cause)}`, 'See the cause for the original error.', { cause });
  }
}

/** The module does not verify or does not compile; the cause carries the details. */
export class CompileError extends LamellaError {
  constructor(moduleName: string, cause: unknown) {
    super('compile', `compile: module ${moduleName} was refused: ${textOf(cause)}`, '', { cause });
  }
}

/** Every way a run ends. */
export type Outcome<T> =
  | { readonly status: 'ok'; readonly value: T; readonly outputs: Readonly<Record<string, Uint8Array>>; readonly metrics: RunMetrics }
  | { readonly status: 'timeout'; readonly error: TimeoutError; readonly metrics: RunMetrics }
  | { readonly status: 'trap'; readonly error: TrapError; readonly metrics: RunMetrics }
  | { readonly status: 'policy'; readonly error: PolicyError; readonly metrics: RunMetrics }
  | { readonly status: 'memory'; readonly error: MemoryBudgetError; readonly metrics: RunMetrics }
  | { readonly status: 'compile'; readonly error: CompileError; readonly metrics: RunMetrics }
  | { readonly status: 'cancelled'; readonly error: CancelledError; readonly metrics: RunMetrics }
  | { readonly status: 'host'; readonly error: HostError; readonly metrics: RunMetrics }
  | { readonly status: 'crashed'; readonly error: CrashedError; readonly metrics: RunMetrics };

/** Metrics of a run that never started. */
export const NO_METRICS: RunMetrics = Object.freeze({ wallTime: 0, cpuTime: 0, compileTime: 0, queueTime: 0, peakMemory: 0, codeSize: 0, isolation: null });
