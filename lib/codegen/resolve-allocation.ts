/**
 * Turns placed pieces into operand locations and moves.
 *
 * Value by value: every use and definition reads its location off the piece that covers it; where neighbouring pieces
 * differ, a move connects them, inside a block in the gap of the cut, over a block boundary on every edge into a block
 * where the value is live-in (Wimmer & Franz 2010, §6). A spilled value is never changed, so its slot is valid from
 * the first store on; the store goes right behind the definition, or to the places where the value leaves its
 * register, whichever runs less often.
 */
import {
  AFTER, DEF_FIXED, DEF_PARAM, EARLY, GAP, LATE, USE_EDGE, USE_FIXED, isRegisterDef, isRegisterUse, type UseTable,
} from './live-range.ts';
import { sharedBuffer } from './growable.ts';
import { FIRST_SPILL_LOCATION, operandConstraint, operandPayload, CONSTRAINT_FIXED, type MachineFunction } from './machine-function.ts';
import type { LiveRanges } from './machine-liveness.ts';
import type { MachineLoops } from './machine-loops.ts';
import { AT_BLOCK_END, AT_BLOCK_START, BEFORE, BEHIND, type MoveList } from './move-list.ts';
import { IN_MEMORY, type PieceTable } from './piece-table.ts';
import { Scratch } from './scratch.ts';

const ARG_LOCATION = new Scratch(Int32Array), PARAM_LOCATION = new Scratch(Int32Array);
/** Start and location of each piece of one value. */
const STARTS = sharedBuffer(), LOCATIONS = sharedBuffer();
/** Candidate moves of one value. */
const KEYS = sharedBuffer(), FROMS = sharedBuffer(), TOS = sharedBuffer();

