/**
 * Runs compiled WebAssembly in this thread: anywhere there is an engine, a browser too. Nothing here needs Node.
 */
import type { CompiledWasm, WasmFunctionInfo } from '../codegen/wasm-module.ts';
import { UsageError } from '../mir/errors.ts';
import type { SourceLocation } from '../mir/module.ts';
import { surfaceSignature, type Surface, type SurfaceSignature } from '../mir/surface.ts';
import { formatSignature } from '../mir/types.ts';
import { hintFor, showValue, type BoundaryValue } from './boundary.ts';
import { requireEngine, type WasmEngineModule, type WasmGlobal, type WasmMemory, type WasmSharedMemory } from './wasm-engine.ts';
import { readWasmTrap } from './wasm-traps.ts';
import { slotsOf } from './wasm-values.ts';
import { adapt, needsAdapter } from './wasm-vector-adapter.ts';

/** A JavaScript function for an import. */
export type WasmHostFunction = (...args: never[]) => unknown;
type Results = BoundaryValue | undefined | readonly BoundaryValue[];

export interface WasmInstanceOptions {
  readonly imports?: Readonly<Record<string, WasmHostFunction>>;
  /** The module's locations, so that traps say where in the source they happened. */
  readonly locations?: readonly SourceLocation[];
  /** What the source language knew of signatures, by function name. */
  readonly surface?: Surface;
  /** The bytes as the engine compiled them before. */
  readonly engineModule?: WasmEngineModule;
  /** Needed exactly when the module was compiled for a shared memory: that memory, and the part of the stack that is this instance's. */
  readonly shared?: WasmSharedPart;
}

/** One instance's part in a memory that others use at the same time. Whoever made the memory has written its first bytes. */
export interface WasmSharedPart { readonly memory: WasmSharedMemory; readonly stackLow: number; readonly stackHigh: number }

/**
 * One instance of a compiled module: its memory lives on between calls.
 *
 * @example
 * const it = instantiateWasm(wasm.compile(module));
 * it.call('fib', [10n]) // => 55n
 */
export class WasmInstance {
  readonly compiled: CompiledWasm;
  readonly exports: Readonly<Record<string, (...args: readonly unknown[]) => Results>>;
  readonly #memory: WasmMemory | WasmSharedMemory;
  readonly #trap: WasmGlobal;
  readonly #stack: WasmGlobal | undefined;
  readonly #locations: readonly SourceLocation[];
  /** What a host function threw last: it passes through wasm code unchanged. */
  #thrown: unknown;

  constructor(compiled: CompiledWasm, options: WasmInstanceOptions = {}) {
    this.compiled = compiled;
    this.#locations = options.locations ?? [];
    const engine = requireEngine(), module = options.engineModule ?? new engine.Module(compiled.bytes);
    const env: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (let k = 0; k < compiled.importCount; k++) {
      const f = compiled.functions[k];
      env[f.name] = this.#bindImport(f, options.imports !== undefined && Object.hasOwn(options.imports, f.name) ? options.imports[f.name] : undefined, surfaceSignature(options.surface, f.name));
    }
    const part = options.shared;
    if ((part === undefined) !== (compiled.shared === undefined)) {
      throw new UsageError(`module ${JSON.stringify(compiled.moduleName)} was compiled ${part === undefined ? 'for a shared memory, and none is given' : 'for a memory of its own, and a shared one is given'}`, 'Compile it with the option sharedMemory exactly when you pass `shared`.');
    }
    const imports = compiled.shared === undefined ? { env } : { env, [compiled.shared.module]: { [compiled.shared.name]: part?.memory } };
    const raw = new engine.Instance(module, imports).exports;
    this.#memory = part?.memory ?? raw[compiled.memoryExport] as WasmMemory;
    this.#trap = raw[compiled.trapExport] as WasmGlobal;
    this.#stack = compiled.stackExport === undefined ? undefined : raw[compiled.stackExport] as WasmGlobal;
    if (part !== undefined && compiled.shared?.stackLimitExport !== undefined && this.#stack !== undefined) {
      (raw[compiled.shared.stackLimitExport] as WasmGlobal).value = part.stackLow;
      this.#stack.value = part.stackHigh;
    }
    const exports = Object.create(null) as Record<string, (...args: readonly unknown[]) => Results>;
    for (const [name, k] of Object.entries(compiled.exports)) {
      const f = compiled.functions[k];
      exports[name] = this.#bindExport(name, f, raw[name] as (...args: (number | bigint)[]) => unknown, surfaceSignature(options.surface, f.name));
    }
    this.exports = Object.freeze(exports);
  }

