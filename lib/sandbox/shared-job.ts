/**
 * Several runs at once in one memory: how a kernel is spread over processors.
 *
 * Every run has a thread, a machine stack, a deadline and traps of its own, and an equal part of the module's linear
 * stack, so that one that recurses too deeply traps instead of running into its neighbour. Memory is what they share:
 * what one stores another sees, in the order that the atomic operations of both promise.
 *
 * Invariants:
 * - a place (a part of the stack) is given to one run at a time, and again only when its thread has said that the run
 *   is over: a run that was given up still owns its place;
 * - code and memory are let go of when the job is disposed and no thread can be inside any of its runs.
 */
import { LamellaError, UsageError } from '../mir/errors.ts';
import type { Module } from '../mir/module.ts';
import type { ArgsOf, ExportsOf, ResultOf } from '../mir/typed-module.ts';
import { offAbort, onAbort } from './abort-listeners.ts';
import { callHost, globalOf, plainArguments, requireExport, signalOf, type HostFunctions } from './call-values.ts';
import { configure, type SandboxConfig } from './config.ts';
import type { JobEnd } from './job.ts';
import { NO_METRICS, type Outcome, type RunMetrics } from './outcome.ts';
import type { TakenModule } from './program.ts';
import type { GuestCall } from './protocol.ts';
import { outcomeOf } from './run-outcome.ts';
import { nextRunId } from './run-id.ts';
import type { PreparedShare } from './tier.ts';

/** Options of one run, or of several that begin together. */
export interface SharedRunOptions {
  /** Stops the runs (or takes them out of the queue) when it fires. */
  readonly signal?: AbortSignal;
  /** Milliseconds each run may take, instead of the configuration's `maxExecutionTime`. */
  readonly maxExecutionTime?: number;
}

/** The job was disposed while the run was on or waiting. */
export class JobDisposedError extends LamellaError {
  constructor(moduleName: string) { super('job-disposed', `the shared job of module ${moduleName} was disposed`, 'Await its runs before disposing of it.'); }
}

/** What a job is made of. */
export interface SharedJobParts {
  readonly module: TakenModule;
  readonly prepared: PreparedShare;
  readonly imports: HostFunctions;
  readonly config: SandboxConfig;
  readonly isolation: 'worker' | 'wasm';
  readonly workers: number;
  readonly cancelSiblings: boolean;
  readonly compileTime: number;
}

/** `began` and `over` count the job's events, so that it is known which runs were on together. */
interface Run { readonly call: GuestCall; readonly control: AbortController; readonly settle: (end: JobEnd) => void; began: number; over: number }
/** Runs that begin together. */
interface Batch { readonly runs: Run[]; readonly config: SandboxConfig; readonly submitted: number }

/**
 * Jobs that were dropped without being disposed: nothing of them is on then, or it would hold them. Views of their memory
 * may be held still, with what the runs wrote: it goes when the last of them goes.
 */
const dropped = new FinalizationRegistry<PreparedShare>((prepared) => { prepared.release(false); });

/**
 * Made by `Sandbox.share`.
 *
 * @example
 * using job = sandbox.share(kernel, { workers: 2 });
 * job.global('input').set(bytes);
 * const outcomes = await job.runAll('render', [[0, 2], [1, 2]]);   // both at the same time
 * const picture = job.global('picture').slice();                   // a copy of what they wrote
 */
export class SharedJob<M extends Module> {
  /** Most runs at a time. */
  readonly workers: number;
  readonly #parts: SharedJobParts;
  readonly #free: number[];
  readonly #queue: Batch[] = [];
  readonly #on = new Set<Run>();
  #events = 0;
  #disposed = false;
  #released: (() => void)[] = [];
  #gone = false;

  constructor(parts: SharedJobParts) {
    this.#parts = parts;
    this.workers = parts.workers;
    this.#free = Array.from({ length: parts.workers }, (_, k) => parts.workers - 1 - k);
    dropped.register(this, parts.prepared, this);
  }

