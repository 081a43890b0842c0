/** The parts of the WebAssembly JavaScript interface that are used here; the compiler's library has them only for browsers. */
import { UsageError } from '../mir/errors.ts';

export interface WasmMemory { readonly buffer: ArrayBuffer }
/** A memory that threads share; cloned to another thread it is the same memory. */
export interface WasmSharedMemory { readonly buffer: SharedArrayBuffer; grow(pages: number): number }
export interface WasmGlobal { value: number | bigint }
export interface WasmEngineInstance { readonly exports: Readonly<Record<string, unknown>> }
/** A compiled module of the engine; can be cloned to workers. */
export interface WasmEngineModule { readonly [Symbol.toStringTag]: string }

export interface WasmEngine {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => WasmEngineModule;
  readonly Instance: new (module: WasmEngineModule, imports?: Readonly<Record<string, Readonly<Record<string, unknown>>>>) => WasmEngineInstance;
  readonly Memory: new (limits: { readonly initial: number; readonly maximum?: number; readonly shared?: boolean }) => WasmMemory | WasmSharedMemory;
  readonly RuntimeError: new (message?: string) => Error;
  readonly CompileError: new (message?: string) => Error;
  compile(bytes: Uint8Array): Promise<WasmEngineModule>;
}

/** The engine of this process, or undefined. */
export function wasmEngine(): WasmEngine | undefined {
  return (globalThis as { readonly WebAssembly?: WasmEngine }).WebAssembly;
}

/** The same where there must be one. @throws UsageError when this process has none */
export function requireEngine(): WasmEngine {
  const engine = wasmEngine();
  if (engine === undefined) throw new UsageError('this process has no WebAssembly engine', 'Run the module natively or with the interpreter.');
  return engine;
}
