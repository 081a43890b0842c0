/** Runs modules on the WebAssembly backend and the engine of this process; every module must validate. */
import { wasm } from '../../backends/wasm/index.ts';
import type { Module } from '../../lib/mir/index.ts';
import { Pipeline } from '../../lib/passes/index.ts';
import { instantiateWasm, type WasmHostFunction, type WasmInstance } from '../../lib/runtime/wasm-instance.ts';
import { wasmEngine } from '../../lib/runtime/wasm-engine.ts';
import { outcomeOf, type Executor } from '../conformance/run-table.ts';
import type { Scalar } from '../conformance/values.ts';
import { hostFunctions, type FuzzExecutor } from '../fuzz/program.ts';

export function wasmInstance(module: Module, imports?: Readonly<Record<string, WasmHostFunction>>): WasmInstance {
  const compiled = wasm.compile(module);
  if (wasmEngine()?.validate(compiled.bytes) !== true) explain(compiled.bytes);
  return instantiateWasm(compiled, { locations: module.locations, ...(imports === undefined ? {} : { imports }) });
}

/** Throws what the engine has against a module. */
function explain(bytes: Uint8Array): never {
  const engine = wasmEngine()!;
  void new engine.Module(bytes);
  throw new Error('the module does not validate');
}

/** Results of a call as a list. */
export function wasmCall(instance: WasmInstance, fn: string, args: readonly Scalar[]): readonly Scalar[] {
  const r = instance.call(fn, args) as Scalar | undefined | readonly Scalar[];
  return r === undefined ? [] : Array.isArray(r) ? r as Scalar[] : [r as Scalar];
}

const instances = new WeakMap<Module, WasmInstance>();

/** One instance per module, reset before each call. */
export const wasmExecutor: Executor = (module, fn, args) => {
  let it = instances.get(module);
  if (it === undefined || !it.reset()) instances.set(module, it = wasmInstance(module));
  return outcomeOf(() => wasmCall(it, fn, args));
};

/** WebAssembly as an executor of the fuzzer, as the module is or after a pipeline. */
export function wasmFuzz(level?: 'O1' | 'O2' | 'O3'): FuzzExecutor {
  const pipeline = level === undefined ? undefined : Pipeline.standard(level);
  return {
    name: level === undefined ? 'wasm' : `wasm ${level}`,
    run: (program) => {
      const it = wasmInstance(pipeline?.run(program.module).module ?? program.module, hostFunctions() as Readonly<Record<string, WasmHostFunction>>);
      const outcomes = program.calls.map((c) => outcomeOf(() => wasmCall(it, c.fn, c.args)));
      return { outcomes, memory: it.memory };
    },
  };
}
