/**
 * When machine registers are taken by instructions themselves: operands fixed to a register, and clobbers.
 *
 * Queries come with a position that never decreases, so every register (and every clobber set) keeps a cursor into
 * its sorted reservations; a query is amortised constant time.
 */
import type { UseTable } from './live-range.ts';
import { LATE } from './live-range.ts';
import type { MachineFunction, PReg, VReg } from './machine-function.ts';

/** Beyond every position. */
export const NEVER = 0x7fffffff;
/** How many reservations for operands of the asking vreg itself are looked past. */
const OWN_OPERANDS_AHEAD = 16;

export class RegisterReservations {
  readonly #uses: UseTable;
  /** First fixed reservation of each register that is not over, and the next one of the same register. */
  readonly #head = new Int32Array(64).fill(-1);
  readonly #next: Int32Array;
  /** Instructions of each clobber set as positions (LATE), with a cursor. */
  readonly #clobbers: Int32Array[] = [];
  readonly #cursor: Int32Array;
  readonly #nextClobber: Int32Array;
  /** Sets in use, and whether register r is in set s, at `64*s + r`. */
  readonly #used: number[] = [];
  readonly #member: Uint8Array;
  /** Reservations passed so far. */
  steps = 0;

  constructor(f: MachineFunction, uses: UseTable) {
    this.#uses = uses;
    const events = uses.fixedRegister.length;
    this.#next = new Int32Array(events).fill(-1);
    for (let e = events - 1; e >= 0; e--) {
      const r = uses.fixedRegister[e];
      this.#next[e] = this.#head[r];
      this.#head[r] = e;
    }
    const sets = f.clobberSets.length;
    const counts = new Int32Array(sets);
    this.#member = new Uint8Array(sets * 64);
    for (let i = 0; i < f.clobber.length; i++) counts[f.clobber[i]]++;
    this.#cursor = new Int32Array(sets);
    this.#nextClobber = new Int32Array(sets).fill(NEVER);
    for (let s = 0; s < sets; s++) {
      this.#clobbers.push(new Int32Array(s === 0 || f.clobberSets[s].length === 0 ? 0 : counts[s]));
      if (this.#clobbers[s].length === 0) continue;
      this.#used.push(s);
      for (const r of f.clobberSets[s]) this.#member[s * 64 + r] = 1;
    }
    counts.fill(0);
    for (let i = 0; i < f.clobber.length; i++) {
      const s = f.clobber[i];
      if (s !== 0 && this.#clobbers[s].length > 0) this.#clobbers[s][counts[s]++] = i * 4 + LATE;
    }
    for (let s = 0; s < sets; s++) if (this.#clobbers[s].length > 0) this.#nextClobber[s] = this.#clobbers[s][0];
  }

  /** Moves the clobber cursors to `position`. */
  advance(position: number): void {
    const next = this.#nextClobber, used = this.#used;
    for (let u = 0; u < used.length; u++) {
      const s = used[u];
      if (next[s] >= position) continue;
      const list = this.#clobbers[s];
      let k = this.#cursor[s];
      while (k < list.length && list[k] < position) { k++; this.steps++; }
      this.#cursor[s] = k;
      next[s] = k < list.length ? list[k] : NEVER;
    }
  }

  /**
   * First position not before `position` at which `register` is taken from a holder of `v`; {@link NEVER} for none.
   * An operand of `v` itself fixed to the register does not count. Call {@link advance} with the position first.
   */
  takenFrom(register: PReg, position: number, v: VReg): number {
    const used = this.#used, { fixedFrom, fixedTo, fixedOwner } = this.#uses;
    let first = NEVER;
    for (let k = 0; k < used.length; k++) {
      const s = used[k];
      if (this.#member[s * 64 + register] === 1) first = Math.min(first, this.#nextClobber[s]);
    }
    let e = this.#head[register];
    if (e >= 0) {
      while (e >= 0 && fixedTo[e] <= position) { e = this.#next[e]; this.steps++; }
      this.#head[register] = e;
      // Past many operands of v's own the answer may be early: the piece is then cut there, and goes on in the register.
      for (let left = OWN_OPERANDS_AHEAD; left > 0 && e >= 0 && fixedOwner[e] === v && fixedFrom[e] < first; left--) e = this.#next[e];
      if (e >= 0) first = Math.min(first, Math.max(position, fixedFrom[e]));
    }
    return first;
  }
}
