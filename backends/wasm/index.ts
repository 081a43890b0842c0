/**
 * The WebAssembly backend: MIR of the linear memory model to a binary module.
 *
 * Vectors of 256 bits are split (`lib/codegen/split-vectors.ts`). Per function: switches become tables
 * (`lower-switches.ts`), cycles get one entry (`make-reducible.ts`), instructions are selected (`select.ts`), values
 * are put on the wasm stack where they can be (`schedule.ts`) and in few locals else (`locals.ts`), control flow becomes
 * structured (`structure.ts`), and the result is encoded (`encode-function.ts`, `encode-module.ts`). What engines would
 * refuse for its size is refused here (`limits.ts`).
 */
import { computeDominators, thawModule } from '../../lib/analysis/index.ts';
import { UnsupportedError } from '../../lib/codegen/backend.ts';
import type { CompiledWasm, WasmBackend } from '../../lib/codegen/wasm-module.ts';
import { splitVectors } from '../../lib/codegen/split-vectors.ts';
import type { MirFunction, Module } from '../../lib/mir/module.ts';
import type { CodeList } from './code-list.ts';
import { encodeModule, type FinishedFunction } from './encode-module.ts';
import { detectFeatures, type WasmFeatures } from './features.ts';
import { assignLocals } from './locals.ts';
import { lowerSwitches } from './lower-switches.ts';
import { lowerTailCalls } from './lower-tail-calls.ts';
import { makeReducible } from './make-reducible.ts';
import { ModulePlan } from './module-plan.ts';
import { OP } from './opcodes.ts';
import { schedule } from './schedule.ts';
import { selectFunction } from './select.ts';
import { structure } from './structure.ts';
import { printWat } from './wat.ts';

export { detectFeatures, type WasmFeatures } from './features.ts';
export { WasmLimitError } from './limits.ts';

export interface WasmOptions {
  /** What the engine that will run the module has; default: what this process has. */
  readonly features?: WasmFeatures;
  /** Writes the name section, so that engines and tools show function names; default true. */
  readonly names?: boolean;
  /** The memory is imported (see `CompiledWasm.shared`) and may be used by several threads at once; default false. */
  readonly sharedMemory?: boolean;
}

/**
 * The backend as a value.
 *
 * @example
 * const { bytes } = wasm.compile(module);
 * WebAssembly.validate(bytes) // => true
 */
export const wasm: WasmBackend<WasmOptions> = {
  name: 'wasm',
  description: 'WebAssembly modules',
  compile: (m, options = {}) => {
    const { plan, functions } = compileFunctions(m, options);
    return encodeModule(plan, functions, { names: options.names ?? true });
  },
};

/**
 * The code the backend makes of a module, as text for people.
 *
 * @example
 * formatWat(module) // => '(module $demo\n  (memory (export "memory") 2 1024)\n ...'
 */
export function formatWat(m: Module, options: WasmOptions = {}): string {
  const { plan, functions } = compileFunctions(m, options);
  return printWat(plan, functions);
}

/** Everything but the encoding. */
function compileFunctions(given: Module, options: WasmOptions): { readonly plan: ModulePlan; readonly functions: readonly FinishedFunction[] } {
  const original = thawModule(given);
  if (original.memoryModel !== 'linear') throw new UnsupportedError('wasm', original.functions[0]?.name ?? original.name, 'the native memory model');
  const m = splitVectors(original);
  const plan = new ModulePlan(m, options.features ?? detectFeatures(), options.sharedMemory), functions: FinishedFunction[] = [];
  m.functions.forEach((f, k) => functions.push(compileFunction(f, plan, k >= original.functions.length, original.functions[k])));
  // Helpers may need helpers.
  for (let k = 0; k < plan.helpers.length; k++) functions.push(compileFunction(plan.helpers[k], plan, true));
  return { plan, functions };
}

/** `known` is the function as the module's user knows it, with vectors whole. */
function compileFunction(original: MirFunction, plan: ModulePlan, internal: boolean, known = original): FinishedFunction {
  const { f, cfg } = makeReducible(lowerSwitches(plan.features.tailCalls ? original : lowerTailCalls(original))), dom = computeDominators(cfg);
  const selected = selectFunction(f, cfg, plan), order = schedule(selected), locals = assignLocals(selected, order, dom);
  const code = structure(selected, order, locals, dom, plan);
  return {
    type: plan.typeNumber(f), signature: f, code, locals: locals.types.slice(f.params.length), blockType: usesResultLoop(code) ? plan.blockType(f.results) : -64,
    info: { name: f.name, params: known.params, results: known.results, internal },
  };
}

function usesResultLoop(code: CodeList): boolean {
  for (let k = 0; k < code.length; k++) if (code.op.data[k] === OP.loop && code.b.data[k] === 1) return true;
  return false;
}

export type { CompiledWasm };