/** Fills `operandLocation` and `moves`. `memoryOf[v]` is the slot of v, or `~i` if it is rematerialised. */
export function resolveAllocation(
  f: MachineFunction, uses: UseTable, ranges: LiveRanges, loops: MachineLoops, pieces: PieceTable, memoryOf: Int32Array,
  operandLocation: Int32Array, moves: MoveList,
): void {
  const { useStart, usePosition, useKind, useTarget, defPosition, defKind, defTarget, blockOf } = uses;
  const { resident, anyResident } = ranges;
  const vregs = f.vregClass.length, blocks = f.loopDepth.length;
  const argLocation = ARG_LOCATION.raw(f.edgeArgs.length), paramLocation = PARAM_LOCATION.filled(f.blockParams.length, -1);
  const starts = STARTS.reuse(), locations = LOCATIONS.reuse(), keys = KEYS.reuse(), froms = FROMS.reuse(), tos = TOS.reuse();

  for (let v = 0; v < vregs; v++) {
    const def = defPosition[v];
    if (def < 0) continue;
    const o = defTarget[v];
    const fixed = defKind[v] === DEF_FIXED ? fixedRegisterOf(f, o, def >> 2) : -1;
    if (fixed >= 0) operandLocation[o] = fixed;
    if (anyResident && resident[v] === 1) { resolveResident(v, fixed); continue; }
    let p = pieces.first[v];
    if (p < 0) continue;

    starts.clear();
    locations.clear();
    let same = true;
    for (; p >= 0; p = pieces.next[p]) {
      const at = pieces.location[p] === IN_MEMORY ? memoryOf[v] : pieces.location[p];
      starts.push(pieces.start[p]);
      locations.push(at);
      if (at !== locations.data[0]) same = false;
    }
    // The emission order may put blocks before the ones that dominate them: the first piece need not be the definition's.
    const home = same ? locations.data[0] : locate(def);
    if (fixed >= 0) moves.add((def & ~3) + BEHIND, fixed, home, v);
    else if (o < 0) paramLocation[~o] = home;
    else operandLocation[o] = home;

    let k = 0;
    const n = starts.length;
    for (let u = useStart[v]; u < useStart[v + 1]; u++) {
      const position = usePosition[u], target = useTarget[u];
      if (!same) while (k + 1 < n && starts.data[k + 1] <= position) k++;
      const at = locations.data[k];
      switch (useKind[u]) {
        case USE_EDGE: argLocation[~target] = at; break;
        case USE_FIXED: {
          const register = operandPayload(f.operandInfo[target]);
          operandLocation[target] = register;
          // The value may be about to move there to stay.
          if (!same && k + 1 < n && starts.data[k + 1] === position - GAP + EARLY && locations.data[k + 1] === register) break;
          moves.add((position & ~3) + BEFORE, at, register, v);
          break;
        }
        default: operandLocation[target] = at;
      }
    }
    if (!same) connect(v, home);
  }

  // REUSE: the input's value goes to the definition's register.
  for (let r = 0; r < uses.reuseEnd; r += 3) {
    const inst = uses.reuses[r], to = operandLocation[uses.reuses[r + 1]], used = uses.reuses[r + 2];
    const x = f.operandVReg[used], from = operandLocation[used];
    moves.add(inst * 4 + BEFORE, from, to, x);
    for (let u = uses.useStart[x], end = uses.useStart[x + 1], s = lowerBound(usePosition, u, end, inst * 4); s < end && usePosition[s] === inst * 4 + GAP; s++) {
      const o = useTarget[s];
      if (useKind[s] !== USE_FIXED && (o === used || !isNamed(uses, r, o, inst))) operandLocation[o] = to;
    }
  }

  // Edge arguments.
  for (let b = 0; b < blocks; b++) {
    const key = (f.blockStart[b + 1] - 1) * 4 + AT_BLOCK_END;
    for (let e = f.succStart[b]; e < f.succStart[b + 1]; e++) {
      const a0 = f.edgeArgStart[e], p0 = f.blockParamStart[f.succs[e]];
      for (let a = a0; a < f.edgeArgStart[e + 1]; a++) {
        const to = paramLocation[p0 + a - a0];
        if (to !== -1) moves.add(key, argLocation[a], to, f.edgeArgs[a]);
      }
    }
  }

  /**
   * A value that is in memory at all times: stored where it is made, loaded where it is wanted in a register. Its
   * pieces are exactly those instructions.
   */
  function resolveResident(v: number, fixed: number): void {
    const memory = memoryOf[v], def = defPosition[v], o = defTarget[v];
    if (fixed >= 0) moves.add((def & ~3) + BEHIND, fixed, memory, v);
    else if (o < 0) paramLocation[~o] = memory;
    else if (!isRegisterDef(defKind[v])) operandLocation[o] = memory;
    for (let p = pieces.first[v]; p >= 0; p = pieces.next[p]) {
      if (pieces.start[p] !== def) continue;
      operandLocation[o] = pieces.location[p];
      if (memory >= 0) moves.add((def & ~3) + BEHIND, pieces.location[p], memory, v);
    }
    let p = pieces.first[v], loaded = -1;
    for (let u = useStart[v]; u < useStart[v + 1]; u++) {
      const target = useTarget[u], kind = useKind[u], gap = usePosition[u] & ~3;
      if (kind === USE_EDGE) { argLocation[~target] = memory; continue; }
      while (p >= 0 && pieces.start[p] < gap + EARLY) p = pieces.next[p];
      const register = p >= 0 && pieces.start[p] === gap + EARLY ? pieces.location[p] : -1;
      if (kind === USE_FIXED) {
        const to = operandPayload(f.operandInfo[target]);
        operandLocation[target] = to;
        if (to !== register) moves.add(gap + BEFORE, memory, to, v);
      } else if (isRegisterUse(kind)) {
        operandLocation[target] = register;
        if (loaded !== p) moves.add(gap + BEFORE, memory, register, v);
        loaded = p;
      } else operandLocation[target] = memory;
    }
  }

  /** Location of the value of `connect` at a position. */
  function locate(position: number): number {
    let low = 0, high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts.data[middle] <= position) low = middle;
      else high = middle - 1;
    }
    return locations.data[low];
  }

  /** Adds the moves between the pieces of v, which lie in `starts` and `locations`. */
  function connect(v: number, home: number): void {
    const memory = memoryOf[v], slot = memory >= FIRST_SPILL_LOCATION;
    keys.clear(); froms.clear(); tos.clear();
    let storeCost = 0;
    const link = (key: number, from: number, to: number): void => {
      if (from === to || to < 0) return;
      keys.push(key); froms.push(from); tos.push(to);
      if (slot && to === memory) storeCost += loops.frequency[blockOf[key >> 2]];
    };
    let q = pieces.first[v], k = 0;
    for (let p = pieces.next[q]; p >= 0; q = p, p = pieces.next[p], k++) {
      const start = pieces.start[p];
      if (pieces.end[q] !== start) continue;
      switch (start & 3) {
        case EARLY: link(start - EARLY + BEFORE, locations.data[k], locations.data[k + 1]); break;
        // Saved in the gap, from where the value was then.
        case LATE: link(start - LATE + BEFORE, locate(start - LATE), locations.data[k + 1]); break;
        default: break;
      }
    }
    const homeBlock = blockOf[defPosition[v] >> 2];
    for (let r = ranges.rangeStart[v]; r < ranges.rangeStart[v + 1]; r++) {
      const to = ranges.rangeTo[r];
      let b = blockOf[ranges.rangeFrom[r] >> 2];
      if (b === homeBlock && ranges.rangeFrom[r] === defPosition[v]) b++;
      for (; b < blocks && f.blockStart[b] * 4 < to; b++) {
        if (b === homeBlock) continue;
        const at = locate(f.blockStart[b] * 4), p0 = f.predStart[b], p1 = f.predStart[b + 1];
        for (let e = p0; e < p1; e++) {
          const pred = f.preds[e], from = locate(f.blockStart[pred + 1] * 4 - 4 + AFTER);
          if (from === at) continue;
          const single = f.succStart[pred + 1] - f.succStart[pred] === 1;
          link(single ? (f.blockStart[pred + 1] - 1) * 4 + AT_BLOCK_END : f.blockStart[b] * 4 + AT_BLOCK_START, from, at);
        }
      }
    }
    let storeAtDefinition = false;
    if (slot && home !== memory && storeCost > 0) {
      storeAtDefinition = loops.frequency[homeBlock] <= storeCost;
      if (storeAtDefinition) {
        const def = defPosition[v], inst = def & ~3;
        if (defKind[v] === DEF_PARAM) moves.add(inst + BEFORE, home, memory, v);
        else moves.add(inst + BEHIND, defKind[v] === DEF_FIXED ? operandLocation[defTarget[v]] : home, memory, v);
      }
    } else if (slot && home === memory) {
      // Defined in its slot: it never has to be stored again.
      storeAtDefinition = true;
    }
    for (let m = 0; m < keys.length; m++) {
      if (storeAtDefinition && tos.data[m] === memory) continue;
      moves.add(keys.data[m], froms.data[m], tos.data[m], v);
    }
  }
}

/** The register of a fixed definition: its own, or that of the fixed use it reuses. */
function fixedRegisterOf(f: MachineFunction, o: number, inst: number): number {
  const info = f.operandInfo[o];
  return operandPayload(operandConstraint(info) === CONSTRAINT_FIXED ? info : f.operandInfo[f.operandStart[inst] + operandPayload(info)]);
}

/** Whether a neighbouring REUSE of the same instruction names operand o. */
function isNamed({ reuses, reuseEnd }: UseTable, r: number, o: number, inst: number): boolean {
  for (let k = r - 3; k >= 0 && reuses[k] === inst; k -= 3) if (reuses[k + 2] === o) return true;
  for (let k = r + 3; k < reuseEnd && reuses[k] === inst; k += 3) if (reuses[k + 2] === o) return true;
  return false;
}

function lowerBound(a: Int32Array, from: number, to: number, x: number): number {
  let low = from, high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (a[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}
