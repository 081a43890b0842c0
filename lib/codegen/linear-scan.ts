/**
 * Linear scan on SSA form with lifetime holes and splitting.
 *
 * Sources: Wimmer & Mössenböck, "Optimized Interval Splitting in a Linear Scan Register Allocator" (VEE 2005), for
 * splitting at good positions and use-driven spilling; Wimmer & Franz, "Linear Scan Register Allocation on SSA Form"
 * (CGO 2010), for doing without deconstruction: block parameters are resolved as moves on edges.
 *
 * The scan takes pieces (see `piece-table.ts`) in order of their start. Invariants:
 * - a register is held by at most one piece at any position; `#busyUntil[r]` is where its holder ends;
 * - a piece starts at a definition, at a block boundary, at EARLY of some instruction (a move in its gap connects it
 *   with the piece before), or at LATE, and then it is in memory (the register's content was saved in the gap);
 * - a piece is *pinned* at an instruction when it is read or written there in a register; it is never taken off its
 *   register over that span;
 * - new pieces start at or after the current position, so a bucket per position replaces a priority queue.
 *
 * At one instruction the pieces pinned from EARLY to LATE (early and REUSE definitions, late uses) are placed before
 * those pinned at EARLY only, and may push these aside: their admissible registers are a subset, so placing them
 * first finds a placement whenever one exists (a nested family; Hall).
 */
import { InternalError } from '../mir/errors.ts';
import type { IntBuffer } from './growable.ts';
import {
  DEF_EARLY, DEF_FIXED, DEF_PARAM, DEF_REUSE, EARLY, GAP, LATE, USE_EDGE, USE_FIXED, USE_LATE, USE_LATE_ANY, USE_REG,
  isRegisterDef, isRegisterUse, useEnd, type UseTable,
} from './live-range.ts';
import type { MachineFunction, PReg, RegisterFile, VReg } from './machine-function.ts';
import type { MachineLoops } from './machine-loops.ts';
import { IN_MEMORY, UNPLACED, type PieceTable } from './piece-table.ts';
import { RegisterReservations } from './register-reservations.ts';
import { Scratch } from './scratch.ts';

/** Buckets per instruction: block start, pinned EARLY to LATE, other EARLY, LATE, AFTER. */
const BUCKETS = 5;
/** How many uses that can read memory are looked past for one worth a register. */
const SOFT_USES_AHEAD = 256;
/** How many uses ahead a fixed register is looked for. */
const FIXED_USES_AHEAD = 4;

/**
 * Places every piece of `pieces`, splitting as needed; `spilled` gets the vregs that are in memory somewhere. Returns the steps it took: rounds of all loops whose length is
 * not fixed.
 *
 * @throws InternalError if an instruction needs more registers than there are
 */
export function linearScan(f: MachineFunction, file: RegisterFile, uses: UseTable, loops: MachineLoops, pieces: PieceTable, spilled: IntBuffer): number {
  return new LinearScan(f, file, uses, loops, pieces, spilled).run();
}

const BUCKET = new Scratch(Int32Array), WAITING = new Scratch(Int32Array), BUSY_UNTIL = new Scratch(Int32Array), HOLDER = new Scratch(Int32Array);
const LAST_REGISTER = new Scratch(Int8Array), PARAMETER_REGISTER = new Scratch(Int8Array), PARAMETER_FREQUENCY = new Scratch(Float32Array);
const PASSED_TO = new Scratch(Int32Array), PASSED_FREQUENCY = new Scratch(Float32Array), ALLOCATABLE = new Scratch(Uint8Array), SEEN_IN_MEMORY = new Scratch(Uint8Array);


class LinearScan {
  readonly #f: MachineFunction;
  readonly #file: RegisterFile;
  readonly #uses: UseTable;
  readonly #loops: MachineLoops;
  readonly #pieces: PieceTable;
  readonly #reservations: RegisterReservations;
  /** Pieces waiting at each bucket: first, and the next in the same bucket. */
  readonly #bucket: Int32Array;
  readonly #buckets: number;
  #waiting: Int32Array;
  /** End of the piece that holds each register, and that piece. */
  readonly #busyUntil: Int32Array;
  readonly #holder: Int32Array;
  /** Latest register of each vreg, −1 for none. */
  readonly #lastRegister: Int8Array;
  /** The block parameter each vreg is passed to on its most frequent edge, −1 for none. */
  readonly #passedTo: Int32Array;
  /** By block parameter: the register it or an argument of it was put in where that was most frequent. */
  readonly #parameterRegister: Int8Array;
  readonly #parameterFrequency: Float32Array;
  readonly #isAllocatable: Uint8Array;
  /** Whether some piece of the vreg is in memory already. */
  readonly #inMemory: Uint8Array;
  readonly #spilled: IntBuffer;
  #position = 0;
  #steps = 0;

