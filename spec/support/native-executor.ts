/** Runs modules natively in this thread: compile, publish, instantiate; one instance per module. */
import { x86_64 } from '../../backends/x86_64/index.ts';
import { x86_64Stubs } from '../../backends/x86_64/stubs.ts';
import type { CompiledModule } from '../../lib/codegen/backend.ts';
import type { Module } from '../../lib/mir/index.ts';
import { CodeArena, GuestThread, createImage, instantiate, nativeBridge, type HostFunction, type Instance } from '../../lib/runtime/index.ts';
import { outcomeOf, type Executor } from '../conformance/run-table.ts';
import type { Scalar } from '../conformance/values.ts';

let thread: GuestThread | undefined, arena: CodeArena | undefined;

/** The thread of this process that runs guest code, made on first use. */
export function guestThread(): GuestThread { return thread ??= new GuestThread({ stubs: x86_64Stubs() }); }

/** Compiles and instantiates. The allocation is checked unless told otherwise. */
export function nativeInstance(module: Module, options: { imports?: Readonly<Record<string, HostFunction>>; check?: boolean; compiled?: CompiledModule } = {}): Instance {
  const compiled = options.compiled ?? x86_64.compile(module, { checkAllocation: options.check ?? true });
  const code = (arena ??= new CodeArena(nativeBridge())).publish(compiled.code);
  const instance = instantiate(createImage(module, compiled, code.address), { thread: guestThread(), code, ...(options.imports ? { imports: options.imports } : {}) });
  code.release();
  return instance;
}

/** Results of a native call as a list. */
export function nativeCall(instance: Instance, fn: string, args: readonly Scalar[]): readonly Scalar[] {
  const r = instance.call(fn, args) as Scalar | undefined | readonly Scalar[];
  return r === undefined ? [] : Array.isArray(r) ? r as Scalar[] : [r as Scalar];
}

const instances = new WeakMap<Module, Instance>();

/** Runs on native code, one instance per module, reset before each call. */
export const nativeExecutor: Executor = (module, fn, args) => {
  let it = instances.get(module);
  if (it === undefined) instances.set(module, it = nativeInstance(module)); else it.reset();
  return outcomeOf(() => nativeCall(it, fn, args));
};
