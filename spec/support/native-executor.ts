/** Runs modules natively in this thread: compile, publish, instantiate; one instance per module. */
import { featuresOfLevel, X86_LEVEL_NAMES, type X86Level } from '../../backends/x86_64/index.ts';
import type { CompiledModule } from '../../lib/codegen/backend.ts';
import { hostTarget, missingFeatures } from '../../lib/host-target.ts';
import type { Module } from '../../lib/mir/index.ts';
import { CodeArena, GuestThread, createImage, instantiate, nativeBridge, type HostFunction, type Instance } from '../../lib/runtime/index.ts';
import { outcomeOf, type Executor } from '../conformance/run-table.ts';
import type { Scalar } from '../conformance/values.ts';

let thread: GuestThread | undefined, arena: CodeArena | undefined;

/** The thread of this process that runs guest code, made on first use. */
export function guestThread(): GuestThread { return thread ??= new GuestThread({ stubs: hostTarget().stubs }); }

/** How {@link nativeInstance} compiles. `features`: a level, or the machine's own. */
export interface NativeOptions { imports?: Readonly<Record<string, HostFunction>>; check?: boolean; compiled?: CompiledModule; features?: X86Level | 'machine' }

/** Levels that this machine has. */
export function machineLevels(): readonly X86Level[] { return X86_LEVEL_NAMES.filter((l) => missingFeatures(featuresOfLevel(l)).length === 0); }

/** Compiles and instantiates. The allocation is checked unless told otherwise. @throws MissingFeaturesError */
export function nativeInstance(module: Module, options: NativeOptions = {}): Instance {
  const { backend } = hostTarget(options.features === undefined || options.features === 'machine' ? undefined : options.features);
  const compiled = options.compiled ?? backend.compile(module, { checkAllocation: options.check ?? true });
  return publishNative(module, compiled, options.imports);
}

/** An instance of code that has been compiled for this machine. */
export function publishNative(module: Module, compiled: CompiledModule, imports?: Readonly<Record<string, HostFunction>>): Instance {
  const code = (arena ??= new CodeArena(nativeBridge())).publish(compiled.code);
  const instance = instantiate(createImage(module, compiled, code.address), { thread: guestThread(), code, ...(imports ? { imports } : {}) });
  code.release();
  return instance;
}

/** Results of a native call as a list. */
export function nativeCall(instance: Instance, fn: string, args: readonly Scalar[]): readonly Scalar[] {
  const r = instance.call(fn, args) as Scalar | undefined | readonly Scalar[];
  return r === undefined ? [] : Array.isArray(r) ? r as Scalar[] : [r as Scalar];
}

/** Runs on native code for a level of processor features, one instance per module, reset before each call. */
export function nativeExecutorAt(features: X86Level | 'machine'): Executor {
  const instances = new WeakMap<Module, Instance>();
  return (module, fn, args) => {
    let it = instances.get(module);
    if (it === undefined) instances.set(module, it = nativeInstance(module, { features })); else it.reset();
    return outcomeOf(() => nativeCall(it, fn, args));
  };
}

/** The same for all that this machine has. */
export const nativeExecutor: Executor = nativeExecutorAt('machine');
