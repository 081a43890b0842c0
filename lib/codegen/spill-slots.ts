/**
 * Assigns spill slots: values whose live ranges are apart share one.
 *
 * Values are taken by the start of their hull (from definition to the end of the last live range, in emission order)
 * and get the slot that fell free first in their size; slots of 8, 16 and 32 bytes are kept apart, so that they never
 * overlap in part. Values connected by block parameters try to share a slot: passing one to the other is then no move.
 */
import { FIRST_SPILL_LOCATION, type MachineFunction } from './machine-function.ts';
import type { LiveRanges } from './machine-liveness.ts';
import { Scratch } from './scratch.ts';

export interface SpillSlots {
  /** Location of the slot of each vreg, −1 for none. */
  readonly slotOf: Int32Array;
  /** Slots in use so far, in units of 8 bytes. */
  readonly count: number;
}

/** How many free slots are looked at for the one that would save a move. */
const HINTS_AHEAD = 32;

const SLOT_OF = new Scratch(Int32Array), PARENT = new Scratch(Int32Array);

/**
 * @param spilled vregs that need a slot
 * @returns scratch, valid up to the next function
 */
export function assignSpillSlots(f: MachineFunction, ranges: LiveRanges, spilled: Int32Array): SpillSlots {
  const slotOf = SLOT_OF.filled(f.vregClass.length, -1);
  if (spilled.length === 0) return { slotOf, count: 0 };
  const hintClass = parameterClasses(f);
  const { rangeStart, rangeFrom, rangeTo } = ranges;
  // Sorted by start, with the index as the lower digit (exact: functions have fewer than 2^25 instructions and values).
  const n = spilled.length, keys = new Float64Array(n);
  for (let k = 0; k < n; k++) keys[k] = rangeFrom[rangeStart[spilled[k]]] * n + k;
  keys.sort();
  const busyUntil: number[] = [];
  const free: [number[], number[], number[]] = [[], [], []];
  /** Slots in use of each size, a binary heap by `busyUntil`. */
  const heaps: [number[], number[], number[]] = [[], [], []];
  const classSlot = new Map<number, number>();
  let count = 0;
  for (let k = 0; k < n; k++) {
    const v = spilled[keys[k] % n], start = rangeFrom[rangeStart[v]], end = rangeTo[rangeStart[v + 1] - 1];
    const size = f.vregBytes[v], wide = size >> 4, heap = heaps[wide];
    while (heap.length > 0 && busyUntil[heap[0]] <= start) free[wide].push(pop(heap, busyUntil));
    let slot = -1;
    const c = hintClass[v] * 4 + wide, hint = classSlot.get(c);
    if (hint !== undefined && busyUntil[hint] <= start) {
      const list = free[wide];
      for (let at = list.length - 1; at >= 0 && at >= list.length - HINTS_AHEAD; at--) {
        if (list[at] !== hint) continue;
        list.splice(at, 1);
        slot = hint;
        break;
      }
    }
    if (slot < 0) {
      const reused = free[wide].pop();
      if (reused !== undefined) slot = reused;
      else {
        if (wide > 0 && (count & 1) === 1) { busyUntil[count] = 0; free[0].push(count++); }
        slot = count;
        count += size >> 3;
      }
    }
    classSlot.set(c, slot);
    busyUntil[slot] = end;
    push(heap, busyUntil, slot);
    slotOf[v] = FIRST_SPILL_LOCATION + slot;
  }
  return { slotOf, count };
}

function push(heap: number[], key: readonly number[], slot: number): void {
  let k = heap.push(slot) - 1;
  while (k > 0) {
    const up = (k - 1) >> 1;
    if (key[heap[up]] <= key[slot]) break;
    heap[k] = heap[up];
    k = up;
  }
  heap[k] = slot;
}

function pop(heap: number[], key: readonly number[]): number {
  const top = heap[0], last = heap.pop();
  if (last === undefined || heap.length === 0) return top;
  let k = 0;
  for (;;) {
    let down = 2 * k + 1;
    if (down >= heap.length) break;
    if (down + 1 < heap.length && key[heap[down + 1]] < key[heap[down]]) down++;
    if (key[heap[down]] >= key[last]) break;
    heap[k] = heap[down];
    k = down;
  }
  heap[k] = last;
  return top;
}

/** Representative of each vreg among those that block parameters and their arguments connect. */
function parameterClasses(f: MachineFunction): Int32Array {
  const vregs = f.vregClass.length, parent = PARENT.raw(vregs);
  for (let v = 0; v < vregs; v++) parent[v] = v;
  const find = (v: number): number => {
    let x = v;
    while (parent[x] !== x) {
      parent[x] = parent[parent[x]];
      x = parent[x];
    }
    return x;
  };
  for (let e = 0; e < f.succs.length; e++) {
    const p0 = f.blockParamStart[f.succs[e]], a0 = f.edgeArgStart[e];
    for (let a = a0; a < f.edgeArgStart[e + 1]; a++) {
      const x = find(f.edgeArgs[a]), y = find(f.blockParams[p0 + a - a0]);
      if (x !== y) parent[x] = y;
    }
  }
  for (let v = 0; v < vregs; v++) parent[v] = find(v);
  return parent;
}