  /** The linear memory; another array after it has grown. @throws UsageError for a shared memory, which belongs to its maker */
  get memory(): Uint8Array<ArrayBuffer> {
    const { buffer } = this.#memory;
    if (!(buffer instanceof ArrayBuffer)) throw new UsageError('this instance has no memory of its own', 'Use the shared memory that it was given.');
    return new Uint8Array(buffer);
  }
  /** Bytes of the linear memory, its own or shared. */
  get memorySize(): number { return this.#memory.buffer.byteLength; }

  /**
   * Calls an exported function.
   *
   * @throws TrapError when it traps, UsageError for a wrong name or arguments, and whatever a host function threw
   */
  call(name: string, args: readonly unknown[] = []): Results {
    if (!Object.hasOwn(this.exports, name)) {
      throw new UsageError(`module ${JSON.stringify(this.compiled.moduleName)} has no export ${JSON.stringify(name)}`, `It exports: ${Object.keys(this.exports).join(', ') || 'nothing'}.`);
    }
    return this.exports[name](...args);
  }

  /** Memory as it was at first; false when it has grown, which only a new instance undoes. */
  reset(): boolean {
    const memory = this.memory;
    if (memory.length !== this.compiled.initialPages * 65536) return false;
    memory.fill(0);
    for (const d of this.compiled.data) memory.set(d.bytes, d.address);
    if (this.#stack !== undefined) this.#stack.value = this.compiled.stackTop;
    return true;
  }

  #bindExport(name: string, f: WasmFunctionInfo, raw: (...args: (number | bigint)[]) => unknown, surface: SurfaceSignature | undefined): (...args: readonly unknown[]) => Results {
    const params = slotsOf(f.params, surface?.params), results = slotsOf(f.results, surface?.results);
    const total = results.reduce((n, r) => n + r.count, 0), call = needsAdapter(f.params, f.results) ? adapt(requireEngine(), raw, f.params, f.results, 'guest') : raw;
    return (...args) => {
      if (args.length !== params.length) throw new UsageError(`${name} takes ${params.length} arguments, got ${args.length}`, `Its type is ${formatSignature(f)}.`);
      const values: (number | bigint)[] = [];
      for (let k = 0; k < params.length; k++) {
        const { type, surface: s, write } = params[k];
        if (!write(args[k], values)) throw new UsageError(`argument ${k} of ${name} is ${showValue(args[k])}, which is not a value of type ${s ?? type}`, hintFor(type, s));
      }
      const stack = this.#stack?.value;
      let result: unknown;
      try {
        result = call(...values);
      } catch (error) {
        if (this.#stack !== undefined && stack !== undefined) this.#stack.value = stack;
        throw this.#translate(error);
      }
      if (results.length === 0) return undefined;
      const given = total === 1 ? [result as number | bigint] : result as (number | bigint)[];
      if (results.length === 1) return results[0].read(given, 0);
      let at = 0;
      return results.map((r) => { const v = r.read(given, at); at += r.count; return v; });
    };
  }

  #translate(error: unknown): unknown {
    const explicit = Number(this.#trap.value);
    this.#trap.value = 0;
    if (error !== undefined && error === this.#thrown) {
      this.#thrown = undefined;
      return error;
    }
    return readWasmTrap(error, explicit, this.compiled, this.#locations) ?? error;
  }

  #bindImport(f: WasmFunctionInfo, given: WasmHostFunction | undefined, surface: SurfaceSignature | undefined): (...args: (number | bigint)[]) => unknown {
    const params = slotsOf(f.params, surface?.params), results = slotsOf(f.results, surface?.results);
    if (typeof given !== 'function') {
      throw new UsageError(`import ${f.name} ${given === undefined ? 'has no implementation' : `is ${showValue(given)}, not a function`}`, `Pass a function of type ${formatSignature(f)} in imports: { ${f.name}: ... }.`);
    }
    const call = given as unknown as (...args: unknown[]) => unknown;
    const serve = (...args: (number | bigint)[]): unknown => {
      try {
        let at = 0;
        const value = call(...params.map((p) => { const v = p.read(args, at); at += p.count; return v; }));
        if (results.length === 0) return undefined;
        const given: readonly unknown[] | undefined = results.length === 1 ? [value] : Array.isArray(value) ? value : undefined;
        if (given?.length !== results.length) {
          throw new UsageError(`host function ${f.name} gave ${given === undefined ? showValue(value) : `${given.length} values`}`, `Return an array of ${results.length} values: ${formatSignature(f)}.`);
        }
        const values: (number | bigint)[] = [];
        for (let k = 0; k < results.length; k++) {
          const { type, surface: s, write } = results[k];
          if (!write(given[k], values)) throw new UsageError(`result${results.length > 1 ? ` ${k}` : ''} of host function ${f.name} is ${showValue(given[k])}, which is not a value of type ${s ?? type}`, hintFor(type, s));
        }
        return values.length === 1 ? values[0] : values;
      } catch (error) {
        this.#thrown = error;
        throw error;
      }
    };
    return needsAdapter(f.params, f.results) ? adapt(requireEngine(), serve, f.params, f.results, 'host') : serve;
  }
}

/** A fresh instance of a compiled module. */
export function instantiateWasm(compiled: CompiledWasm, options: WasmInstanceOptions = {}): WasmInstance {
  return new WasmInstance(compiled, options);
}
