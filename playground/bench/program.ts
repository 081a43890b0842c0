/** What one benchmark program is: the same kernel in the DSL, in JavaScript, in C, and sometimes in WebAssembly. */
import type { compile } from 'lamella';

/** Where a program's memory begins in linear memory: past globals and the linear stack. */
export const BASE = 1 << 20;

/** What `compile` takes. */
export type BenchModule = Parameters<typeof compile>[0];

export type VectorWidth = 'v128' | 'v256';

export interface BenchProgram {
  readonly name: string;
  /** Name of the export, and of the C file and its function; absent: the same. */
  readonly symbol?: string;
  /** What one run computes. */
  readonly description: string;
  /** Bytes of memory the kernel works on; with any, its first argument is their address. */
  readonly bytes: number;
  /** Brings the memory to its initial state before every run (not timed). */
  prepare?(memory: Uint8Array): void;
  /** Arguments after the address. */
  readonly args: readonly (number | bigint)[];
  /** Result and parameter types of the C function, as koffi reads them. */
  readonly c: { readonly result: string; readonly params: readonly string[] };
  /** Builds the module from the DSL. */
  module(): BenchModule;
  /** The same kernel written with vectors, by their width. */
  readonly vectors?: Readonly<Record<VectorWidth, () => BenchModule>>;
  /** The same loops in plain JavaScript, as one would write them there. */
  javascript(memory: ArrayBuffer): () => number | bigint;
  /** A WebAssembly module that imports `m.memory` and exports the kernel, where it is easy by hand. */
  readonly wasm?: () => Uint8Array<ArrayBuffer>;
}

/** Name of the program's export and of its C function. */
export function symbolOf(p: BenchProgram): string { return p.symbol ?? p.name; }

/** Pages of linear memory a program needs. */
export function pagesFor(bytes: number): number { return Math.ceil((BASE + bytes) / 65536) + 1; }
