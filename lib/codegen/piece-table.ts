/**
 * Pieces: what linear scan places. A piece is an unbroken part of one live range of one vreg and has one location.
 *
 * Ranges separated by a hole are separate pieces from the start, so an occupied register is simply occupied until the
 * end of its piece: there is no set of inactive intervals to search, and the scan stays linear. Splitting a piece
 * makes a new one right behind it. The pieces of a vreg form a list ascending by start.
 */
import type { LiveRanges } from './machine-liveness.ts';
import { Scratch } from './scratch.ts';

/** Location of a piece that has none yet. */
export const UNPLACED = -1;
/** Location of a piece outside registers: in the vreg's spill slot, or nowhere if the value is rematerialised. */
export const IN_MEMORY = -2;

/** A table larger than this is not kept for the next function. */
const KEPT_PIECES = 1 << 18;
const FIRST = new Scratch(Int32Array);

/** Used again from function to function. */
export class PieceTable {
  count = 0;
  vreg = new Int32Array(256);
  start = new Int32Array(256);
  end = new Int32Array(256);
  /** Register, {@link UNPLACED} or {@link IN_MEMORY}. */
  location = new Int32Array(256);
  /** The next piece of the same vreg, −1 at the end. */
  next = new Int32Array(256);
  /** First use of the vreg (index into the use table) not before some position the piece has been looked at. */
  cursor = new Int32Array(256);
  /** First piece of each vreg, −1 for none. */
  first: Int32Array = FIRST.raw(0);

  /** Starts over with a piece for each live range. */
  restart(vregs: number, ranges: LiveRanges, useStart: Int32Array, usePosition: Int32Array): void {
    const { rangeStart, rangeFrom, rangeTo } = ranges, n = rangeStart[vregs];
    this.release();
    if (n > this.vreg.length) this.#resize(Math.max(n + (n >> 1), 256));
    const { vreg, start, end, next, cursor } = this, first = this.first = FIRST.raw(vregs);
    this.location.fill(UNPLACED, 0, n);
    for (let v = 0; v < vregs; v++) {
      const r0 = rangeStart[v], r1 = rangeStart[v + 1];
      first[v] = r0 < r1 ? r0 : -1;
      let u = useStart[v];
      for (let r = r0; r < r1; r++) {
        const from = rangeFrom[r];
        vreg[r] = v;
        start[r] = from;
        end[r] = rangeTo[r];
        next[r] = r + 1 < r1 ? r + 1 : -1;
        while (u < useStart[v + 1] && usePosition[u] < from) u++;
        cursor[r] = u;
      }
    }
    this.count = n;
  }

  /** Gives back the memory of a huge function. */
  release(): void {
    if (this.vreg.length > KEPT_PIECES) this.#resize(256);
  }

  /** Cuts piece p at `position` (strictly inside); returns the new piece from there on, unplaced. */
  split(p: number, position: number): number {
    if (this.count === this.vreg.length) this.#grow();
    const c = this.count++;
    this.vreg[c] = this.vreg[p];
    this.start[c] = position;
    this.end[c] = this.end[p];
    this.location[c] = UNPLACED;
    this.next[c] = this.next[p];
    this.cursor[c] = this.cursor[p];
    this.end[p] = position;
    this.next[p] = c;
    return c;
  }

  // The length of `vreg` is the capacity, so it comes last: memory that runs out half way leaves no array too short.
  #resize(capacity: number): void {
    this.vreg = new Int32Array(0);
    this.start = new Int32Array(capacity);
    this.end = new Int32Array(capacity);
    this.location = new Int32Array(capacity);
    this.next = new Int32Array(capacity);
    this.cursor = new Int32Array(capacity);
    this.vreg = new Int32Array(capacity);
  }

  #grow(): void {
    const capacity = this.count * 2;
    this.start = enlarged(this.start, capacity);
    this.end = enlarged(this.end, capacity);
    this.location = enlarged(this.location, capacity);
    this.next = enlarged(this.next, capacity);
    this.cursor = enlarged(this.cursor, capacity);
    this.vreg = enlarged(this.vreg, capacity);
  }
}

function enlarged(a: Int32Array<ArrayBuffer>, capacity: number): Int32Array<ArrayBuffer> {
  const b = new Int32Array(capacity);
  b.set(a);
  return b;
}
