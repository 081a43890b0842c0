/**
 * The sandbox: runs a function of a module on a pooled worker thread, under a configuration, and says how it ended.
 *
 * @example
 * const sandbox = new Sandbox(hostTarget(), { maxExecutionTime: 50 });
 * const outcome = await sandbox.run(demo, 'fib', [30n]);
 * if (outcome.status === 'ok') outcome.value // => 832040n
 */
import { match } from 'ts-pattern';
import { InternalError, LamellaError, TrapError, UsageError } from '../mir/errors.ts';
import type { ArgsOf, ExportsOf, ImportsOf, ResultOf } from '../mir/typed-module.ts';
import type { Module } from '../mir/module.ts';
import type { MemoryEstimate } from '../passes/memory-estimate.ts';
import { MemoryBudgetError } from '../passes/memory-estimate.ts';
import { PolicyError } from '../passes/policy.ts';
import { Pipeline } from '../passes/pipeline.ts';
import { chooseTier, nativeTarget } from './choose-tier.ts';
import { configure, type Isolation, type SandboxConfig } from './config.ts';
import { CancelledError, CompileError, CrashedError, HostError, NO_METRICS, TimeoutError, type Outcome, type RunMetrics } from './outcome.ts';
import { requireBudget, requirePolicy, takeModule, type SandboxTarget, type TakenModule } from './program.ts';
import type { DoneReply, GuestCall, HostCallMessage, MemoryInput, MemoryOutput, Scalar } from './protocol.ts';
import { canCross } from './host-call-channel.ts';
import type { JobEnd } from './job.ts';
import { NativeTier } from './native-tier.ts';
import type { PreparedRun, Tier } from './tier.ts';
import { WasmTier } from './wasm-tier.ts';

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

/** What {@link Sandbox.validate} found out. */
export interface Validation { readonly estimate: MemoryEstimate }

