/** Moves that resolution asks for, grouped by place and turned into edits. */
import { int32, uint8 } from '../analysis/slab.ts';
import { IntBuffer } from './growable.ts';
import { FIRST_SPILL_LOCATION, type MachineFunction, type PReg } from './machine-function.ts';
import { ParallelMoves } from './parallel-moves.ts';
import { Scratch } from './scratch.ts';

/** Places of moves around instruction i, in execution order; the group's key is `4*i` plus this. */
export const AT_BLOCK_START = 0;
export const BEFORE = 1;
export const AT_BLOCK_END = 2;
export const BEHIND = 3;

const FIRST_OF = new Scratch(Int32Array), NEXT = new Scratch(Int32Array);

/** Used again from function to function. */
export class MoveList {
  readonly #key = new IntBuffer(256);
  readonly #from = new IntBuffer(256);
  readonly #to = new IntBuffer(256);
  /** The vreg moved: gives class and width. */
  readonly #vreg = new IntBuffer(256);
  readonly #points = new IntBuffer(256);
  readonly #sequence = new ParallelMoves([0, 0], () => this.#spareSlot());
  #slots = 0;
  #spare = -1;

  /** Forgets all moves. */
  restart(): void {
    this.#sequence.restart([0, 0]);
    this.#key.reuse(); this.#from.reuse(); this.#to.reuse(); this.#vreg.reuse(); this.#points.reuse();
  }

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
    this.#slots = spillSlots;
    this.#spare = -1;
    const sequence = this.#sequence, points = this.#points;
    sequence.restart(scratch);
    // The moves of each instruction as a list; most have none or few.
    const insts = f.opcode.length, first = FIRST_OF.filled(insts, -1), next = NEXT.raw(n), key = this.#key.data;
    for (let k = n - 1; k >= 0; k--) {
      const i = key[k] >> 2;
      next[k] = first[i];
      first[i] = k;
    }
    for (let i = 0; i < insts; i++) {
      if (first[i] < 0) continue;
      let places = 0;
      for (let k = first[i]; k >= 0; k = next[k]) places |= 1 << (key[k] & 3);
      for (let place = AT_BLOCK_START; place <= BEHIND; place++) {
        if ((places & (1 << place)) === 0) continue;
        this.#sequenceGroup(f, first[i], next, place);
        const point = i * 2 + (place === BEHIND ? 1 : 0);
        while (points.length < sequence.from.length) points.push(point);
      }
    }
    const count = points.length, edits = int32(count * 3), editBytes = uint8(count);
    const point = points.data, from = sequence.from.data, to = sequence.to.data, bytes = sequence.bytes.data;
    for (let k = 0; k < count; k++) {
      edits[3 * k] = point[k];
      edits[3 * k + 1] = from[k];
      edits[3 * k + 2] = to[k];
      editBytes[k] = bytes[k];
    }
    return { edits, editBytes, spillSlots: this.#slots };
  }

  /** Those of the list from `first` that are at `place`. */
  #sequenceGroup(f: MachineFunction, first: number, next: Int32Array, place: number): void {
    const key = this.#key.data, from = this.#from.data, to = this.#to.data, vreg = this.#vreg.data;
    for (let k = first; k >= 0; k = next[k]) {
      if ((key[k] & 3) === place) this.#sequence.add(from[k], to[k], f.vregClass[vreg[k]], f.vregBytes[vreg[k]]);
    }
    this.#sequence.flush();
  }

  /** A slot of 32 bytes that no value has. */
  #spareSlot(): number {
    if (this.#spare < 0) {
      this.#slots += this.#slots & 1;
      this.#spare = FIRST_SPILL_LOCATION + this.#slots;
      this.#slots += 4;
    }
    return this.#spare;
  }
}
