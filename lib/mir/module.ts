/**
 * Modules, functions and blocks as plain frozen data: safe to share between versions, to keep as a cache key's
 * subject, and to `structuredClone` to a worker. Behaviour lives in functions beside them, never on them.
 */
import type { Instruction, Terminator, Value } from './instruction.ts';
import type { MemoryModel, Signature, Type } from './types.ts';

/** A straight run of instructions. The entry block's parameters are the function's parameters. */
export interface Block {
  readonly params: readonly Value[];
  readonly instructions: readonly Instruction[];
  readonly terminator: Terminator;
  /** For people only. */
  readonly name?: string;
}

/** Memory private to one activation. `size` in bytes (at least 1), `align` a power of two up to 16. */
export interface StackSlot { readonly size: number; readonly align: number; readonly name?: string }

export interface MirFunction extends Signature {
  readonly name: string;
  /** Type of every value, indexed by value; its length is the number of values. */
  readonly valueTypes: readonly Type[];
  readonly blocks: readonly Block[];
  readonly slots: readonly StackSlot[];
  /** Names of values, for people; sparse. */
  readonly valueNames?: Readonly<Record<number, string>>;
  readonly loc: number;
}

/** What a host must grant before an import is callable. */
export type Capability = 'none' | 'syscall' | 'file-io' | 'network' | 'symbol';

/**
 * A function the host supplies. `kind: 'js'` is a JavaScript function given at run time under `name`;
 * `kind: 'libc'` is the C library's symbol `name`, called for real when granted.
 */
export interface Import extends Signature {
  readonly name: string;
  readonly kind: 'js' | 'libc';
  readonly capability: Capability;
  /** For `libc`: which `ptr` parameters are buffers and which parameter holds their length in bytes. */
  readonly buffers?: readonly BufferParameter[];
  readonly loc: number;
}
/** The buffer at parameter `pointer` is `length` bytes long, the value of another parameter, or NUL-terminated text. */
export interface BufferParameter { readonly pointer: number; readonly length: number | 'nul-terminated'; readonly access: 'read' | 'write' }

/** Static data. In the linear model its address is fixed by {@link layoutModule} (see `layout.ts`). */
export interface Global {
  readonly name: string;
  /** Bytes, at least 1. */
  readonly size: number;
  /** Power of two up to 4096. */
  readonly align: number;
  /** Initial bytes; shorter than `size` is zero-filled, absent is all zero. */
  readonly bytes?: Uint8Array;
  readonly mutable: boolean;
}

/** Linear memory limits in 64 KiB pages, and the bytes of it kept for stack slots. */
export interface MemorySpec {
  readonly initialPages: number;
  readonly maximumPages: number;
  /** Bytes of the linear stack on which stack slots live (multiple of 16). */
  readonly stackSize: number;
}

/** A place in the user's source. Lines and columns count from 1. */
export interface SourceLocation { readonly file: string; readonly line: number; readonly column: number }

export interface Module {
  readonly name: string;
  readonly memoryModel: MemoryModel;
  readonly memory: MemorySpec;
  readonly functions: readonly MirFunction[];
  readonly imports: readonly Import[];
  readonly globals: readonly Global[];
  /** The function table for indirect calls: names of functions, or null for an empty entry. */
  readonly table: readonly (string | null)[];
  /** Exported name to function name. */
  readonly exports: Readonly<Record<string, string>>;
  /** Index 0 is the unknown location. */
  readonly locations: readonly SourceLocation[];
}

/** The unknown location, always at index 0 of {@link Module.locations}. */
export const UNKNOWN_LOCATION: SourceLocation = Object.freeze({ file: '', line: 0, column: 0 });

/** Most parameters or results a function may have; a `v256` counts as two. */
export const MAX_ARITY = 250;

/** What a list of parameters or results counts towards {@link MAX_ARITY}. */
export function arityOf(types: readonly Type[]): number {
  let n = types.length;
  for (let k = 0; k < types.length; k++) if (types[k] === 'v256') n++;
  return n;
}

