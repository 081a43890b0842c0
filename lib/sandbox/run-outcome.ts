/** How a run ended, in words: from what the pool and the worker report to an {@link Outcome}. */
import { match } from 'ts-pattern';
import { LamellaError, TrapError, UsageError } from '../mir/errors.ts';
import { show } from '../mir/show.ts';
import { MemoryBudgetError } from '../passes/memory-estimate.ts';
import { PolicyError } from '../passes/policy.ts';
import type { JobEnd } from './job.ts';
import { CancelledError, CompileError, CrashedError, HostError, NO_METRICS, TimeoutError, type Outcome, type RunMetrics } from './outcome.ts';
import type { DoneReply } from './protocol.ts';

/** What an outcome says about the run besides its end. */
export interface RunFacts { readonly name: string; readonly module: string; readonly limit: number; readonly initialMemory: number; readonly signal: AbortSignal | undefined }

/** The outcome of a job. @throws UsageError when the worker refused the arguments */
export function outcomeOf<T>(end: JobEnd, run: RunFacts, given: RunMetrics): Outcome<T> {
  const { name, limit, signal } = run, metrics = { ...given, compileTime: given.compileTime + (end.engineTime ?? 0) };
  return match(end)
    .returnType<Outcome<T>>()
    .with({ kind: 'cancelled' }, () => ({ status: 'cancelled', error: new CancelledError(name, signal?.reason), metrics }))
    .with({ kind: 'stuck' }, () => ({ status: 'timeout', error: new TimeoutError(name, limit), metrics: { ...metrics, wallTime: limit } }))
    .with({ kind: 'killed' }, ({ wallTime, cpuTime }) => ({ status: 'timeout', error: new TimeoutError(name, limit), metrics: { ...metrics, wallTime, cpuTime, peakMemory: run.initialMemory } }))
    .with({ kind: 'crashed' }, ({ message }) => ({ status: 'crashed', error: new CrashedError(name, message), metrics }))
    .with({ kind: 'done' }, ({ reply, hostError }) => {
      const { wallTime, cpuTime, peakMemory } = reply;
      return finished(run, reply, hostError, { ...metrics, wallTime, cpuTime, peakMemory });
    })
    .exhaustive();
}

/** The outcome of a run that its worker reported the end of. @throws UsageError when the worker refused the arguments */
function finished<T>({ name, module, limit, signal }: RunFacts, reply: DoneReply, hostError: { readonly error: unknown } | undefined, metrics: RunMetrics): Outcome<T> {
  const cancelled = (): Outcome<T> => ({ status: 'cancelled', error: new CancelledError(name, signal?.reason), metrics });
  const aborted = signal?.aborted === true;
  return match(reply.result)
    .returnType<Outcome<T>>()
    .with({ kind: 'ok' }, ({ value, outputs }) => ({ status: 'ok', value: value as T, outputs, metrics }))
    .with({ kind: 'trap' }, (result) => ({ status: 'trap', error: new TrapError(result.trap, result), metrics }))
    .with({ kind: 'interrupted', reason: 'cancelled' }, () => (aborted ? cancelled() : { status: 'timeout', error: new TimeoutError(name, limit), metrics }))
    .with({ kind: 'interrupted' }, () => ({ status: 'timeout', error: new TimeoutError(name, limit), metrics }))
    .with({ kind: 'host-error' }, ({ message }) => (hostError === undefined && message === undefined && aborted ? cancelled() : { status: 'host', error: new HostError(name, hostError === undefined ? message : hostError.error), metrics }))
    .with({ kind: 'usage' }, ({ what, remedy }) => { throw new UsageError(what, remedy); })
    .with({ kind: 'refused' }, ({ message }) => ({ status: 'compile', error: new CompileError(module, new Error(message)), metrics }))
    .with({ kind: 'no-memory' }, ({ message }) => ({ status: 'crashed', error: new CrashedError(name, `the engine could not make room for it: ${message}`), metrics }))
    .with({ kind: 'failed' }, ({ message }) => ({ status: 'crashed', error: new CrashedError(name, message), metrics }))
    .exhaustive();
}

export function refused<T>(module: unknown, error: unknown, compileTime: number): Outcome<T> {
  const metrics = { ...NO_METRICS, compileTime };
  if (error instanceof PolicyError) return { status: 'policy', error, metrics };
  if (error instanceof MemoryBudgetError) return { status: 'memory', error, metrics };
  // Where native code cannot run, no module is at fault.
  if (error instanceof LamellaError && (error.code === 'unsupported-machine' || error.code === 'native-unavailable')) throw error;
  return { status: 'compile', error: new CompileError(nameOf(module), error), metrics };
}

function nameOf(module: unknown): string {
  try {
    const name: unknown = (module as { name?: unknown } | null | undefined)?.name;
    return typeof name === 'string' ? show(name) : '(unnamed)';
  } catch {
    return '(unreadable)';
  }
}
