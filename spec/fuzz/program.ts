/** What the fuzzer generates: a module and the calls to make on one instance of it. */
import type { Module, Signature, Type } from '../../lib/mir/index.ts';

export interface ProgramCall { readonly fn: string; readonly args: readonly (number | bigint)[] }

export interface Program {
  readonly module: Module;
  readonly calls: readonly ProgramCall[];
  /** Its statements have source lines. */
  readonly places: boolean;
}

export interface GenerateOptions {
  /** Statements in the whole module, about; by default the program chooses, from 4 to 80. */
  readonly size?: number;
  /** Vector instructions; default false. */
  readonly vectors?: boolean;
  /** With `vectors`: those of 256 bits as well; default false. */
  readonly wide?: boolean;
  /** The native memory model; default false. Heap addresses are the same numbers, so an executor must have memory just there. */
  readonly native?: boolean;
  /** Atomic instructions; default false. */
  readonly atomics?: boolean;
  /** Calls of host functions (see {@link hostFunctions}); default false. */
  readonly imports?: boolean;
  /** A source line for every statement, so that the places of traps can be compared; default false. */
  readonly places?: boolean;
  /** Safepoints, stack maps and patch points; default false. */
  readonly hooks?: boolean;
}

/** What generated functions know of the module around them. */
export interface ModulePlan {
  readonly options: Required<GenerateOptions>;
  /** Signatures by function number; function 0 is `main` and is never called. */
  readonly signatures: readonly Signature[];
  /** A new source location. */
  readonly place: () => number;
  readonly table: readonly (number | null)[];
  readonly globals: readonly { readonly name: string; readonly size: number }[];
  readonly imports: readonly (Signature & { readonly name: string })[];
}

/** The counter every loop and function entry takes from, so that all programs end; only `main` sets it. */
export const FUEL = 'fuel';
export const FUEL_START = 24;
/**
 * Bytes of the linear stack: 4,000 for every unit of fuel, so that a program stays far from overflowing it also when
 * an optimiser has made frames several times as large by inlining.
 */
export const STACK_SIZE = 96000;
/** Heap that every program may use: addresses [HEAP, HEAP + HEAP_SIZE), above globals and stack in the second page. */
export const HEAP = 98304;
export const HEAP_SIZE = 4096;
export const INITIAL_PAGES = 2;
/** Where in the heap functions leave values on returning: 64 places of 32 bytes. */
export const OBSERVED = 1024;
/** Bytes that every pointer argument has behind it. */
export const ARGUMENT_BYTES = 128;

export function functionName(k: number): string { return k === 0 ? 'main' : `f${k}`; }

/** The host functions of generated modules: pure, so that every executor can be given the same. */
export const IMPORTS: ModulePlan['imports'] = [
  { name: 'host_mix', params: ['i32', 'i64', 'f64'], results: ['i64'] },
  { name: 'host_pair', params: ['f32', 'i32'], results: ['i32', 'f32'] },
  { name: 'host_note', params: ['i32'], results: [] },
];

/** Implementations of {@link IMPORTS}. */
export function hostFunctions(): Record<string, (...args: (number | bigint)[]) => unknown> {
  return {
    host_mix: (a, b, x) => BigInt.asIntN(64, BigInt(a) * 31n + BigInt(b) + BigInt(Math.trunc(Math.max(-1e6, Math.min(1e6, Number.isNaN(x) ? 7 : Number(x)))))),
    host_pair: (x, n) => [Number(n) ^ 0x5a5a, Math.fround(Number(x) * 0.5)],
    host_note: () => undefined,
  };
}

/** True for `f32 f64`, as a type guard. */
export function isFloatType(t: Type): t is 'f32' | 'f64' { return t === 'f32' || t === 'f64'; }