  constructor(f: MachineFunction, file: RegisterFile, uses: UseTable, loops: MachineLoops, pieces: PieceTable, spilled: IntBuffer) {
    const vregs = f.vregClass.length;
    this.#f = f;
    this.#file = file;
    this.#uses = uses;
    this.#loops = loops;
    this.#pieces = pieces;
    this.#passedTo = passedTo(f, loops);
    this.#reservations = new RegisterReservations(f, uses);
    this.#buckets = f.opcode.length * BUCKETS;
    this.#bucket = BUCKET.filled(this.#buckets, -1);
    this.#waiting = WAITING.raw(pieces.vreg.length);
    this.#busyUntil = BUSY_UNTIL.filled(64, 0);
    this.#holder = HOLDER.filled(64, -1);
    this.#lastRegister = LAST_REGISTER.filled(vregs, -1);
    this.#parameterRegister = PARAMETER_REGISTER.filled(vregs, -1);
    this.#parameterFrequency = PARAMETER_FREQUENCY.filled(vregs, 0);
    this.#inMemory = SEEN_IN_MEMORY.filled(vregs, 0);
    this.#isAllocatable = ALLOCATABLE.filled(64, 0);
    this.#spilled = spilled;
    for (const list of file.allocatable) for (let k = 0; k < list.length; k++) this.#isAllocatable[list[k]] = 1;
  }

  run(): number {
    const pieces = this.#pieces, bucket = this.#bucket, buckets = this.#buckets;
    for (let p = pieces.count - 1; p >= 0; p--) this.#enqueue(p);
    for (let k = 0; k < buckets; k++) {
      let p = bucket[k];
      if (p < 0) continue;
      const sub = k % BUCKETS;
      this.#position = ((k / BUCKETS) | 0) * 4 + (sub < 2 ? sub : sub - 1);
      this.#reservations.advance(this.#position);
      for (; p >= 0; p = bucket[k]) {
        bucket[k] = this.#waiting[p];
        this.#place(p);
      }
    }
    return this.#steps + this.#reservations.steps;
  }

  #enqueue(p: number): void {
    const start = this.#pieces.start[p], inst = start >> 2;
    let k = inst * BUCKETS;
    switch (start & 3) {
      case GAP: break;
      case EARLY: k += this.#pinnedLate(p, inst) ? 1 : 2; break;
      case LATE: k += 3; break;
      default: k += 4; break;
    }
    if (p >= this.#waiting.length) {
      const more = new Int32Array(this.#pieces.vreg.length);
      more.set(this.#waiting);
      this.#waiting = more;
    }
    this.#waiting[p] = this.#bucket[k];
    this.#bucket[k] = p;
  }

  /** Whether piece p is pinned up to LATE of the instruction it starts at. */
  #pinnedLate(p: number, inst: number): boolean {
    const v = this.#pieces.vreg[p], { usePosition, useKind, useStart, defPosition, defKind } = this.#uses;
    if (defPosition[v] === this.#pieces.start[p]) return defKind[v] === DEF_EARLY || defKind[v] === DEF_REUSE;
    const limit = inst * 4 + LATE;
    for (let u = this.#firstUse(p, inst * 4); u < useStart[v + 1] && usePosition[u] < limit; u++) {
      this.#steps++;
      if (useKind[u] === USE_LATE) return true;
    }
    return false;
  }

  /** The first use of p's vreg at or after `position`, which never decreases below an instruction for one piece. */
  #firstUse(p: number, position: number): number {
    const { usePosition, useStart } = this.#uses, cursor = this.#pieces.cursor;
    const end = useStart[this.#pieces.vreg[p] + 1], gap = position & ~3;
    let u = cursor[p];
    const before = cursor[p];
    while (u < end && usePosition[u] < gap) u++;
    cursor[p] = u;
    while (u < end && usePosition[u] < position) u++;
    this.#steps += u - before;
    return u;
  }

  /**
   * End of the span over which p is pinned at the instruction of `position`, if it reaches past `position`; else 0.
   */
  #pinnedUntil(p: number, position: number): number {
    const pieces = this.#pieces, v = pieces.vreg[p], { usePosition, useKind, useStart, defPosition, defKind } = this.#uses;
    const inst = position >> 2, limit = inst * 4 + 4;
    let until = 0;
    const def = defPosition[v];
    if (def >> 2 === inst && def === pieces.start[p] && isRegisterDef(defKind[v])) until = Math.min(limit, pieces.end[p]);
    for (let u = this.#firstUse(p, inst * 4); u < useStart[v + 1] && usePosition[u] < limit; u++) {
      this.#steps++;
      if (useKind[u] === USE_EDGE) break;
      if (isRegisterUse(useKind[u])) until = Math.max(until, useEnd(useKind[u], usePosition[u]));
    }
    return until > position ? until : 0;
  }