let nextRun = 1;

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
   * @throws VerificationError, PolicyError, MemoryBudgetError, or the shape check's error
   */
  validate(module: Module, supplied: readonly string[] = []): Validation {
    const t = takeModule(module, this.#config.maxModuleItems);
    requirePolicy(t, this.#config, supplied);
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
    const tier = this.#tier(config.isolation), imports = importFunctions(options.imports);
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
    if (typeof name !== 'string' || !Object.hasOwn(t.module.exports, name)) throw new UsageError(`module ${t.module.name} exports no function ${JSON.stringify(name)}`, `It exports: ${Object.keys(t.module.exports).join(', ') || 'nothing'}.`);
    for (const needed of t.jsImports.keys()) if (!imports.has(needed)) throw new UsageError(`module ${t.module.name} needs the JavaScript function "${needed}"`, `Pass it: run(module, name, args, { imports: { ${needed}: ... } }).`);
    const compileTime = performance.now() - started;
    const call: GuestCall = {
      id: nextRun++, functionName: name, args: plainArguments(name, args), timeLimit: config.maxExecutionTime,
      inputs: inputsOf(t, options.inputs), outputs: outputsOf(t, options.outputs),
    };
    const end = await prepared.start({ call, signal: options.signal, hostCall: (m) => callHost(t, imports, m) });
    const metrics: RunMetrics = { ...NO_METRICS, compileTime, queueTime: end.queueTime, codeSize: prepared.codeSize, isolation: tier.isolation };
    return outcomeOf(end, { name, module: t.module.name, limit: config.maxExecutionTime ?? Infinity, initialMemory: prepared.initialMemory, signal: options.signal }, metrics);
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
    await this.#tier(isolation).warm(this.#config);
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

/** What an outcome says about the run besides its end. */
interface RunFacts { readonly name: string; readonly module: string; readonly limit: number; readonly initialMemory: number; readonly signal: AbortSignal | undefined }

/** The outcome of a job. @throws UsageError when the worker refused the arguments */
function outcomeOf<T>(end: JobEnd, run: RunFacts, metrics: RunMetrics): Outcome<T> {
  const { name, limit, signal } = run;
  return match(end)
    .returnType<Outcome<T>>()
    .with({ kind: 'cancelled' }, () => ({ status: 'cancelled', error: new CancelledError(name, signal?.reason), metrics }))
    .with({ kind: 'stuck' }, () => ({ status: 'timeout', error: new TimeoutError(name, limit), metrics: { ...metrics, wallTime: limit } }))
    .with({ kind: 'killed' }, ({ wallTime, cpuTime }) => ({ status: 'timeout', error: new TimeoutError(name, limit), metrics: { ...metrics, wallTime, cpuTime, peakMemory: run.initialMemory } }))
    .with({ kind: 'crashed' }, ({ message }) => ({ status: 'crashed', error: new CrashedError(name, message), metrics }))
    .with({ kind: 'done' }, ({ reply, hostError, engineTime = 0 }) => {
      const { wallTime, cpuTime, peakMemory } = reply;
      return finished(run, reply, hostError, { ...metrics, wallTime, cpuTime, peakMemory, compileTime: metrics.compileTime + engineTime });
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

function refused<T>(module: unknown, error: unknown, compileTime: number): Outcome<T> {
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
    return typeof name === 'string' ? name : '(unnamed)';
  } catch {
    return '(unreadable)';
  }
}

function importFunctions(imports: unknown): ReadonlyMap<string, (...args: readonly Scalar[]) => unknown> {
  const map = new Map<string, (...args: readonly Scalar[]) => unknown>();
  if (imports === undefined) return map;
  if (typeof imports !== 'object' || imports === null) throw new UsageError('imports is an object of functions', 'Pass for example { imports: { log: (x) => console.log(x) } }.');
  for (const [name, f] of Object.entries(imports)) {
    if (typeof f !== 'function') throw new UsageError(`the import "${name}" is not a function`, 'Pass a JavaScript function.');
    map.set(name, f as (...args: readonly Scalar[]) => unknown);
  }
  return map;
}

async function callHost(t: TakenModule, imports: ReadonlyMap<string, (...args: readonly Scalar[]) => unknown>, message: HostCallMessage): Promise<readonly Scalar[]> {
  const f = imports.get(message.name), count = t.jsImports.get(message.name)?.results.length;
  if (f === undefined || count === undefined) throw new InternalError(`no import ${message.name}`);
  const result: unknown = await f(...message.args);
  if (count === 0) return [];
  // Taken once: what was checked is what is handed on.
  const list: readonly unknown[] = Array.isArray(result) ? Array.from<unknown>(result) : [result];
  if (list.length !== count) throw new UsageError(`the host function "${message.name}" gave ${list.length} value${list.length === 1 ? '' : 's'}, not ${count}`, `Its results are (${t.jsImports.get(message.name)?.results.join(', ')}).`);
  return list.map((v) => {
    if (canCross(v)) return v;
    throw new UsageError(`the host function "${message.name}" gave ${v === null ? 'null' : typeof v === 'undefined' ? 'nothing' : `a ${typeof v}`} that is no value of ${t.jsImports.get(message.name)?.results.join(', ')}`, 'Give a number, a bigint, a boolean, a list of them for several results, or nothing.');
  });
}

function plainArguments(name: string, args: unknown): readonly Scalar[] {
  if (!Array.isArray(args)) throw new UsageError(`the arguments of ${name} are a list`, 'Pass for example [30n].');
  return args.map((v: unknown, k) => {
    if (typeof v === 'number' || typeof v === 'bigint' || typeof v === 'boolean') return v;
    throw new UsageError(`argument ${k} of ${name} is ${v === null ? 'null' : `a ${typeof v}`}`, 'Arguments are numbers, bigints (64-bit integers) and booleans; pass bytes through `inputs`.');
  });
}

function globalOf(t: TakenModule, name: string): { readonly address: number; readonly size: number } {
  const g = t.globals.get(name);
  if (g === undefined) throw new UsageError(`module ${t.module.name} has no global "${name}"`, `Its globals are: ${[...t.globals.keys()].join(', ') || 'none'}.`);
  return g;
}

/** A copy of what the bytes are now: they may be shared, be detached while the run waits, or lie about their length. */
function copyBytes(bytes: unknown): Uint8Array | undefined {
  try {
    return bytes instanceof Uint8Array ? new Uint8Array(bytes) : undefined;
  } catch {
    return undefined; // detached already
  }
}

function inputsOf(t: TakenModule, inputs: Readonly<Record<string, Uint8Array>> = {}): readonly MemoryInput[] {
  return Object.entries(inputs).map(([name, bytes]) => {
    const g = globalOf(t, name);
    const copy = copyBytes(bytes);
    if (copy === undefined) throw new UsageError(`the input for global "${name}" is not bytes`, 'Pass a Uint8Array.');
    if (copy.length > g.size) throw new UsageError(`the input for global "${name}" is ${copy.length} bytes, the global ${g.size}`, 'Make the global larger, or pass fewer bytes.');
    return { address: g.address, bytes: copy };
  });
}

function outputsOf(t: TakenModule, outputs: readonly string[] = []): readonly MemoryOutput[] {
  return outputs.map((name) => {
    const g = globalOf(t, name);
    return { name, address: g.address, length: g.size };
  });
}
