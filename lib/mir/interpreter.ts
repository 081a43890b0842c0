/**
 * The reference interpreter: the meaning of every MIR operation, traps included, and the oracle that optimised and
 * native code are compared with. It needs nothing but JavaScript, so it runs anywhere.
 *
 * It expects a module that `verifyModule` accepts; on others it may throw an internal error, but does no harm.
 */
import { UsageError } from './errors.ts';
import { halt, call } from './interpreter-control.ts';
import { ModuleNames, decodeFunction } from './interpreter-decode.ts';
import { Machine, STRIDE, run, type DecodedFunction, type HostFunction } from './interpreter-machine.ts';
import { wordsOf } from './interpreter-moves.ts';
import { readValue, writeValue } from './interpreter-values.ts';
import type { MirFunction, Module } from './module.ts';
import { PAGE_SIZE, formatSignature } from './types.ts';

export type { HostFunction } from './interpreter-machine.ts';

export interface InterpreterOptions {
  /** Instructions that one `Interpreter` may execute before {@link StepLimitError}; default no limit. Counted per block, on entering it. */
  readonly maxSteps?: number;
  /** Activations that may be suspended before a call traps `stack-overflow`; default 16,384. */
  readonly maxDepth?: number;
  /** Host functions by import name. They get and return integers up to 32 bits, floats and pointers as numbers, `i64` as bigint. */
  readonly imports?: Readonly<Record<string, HostFunction>>;
  /** Linear memory to use instead of a fresh one, in place; its length is a whole number of pages, at least the module's initial ones. */
  readonly memory?: Uint8Array;
}

/** What a call gave. */
export interface Interpretation {
  /** Results in the form of `ConstInst`: `i64`, `v128` and `v256` as bigint, everything else as number. */
  readonly values: (number | bigint)[];
  /** The whole linear memory afterwards (live, not a copy). */
  readonly memory: Uint8Array;
  /** Instructions executed so far by this interpreter. */
  readonly steps: number;
}

/**
 * One instance of a module: its memory lives on between calls.
 *
 * @example
 * const it = new Interpreter(module);
 * it.call('fib', [10n]).values // => [55n]
 */
export class Interpreter {
  readonly module: Module;
  readonly #machine: Machine;
  readonly #names: ModuleNames;
  readonly #entries = new Map<string, DecodedFunction>();
  readonly #given: Uint8Array | undefined;

