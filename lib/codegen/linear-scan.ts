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
import { EARLY, GAP, LATE, USE_EDGE, USE_FIXED, USE_LATE_ANY, isRegisterUse, type UseTable } from './live-range.ts';
import type { MachineFunction, PReg, RegisterFile, VReg } from './machine-function.ts';
import type { MachineLoops } from './machine-loops.ts';
import { IN_MEMORY, UNPLACED, type PieceTable } from './piece-table.ts';
import { PieceUses } from './piece-uses.ts';
import { RegisterHints } from './register-hints.ts';
import { RegisterReservations } from './register-reservations.ts';
import { Scratch } from './scratch.ts';

/** Buckets per instruction: block start, pinned EARLY to LATE, other EARLY, LATE, AFTER. */
const BUCKETS = 5;
/** How many uses that can read memory are looked past for one worth a register. */
const SOFT_USES_AHEAD = 256;

/**
 * Places every piece of `pieces`, splitting as needed; `spilled` gets the vregs that are in memory somewhere. Returns
 * the steps it took: rounds of all loops whose length is not fixed.
 *
 * @throws InternalError if an instruction needs more registers than there are
 */
export function linearScan(f: MachineFunction, file: RegisterFile, uses: UseTable, loops: MachineLoops, pieces: PieceTable, spilled: IntBuffer): number {
  return new LinearScan(f, file, uses, loops, pieces, spilled).run();
}

const BUCKET = new Scratch(Int32Array), WAITING = new Scratch(Int32Array), BUSY_UNTIL = new Scratch(Int32Array), HOLDER = new Scratch(Int32Array);
const SEEN_IN_MEMORY = new Scratch(Uint8Array);

class LinearScan {
  readonly #f: MachineFunction;
  readonly #file: RegisterFile;
  readonly #uses: UseTable;
  readonly #loops: MachineLoops;
  readonly #pieces: PieceTable;
  readonly #reservations: RegisterReservations;
  readonly #pieceUses: PieceUses;
  readonly #hints: RegisterHints;
  /** Pieces waiting at each bucket: first, and the next in the same bucket. */
  readonly #bucket: Int32Array;
  readonly #buckets: number;
  #waiting: Int32Array;
  /** End of the piece that holds each register, and that piece. */
  readonly #busyUntil: Int32Array;
  readonly #holder: Int32Array;
  /** Whether some piece of the vreg is in memory already. */
  readonly #inMemory: Uint8Array;
  readonly #spilled: IntBuffer;

  constructor(f: MachineFunction, file: RegisterFile, uses: UseTable, loops: MachineLoops, pieces: PieceTable, spilled: IntBuffer) {
    const vregs = f.vregClass.length;
    this.#f = f;
    this.#file = file;
    this.#uses = uses;
    this.#loops = loops;
    this.#pieces = pieces;
    this.#reservations = new RegisterReservations(f, uses);
    this.#buckets = f.opcode.length * BUCKETS;
    this.#bucket = BUCKET.filled(this.#buckets, -1);
    this.#waiting = WAITING.raw(pieces.vreg.length);
    this.#busyUntil = BUSY_UNTIL.filled(64, 0);
    this.#holder = HOLDER.filled(64, -1);
    this.#inMemory = SEEN_IN_MEMORY.filled(vregs, 0);
    this.#spilled = spilled;
    this.#pieceUses = new PieceUses(uses, loops, pieces, this.#inMemory);
    this.#hints = new RegisterHints(f, file, uses, loops, pieces, this.#reservations, this.#busyUntil);
  }

  run(): number {
    const pieces = this.#pieces, bucket = this.#bucket, buckets = this.#buckets;
    for (let p = pieces.count - 1; p >= 0; p--) this.#enqueue(p);
    for (let k = 0; k < buckets; k++) {
      let p = bucket[k];
      if (p < 0) continue;
      const sub = k % BUCKETS;
      this.#pieceUses.position = ((k / BUCKETS) | 0) * 4 + (sub < 2 ? sub : sub - 1);
      this.#reservations.advance(this.#pieceUses.position);
      for (; p >= 0; p = bucket[k]) {
        bucket[k] = this.#waiting[p];
        this.#place(p);
      }
    }
    return this.#pieceUses.steps + this.#reservations.steps;
  }

