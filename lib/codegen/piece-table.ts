/**
 * Pieces: what linear scan places. A piece is an unbroken part of one live range of one vreg and has one location.
 *
 * Ranges separated by a hole are separate pieces from the start, so an occupied register is simply occupied until the
 * end of its piece: there is no set of inactive intervals to search, and the scan stays linear. Splitting a piece
 * makes a new one right behind it. The pieces of a vreg form a list ascending by start.
 */
import type { LiveRanges } from './machine-liveness.ts';

/** Location of a piece that has none yet. */
export const UNPLACED = -1;
/** Location of a piece outside registers: in the vreg's spill slot, or nowhere if the value is rematerialised. */
export const IN_MEMORY = -2;

export class PieceTable {
  count = 0;
  vreg: Int32Array<ArrayBuffer>;
  start: Int32Array<ArrayBuffer>;
  end: Int32Array<ArrayBuffer>;
  /** Register, {@link UNPLACED} or {@link IN_MEMORY}. */
  location: Int32Array<ArrayBuffer>;
  /** The next piece of the same vreg, −1 at the end. */
  next: Int32Array<ArrayBuffer>;
  /** First use of the vreg (index into the use table) not before some position the piece has been looked at. */
  cursor: Int32Array<ArrayBuffer>;
  /** First piece of each vreg, −1 for none. */
  readonly first: Int32Array;

  constructor(vregs: number, ranges: LiveRanges, useStart: Int32Array, usePosition: Int32Array) {
    const n = ranges.rangeFrom.length, capacity = n + (n >> 1) + 16;
    this.vreg = new Int32Array(capacity);
    this.start = new Int32Array(capacity);
    this.end = new Int32Array(capacity);
    this.location = new Int32Array(capacity).fill(UNPLACED);
    this.next = new Int32Array(capacity).fill(-1);
    this.cursor = new Int32Array(capacity);
    this.first = new Int32Array(vregs).fill(-1);
    for (let v = 0; v < vregs; v++) {
      const r0 = ranges.rangeStart[v], r1 = ranges.rangeStart[v + 1];
      if (r0 < r1) this.first[v] = r0;
      let u = useStart[v];
      for (let r = r0; r < r1; r++) {
        this.vreg[r] = v;
        this.start[r] = ranges.rangeFrom[r];
        this.end[r] = ranges.rangeTo[r];
        if (r + 1 < r1) this.next[r] = r + 1;
        while (u < useStart[v + 1] && usePosition[u] < ranges.rangeFrom[r]) u++;
        this.cursor[r] = u;
      }
    }
    this.count = n;
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

  #grow(): void {
    const capacity = this.count * 2;
    this.vreg = enlarged(this.vreg, capacity);
    this.start = enlarged(this.start, capacity);
    this.end = enlarged(this.end, capacity);
    this.location = enlarged(this.location, capacity);
    this.next = enlarged(this.next, capacity);
    this.cursor = enlarged(this.cursor, capacity);
  }
}

function enlarged(a: Int32Array<ArrayBuffer>, capacity: number): Int32Array<ArrayBuffer> {
  const b = new Int32Array(capacity);
  b.set(a);
  return b;
}
