/**
 * Liveness of machine functions, by variable: from each use the value is walked backwards through the CFG to its
 * definition (Boissinot et al. 2011, "Computing liveness sets for SSA-form programs", algorithm 6). The cost is the
 * size of the answer (a value costs the number of blocks it is live into), values local to a block cost O(1), and no bit
 * set of blocks × values is ever built.
 *
 * The answer can be quadratic in the function, and everything behind works through it. So the walks share a budget
 * linear in the function. Values that would exceed it become *memory-resident*: they have a slot of their own (or are
 * recomputed) at all times, are stored right after their definition and loaded for each use, and need no liveness:
 * their ranges are the single instructions that want them in a register. Only machine-made functions get there: it takes
 * some 30 values that are live through every instruction, each a block of its own.
 *
 * The result is, for every virtual register, its maximal live ranges in emission order (positions as in
 * `live-range.ts`): a range starts at the definition or at the start of a block where the value is live-in, and runs
 * over block boundaries as long as the value stays live in the next block of the emission order.
 */
import { sharedBuffer, type IntBuffer } from './growable.ts';
import { AFTER, DEF_FIXED, DEF_PARAM, EARLY, isRegisterDef, isRegisterUse, useEnd, type UseTable } from './live-range.ts';
import type { MachineFunction } from './machine-function.ts';
import { Scratch } from './scratch.ts';

/** The arrays are scratch, like those of {@link UseTable}. */
export interface LiveRanges {
  /** Ranges of vreg v are `rangeStart[v] .. rangeStart[v+1]`, ascending and neither overlapping nor touching. */
  readonly rangeStart: Int32Array;
  readonly rangeFrom: Int32Array;
  readonly rangeTo: Int32Array;
  /** 1 for each memory-resident vreg. */
  readonly resident: Uint8Array;
  /** Whether there is any. */
  readonly anyResident: boolean;
  /** Edges walked. */
  readonly steps: number;
}

/** How much work liveness may do before values become memory-resident. */
export interface LivenessLimits {
  /** Edges all walks together may take: for each instruction and edge of the function, and whatever its size. */
  readonly stepsPerInstruction: number;
  readonly freeSteps: number;
  /** Edges a value may take for itself and each of its uses when those are used up. */
  readonly stepsPerUse: number;
  /** Ranges all values together may have for each instruction and edge, before the walks count as used up. */
  readonly rangesPerInstruction: number;
}
export const LIVENESS_LIMITS: LivenessLimits = { stepsPerInstruction: 32, freeSteps: 65536, stepsPerUse: 8, rangesPerInstruction: 4 };

const RANGE_START = new Scratch(Int32Array), RANGE_FROM = sharedBuffer(), RANGE_TO = sharedBuffer();
const LIVE_IN = new Scratch(Int32Array), LIVE_OUT = new Scratch(Int32Array), LAST_USE = new Scratch(Int32Array);
const VISITED = sharedBuffer(), RESIDENT = new Scratch(Uint8Array);

