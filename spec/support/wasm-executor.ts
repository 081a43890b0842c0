/** Runs modules on the WebAssembly backend and the engine of this process; every module must validate. */
import { detectFeatures, wasm, type WasmFeatures } from '../../backends/wasm/index.ts';
import type { Module } from '../../lib/mir/index.ts';
import { instantiateWasm, type WasmHostFunction, type WasmInstance } from '../../lib/runtime/wasm-instance.ts';
import { wasmEngine } from '../../lib/runtime/wasm-engine.ts';
import { outcomeOf, type Executor } from '../conformance/run-table.ts';
import type { Scalar } from '../conformance/values.ts';
import type { FuzzExecutor, Runner } from '../fuzz/executor.ts';
import { moduleAt, type FuzzLevel } from '../fuzz/levels.ts';
import { hostFunctions } from '../fuzz/program.ts';

const features = detectFeatures();

/** Compiles, validates and instantiates. */
export function wasmInstance(module: Module, imports?: Readonly<Record<string, WasmHostFunction>>): WasmInstance {
  const compiled = wasm.compile(module, { features });
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

const HOST = hostFunctions() as Readonly<Record<string, WasmHostFunction>>;

/** The engine validates what it compiles, and refuses what is not valid; a thorough program is validated as a step of its own too. */
function makeRunner(used: WasmFeatures): Runner {
  return {
    name: 'wasm',
    compile: (program, module, thorough) => {
      const compiled = wasm.compile(module, { features: used }), engine = wasmEngine()!;
      if (thorough && !engine.validate(compiled.bytes)) explain(compiled.bytes);
      const engineModule = new engine.Module(compiled.bytes);
      return () => {
        const it = instantiateWasm(compiled, { locations: module.locations, imports: HOST, engineModule });
        const outcomes = program.calls.map((c) => outcomeOf(() => wasmCall(it, c.fn, c.args)));
        return { outcomes, memory: it.memory };
      };
    },
  };
}
const engineRunner = makeRunner(features), withoutTailCalls = makeRunner({ ...features, tailCalls: false });

/** WebAssembly as an executor of the fuzzer, as the module is or after a pipeline, with all that the engine has or without its tail calls. */
export function wasmFuzz(level?: FuzzLevel, tailCalls = true): FuzzExecutor {
  return {
    name: `wasm${level === undefined ? '' : ` ${level}`}${tailCalls ? '' : ' without tail calls'}`, runner: tailCalls ? engineRunner : withoutTailCalls, places: level === undefined && tailCalls,
    prepare: (m, thorough) => level === undefined ? m : moduleAt(m, level, thorough),
  };
}
