/**
 * Sequentialises parallel moves: all sources are read before any destination is written.
 *
 * Every location is the destination of at most one move, so the moves form trees that hang off at most one cycle each
 * ("windmills": Rideau, Serpette & Leroy 2008; Boissinot et al. 2009, algorithm 1). A move whose destination nobody
 * still reads is emitted; that frees its source; what is left are pure cycles, each opened by saving one value.
 *
 * The scratch register of the value's class carries slot-to-slot moves and opens cycles. A cycle that itself has a
 * slot-to-slot move needs the scratch register for that, so it is opened through a spare spill slot. Rematerialised
 * values read nothing and come last.
 *
 * Precondition: slot locations of different widths never overlap in one group.
 */
import { InternalError } from '../mir/errors.ts';
import { IntBuffer } from './growable.ts';
import { FIRST_SPILL_LOCATION, FIRST_VECTOR_PREG, type Location, type PReg } from './machine-function.ts';

/** Collects one group of moves after another and appends each as a sequence to `from`, `to`, `bytes`. */
export class ParallelMoves {
  /** The sequence so far; `from` may be `~i`, the rematerialised value of instruction i. */
  readonly from = new IntBuffer();
  readonly to = new IntBuffer();
  readonly bytes = new IntBuffer();
  #scratch: readonly [PReg, PReg];
  readonly #spare: (bytes: number) => Location;
  // The group at hand.
  readonly #src = new IntBuffer(16);
  readonly #dst = new IntBuffer(16);
  /** Class of the value, and bytes. */
  readonly #cls = new IntBuffer(16);
  readonly #width = new IntBuffer(16);
  readonly #ready = new IntBuffer(16);
  /** By location: pending moves that read it, and the pending move that writes it plus one. */
  #readers = new Int32Array(128);
  #writer = new Int32Array(128);
  /** Whether a group was left half done, so that the tables are not all zero. */
  #torn = false;

  /** @param spare gives a spill location of 8, 16 or 32 bytes that holds no value of the group; it may be the same each time */
  constructor(scratch: readonly [PReg, PReg], spare: (bytes: number) => Location) {
    this.#scratch = scratch;
    this.#spare = spare;
  }

  /** Forgets the sequence, for another function. */
  restart(scratch: readonly [PReg, PReg]): void {
    this.#scratch = scratch;
    this.from.reuse(); this.to.reuse(); this.bytes.reuse();
    this.#src.reuse(); this.#dst.reuse(); this.#cls.reuse(); this.#width.reuse(); this.#ready.reuse();
    if (this.#torn || this.#readers.length > 65536) this.#clear();
  }

  /** Adds a move to the group. `from` may be `~i`. `cls` is the class of the value, `bytes` its width. */
  add(from: number, to: Location, cls: number, bytes: number): void {
    if (from === to) return;
    this.#src.push(from);
    this.#dst.push(to);
    this.#cls.push(cls);
    this.#width.push(bytes);
  }

  /** Appends the group's sequence and starts a new group. */
  flush(): void {
    const n = this.#src.length;
    if (n === 0) return;
    if (n === 1) this.#emit(this.#src.data[0], this.#dst.data[0], this.#cls.data[0], this.#width.data[0]);
    else this.#sequentialise(n);
    this.#src.clear(); this.#dst.clear(); this.#cls.clear(); this.#width.clear();
  }

  #sequentialise(n: number): void {
    const src = this.#src.data, dst = this.#dst.data, cls = this.#cls.data, width = this.#width.data;
    let top = 0;
    for (let k = 0; k < n; k++) top = Math.max(top, src[k], dst[k]);
    this.#reserve(top);
    this.#torn = true;
    let readers = this.#readers, writer = this.#writer;
    const ready = this.#ready;
    let remats = 0;
    for (let k = 0; k < n; k++) {
      if (src[k] < 0) { remats++; continue; }
      if (writer[dst[k]] !== 0) throw new InternalError(`two parallel moves to location ${dst[k]}`);
      readers[src[k]]++;
      writer[dst[k]] = k + 1;
    }
    ready.clear();
    for (let k = 0; k < n; k++) if (src[k] >= 0 && readers[dst[k]] === 0) ready.push(k);
    let pending = n - remats, next = 0;
    for (;;) {
      while (ready.length > 0) {
        const k = ready.data[--ready.length];
        this.#emit(src[k], dst[k], cls[k], width[k]);
        writer[dst[k]] = 0;
        pending--;
        const s = src[k];
        if (--readers[s] === 0 && writer[s] !== 0) ready.push(writer[s] - 1);
      }
      if (pending === 0) break;
      // Only cycles are left: every pending destination is read by exactly one pending move.
      while (writer[dst[next]] !== next + 1) next++;
      this.#openCycle(next);
      readers = this.#readers;
      writer = this.#writer;
    }
    if (remats > 0) {
      for (let k = 0; k < n; k++) if (src[k] < 0) this.#emit(src[k], dst[k], cls[k], width[k]);
    }
    this.#torn = false;
  }

  #clear(): void {
    this.#torn = false;
    this.#readers = new Int32Array(128);
    this.#writer = new Int32Array(128);
  }
  /** Makes the tables reach location `top`; they are all zero between groups. */
  #reserve(top: Location): void {
    if (top < this.#readers.length) return;
    const readers = new Int32Array(top * 2), writer = new Int32Array(top * 2);
    readers.set(this.#readers);
    writer.set(this.#writer);
    this.#readers = readers;
    this.#writer = writer;
  }

  /** Opens the cycle of move k: saves what k overwrites, for the move that still reads it. */
  #openCycle(k: number): void {
    const src = this.#src.data, dst = this.#dst.data, cls = this.#cls.data, width = this.#width.data;
    const writer = this.#writer;
    let carries = false, last = k;
    for (let m = k; ;) {
      if (src[m] >= FIRST_SPILL_LOCATION && dst[m] >= FIRST_SPILL_LOCATION) carries = true;
      const before = writer[src[m]] - 1;
      if (before === k) { last = m; break; }
      m = before;
    }
    // `last` reads what k overwrites.
    const saved = carries ? this.#spare(width[last]) : this.#scratch[cls[last]];
    this.#emit(dst[k], saved, cls[last], width[last]);
    this.#reserve(saved);
    this.#readers[dst[k]]--;
    this.#readers[saved]++;
    src[last] = saved;
    this.#ready.push(k);
  }

  #emit(from: number, to: Location, cls: number, bytes: number): void {
    if (to >= FIRST_SPILL_LOCATION && (from < 0 || from >= FIRST_SPILL_LOCATION)) {
      this.#push(from, this.#scratch[cls], bytes);
      this.#push(this.#scratch[cls], to, bytes);
    } else this.#push(from, to, bytes);
  }
  #push(from: number, to: Location, bytes: number): void {
    this.from.push(from);
    this.to.push(to);
    this.bytes.push(bytes);
  }
}

/** Whether `location` is a register of the class (0 general, 1 vector). */
export function isRegisterOfClass(location: Location, cls: number): boolean {
  return cls === 0 ? location >= 0 && location < FIRST_VECTOR_PREG : location >= FIRST_VECTOR_PREG && location < FIRST_SPILL_LOCATION;
}
