/**
 * When machine registers are taken by instructions themselves: operands fixed to a register, and clobbers.
 *
 * Queries come with a position that never decreases, so every register (and every clobber set) keeps a cursor into
 * its sorted reservations; a query is amortised constant time.
 */
import type { UseTable } from './live-range.ts';
import { LATE } from './live-range.ts';
import type { MachineFunction, PReg, VReg } from './machine-function.ts';
import { Scratch } from './scratch.ts';

/** Beyond every position. */
export const NEVER = 0x7fffffff;
/** How many reservations for operands of the asking vreg itself are looked past. */
const OWN_OPERANDS_AHEAD = 16;

const HEAD = new Scratch(Int32Array), NEXT = new Scratch(Int32Array), SAME_NEXT = new Scratch(Int32Array), FIRST_OF_SET = new Scratch(Int32Array);
const NEXT_CLOBBER = new Scratch(Int32Array), LOW = new Scratch(Int32Array), HIGH = new Scratch(Int32Array);

/** One at a time: its arrays are scratch. */
export class RegisterReservations {
  readonly #uses: UseTable;
  /** First fixed reservation of each register that is not over, and the next one of the same register. */
  readonly #head: Int32Array;
  readonly #next: Int32Array;
  /** By instruction with clobbers: the next one with the same clobber set, −1 at the end. */
  readonly #sameNext: Int32Array;
  /** The clobber sets in use: position (LATE) of the next instruction, then a bit for each register, 0–31 and 32–63. */
  readonly #usedSets: number;
  readonly #nextClobber: Int32Array;
  readonly #low: Int32Array;
  readonly #high: Int32Array;
  /** Reservations passed so far. */
  steps = 0;

  constructor(f: MachineFunction, uses: UseTable) {
    this.#uses = uses;
    const events = uses.fixedCount;
    this.#head = HEAD.filled(64, -1);
    this.#next = NEXT.raw(events);
    for (let e = events - 1; e >= 0; e--) {
      const r = uses.fixedRegister[e];
      this.#next[e] = this.#head[r];
      this.#head[r] = e;
    }
    const sets = f.clobberSets.length, first = FIRST_OF_SET.filled(sets, -1), clobber = f.clobber;
    const same = this.#sameNext = SAME_NEXT.raw(f.opcode.length);
    for (let i = f.opcode.length - 1; i >= 0; i--) {
      const s = clobber[i];
      if (s === 0) continue;
      same[i] = first[s];
      first[s] = i;
    }
    this.#nextClobber = NEXT_CLOBBER.raw(sets);
    this.#low = LOW.raw(sets);
    this.#high = HIGH.raw(sets);
    let used = 0;
    for (let s = 1; s < sets; s++) {
      const list = f.clobberSets[s];
      if (first[s] < 0 || list.length === 0) continue;
      let low = 0, high = 0;
      for (let k = 0; k < list.length; k++) {
        if (list[k] < 32) low |= 1 << list[k];
        else high |= 1 << (list[k] - 32);
      }
      this.#low[used] = low;
      this.#high[used] = high;
      this.#nextClobber[used++] = first[s] * 4 + LATE;
    }
    this.#usedSets = used;
  }

  /** Moves the clobber cursors to `position`. */
  advance(position: number): void {
    const next = this.#nextClobber, used = this.#usedSets;
    for (let u = 0; u < used; u++) {
      let at = next[u];
      while (at < position) {
        const i = this.#sameNext[at >> 2];
        at = i < 0 ? NEVER : i * 4 + LATE;
        this.steps++;
      }
      next[u] = at;
    }
  }

  /**
   * First position not before `position` at which `register` is taken from a holder of `v`; {@link NEVER} for none.
   * An operand of `v` itself fixed to the register does not count. Call {@link advance} with the position first.
   */
  takenFrom(register: PReg, position: number, v: VReg): number {
    const used = this.#usedSets;
    let first = NEVER;
    if (used > 0) {
      const next = this.#nextClobber, members = register < 32 ? this.#low : this.#high, bit = 1 << (register & 31);
      for (let k = 0; k < used; k++) if ((members[k] & bit) !== 0 && next[k] < first) first = next[k];
    }
    let e = this.#head[register];
    if (e >= 0) {
      const { fixedFrom, fixedTo, fixedOwner } = this.#uses;
      while (e >= 0 && fixedTo[e] <= position) { e = this.#next[e]; this.steps++; }
      this.#head[register] = e;
      // Past many operands of v's own the answer may be early: the piece is then cut there, and goes on in the register.
      for (let left = OWN_OPERANDS_AHEAD; left > 0 && e >= 0 && fixedOwner[e] === v && fixedFrom[e] < first; left--) e = this.#next[e];
      if (e >= 0) first = Math.min(first, Math.max(position, fixedFrom[e]));
    }
    return first;
  }
}
