/** What a function being written may ask of the module being built. */
import type { MemoryModel, Value } from '../lib/mir/index.ts';
import type { FunctionContext } from './context.ts';
import type { LocationRecorder, Origin } from './location.ts';
import type { RuntimeMemoryType, RuntimeType } from './types.ts';

/** A function as declared: its body is traced when a module that uses it is built. */
export interface FunctionDefinition {
  readonly name: string;
  readonly params: readonly RuntimeType[];
  readonly results: readonly RuntimeType[];
  readonly origin: Origin;
  body: ((b: unknown, ...args: readonly unknown[]) => unknown) | undefined;
}
/** An import as declared. */
export interface HostDefinition {
  readonly name: string;
  readonly params: readonly RuntimeType[];
  readonly results: readonly RuntimeType[];
  readonly origin: Origin;
  readonly kind: 'js' | 'libc';
  readonly capability: import('../lib/mir/index.ts').Capability;
  readonly buffers: readonly import('../lib/mir/index.ts').BufferParameter[];
}
/** A global as declared. */
export interface GlobalDefinition {
  readonly name: string;
  readonly type: RuntimeMemoryType;
  readonly mutable: boolean;
  readonly origin: Origin;
  /** Initial bytes under a memory model; undefined is all zero. */
  readonly bytes: (model: MemoryModel) => Uint8Array | undefined;
}
/** A table of functions as declared. */
export interface TableDefinition {
  readonly name: string;
  readonly params: readonly RuntimeType[];
  readonly results: readonly RuntimeType[];
  readonly entries: readonly (FunctionDefinition | null)[];
  readonly origin: Origin;
}

export interface ModuleContext {
  readonly name: string;
  readonly memoryModel: MemoryModel;
  readonly locations: LocationRecorder;
  /** Makes sure a function is part of the module. */
  useFunction(f: FunctionDefinition): void;
  /** Makes sure an import is declared. @throws UsageError when it is not */
  useHost(h: HostDefinition, by: string): void;
  useGlobal(g: GlobalDefinition): void;
  /** A constant: the first index of a table in the module's function table. */
  tableBase(c: FunctionContext, t: TableDefinition): Value;
  /** A constant: the index of a function in the module's function table. */
  functionIndex(c: FunctionContext, f: FunctionDefinition): Value;
  /** Says that there are references to functions. */
  useReferences(): void;
  /** A constant that becomes the heap's base when the module is complete. */
  heapBase(c: FunctionContext): Value;
}