  constructor(module: Module, options: InterpreterOptions = {}) {
    this.module = module;
    const names = this.#names = new ModuleNames(module);
    this.#machine = new Machine(
      module,
      { maxSteps: options.maxSteps ?? Infinity, maxDepth: options.maxDepth ?? 16384 },
      options.imports ?? {},
      (f, m) => decodeFunction(f, names, m),
      hostFrame([], [], 0, names),
    );
    const given = this.#given = options.memory;
    const pages = this.#initialPages;
    if (given !== undefined && (given.byteLength % PAGE_SIZE !== 0 || given.byteLength < pages * PAGE_SIZE)) {
      throw new UsageError(`the given memory has ${given.byteLength} bytes`, `Give a whole number of ${PAGE_SIZE}-byte pages, at least ${pages} of them.`);
    }
    this.#machine.setMemory(given ?? new Uint8Array(pages * PAGE_SIZE));
    this.#writeGlobals();
  }

  /** The linear memory; another array after it has grown. */
  get memory(): Uint8Array { return this.#machine.memory; }
  /** Instructions executed so far. */
  get steps(): number { return this.#machine.steps; }

  /** Memory, globals and the step count as they were after construction; a memory given in the options is used again, cleared. */
  reset(): void {
    const m = this.#machine, size = this.#given?.byteLength ?? this.#initialPages * PAGE_SIZE;
    if (m.memorySize !== size) m.setMemory(this.#given ?? new Uint8Array(size));
    m.memory.fill(0);
    m.steps = 0;
    this.#writeGlobals();
  }

  /** A module of the native model says nothing of memory, but its globals lie in ours. */
  get #initialPages(): number {
    const { memory, memoryModel } = this.module;
    return memoryModel === 'linear' ? memory.initialPages : Math.max(memory.initialPages, this.#machine.layout.pagesNeeded);
  }

  #writeGlobals(): void {
    const { globals } = this.module, at = this.#machine.layout.globals;
    for (let k = 0; k < globals.length; k++) {
      const { bytes, size } = globals[k];
      if (bytes !== undefined) this.#machine.memory.set(bytes.length > size ? bytes.subarray(0, size) : bytes, at[k]);
    }
  }

  /**
   * Calls an exported function, or any function by its own name. A host function may call back in.
   *
   * @throws TrapError when the code traps; StepLimitError; UsageError for a wrong name or arguments; and whatever a
   * host function throws, unchanged
   */
  call(name: string, args: readonly (number | bigint | boolean)[] = []): Interpretation {
    const { module } = this, m = this.#machine;
    const target = Object.hasOwn(module.exports, name) ? module.exports[name] : name;
    const index = this.#names.functions.get(target);
    if (index === undefined) {
      throw new UsageError(`module ${JSON.stringify(module.name)} has no function ${JSON.stringify(name)}`, `It exports: ${Object.keys(module.exports).join(', ') || 'nothing'}.`);
    }
    const f = module.functions[index];
    if (args.length !== f.params.length) {
      throw new UsageError(`${name} takes ${f.params.length} arguments, got ${args.length}`, `Its type is ${formatSignature(f)}.`);
    }
    let entry = this.#entries.get(target);
    if (entry === undefined) this.#entries.set(target, entry = entryFrame(f, index, this.#names));

    const saved = { fn: m.fn, code: m.code, ip: m.ip, fp: m.fp, sp: m.sp, depth: m.depth };
    try {
      const fp = m.fp + m.fn.frameWords, model = module.memoryModel;
      if (saved.ip >= 0) m.push(); // called back from a host function: the trace goes on through it
      m.reserve(fp, entry.frameWords);
      for (let k = 0; k < args.length; k++) writeValue(m, f.params[k], fp + 8 * k, args[k], model, () => `argument ${k} of ${name}`);
      m.fn = entry;
      m.code = entry.code;
      m.fp = fp;
      m.ip = 0;
      run(m);
      const values = f.results.map((t, k) => readValue(m, t, fp + 8 * (args.length + k), model));
      return { values, memory: m.memory, steps: m.steps };
    } finally {
      m.fn = saved.fn; m.code = saved.code; m.ip = saved.ip; m.fp = saved.fp; m.sp = saved.sp; m.depth = saved.depth;
    }
  }
}

/** The code of a frame that belongs to the host: no name, so traces leave it out. */
function hostFrame(handlers: DecodedFunction['handlers'], lists: readonly number[], values: number, names: ModuleNames): DecodedFunction {
  const empty = new Int32Array(0);
  return {
    name: '', handlers, code: new Int32Array(handlers.length * STRIDE), edges: empty, lists: Int32Array.from(lists), switches: [], traps: [],
    locations: empty, params: empty, frameWords: values * 8, slotBytes: 0, entrySteps: 0, table: names.table,
  };
}

/** A frame that calls `f` and halts: registers are the arguments, then the results, each wide enough for any type. */
function entryFrame(f: MirFunction, index: number, names: ModuleNames): DecodedFunction {
  const model = names.module.memoryModel, n = f.params.length;
  const lists = [n, ...f.params.flatMap((t, k) => [8 * k, wordsOf(t, model)])];
  const results = lists.length;
  lists.push(f.results.length, ...f.results.flatMap((t, k) => [8 * (n + k), wordsOf(t, model)]));
  const frame = hostFrame([call, halt], lists, n + f.results.length, names);
  frame.code[0] = index;
  frame.code[1] = 0;
  frame.code[2] = results;
  return frame;
}

/**
 * Runs one function of a fresh instance.
 *
 * @example
 * interpret(module, 'add', [2, 3]).values // => [5]
 */
export function interpret(module: Module, name: string, args: readonly (number | bigint | boolean)[], options: InterpreterOptions = {}): Interpretation {
  return new Interpreter(module, options).call(name, args);
}