  #enqueue(p: number): void {
    const start = this.#pieces.start[p], inst = start >> 2;
    let k = inst * BUCKETS;
    switch (start & 3) {
      case GAP: break;
      case EARLY: k += this.#pieceUses.pinnedLate(p, inst) ? 1 : 2; break;
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

  #place(p: number): void {
    this.#pieceUses.steps++;
    const pieces = this.#pieces, v = pieces.vreg[p], start = pieces.start[p], end = pieces.end[p];
    // A piece at a block start is pinned no earlier than EARLY: it can be reloaded in the gap.
    const pinned = (start & 3) === GAP ? 0 : this.#pieceUses.pinnedUntil(p, start);
    const hinted = this.#hints.find(p, v, start, end);
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

  #assign(p: number, r: PReg): void {
    const pieces = this.#pieces, v = pieces.vreg[p];
    pieces.location[p] = r;
    this.#busyUntil[r] = pieces.end[p];
    this.#holder[r] = p;
    this.#hints.assigned(p, v, r);
  }

  /** No register is free throughout: take one for a part, take another piece's register, or stay in memory. */
  #contend(p: number, v: VReg, start: number, end: number, pinned: number, order: readonly PReg[], partial: PReg, partialUntil: number): void {
    const pieces = this.#pieces, reservations = this.#reservations;
    const own = this.#pieceUses.pressure(p, start);
    // What the best free register gives.
    let cut = partial >= 0 ? this.#cutBefore(p, partialUntil) : 0;
    if (cut <= start || cut < pinned) cut = 0;
    const partialCost = cut === 0 ? Infinity : this.#pieceUses.reloadCost(p, cut);

    let victim = -1, victimScore = Infinity, victimCost = Infinity;
    const inst = start >> 2;
    for (let k = 0; k < order.length; k++) {
      const r = order[k];
      if (this.#busyUntil[r] <= start) continue;
      const q = this.#holder[r];
      // In a gap the uses of the instruction are ahead; after it, its late uses are still in their registers.
      if (this.#pieceUses.pinnedUntil(q, Math.min(Math.max(start, inst * 4 + EARLY), inst * 4 + LATE)) !== 0) continue;
      const until = reservations.takenFrom(r, start, v);
      if (until < end) {
        const c = this.#cutBefore(p, until);
        if (c <= start || c < pinned) continue;
      }
      let cost = this.#pieceUses.reloadCost(q, start);
      let score = cost / (Math.max(1, this.#pieceUses.nextUse - start) + 3);
      if (until < end) {
        const again = this.#pieceUses.reloadCost(p, until);
        cost += again;
        score += again / (until - start + 3);
      }
      if (score < victimScore) { victimScore = score; victimCost = cost; victim = r; }
    }
    if (cut !== 0 && (victim < 0 || partialCost <= victimCost * 2)) {
      // A use before the cut, or at least some distance, makes the register worth while.
      const u = this.#pieceUses.firstUse(p, start);
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
        if (this.#busyUntil[r] <= start || this.#pieceUses.pinnedUntil(q, start) > inst * 4 + LATE) continue;
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
      const pinned = this.#pieceUses.pinnedAt(p, inst);
      if (pinned > 0 && pinned <= taken) return inst * 4 + LATE;
    }
    if (cut <= pieces.start[p]) return cut;
    const { blockOf } = this.#uses, f = this.#f;
    const floor = Math.max(pieces.start[p], this.#pieceUses.endOfUsesBefore(p, cut));
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

  /** Takes the holder of r off it at `position` at the latest. */
  #evict(r: PReg, position: number): void {
    const pieces = this.#pieces, q = this.#holder[r], inst = position >> 2;
    let cut = (position & 3) === GAP ? position : inst * 4 + EARLY;
    if (this.#pieceUses.pinnedAt(q, inst) > 0) cut = inst * 4 + LATE;
    else {
      const floor = this.#pieceUses.endOfUsesBefore(q, inst * 4);
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
    for (let u = this.#pieceUses.firstUse(p, position + 1); u < useStart[v + 1] && usePosition[u] < end; u++) {
      this.#pieceUses.steps++;
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
