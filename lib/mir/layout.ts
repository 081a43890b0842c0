/**
 * Data layout of a module's linear memory. It depends on the module alone, never on a backend, so addresses agree
 * everywhere:
 *
 * ```text
 * 0 .. 1023      nothing is placed here, so that a null pointer names no object
 * 1024 ..        globals, in order, each at its alignment
 * stackLow ..    the linear stack, on which stack slots live; it grows down from stackHigh to stackLow
 * heapBase ..    free for the program, up to the memory's size
 * ```
 */
import type { Module } from './module.ts';
import { PAGE_SIZE } from './types.ts';

/** The first address a global may have. */
export const DATA_START = 1024;

export interface MemoryLayout {
  /** Address of each global, in module order. */
  readonly globals: readonly number[];
  /** The same by name. */
  readonly globalByName: ReadonlyMap<string, number>;
  readonly stackLow: number;
  readonly stackHigh: number;
  /** First free address, a multiple of 16. */
  readonly heapBase: number;
  /** Pages needed for all of this. */
  readonly pagesNeeded: number;
}

/** Rounds `n` up to a multiple of the power of two `align`. */
export function alignUp(n: number, align: number): number {
  return Math.ceil(n / align) * align;
}

/**
 * Places globals and the linear stack.
 *
 * @example
 * layoutModule(m).heapBase // => 66560 for a module without globals and the default 64 KiB stack
 */
export function layoutModule(m: Module): MemoryLayout {
  let at = DATA_START;
  const globals: number[] = [];
  const globalByName = new Map<string, number>();
  for (const g of m.globals) {
    at = alignUp(at, g.align);
    globals.push(at);
    globalByName.set(g.name, at);
    at += g.size;
  }
  const stackLow = alignUp(at, 16);
  const usesSlots = m.functions.some((f) => f.slots.length > 0);
  const stackHigh = usesSlots ? stackLow + alignUp(m.memory.stackSize, 16) : stackLow;
  return { globals, globalByName, stackLow, stackHigh, heapBase: stackHigh, pagesNeeded: Math.ceil(stackHigh / PAGE_SIZE) };
}

/** Offsets of a function's stack slots from its lowered stack pointer, and the bytes they take (a multiple of 16). */
export function layoutSlots(slots: readonly { readonly size: number; readonly align: number }[]): { readonly offsets: readonly number[]; readonly size: number } {
  let at = 0;
  const offsets: number[] = [];
  for (const s of slots) {
    at = alignUp(at, s.align);
    offsets.push(at);
    at += s.size;
  }
  return { offsets, size: alignUp(at, 16) };
}
