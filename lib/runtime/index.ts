/// <reference lib="esnext.disposable" preserve="true" />
/** Running compiled code: code memory, linear memory, guest threads, instances, traps, deadlines. */
export * from './native/errors.ts';
export { describeMachine, nativeAvailable, nativeBridge, requireMachine, type Machine } from './native/load.ts';
export type { NativeBridge } from './native/bridge.ts';
export { CodeArena, CodeBlock } from './code-memory.ts';
export { LinearMemory } from './linear-memory.ts';
export { DEFAULT_STACK_SIZE } from './guest-stack.ts';
export { GuestThread, type GuestThreadOptions } from './guest-thread.ts';
export { createImage, type ModuleImage } from './module-image.ts';
export { Instance, instantiate, type CallOptions, type InstanceOptions } from './instance.ts';
export type { HostFunction, ImportOptions } from './host-imports.ts';
export { contentHash } from './content-hash.ts';
export { nativeModule, type NativeModule } from './native-module.ts';
export { publishProgram, ProgramStore, type PublishedProgram, type RuntimeTarget } from './program.ts';
export { RuntimeCompiler, type CompileOptions, type RuntimeCompilerOptions } from './runtime-compiler.ts';
export { interruptThread, type InterruptAddress } from './interrupt.ts';
export { GuestFaultError, ImportError, RunInterruptedError } from './run-errors.ts';
export { RawTrapError, type RawTrap } from './traps.ts';
export { instantiateWasm, WasmInstance, type WasmHostFunction, type WasmInstanceOptions } from './wasm-instance.ts';
