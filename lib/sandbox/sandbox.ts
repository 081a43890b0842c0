/**
 * The sandbox: runs a function of a module on a pooled worker thread, under a configuration, and says how it ended.
 *
 * @example
 * const sandbox = new Sandbox(hostTarget(), { maxExecutionTime: 50 });
 * const outcome = await sandbox.run(demo, 'fib', [30n]);
 * if (outcome.status === 'ok') outcome.value // => 832040n
 */
import { InternalError, UsageError } from '../mir/errors.ts';
import type { ArgsOf, ExportsOf, ImportsOf, ResultOf } from '../mir/typed-module.ts';
import type { Module } from '../mir/module.ts';
import type { MemoryEstimate } from '../passes/memory-estimate.ts';
import { Pipeline } from '../passes/pipeline.ts';
import { callHost, importFunctions, inputsOf, outputsOf, plainArguments, requireExport, requireImports, signalOf } from './call-values.ts';
import { chooseTier, nativeTarget } from './choose-tier.ts';
import { configure, type Isolation, type SandboxConfig } from './config.ts';
import { NO_METRICS, type Outcome, type RunMetrics } from './outcome.ts';
import { requireBudget, requirePolicy, takeModule, type SandboxTarget, type TakenModule } from './program.ts';
import type { GuestCall } from './protocol.ts';
import { NativeTier } from './native-tier.ts';
import { nextRunId } from './run-id.ts';
import { outcomeOf, refused } from './run-outcome.ts';
import { SharedJob } from './shared-job.ts';
import type { PreparedRun, Tier } from './tier.ts';
import { requireNoLibrary, WasmTier } from './wasm-tier.ts';

/** The imports option: required exactly when the module needs JavaScript functions. */
export type ImportsOption<M> = {} extends ImportsOf<M> ? { readonly imports?: ImportsOf<M> } : { readonly imports: ImportsOf<M> };

export interface BaseRunOptions {
  /** Stops the run (or takes it out of the queue) when it fires. */
  readonly signal?: AbortSignal;
  /** Milliseconds for this run, instead of the configuration's `maxExecutionTime`. */
  readonly maxExecutionTime?: number;
  /** How this run is kept apart, instead of the configuration's `isolation`. */
  readonly isolation?: Isolation;
  /** Bytes put into globals before the run, by name. */
  readonly inputs?: Readonly<Record<string, Uint8Array>>;
  /** Globals whose bytes are wanted after a run that returned, by name. */
  readonly outputs?: readonly string[];
}
/** Options of {@link Sandbox.run}. */
export type RunOptions<M> = BaseRunOptions & ImportsOption<M>;
/** `options` may be left out when nothing in it is required. */
export type RunRest<M> = {} extends ImportsOf<M> ? [options?: RunOptions<M>] : [options: RunOptions<M>];

export interface BaseShareOptions {
  /** Most runs at a time, default the configuration's `workers`. The module's linear stack is parted equally among them. */
  readonly workers?: number;
  /** Whether a run that ends in any way but `ok` cancels the others that are on (its error is their `reason`); default yes. */
  readonly cancelSiblings?: boolean;
  /** How the runs are kept apart from the host, instead of the configuration's `isolation`. */
  readonly isolation?: Isolation;
}
/** Options of {@link Sandbox.share}. */
export type ShareOptions<M> = BaseShareOptions & ImportsOption<M>;
export type ShareRest<M> = {} extends ImportsOf<M> ? [options?: ShareOptions<M>] : [options: ShareOptions<M>];

/** What {@link Sandbox.validate} found out. */
export interface Validation { readonly estimate: MemoryEstimate }

export class Sandbox {
  readonly #target: SandboxTarget;
  readonly #pipeline: Pipeline;
  readonly #tiers = new Map<Tier['isolation'], Tier>();
  #config: SandboxConfig;
  #disposed = false;