  #place(p: number): void {
    this.#steps++;
    const pieces = this.#pieces, v = pieces.vreg[p], start = pieces.start[p], end = pieces.end[p];
    // A piece at a block start is pinned no earlier than EARLY: it can be reloaded in the gap.
    const pinned = (start & 3) === GAP ? 0 : this.#pinnedUntil(p, start);
    const hinted = this.#tryHints(p, v, start, end);
    if (hinted >= 0) { this.#assign(p, hinted); return; }
    const cls = this.#f.vregClass[v];
    const order = this.#file.allocatable[cls], reservations = this.#reservations, busy = this.#busyUntil;
    let best = -1, bestUntil = 0;
    for (let k = 0; k < order.length; k++) {
      const r = order[k];
      if (busy[r] > start) continue;
      const until = reservations.takenFrom(r, start, v);
      if (until >= end) { this.#assign(p, r); return; }
      if (until > bestUntil) { best = r; bestUntil = until; }
    }
    this.#contend(p, v, start, end, pinned, order, best, bestUntil);
  }

  /** Tries registers that would save a move, for the whole piece. Returns −1 if none is free. */
  #tryHints(p: number, v: VReg, start: number, end: number): PReg {
    const last = this.#lastRegister[v];
    if (last >= 0 && this.#free(last, start, end, v)) return last;
    const { defPosition, defKind, defTarget, usePosition, useKind, useStart, useTarget } = this.#uses, f = this.#f;
    if (defPosition[v] === start) {
      const o = defTarget[v];
      switch (defKind[v]) {
        case DEF_FIXED: {
          const r = f.operandInfo[o] >> 4;
          if (this.#fixedDefRegister(o, start >> 2) === r && this.#allocatable(r) && this.#free(r, start, end, v)) return r;
          break;
        }
        case DEF_REUSE: {
          const x = f.operandVReg[f.operandStart[start >> 2] + (f.operandInfo[o] >> 4)];
          // A move here or a move on the edge: the same, but the edge may be a back edge.
          const c = this.#passedTo[v] < 0 ? -1 : this.#parameterRegister[this.#passedTo[v]];
          if (c >= 0 && this.#free(c, start, end, v)) return c;
          const r = this.#lastRegister[x];
          if (r >= 0 && this.#free(r, start, end, v)) return r;
          break;
        }
        default: break;
      }
    }
    const own = this.#parameterRegister[v];
    if (own >= 0 && this.#free(own, start, end, v)) return own;
    if (this.#passedTo[v] >= 0) {
      const c = this.#parameterRegister[this.#passedTo[v]];
      if (c >= 0 && this.#free(c, start, end, v)) return c;
    }
    // A fixed register it will be moved to soon.
    const cursor = this.#pieces.cursor[p], limit = Math.min(useStart[v + 1], cursor + FIXED_USES_AHEAD);
    for (let u = cursor; u < limit && usePosition[u] < end; u++) {
      if (useKind[u] !== USE_FIXED) continue;
      const r = f.operandInfo[useTarget[u]] >> 4;
      if (this.#allocatable(r) && this.#free(r, start, end, v)) return r;
    }
    return -1;
  }
  /** The register a fixed definition is written to (its own, or that of the fixed use it reuses). */
  #fixedDefRegister(o: number, inst: number): PReg {
    const info = this.#f.operandInfo[o];
    return ((info >> 2) & 3) === 2 ? info >> 4 : this.#f.operandInfo[this.#f.operandStart[inst] + (info >> 4)] >> 4;
  }
  #allocatable(r: PReg): boolean {
    return this.#isAllocatable[r] === 1;
  }
  #free(r: PReg, start: number, end: number, v: VReg): boolean {
    return this.#busyUntil[r] <= start && this.#reservations.takenFrom(r, start, v) >= end;
  }

  #assign(p: number, r: PReg): void {
    const pieces = this.#pieces, v = pieces.vreg[p];
    pieces.location[p] = r;
    this.#busyUntil[r] = pieces.end[p];
    this.#holder[r] = p;
    const block = this.#uses.blockOf[pieces.start[p] >> 2];
    // Behind a cold stretch the value should be back where it was before.
    if (this.#f.cold[block] === 0 || this.#lastRegister[v] < 0) this.#lastRegister[v] = r;
    const frequency = this.#loops.frequency[block];
    if (this.#uses.defKind[v] === DEF_PARAM) this.#suggest(v, r, frequency);
    if (this.#passedTo[v] >= 0) this.#suggest(this.#passedTo[v], r, frequency);
  }

  #suggest(parameter: VReg, r: PReg, frequency: number): void {
    if (frequency < this.#parameterFrequency[parameter]) return;
    this.#parameterFrequency[parameter] = frequency;
    this.#parameterRegister[parameter] = r;
  }

  /** No register is free throughout: take one for a part, take another piece's register, or stay in memory. */
  #contend(p: number, v: VReg, start: number, end: number, pinned: number, order: readonly PReg[], partial: PReg, partialUntil: number): void {
    const pieces = this.#pieces, reservations = this.#reservations;
    const own = this.#pressure(p, start);
    // What the best free register gives.
    let cut = partial >= 0 ? this.#cutBefore(p, partialUntil) : 0;
    if (cut <= start || cut < pinned) cut = 0;
    const partialCost = cut === 0 ? Infinity : this.#reloadCost(p, cut);

    let victim = -1, victimScore = Infinity, victimCost = Infinity;
    const inst = start >> 2;
    for (let k = 0; k < order.length; k++) {
      const r = order[k];
      if (this.#busyUntil[r] <= start) continue;
      const q = this.#holder[r];
      // In a gap the uses of the instruction are ahead; after it, its late uses are still in their registers.
      if (this.#pinnedUntil(q, Math.min(Math.max(start, inst * 4 + EARLY), inst * 4 + LATE)) !== 0) continue;
      const until = reservations.takenFrom(r, start, v);
      if (until < end) {
        const c = this.#cutBefore(p, until);
        if (c <= start || c < pinned) continue;
      }
      let cost = this.#reloadCost(q, start);
      let score = cost / (Math.max(1, this.#nextUse - start) + 3);
      if (until < end) {
        const again = this.#reloadCost(p, until);
        cost += again;
        score += again / (until - start + 3);
      }
      if (score < victimScore) { victimScore = score; victimCost = cost; victim = r; }
    }
    if (cut !== 0 && (victim < 0 || partialCost <= victimCost * 2)) {
      // A use before the cut, or at least some distance, makes the register worth while.
      const u = this.#firstUse(p, start);
      const useful = pinned !== 0 || (u < this.#uses.useStart[v + 1] && this.#uses.usePosition[u] < cut) || this.#uses.defPosition[v] === start;
      if (useful) { this.#takePart(p, partial, cut); return; }
      this.#toMemory(p, start);
      return;
    }
    if (victim >= 0 && (pinned !== 0 || victimScore < own)) {
      this.#evict(victim, start);
      const until = reservations.takenFrom(victim, start, v);
      if (until < end) this.#takePart(p, victim, this.#cutBefore(p, until));
      else this.#assign(p, victim);
      return;
    }
    if (pinned === 0) { this.#toMemory(p, start); return; }
    // Everything is pinned here: a piece pinned up to LATE pushes one aside that is pinned at EARLY only.
    if ((start & 3) === EARLY && pinned > inst * 4 + LATE) {
      for (let k = 0; k < order.length; k++) {
        const r = order[k], q = this.#holder[r];
        if (this.#busyUntil[r] <= start || this.#pinnedUntil(q, start) > inst * 4 + LATE) continue;
        const until = reservations.takenFrom(r, start, v);
        const c = until < end ? this.#cutBefore(p, until) : end;
        if (c <= start || c < pinned) continue;
        if (pieces.start[q] === start) {
          pieces.location[q] = UNPLACED;
          this.#enqueue(q);
        } else this.#enqueue(pieces.split(q, start));
        this.#busyUntil[r] = 0;
        if (until < end) this.#takePart(p, r, c);
        else this.#assign(p, r);
        return;
      }
    }
    throw new InternalError(`instruction ${inst} of ${this.#f.name} needs more registers of class ${this.#f.vregClass[v]} than the ${order.length} there are`);
  }

  /** Gives p the register up to `cut`; the rest waits, or is in memory if the cut is at LATE. */
  #takePart(p: number, r: PReg, cut: number): void {
    const rest = this.#pieces.split(p, cut);
    this.#assign(p, r);
    if ((cut & 3) === LATE) this.#toMemory(rest, cut);
    else this.#enqueue(rest);
  }

  /**
   * The best position not after `taken` to end p's stay in a register that is taken there; not after p's start if
   * there is none.
   */
  #cutBefore(p: number, taken: number): number {
    const pieces = this.#pieces, inst = taken >> 2;
    let cut = inst * 4 + EARLY;
    if ((taken & 3) >= LATE) {
      const pinned = this.#pinnedAt(p, inst);
      if (pinned > 0 && pinned <= taken) return inst * 4 + LATE;
    }
    if (cut <= pieces.start[p]) return cut;
    const { blockOf } = this.#uses, f = this.#f;
    const floor = Math.max(pieces.start[p], this.#endOfUsesBefore(p, cut));
    // Cold code: leave the register where it is entered.
    let b = blockOf[inst];
    if (f.cold[b] === 1) {
      for (let k = 0; k < 16 && b > 0 && f.cold[b - 1] === 1 && f.blockStart[b] * 4 > floor; k++) b--;
      const entry = f.blockStart[b] * 4;
      if (entry > pieces.start[p]) return entry;
      return cut;
    }
    for (let loop = this.#loops.loopOf[b]; loop >= 0 && this.#loops.from[loop] > floor; loop = this.#loops.parent[loop]) cut = this.#loops.from[loop];
    return cut;
  }

  /** Like pinnedUntil for an instruction ahead, without moving cursors: end of its register uses of p there, or 0. */
  #pinnedAt(p: number, inst: number): number {
    const { usePosition, useKind, useStart } = this.#uses, end = useStart[this.#pieces.vreg[p] + 1];
    let until = 0;
    for (let u = this.#search(p, inst * 4); u < end && usePosition[u] < inst * 4 + 4; u++) {
      this.#steps++;
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
      this.#steps++;
      const middle = (low + high) >> 1;
      if (usePosition[middle] < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** End of the last use of p's vreg before `position`; its definition if there is none. */
  #endOfUsesBefore(p: number, position: number): number {
    const { usePosition, useKind, useStart, defPosition } = this.#uses, v = this.#pieces.vreg[p];
    const u = this.#search(p, position) - 1;
    return u < useStart[v] ? defPosition[v] : useEnd(useKind[u], usePosition[u]);
  }

  /** How badly p needs a register after `position`: frequency of its next use over the distance to it. */
  #pressure(p: number, position: number): number {
    const cost = this.#reloadCost(p, position);
    return cost / (Math.max(1, this.#nextUse - position) + 3);
  }

  #nextUse = 0;
  /** Cost of bringing p back for its next use after `position`; leaves where that is in `#nextUse`. */
  #reloadCost(p: number, position: number): number {
    const pieces = this.#pieces, v = pieces.vreg[p], { usePosition, useStart, blockOf, useKind } = this.#uses, loops = this.#loops;
    const end = useStart[v + 1];
    let u = position > this.#position ? this.#search(p, position) : this.#firstUse(p, position);
    let cost: number;
    if (u < end) {
      this.#nextUse = usePosition[u];
      cost = loops.frequency[blockOf[usePosition[u] >> 2]];
      if (useKind[u] !== USE_REG && useKind[u] !== USE_LATE) cost *= 0.7;
    } else {
      this.#nextUse = pieces.end[p];
      cost = loops.frequency[blockOf[(pieces.end[p] - 1) >> 2]];
    }
    // Live around a loop that uses it: the next iteration is near.
    const before = u - 1;
    if (before >= useStart[v]) {
      const at = usePosition[before];
      for (let loop = loops.loopOf[blockOf[Math.min(position, pieces.end[p] - 1) >> 2]]; loop >= 0; loop = loops.parent[loop]) {
        if (loops.to[loop] > pieces.end[p]) break;
        if (at < loops.from[loop]) continue;
        if (loops.to[loop] < this.#nextUse) {
          this.#nextUse = loops.to[loop];
          cost = Math.max(cost, loops.frequency[blockOf[at >> 2]]);
        }
        break;
      }
    }
    if (this.#uses.remat[v] >= 0) return cost * 0.4;
    return this.#inMemory[v] === 1 ? cost : cost * 1.5;
  }

  /** Takes the holder of r off it at `position` at the latest. */
  #evict(r: PReg, position: number): void {
    const pieces = this.#pieces, q = this.#holder[r], inst = position >> 2;
    let cut = (position & 3) === GAP ? position : inst * 4 + EARLY;
    if (this.#pinnedAt(q, inst) > 0) cut = inst * 4 + LATE;
    else {
      const floor = this.#endOfUsesBefore(q, inst * 4);
      let loop = this.#loops.loopOf[this.#uses.blockOf[inst]];
      for (; loop >= 0 && this.#loops.from[loop] >= floor && this.#loops.from[loop] >= pieces.start[q]; loop = this.#loops.parent[loop]) {
        cut = Math.min(cut, this.#loops.from[loop]);
      }
    }
    this.#busyUntil[r] = 0;
    if (cut <= pieces.start[q]) {
      this.#toMemory(q, position);
    } else {
      this.#toMemory(pieces.split(q, cut), position);
    }
  }

  /** Leaves p in memory up to the next use worth a register after `position`; the rest waits from there. */
  #toMemory(p: number, position: number): void {
    const pieces = this.#pieces, v = pieces.vreg[p], { usePosition, useKind, useStart, blockOf } = this.#uses, f = this.#f, loops = this.#loops;
    pieces.location[p] = IN_MEMORY;
    if (this.#inMemory[v] === 0) {
      this.#inMemory[v] = 1;
      this.#spilled.push(v);
    }
    const end = pieces.end[p], here = loops.frequency[blockOf[position >> 2]];
    let stop = end, reload = 0;
    let left = SOFT_USES_AHEAD;
    for (let u = this.#firstUse(p, position + 1); u < useStart[v + 1] && usePosition[u] < end; u++) {
      this.#steps++;
      const kind = useKind[u], at = usePosition[u], block = blockOf[at >> 2], gap = at & ~3;
      if (gap + EARLY <= position) continue;
      // Looks again from there.
      if (--left < 0) { stop = gap + EARLY; break; }
      if (kind === USE_EDGE || kind === USE_LATE_ANY) continue;
      if (!isRegisterUse(kind) && (kind === USE_FIXED || loops.frequency[block] <= here)) continue;
      reload = gap + EARLY;
      for (let loop = loops.loopOf[block]; loop >= 0 && loops.from[loop] > position && loops.from[loop] > pieces.start[p]; loop = loops.parent[loop]) reload = loops.from[loop];
      stop = reload;
      break;
    }
    // Memory is for the cold stretch only.
    const b = blockOf[position >> 2];
    if (f.cold[b] === 1) {
      let c = b + 1;
      for (let k = 0; k < 16 && c < f.cold.length && f.cold[c] === 1; k++) c++;
      if (c < f.cold.length && f.cold[c] === 0) {
        const exit = f.blockStart[c] * 4;
        if (exit > position && exit > pieces.start[p] && exit < stop) stop = reload = exit;
      }
    }
    if (stop < end && stop > pieces.start[p]) this.#enqueue(pieces.split(p, stop));
  }
}

/** For each vreg, the block parameter it is passed to on its most frequent edge, −1 for none. */
function passedTo(f: MachineFunction, loops: MachineLoops): Int32Array {
  const to = PASSED_TO.filled(f.vregClass.length, -1), best = PASSED_FREQUENCY.filled(f.vregClass.length, 0);
  for (let b = 0; b < f.loopDepth.length; b++) {
    for (let e = f.succStart[b]; e < f.succStart[b + 1]; e++) {
      const a0 = f.edgeArgStart[e], p0 = f.blockParamStart[f.succs[e]];
      for (let a = a0; a < f.edgeArgStart[e + 1]; a++) {
        const v = f.edgeArgs[a];
        if (loops.frequency[b] <= best[v]) continue;
        best[v] = loops.frequency[b];
        to[v] = f.blockParams[p0 + a - a0];
      }
    }
  }
  return to;
}
