/** What a WebAssembly backend gives: a binary module and what is needed to run it and to explain its traps. */
import type { Module } from '../mir/module.ts';
import type { MemoryModel, Type } from '../mir/types.ts';

/** A function of the binary module, imports first. */
export interface WasmFunctionInfo {
  readonly name: string;
  readonly params: readonly Type[];
  readonly results: readonly Type[];
  /** Added by the backend: traps in it belong to its caller. */
  readonly internal: boolean;
}

/**
 * A compiled module as plain data; may be cloned to a worker or cached.
 *
 * Imports are looked up as `env.<name>`. Narrow integers cross sign-extended, `i1` as 0 or 1, `ptr` as signed `i32`,
 * `i64` as bigint.
 */
export interface CompiledWasm {
  readonly architecture: 'wasm';
  readonly moduleName: string;
  readonly memoryModel: MemoryModel;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** In the order of the binary's function numbers. */
  readonly functions: readonly WasmFunctionInfo[];
  readonly importCount: number;
  /** Export name → function number. */
  readonly exports: Readonly<Record<string, number>>;
  /** Export names of the memory, of the global that explicit traps write, and of the linear stack pointer (if any). */
  readonly memoryExport: string;
  readonly trapExport: string;
  readonly stackExport: string | undefined;
  /** First value of the linear stack pointer, and the lowest it may take. */
  readonly stackTop: number;
  readonly stackLow: number;
  /** Set when the memory is one that threads share: then it is imported, and nobody has written `data` to it. */
  readonly shared: WasmSharedImport | undefined;
  readonly initialPages: number;
  readonly maximumPages: number;
  /** Initial contents of memory, where they are not zero; addresses ascend. */
  readonly data: readonly { readonly address: number; readonly bytes: Uint8Array }[];
  /** Instructions that may trap, and calls: (offset in `bytes`, what a trap there means, location), sorted by offset. */
  readonly sites: Int32Array;
  /** Which WebAssembly proposals the code uses where the engine has them. */
  readonly features: Readonly<Record<string, boolean>>;
}

/** How a module is given a memory that several threads use at once. */
export interface WasmSharedImport {
  /** The import's two names. */
  readonly module: string;
  readonly name: string;
  /** Export name of the global that holds the linear stack's lowest address for this instance, if there is a stack. */
  readonly stackLimitExport: string | undefined;
}

/** Numbers in {@link CompiledWasm.sites}: 1 + n is trap code n; these need the engine's message, or are calls. */
export const WASM_SITE = { division: 64, indirect: 65, call: 66 } as const;

/** A WebAssembly backend as a value, beside `Backend`: what it makes runs on an engine, not on a processor. */
export interface WasmBackend<Options> {
  readonly name: string;
  readonly description: string;
  /**
   * Compiles a verified module.
   *
   * @throws UnsupportedError for the native memory model and for what the engine lacks, and an error of the code
   *   `wasm-limit` for what is larger than engines take
   */
  compile(module: Module, options?: Options): CompiledWasm;
}