/** Computes the live ranges. A value nobody reads has an empty range if nothing has to be written for it. */
export function computeLiveRanges(f: MachineFunction, uses: UseTable, limits: LivenessLimits = LIVENESS_LIMITS): LiveRanges {
  const vregs = f.vregClass.length, blocks = f.loopDepth.length;
  const { useStart, usePosition, useKind, defPosition, defKind, blockOf } = uses;
  const rangeStart = RANGE_START.raw(vregs + 1);
  const from = RANGE_FROM.reuse(), to = RANGE_TO.reuse();
  // Blocks visited for the current vreg carry its number + 1.
  const liveIn = LIVE_IN.filled(blocks, 0), liveOut = LIVE_OUT.filled(blocks, 0);
  const lastUse = LAST_USE.raw(blocks);
  const visited = VISITED.reuse();
  const resident = RESIDENT.filled(vregs, 0);
  let anyResident = false, steps = 0;
  const size = f.opcode.length + f.succs.length;
  const stepBudget = size * limits.stepsPerInstruction + limits.freeSteps, rangeBudget = size * limits.rangesPerInstruction + limits.freeSteps;

  for (let v = 0; v < vregs; v++) {
    rangeStart[v] = from.length;
    const def = defPosition[v], u0 = useStart[v], u1 = useStart[v + 1];
    if (def < 0) continue;
    if (u0 === u1) {
      const kind = defKind[v];
      if (kind !== DEF_FIXED && kind !== DEF_PARAM) { from.push(def); to.push((def & ~3) + AFTER); }
      continue;
    }
    const home = blockOf[def >> 2];
    const blockEnd = f.blockStart[home + 1] * 4;
    if (usePosition[u0] >= def && usePosition[u1 - 1] < blockEnd) {
      from.push(def);
      to.push(endOfUses(u0, u1, usePosition, useKind));
      continue;
    }
    const stamp = v + 1;
    visited.clear();
    visited.push(home);
    lastUse[home] = 0;
    for (let u = u0; u < u1;) {
      const b = blockOf[usePosition[u] >> 2], blockEnd = f.blockStart[b + 1] * 4;
      const start = u;
      do u++; while (u < u1 && usePosition[u] < blockEnd);
      lastUse[b] = endOfUses(start, u, usePosition, useKind);
      if (b !== home && liveIn[b] !== stamp) {
        liveIn[b] = stamp;
        // Blocks reached from an earlier use as live-through get their last use here, too.
        visited.push(b);
      }
    }
    const exhausted = from.length >= rangeBudget;
    const limit = Math.max(exhausted ? 0 : stepBudget, steps + limits.stepsPerUse * (u1 - u0 + 1));
    let next = 1;
    for (; next < visited.length; next++) {
      const b = visited.data[next];
      steps += f.predStart[b + 1] - f.predStart[b];
      if (steps > limit) break;
      for (let e = f.predStart[b]; e < f.predStart[b + 1]; e++) {
        const p = f.preds[e];
        liveOut[p] = stamp;
        if (p !== home && liveIn[p] !== stamp) {
          liveIn[p] = stamp;
          lastUse[p] = 0;
          visited.push(p);
        }
      }
    }
    if (next < visited.length) {
      resident[v] = 1;
      anyResident = true;
      addRegisterSpans(f, uses, v, from, to);
      continue;
    }
    const order = visited.data, count = visited.length;
    if (count <= 24) sortFew(order, count);
    else if (!sortByScan(order, count, liveIn, stamp, home)) order.subarray(0, count).sort();
    let end = -1;
    for (let k = 0; k < count; k++) {
      const b = order[k];
      const start = b === home ? def : f.blockStart[b] * 4;
      const stop = liveOut[b] === stamp ? f.blockStart[b + 1] * 4 : lastUse[b];
      if (stop <= start) continue;
      if (start === end) to.data[to.length - 1] = stop;
      else { from.push(start); to.push(stop); }
      end = stop;
    }
  }
  rangeStart[vregs] = from.length;
  return { rangeStart, rangeFrom: from.data, rangeTo: to.data, resident, anyResident, steps };
}

/** The ranges of a memory-resident value: each instruction that writes or reads it in a register. */
function addRegisterSpans(f: MachineFunction, uses: UseTable, v: number, from: IntBuffer, to: IntBuffer): void {
  const { useStart, usePosition, useKind } = uses, def = uses.defPosition[v];
  let pending = isRegisterDef(uses.defKind[v]);
  for (let u = useStart[v]; u < useStart[v + 1];) {
    const inst = usePosition[u] >> 2;
    let end = 0;
    do {
      if (isRegisterUse(useKind[u])) end = Math.max(end, useEnd(useKind[u], usePosition[u]));
      u++;
    } while (u < useStart[v + 1] && usePosition[u] >> 2 === inst);
    // The emission order may put uses before the definition.
    if (pending && def >> 2 < inst) { from.push(def); to.push((def & ~3) + AFTER); pending = false; }
    if (end > 0) { from.push(inst * 4 + EARLY); to.push(end); }
  }
  if (pending) { from.push(def); to.push((def & ~3) + AFTER); }
}

/** End of the uses u0..u1 (nonempty, ascending): the largest end among those at the last instruction. */
function endOfUses(u0: number, u1: number, position: Int32Array, kind: Uint8Array): number {
  let u = u1 - 1;
  let end = useEnd(kind[u], position[u]);
  const gap = position[u] & ~3;
  while (--u >= u0 && position[u] >= gap) end = Math.max(end, useEnd(kind[u], position[u]));
  return end;
}

/** Where the blocks lie densely, reads them off the marks in order; tells whether it did. */
function sortByScan(blocks: Int32Array, count: number, liveIn: Int32Array, stamp: number, home: number): boolean {
  let low = blocks[0], high = low;
  for (let k = 1; k < count; k++) {
    const b = blocks[k];
    if (b < low) low = b;
    else if (b > high) high = b;
  }
  if (high - low > count * 16) return false;
  let n = 0;
  for (let b = low; b <= high; b++) if (liveIn[b] === stamp || b === home) blocks[n++] = b;
  return true;
}

/** Insertion sort. */
function sortFew(a: Int32Array, count: number): void {
  for (let i = 1; i < count; i++) {
    const x = a[i];
    let j = i - 1;
    while (j >= 0 && a[j] > x) { a[j + 1] = a[j]; j--; }
    a[j + 1] = x;
  }
}
