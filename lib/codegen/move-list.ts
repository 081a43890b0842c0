/** Moves that resolution asks for, grouped by place and turned into edits. */
import { IntBuffer } from './growable.ts';
import { FIRST_SPILL_LOCATION, type MachineFunction, type PReg } from './machine-function.ts';
import { ParallelMoves } from './parallel-moves.ts';

/** Places of moves around instruction i, in execution order; the group's key is `4*i` plus this. */
export const AT_BLOCK_START = 0;
export const BEFORE = 1;
export const AT_BLOCK_END = 2;
export const BEHIND = 3;

export class MoveList {
  readonly #key = new IntBuffer(32);
  readonly #from = new IntBuffer(32);
  readonly #to = new IntBuffer(32);
  /** The vreg moved: gives class and width. */
  readonly #vreg = new IntBuffer(32);

  /** A move of vreg v's value, parallel to all others of the same key. `from` may be `~i`. */
  add(key: number, from: number, to: number, v: number): void {
    if (from === to) return;
    this.#key.push(key);
    this.#from.push(from);
    this.#to.push(to);
    this.#vreg.push(v);
  }

  /** Sequentialises every group. `spillSlots` grows if a cycle of slots needs a spare one. */
  finish(f: MachineFunction, scratch: readonly [PReg, PReg], spillSlots: number): { edits: Int32Array; editBytes: Uint8Array; spillSlots: number } {
    const n = this.#key.length;
    if (n === 0) return { edits: new Int32Array(0), editBytes: new Uint8Array(0), spillSlots };
    let slots = spillSlots, spare = -1;
    const spareSlot = (): number => {
      if (spare < 0) {
        slots += slots & 1;
        spare = FIRST_SPILL_LOCATION + slots;
        slots += 2;
      }
      return spare;
    };
    const moves = new ParallelMoves(scratch, spareSlot);
    const points = new IntBuffer(n + 16);
    // Counting sort by instruction, then the few moves of one instruction by place.
    const order = new Int32Array(n), counts = new Int32Array(f.opcode.length * 4 + 1);
    const key = this.#key.data;
    for (let k = 0; k < n; k++) counts[key[k] + 1]++;
    for (let k = 1; k < counts.length; k++) counts[k] += counts[k - 1];
    for (let k = 0; k < n; k++) order[counts[key[k]]++] = k;
    for (let k = 0; k < n;) {
      const group = key[order[k]];
      for (; k < n && key[order[k]] === group; k++) {
        const m = order[k], v = this.#vreg.data[m];
        moves.add(this.#from.data[m], this.#to.data[m], f.vregClass[v], f.vregBytes[v]);
      }
      moves.flush();
      const point = (group >> 2) * 2 + ((group & 3) === BEHIND ? 1 : 0);
      while (points.length < moves.from.length) points.push(point);
    }
    const edits = new Int32Array(points.length * 3), editBytes = new Uint8Array(points.length);
    for (let k = 0; k < points.length; k++) {
      edits[3 * k] = points.data[k];
      edits[3 * k + 1] = moves.from.data[k];
      edits[3 * k + 2] = moves.to.data[k];
      editBytes[k] = moves.bytes.data[k];
    }
    return { edits, editBytes, spillSlots: slots };
  }
}