  /**
   * The memory's bytes, live: runs that are on write to it, and see what is written. Use `Atomics` for what both sides
   * touch at the same time. After a growth ask again: an older view keeps its length.
   *
   * In the tier `wasm` the engine tells other threads of a growth at their next loop or call: `memory.size()`, copies and
   * fills ask for it, ordinary accesses need not, but an atomic access to a new page traps until then.
   */
  get memory(): Uint8Array<SharedArrayBuffer> {
    this.#requireAlive();
    return this.#parts.prepared.bytes();
  }

  /** The bytes of a global, live. @throws UsageError when the module has none of this name */
  global(name: string): Uint8Array<SharedArrayBuffer> {
    const { address, size } = globalOf(this.#parts.module, name);
    return this.memory.subarray(address, address + size);
  }

  /** Runs that are on. */
  get running(): number { return this.#on.size; }

  /**
   * Runs the exported function `name` as soon as one of the job's places is free. How it ends is an {@link Outcome}.
   *
   * @throws UsageError (as a rejection) for an unknown function, wrong arguments or a disposed job
   */
  async run<Name extends keyof ExportsOf<M> & string>(name: Name, args: ArgsOf<M, Name>, options: SharedRunOptions = {}): Promise<Outcome<ResultOf<M, Name>>> {
    return (await this.runAll(name, [args], options))[0];
  }

  /**
   * Runs the function once with each list of arguments, all at the same time: they may wait for one another. Gives all
   * outcomes, in order, when the last run has ended.
   *
   * @throws UsageError as {@link run}, and for more runs than the job has workers
   */
  async runAll<Name extends keyof ExportsOf<M> & string>(name: Name, argsOfEach: readonly ArgsOf<M, Name>[], options: SharedRunOptions = {}): Promise<readonly Outcome<ResultOf<M, Name>>[]> {
    this.#requireAlive();
    const { module, config, workers } = this.#parts, { maxExecutionTime } = options, signal = signalOf(options.signal);
    requireExport(module, name);
    if (!Array.isArray(argsOfEach)) throw new UsageError(`the runs of ${name} are a list of argument lists`, 'Pass for example [[0], [1]].');
    if (argsOfEach.length > workers) throw new UsageError(`${argsOfEach.length} runs of ${name} cannot be on at the same time in a job of ${workers} workers`, `Share the module with { workers: ${argsOfEach.length} }, or pass fewer argument lists.`);
    const limits = maxExecutionTime === undefined ? config : configure({ maxExecutionTime }, config);
    const calls = argsOfEach.map((args): GuestCall => ({ id: nextRunId(), functionName: name, args: plainArguments(name, args), timeLimit: limits.maxExecutionTime, inputs: [], outputs: [] }));
    // What was given may have run code of its own when it was read.
    this.#requireAlive();
    if (calls.length === 0) return [];
    const results: Promise<Outcome<ResultOf<M, Name>>>[] = [], runs: Run[] = [], batch: Batch = { runs, config: limits, submitted: performance.now() };
    for (const call of calls) {
      const control = new AbortController();
      let settle: (end: JobEnd) => void = () => {};
      const end = new Promise<JobEnd>((resolve) => { settle = resolve; }), run: Run = { call, control, settle, began: 0, over: Infinity };
      control.signal.addEventListener('abort', () => { this.#withdraw(batch, run); }, { once: true });
      runs.push(run);
      results.push(this.#finish(run, end, limits));
    }
    const abort = (): void => {
      for (const r of [...runs]) r.control.abort(signal?.reason);
      this.#pump();
    };
    this.#queue.push(batch);
    if (signal?.aborted === true) abort(); else onAbort(signal, abort);
    this.#pump();
    const all = await Promise.allSettled(results);
    offAbort(signal, abort);
    return all.map((r) => {
      if (r.status === 'rejected') throw r.reason;
      return r.value;
    });
  }

  /** Makes every byte what it was at first; the size stays. @throws UsageError while a run is on */
  reset(): void {
    this.#requireAlive();
    if (this.#free.length < this.workers) throw new UsageError(`the memory of module ${this.#parts.module.module.name} cannot be reset while a run is on`, 'Await the runs first.');
    this.#parts.prepared.clear();
  }

  /**
   * Ends the runs that are on (their outcome is `cancelled`) and lets go of memory and code as soon as no thread is
   * inside them. Views of the memory stay readable, as zeros.
   */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const reason = new JobDisposedError(this.#parts.module.module.name);
    for (const r of [...this.#on, ...this.#queue.flatMap((b) => b.runs)]) r.control.abort(reason);
    this.#pump();
    this.#releaseIfIdle();
  }
  [Symbol.dispose](): void { this.dispose(); }
  /** Resolves when memory and code have been let go of. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
    if (!this.#gone) await new Promise<void>((resolve) => { this.#released.push(resolve); });
  }

  async #finish<T>(run: Run, ending: Promise<JobEnd>, { maxExecutionTime }: SandboxConfig): Promise<Outcome<T>> {
    const { module, prepared, isolation, compileTime, cancelSiblings } = this.#parts, end = await ending;
    const metrics: RunMetrics = { ...NO_METRICS, compileTime, queueTime: end.queueTime, codeSize: prepared.codeSize, isolation };
    let outcome: Outcome<T>;
    try {
      outcome = outcomeOf<T>(end, { name: run.call.functionName, module: module.module.name, limit: maxExecutionTime ?? Infinity, initialMemory: prepared.initialMemory, signal: run.control.signal }, metrics);
    } catch (error) {
      if (cancelSiblings) this.#cancelOthers(run, error);
      throw error;
    }
    if (outcome.status !== 'ok' && cancelSiblings) this.#cancelOthers(run, outcome.error);
    return outcome;
  }

  /** Others may be waiting for what this run will never do. */
  #cancelOthers(run: Run, reason: unknown): void {
    for (const r of this.#on) if (r !== run && r.began < run.over) r.control.abort(reason);
  }

  /** Takes a run that has not begun out of the queue; others of its batch may follow. */
  #withdraw(batch: Batch, run: Run): void {
    const place = this.#queue.indexOf(batch), at = batch.runs.indexOf(run);
    if (place < 0 || at < 0) return;
    batch.runs.splice(at, 1);
    if (batch.runs.length === 0) this.#queue.splice(place, 1);
    run.over = 0; // it was never on together with another
    run.settle({ kind: 'cancelled', queueTime: performance.now() - batch.submitted });
  }

  #pump(): void {
    for (;;) {
      const batch = this.#queue[0];
      if (batch === undefined || batch.runs.length > this.#free.length) return;
      this.#queue.shift();
      const { module, imports, prepared } = this.#parts, runs = [...batch.runs], waited = performance.now() - batch.submitted;
      const shared = runs.map((run) => {
        const place = this.#free.pop() ?? 0;
        this.#on.add(run);
        run.began = ++this.#events;
        return { call: run.call, signal: run.control.signal, hostCall: callHost.bind(undefined, module, imports), place, over: () => this.#over(run, place) };
      });
      prepared.start(shared, batch.config).forEach((end, k) => {
        void end.then((e) => { runs[k].settle({ ...e, queueTime: e.queueTime + waited }); });
      });
    }
  }

  #over(run: Run, place: number): void {
    this.#on.delete(run);
    run.over = ++this.#events;
    this.#free.push(place);
    this.#pump();
    this.#releaseIfIdle();
  }

  #releaseIfIdle(): void {
    if (!this.#disposed || this.#gone || this.#queue.length > 0 || this.#free.length < this.workers) return;
    this.#gone = true;
    dropped.unregister(this);
    this.#parts.prepared.release(true);
    for (const resolve of this.#released) resolve();
  }

  #requireAlive(): void {
    if (this.#disposed) throw new UsageError('this shared job is disposed', 'Share the module again.');
  }
}
