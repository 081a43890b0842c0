/** What a backend is: a value that turns a verified module into machine code. */
import { LamellaError } from '../mir/errors.ts';
import type { Module } from '../mir/module.ts';
import type { MemoryModel, Type } from '../mir/types.ts';

/** Code of one function inside {@link CompiledModule.code}. */
export interface CompiledFunction {
  readonly name: string;
  readonly params: readonly Type[];
  readonly results: readonly Type[];
  /** Only hands on what the host passes to the function proper, a later one of the same name; no part of traces. */
  readonly boundary?: true;
  /** Offset of its first instruction and bytes of code. */
  readonly offset: number;
  readonly size: number;
  /** Bytes between the stack pointer in the body and the return address. */
  readonly frameSize: number;
  /** Bytes of linear stack its slots take. */
  readonly linearFrameSize: number;
}

/**
 * A place where code may stop, by code offset. Hardware faults (division, memory access) and explicit trap
 * instructions both have one. `trap` indexes `TRAP_CODES`. For a division, `divisor` names the register (and bits)
 * that tells zero from overflow: `register | bits << 8`, else −1.
 */
export interface TrapSite { readonly offset: number; readonly trap: number; readonly loc: number; readonly divisor: number }

/**
 * Machine code of a module, position-independent, without relocations: everything outside is reached through the
 * run context. Plain data; may be cloned to a worker or cached.
 */
export interface CompiledModule {
  readonly architecture: string;
  /** Names of the processor features it may use beyond the architecture's own. */
  readonly requires: readonly string[];
  readonly moduleName: string;
  readonly memoryModel: MemoryModel;
  readonly code: Uint8Array;
  readonly functions: readonly CompiledFunction[];
  /** Sorted by offset. */
  readonly trapSites: readonly TrapSite[];
  /** Source lines: triples (code offset, loc, function index), sorted by offset; each holds up to the next. */
  readonly lines: Int32Array;
  /** Entries of the function table: code offset of the function or −1, and its signature's number. */
  readonly table: readonly { readonly offset: number; readonly signature: number }[];
  /** Positions of values at `stack_map` and `patch_point` instructions. */
  readonly stackMaps: readonly StackMap[];
}

/**
 * Where the live values of a stack map are: register number, or `frame` byte offset from the stack pointer. A `v256` on a
 * target without registers of that width has two entries, the low half first.
 */
export interface StackMap {
  readonly id: number;
  readonly offset: number;
  readonly bytes: number;
  readonly live: readonly ({ readonly register: number } | { readonly frame: number })[];
}

export interface CodegenOptions {
  /** Runs the symbolic allocation checker on every function (slow; on in tests). */
  readonly checkAllocation?: boolean;
}

/** One architecture as a value. */
export interface Backend {
  readonly name: string;
  readonly description: string;
  /** Tells apart backends of one name that make different code (for other processor features). Part of every cache key. */
  readonly variant?: string;
  /** Compiles a verified module. @throws UnsupportedError for an instruction it has no code for */
  compile(module: Module, options?: CodegenOptions): CompiledModule;
}

/** The module is valid, but this backend has no code for one of its instructions. */
export class UnsupportedError extends LamellaError {
  readonly backend: string;
  readonly functionName: string;
  readonly instruction: string;
  constructor(backend: string, functionName: string, instruction: string) {
    super('unsupported', `unsupported by this backend: ${instruction} in function ${functionName} (backend ${backend})`,
      'Run the module with the interpreter, or rewrite the instruction with supported ones.');
    this.backend = backend;
    this.functionName = functionName;
    this.instruction = instruction;
  }
}