  /**
   * @param target what to compile for; `hostTarget()` is this machine, `sandboxTarget()` whatever this machine can do
   * @param options.pipeline passes that modules go through, default `Pipeline.standard('O2')`
   * @throws UsageError for a wrong configuration
   */
  constructor(target: SandboxTarget, config: Partial<SandboxConfig> = {}, options: { readonly pipeline?: Pipeline } = {}) {
    if (typeof target !== 'object' || target === null || (typeof target.backend?.compile !== 'function' && typeof target.wasm?.compile !== 'function')) throw new UsageError('a sandbox needs a target to compile for', 'Pass hostTarget() or sandboxTarget().');
    this.#target = target;
    this.#config = configure(config);
    this.#pipeline = options.pipeline ?? Pipeline.standard('O2');
  }

  /** The configuration in force. */
  get config(): SandboxConfig { return this.#config; }

  /** Changes the configuration of runs that start from now on. @throws UsageError for a wrong field */
  setConfig(changes: Partial<SandboxConfig>): void { this.#config = configure(changes, this.#config); }

  /**
   * Checks a module without running it: shape, MIR's rules, policy (all violations together), memory budget.
   *
   * @param supplied names of the JavaScript imports that would be handed over
   * @throws VerificationError, PolicyError, MemoryBudgetError, LibraryImportError, or the shape check's error
   */
  validate(module: Module, supplied: readonly string[] = []): Validation {
    const t = takeModule(module, this.#config.maxModuleItems);
    requirePolicy(t, this.#config, supplied);
    if (this.#config.isolation === 'wasm') requireNoLibrary(t);
    return { estimate: requireBudget(t.module, this.#config) };
  }

  /**
   * Runs the exported function `name`. How guest code ends is an {@link Outcome}, never an exception.
   *
   * @throws UsageError (as a rejection) for an unknown function, wrong arguments or wrong options
   * @throws UnsupportedMachineError, NativeUnavailableError (as a rejection) where native code cannot run
   */
  async run<M extends Module, Name extends keyof ExportsOf<M> & string>(module: M, name: Name, args: ArgsOf<M, Name>, ...rest: RunRest<M>): Promise<Outcome<ResultOf<M, Name>>> {
    this.#requireAlive();
    const options: BaseRunOptions & { readonly imports?: unknown } = rest[0] ?? {}, { maxExecutionTime, isolation } = options;
    const config = maxExecutionTime === undefined && isolation === undefined ? this.#config
      : configure({ ...(maxExecutionTime === undefined ? {} : { maxExecutionTime }), ...(isolation === undefined ? {} : { isolation }) }, this.#config);
    const tier = this.#tier(config.isolation), imports = importFunctions(options.imports), signal = signalOf(options.signal);
    const started = performance.now();
    let t: TakenModule, prepared: PreparedRun;
    try {
      t = takeModule(module, config.maxModuleItems);
      requirePolicy(t, config, [...imports.keys()]);
      requireBudget(t.module, config);
      prepared = tier.prepare(t, config);
    } catch (error) {
      return refused(module, error, performance.now() - started);
    }
    requireExport(t, name);
    requireImports(t, imports);
    const compileTime = performance.now() - started;
    const call: GuestCall = {
      id: nextRunId(), functionName: name, args: plainArguments(name, args), timeLimit: config.maxExecutionTime,
      inputs: inputsOf(t, options.inputs), outputs: outputsOf(t, options.outputs),
    };
    const end = await prepared.start({ call, signal, hostCall: (m) => callHost(t, imports, m) });
    const metrics: RunMetrics = { ...NO_METRICS, compileTime, queueTime: end.queueTime, codeSize: prepared.codeSize, isolation: tier.isolation };
    return outcomeOf(end, { name, module: t.module.name, limit: config.maxExecutionTime ?? Infinity, initialMemory: prepared.initialMemory, signal }, metrics);
  }

  /**
   * Makes a memory in which functions of the module run on several threads at once. Each run has its own stacks,
   * deadline and traps; what a run is, and how it ends, is as in {@link run}.
   *
   * @throws VerificationError, PolicyError, MemoryBudgetError and whatever else refuses the module; the budget holds a
   *   machine stack for each worker
   * @throws SharedMemoryUnsupportedError when the tier cannot share memory, or the linear stack is too small to be parted
   * @throws UsageError for wrong options or an import that is missing
   * @example
   * using job = sandbox.share(kernel, { workers: 2 });
   * const outcomes = await job.runAll('render', [[0, 2], [1, 2]]); // two threads, one picture
   */
  share<M extends Module>(module: M, ...rest: ShareRest<M>): SharedJob<M> {
    this.#requireAlive();
    const options: BaseShareOptions & { readonly imports?: unknown } = rest[0] ?? {}, { isolation, cancelSiblings = true } = options;
    if (typeof cancelSiblings !== 'boolean') throw new UsageError('cancelSiblings is true or false', 'Leave it out for true.');
    const config = configure({ ...(isolation === undefined ? {} : { isolation }), ...(options.workers === undefined ? {} : { workers: options.workers }) }, this.#config);
    const tier = this.#tier(config.isolation), imports = importFunctions(options.imports), started = performance.now(), { workers } = config;
    const t = takeModule(module, config.maxModuleItems);
    requirePolicy(t, config, [...imports.keys()]);
    requireBudget(t.module, config);
    requireImports(t, imports);
    const prepared = tier.share(t, config, workers);
    return new SharedJob<M>({ module: t, prepared, imports, config, isolation: tier.isolation, workers, cancelSiblings, compileTime: performance.now() - started });
  }

  /**
   * The convenience of the reference: a plain 64-bit integer, or the outcome's error thrown.
   *
   * @example
   * await sandbox.runInt64(demo, 'fib', [30n]) // => 832040n
   */
  async runInt64<M extends Module, Name extends keyof ExportsOf<M> & string>(module: M, name: Name, args: ArgsOf<M, Name>, ...rest: RunRest<M>): Promise<bigint> {
    const outcome = await this.run(module, name, args, ...rest);
    if (outcome.status !== 'ok') throw outcome.error;
    const value: unknown = outcome.value;
    if (typeof value === 'bigint') return value;
    if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
    if (typeof value === 'boolean') return value ? 1n : 0n;
    throw new UsageError(`${name} gives no single integer`, 'Use run(...), whose outcome carries a value of any type.');
  }

  /**
   * Starts the threads of a tier ahead of need, so that the first run does not wait for one.
   *
   * @throws as {@link run} where the tier cannot run
   */
  async warm(isolation: Isolation = this.#config.isolation): Promise<void> {
    this.#requireAlive();
    const config = configure({ isolation }, this.#config);
    await this.#tier(config.isolation).warm(config);
  }

  /** Gives up all compiled code, as soon as no worker can be inside it. */
  async clear(): Promise<void> { await Promise.all([...this.#tiers.values()].map((tier) => tier.clear())); }

  /** Gives up everything the sandbox holds; the workers stay for other sandboxes. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.clear();
    for (const tier of this.#tiers.values()) tier.dispose();
  }
  async [Symbol.asyncDispose](): Promise<void> { await this.dispose(); }

  #requireAlive(): void {
    if (this.#disposed) throw new UsageError('this sandbox is disposed', 'Make a new one.');
  }

  #tier(wanted: Isolation): Tier {
    const isolation = chooseTier(wanted, this.#target);
    let tier = this.#tiers.get(isolation);
    if (tier === undefined) {
      const native = nativeTarget(this.#target), { wasm } = this.#target;
      if (isolation === 'worker' && native !== undefined) tier = new NativeTier(native, this.#pipeline);
      else if (wasm !== undefined) tier = new WasmTier(wasm, this.#pipeline);
      else throw new InternalError(`no tier ${isolation}`);
      this.#tiers.set(isolation, tier);
    }
    return tier;
  }
}
