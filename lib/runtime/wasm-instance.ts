/**
 * Runs compiled WebAssembly in this thread: anywhere there is an engine, a browser too. Nothing here needs Node.
 */
import type { CompiledWasm, WasmFunctionInfo } from '../codegen/wasm-module.ts';
import { UsageError } from '../mir/errors.ts';
import type { SourceLocation } from '../mir/module.ts';
import { surfaceSignature, type Surface, type SurfaceSignature } from '../mir/surface.ts';
import { formatSignature, isVector } from '../mir/types.ts';
import { hintFor, showValue, type BoundaryValue } from './boundary.ts';
import { wasmEngine, type WasmEngine, type WasmEngineModule, type WasmGlobal, type WasmMemory } from './wasm-engine.ts';
import { readWasmTrap } from './wasm-traps.ts';
import { fromWasm, toWasm } from './wasm-values.ts';

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
}

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
  readonly #memory: WasmMemory;
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
    const raw = new engine.Instance(module, { env }).exports;
    this.#memory = raw[compiled.memoryExport] as WasmMemory;
    this.#trap = raw[compiled.trapExport] as WasmGlobal;
    this.#stack = compiled.stackExport === undefined ? undefined : raw[compiled.stackExport] as WasmGlobal;
    const exports = Object.create(null) as Record<string, (...args: readonly unknown[]) => Results>;
    for (const [name, k] of Object.entries(compiled.exports)) {
      const f = compiled.functions[k];
      exports[name] = this.#bindExport(name, f, raw[name] as (...args: (number | bigint)[]) => unknown, surfaceSignature(options.surface, f.name));
    }
    this.exports = Object.freeze(exports);
  }

  /** The linear memory; another array after it has grown. */
  get memory(): Uint8Array<ArrayBuffer> { return new Uint8Array(this.#memory.buffer); }

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
    const stores = f.params.map((t, k) => toWasm(t, surface?.params[k])), loads = f.results.map((t, k) => fromWasm(t, surface?.results[k]));
    return (...args) => {
      if (args.length !== stores.length) throw new UsageError(`${name} takes ${stores.length} arguments, got ${args.length}`, `Its type is ${formatSignature(f)}.`);
      const values = args.map((v, k) => {
        const n = stores[k](v);
        if (n === undefined) {
          const s = surface?.params[k];
          throw new UsageError(`argument ${k} of ${name} is ${showValue(v)}, which is not a value of type ${s ?? f.params[k]}`, isVector(f.params[k]) ? 'Pass vectors through memory: WebAssembly has no form of them for JavaScript.' : hintFor(f.params[k], s));
        }
        return n;
      });
      const stack = this.#stack?.value;
      let result: unknown;
      try {
        result = raw(...values);
      } catch (error) {
        if (this.#stack !== undefined && stack !== undefined) this.#stack.value = stack;
        throw this.#translate(error);
      }
      switch (loads.length) {
        case 0: return undefined;
        case 1: return loads[0](result as number | bigint);
        default: return (result as (number | bigint)[]).map((v, k) => loads[k](v));
      }
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
    const loads = f.params.map((t, k) => fromWasm(t, surface?.params[k])), stores = f.results.map((t, k) => toWasm(t, surface?.results[k]));
    if (typeof given !== 'function') {
      throw new UsageError(`import ${f.name} ${given === undefined ? 'has no implementation' : `is ${showValue(given)}, not a function`}`, `Pass a function of type ${formatSignature(f)} in imports: { ${f.name}: ... }.`);
    }
    const call = given as unknown as (...args: unknown[]) => unknown;
    const store = (k: number, value: unknown): number | bigint => {
      const n = stores[k](value), s = surface?.results[k];
      if (n === undefined) throw new UsageError(`result${stores.length > 1 ? ` ${k}` : ''} of host function ${f.name} is ${showValue(value)}, which is not a value of type ${s ?? f.results[k]}`, hintFor(f.results[k], s));
      return n;
    };
    return (...args) => {
      try {
        const value = call(...args.map((v, k) => loads[k](v)));
        if (stores.length === 0) return undefined;
        if (stores.length === 1) return store(0, value);
        if (!Array.isArray(value) || value.length !== stores.length) {
          throw new UsageError(`host function ${f.name} gave ${Array.isArray(value) ? `${value.length} values` : showValue(value)}`, `Return an array of ${stores.length} values: ${formatSignature(f)}.`);
        }
        return value.map((v, k) => store(k, v));
      } catch (error) {
        this.#thrown = error;
        throw error;
      }
    };
  }
}

function requireEngine(): WasmEngine {
  const engine = wasmEngine();
  if (engine === undefined) throw new UsageError('this process has no WebAssembly engine', 'Run the module natively or with the interpreter.');
  return engine;
}

/** A fresh instance of a compiled module. */
export function instantiateWasm(compiled: CompiledWasm, options: WasmInstanceOptions = {}): WasmInstance {
  return new WasmInstance(compiled, options);
}
