/**
 * What linear scan asks about the uses of a piece: where the next is, over which span the piece is pinned, what
 * bringing it back would cost.
 *
 * The scan's position never decreases, so each piece keeps a cursor into its uses; positions ahead of the scan are
 * found by binary search behind it.
 */
import {
  DEF_EARLY, DEF_REUSE, LATE, USE_EDGE, USE_LATE, USE_REG, isRegisterDef, isRegisterUse, useEnd, type UseTable,
} from './live-range.ts';
import type { MachineLoops } from './machine-loops.ts';
import type { PieceTable } from './piece-table.ts';

export class PieceUses {
  readonly #uses: UseTable;
  readonly #loops: MachineLoops;
  readonly #pieces: PieceTable;
  /** Whether some piece of the vreg is in memory already. */
  readonly #inMemory: Uint8Array;
  /** Where the scan is. */
  position = 0;
  /** The next use that {@link reloadCost} found last. */
  nextUse = 0;
  /** Rounds of loops so far. */
  steps = 0;

  constructor(uses: UseTable, loops: MachineLoops, pieces: PieceTable, inMemory: Uint8Array) {
    this.#uses = uses;
    this.#loops = loops;
    this.#pieces = pieces;
    this.#inMemory = inMemory;
  }

  /** Whether piece p is pinned up to LATE of the instruction it starts at. */
  pinnedLate(p: number, inst: number): boolean {
    const v = this.#pieces.vreg[p], { usePosition, useKind, useStart, defPosition, defKind } = this.#uses;
    if (defPosition[v] === this.#pieces.start[p]) return defKind[v] === DEF_EARLY || defKind[v] === DEF_REUSE;
    const limit = inst * 4 + LATE;
    for (let u = this.firstUse(p, inst * 4); u < useStart[v + 1] && usePosition[u] < limit; u++) {
      this.steps++;
      if (useKind[u] === USE_LATE) return true;
    }
    return false;
  }

  /** The first use of p's vreg at or after `position`, which never decreases below an instruction for one piece. */
  firstUse(p: number, position: number): number {
    const { usePosition, useStart } = this.#uses, cursor = this.#pieces.cursor;
    const end = useStart[this.#pieces.vreg[p] + 1], gap = position & ~3;
    let u = cursor[p];
    const before = cursor[p];
    while (u < end && usePosition[u] < gap) u++;
    cursor[p] = u;
    while (u < end && usePosition[u] < position) u++;
    this.steps += u - before;
    return u;
  }

  /**
   * End of the span over which p is pinned at the instruction of `position`, if it reaches past `position`; else 0.
   */
  pinnedUntil(p: number, position: number): number {
    const pieces = this.#pieces, v = pieces.vreg[p], { usePosition, useKind, useStart, defPosition, defKind } = this.#uses;
    const inst = position >> 2, limit = inst * 4 + 4;
    let until = 0;
    const def = defPosition[v];
    if (def >> 2 === inst && def === pieces.start[p] && isRegisterDef(defKind[v])) until = Math.min(limit, pieces.end[p]);
    for (let u = this.firstUse(p, inst * 4); u < useStart[v + 1] && usePosition[u] < limit; u++) {
      this.steps++;
      if (useKind[u] === USE_EDGE) break;
      if (isRegisterUse(useKind[u])) until = Math.max(until, useEnd(useKind[u], usePosition[u]));
    }
    return until > position ? until : 0;
  }

  /** Like pinnedUntil for an instruction ahead, without moving cursors: end of its register uses of p there, or 0. */
  pinnedAt(p: number, inst: number): number {
    const { usePosition, useKind, useStart } = this.#uses, end = useStart[this.#pieces.vreg[p] + 1];
    let until = 0;
    for (let u = this.#search(p, inst * 4); u < end && usePosition[u] < inst * 4 + 4; u++) {
      this.steps++;
      if (useKind[u] === USE_EDGE) break;
      if (isRegisterUse(useKind[u])) until = Math.max(until, useEnd(useKind[u], usePosition[u]));
    }
    return until;
  }

  /** First use of p's vreg at or after `position`, by binary search behind the cursor. */
  #search(p: number, position: number): number {
    const { usePosition, useStart } = this.#uses;
    let low = this.#pieces.cursor[p], high = useStart[this.#pieces.vreg[p] + 1];
    while (low < high) {
      this.steps++;
      const middle = (low + high) >> 1;
      if (usePosition[middle] < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** End of the last use of p's vreg before `position`; its definition if there is none. */
  endOfUsesBefore(p: number, position: number): number {
    const { usePosition, useKind, useStart, defPosition } = this.#uses, v = this.#pieces.vreg[p];
    const u = this.#search(p, position) - 1;
    return u < useStart[v] ? defPosition[v] : useEnd(useKind[u], usePosition[u]);
  }

  /** How badly p needs a register after `position`: frequency of its next use over the distance to it. */
  pressure(p: number, position: number): number {
    const cost = this.reloadCost(p, position);
    return cost / (Math.max(1, this.nextUse - position) + 3);
  }

  /** Cost of bringing p back for its next use after `position`; leaves where that is in `nextUse`. */
  reloadCost(p: number, position: number): number {
    const pieces = this.#pieces, v = pieces.vreg[p], { usePosition, useStart, blockOf, useKind } = this.#uses, loops = this.#loops;
    const end = useStart[v + 1];
    let u = position > this.position ? this.#search(p, position) : this.firstUse(p, position);
    let cost: number;
    if (u < end) {
      this.nextUse = usePosition[u];
      cost = loops.frequency[blockOf[usePosition[u] >> 2]];
      if (useKind[u] !== USE_REG && useKind[u] !== USE_LATE) cost *= 0.7;
    } else {
      this.nextUse = pieces.end[p];
      cost = loops.frequency[blockOf[(pieces.end[p] - 1) >> 2]];
    }
    // Live around a loop that uses it: the next iteration is near.
    const before = u - 1;
    if (before >= useStart[v]) {
      const at = usePosition[before];
      for (let loop = loops.loopOf[blockOf[Math.min(position, pieces.end[p] - 1) >> 2]]; loop >= 0; loop = loops.parent[loop]) {
        if (loops.to[loop] > pieces.end[p]) break;
        if (at < loops.from[loop]) continue;
        if (loops.to[loop] < this.nextUse) {
          this.nextUse = loops.to[loop];
          cost = Math.max(cost, loops.frequency[blockOf[at >> 2]]);
        }
        break;
      }
    }
    if (this.#uses.remat[v] >= 0) return cost * 0.4;
    return this.#inMemory[v] === 1 ? cost : cost * 1.5;
  }
}