/** The default memory: nothing but the linear stack and globals to start with, growable to 64 MiB. */
export const DEFAULT_MEMORY: MemorySpec = Object.freeze({ initialPages: 2, maximumPages: 1024, stackSize: 65536 });

/** Numeric index of each function by name. Build once per use, not per instruction. */
export function functionIndex(m: Module): ReadonlyMap<string, number> {
  const map = new Map<string, number>();
  for (let i = 0; i < m.functions.length; i++) map.set(m.functions[i].name, i);
  return map;
}

/** The signature of a function or import by name, or undefined. */
export function signatureTable(m: Module): ReadonlyMap<string, Signature> {
  const map = new Map<string, Signature>();
  for (const i of m.imports) map.set(i.name, i);
  for (const f of m.functions) map.set(f.name, f);
  return map;
}

/** Freezes a function and everything in it. Already frozen parts are left as they are, so sharing is free. */
export function freezeFunction(f: MirFunction): MirFunction {
  if (Object.isFrozen(f)) return f;
  Object.freeze(f.params); Object.freeze(f.results); Object.freeze(f.valueTypes);
  for (const s of f.slots) Object.freeze(s);
  Object.freeze(f.slots);
  if (f.valueNames) Object.freeze(f.valueNames);
  for (const b of f.blocks) freezeBlock(b);
  Object.freeze(f.blocks);
  return Object.freeze(f);
}

function freezeBlock(b: Block): void {
  if (Object.isFrozen(b)) return;
  Object.freeze(b.params);
  for (const i of b.instructions) {
    switch (i.kind) {
      case 'call': Object.freeze(i.args); Object.freeze(i.results); break;
      case 'call_indirect': freezeSignature(i.signature); Object.freeze(i.args); Object.freeze(i.results); break;
      case 'vector': Object.freeze(i.args); break;
      case 'shuffle': Object.freeze(i.mask); break;
      case 'stack_map': case 'patch_point': Object.freeze(i.live); break;
      default: break;
    }
    Object.freeze(i);
  }
  Object.freeze(b.instructions);
  freezeTerminator(b.terminator);
  Object.freeze(b);
}

function freezeSignature(s: Signature): void {
  Object.freeze(s.params);
  Object.freeze(s.results);
  Object.freeze(s);
}

function freezeTerminator(t: Terminator): void {
  switch (t.kind) {
    case 'jump': Object.freeze(t.target.args); Object.freeze(t.target); break;
    case 'br': Object.freeze(t.then.args); Object.freeze(t.then); Object.freeze(t.else.args); Object.freeze(t.else); break;
    case 'switch':
      for (const c of t.cases) { Object.freeze(c.target.args); Object.freeze(c.target); Object.freeze(c); }
      Object.freeze(t.cases); Object.freeze(t.default.args); Object.freeze(t.default);
      break;
    case 'ret': case 'tail_call': Object.freeze(t.args); break;
    case 'tail_call_indirect': freezeSignature(t.signature); Object.freeze(t.args); break;
    case 'trap': break;
    default: t satisfies never;
  }
  Object.freeze(t);
}

/**
 * Freezes a module deeply (the bytes of globals excepted: typed arrays cannot be frozen, so they are copied instead
 * whenever a module crosses a boundary).
 *
 * @returns the same object, frozen
 */
export function freezeModule(m: Module): Module {
  if (Object.isFrozen(m)) return m;
  for (const f of m.functions) freezeFunction(f);
  for (const i of m.imports) { Object.freeze(i.params); Object.freeze(i.results); if (i.buffers) { i.buffers.forEach(Object.freeze); Object.freeze(i.buffers); } Object.freeze(i); }
  for (const g of m.globals) Object.freeze(g);
  for (const l of m.locations) Object.freeze(l);
  Object.freeze(m.functions); Object.freeze(m.imports); Object.freeze(m.globals); Object.freeze(m.table);
  Object.freeze(m.exports); Object.freeze(m.locations); Object.freeze(m.memory);
  return Object.freeze(m);
}
