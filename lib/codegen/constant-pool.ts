/**
 * Constants that code reads from memory: each distinct one once, the strictest alignment first, jump tables last.
 *
 * Constants are found by an open-addressing hash table over their words; nothing is allocated per look-up. A constant
 * that is part of a wider one still gets its own place: what is shared must not depend on the order of use.
 */
import { InternalError } from '../mir/errors.ts';
import { IntBuffer } from './growable.ts';

const ALIGNMENT = [16, 8, 4] as const;
/** Places of the hash table a constant may have. Constants can be chosen so that many have one hash. */
const PLACES = 64;

export class ConstantPool {
  /** Offset of the first constant, once placed. */
  start = 0;
  // One entry per constant: its size in words (4, 2, 1), where its words begin, its label.
  readonly #size = new IntBuffer();
  readonly #first = new IntBuffer();
  readonly #label = new IntBuffer();
  readonly #words = new IntBuffer();
  /** Hash table of entry numbers + 1; length a power of two, at most half full. */
  #table = new Int32Array(64);
  /** Entry numbers of the constants that found all their places taken, by their words as text. */
  readonly #crowded = new Map<string, number>();
  // Jump tables.
  readonly #tableLabel = new IntBuffer();
  readonly #tableStart = new IntBuffer();
  readonly #tableTargets = new IntBuffer();

  add32(bits: number, labels: IntBuffer): number { return this.#add(1, bits | 0, 0, 0, 0, labels); }
  add64(low: number, high: number, labels: IntBuffer): number { return this.#add(2, low | 0, high | 0, 0, 0, labels); }
  add128(a: number, b: number, c: number, d: number, labels: IntBuffer): number { return this.#add(4, a | 0, b | 0, c | 0, d | 0, labels); }

  addJumpTable(targets: ArrayLike<number>, labels: IntBuffer): number {
    this.#tableStart.push(this.#tableTargets.length);
    for (let i = 0; i < targets.length; i++) this.#tableTargets.push(targets[i]);
    const label = labels.push(-1);
    this.#tableLabel.push(label);
    return label;
  }

  /** Gives every constant an offset from `offset` on. Returns the end. */
  place(offset: number, labels: Int32Array): number {
    let at = offset;
    this.start = offset;
    let first = true;
    for (const align of ALIGNMENT) {
      for (let i = 0; i < this.#size.length; i++) {
        if (this.#size.data[i] * 4 !== align) continue;
        at = (at + align - 1) & -align;
        if (first) { this.start = at; first = false; }
        labels[this.#label.data[i]] = at;
        at += align;
      }
    }
    for (let i = 0; i < this.#tableLabel.length; i++) {
      at = (at + 3) & -4;
      if (first) { this.start = at; first = false; }
      labels[this.#tableLabel.data[i]] = at;
      at += 4 * (this.#tableEnd(i) - this.#tableStart.data[i]);
    }
    return at;
  }

  /** Writes the constants to their places. */
  write(code: Uint8Array, labels: Int32Array): void {
    const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
    for (let i = 0; i < this.#size.length; i++) {
      const at = labels[this.#label.data[i]];
      for (let w = 0; w < this.#size.data[i]; w++) view.setInt32(at + 4 * w, this.#words.data[this.#first.data[i] + w], true);
    }
    for (let i = 0; i < this.#tableLabel.length; i++) {
      const at = labels[this.#tableLabel.data[i]], start = this.#tableStart.data[i], end = this.#tableEnd(i);
      for (let t = start; t < end; t++) view.setInt32(at + 4 * (t - start), boundOffset(labels, this.#tableTargets.data[t]) - at, true);
    }
  }

  #tableEnd(i: number): number {
    return i + 1 < this.#tableStart.length ? this.#tableStart.data[i + 1] : this.#tableTargets.length;
  }

  #add(size: number, a: number, b: number, c: number, d: number, labels: IntBuffer): number {
    if (this.#size.length * 2 >= this.#table.length) this.#rehash();
    const words = this.#words.data, mask = this.#table.length - 1;
    let slot = hash(size, a, b, c, d) & mask, left = PLACES;
    for (; left > 0 && this.#table[slot] !== 0; slot = (slot + 1) & mask, left--) {
      const e = this.#table[slot] - 1, f = this.#first.data[e];
      if (this.#size.data[e] === size && words[f] === a && (size < 2 || words[f + 1] === b) && (size < 4 || (words[f + 2] === c && words[f + 3] === d))) {
        return this.#label.data[e];
      }
    }
    if (left === 0) {
      const key = textOf(size, a, b, c, d), known = this.#crowded.get(key);
      if (known !== undefined) return this.#label.data[known];
      this.#crowded.set(key, this.#size.length);
    } else this.#table[slot] = this.#size.length + 1;
    this.#size.push(size);
    this.#first.push(this.#words.length);
    this.#words.push(a);
    if (size >= 2) this.#words.push(b);
    if (size >= 4) {
      this.#words.push(c);
      this.#words.push(d);
    }
    const label = labels.push(-1);
    this.#label.push(label);
    return label;
  }

  #rehash(): void {
    const table = new Int32Array(this.#table.length * 2), mask = table.length - 1, words = this.#words.data;
    this.#crowded.clear();
    for (let e = 0; e < this.#size.length; e++) {
      const f = this.#first.data[e], size = this.#size.data[e];
      const a = words[f], b = size < 2 ? 0 : words[f + 1], c = size < 4 ? 0 : words[f + 2], d = size < 4 ? 0 : words[f + 3];
      let slot = hash(size, a, b, c, d) & mask, left = PLACES;
      for (; left > 0 && table[slot] !== 0; left--) slot = (slot + 1) & mask;
      if (left === 0) this.#crowded.set(textOf(size, a, b, c, d), e);
      else table[slot] = e + 1;
    }
    this.#table = table;
  }
}

/** Final offset of a label. */
export function boundOffset(labels: Int32Array, label: number): number {
  const offset = labels[label];
  if (offset < 0) throw new InternalError(`label ${label} is used but never bound`);
  return offset;
}

function textOf(size: number, a: number, b: number, c: number, d: number): string { return `${size},${a},${b},${c},${d}`; }

function hash(size: number, a: number, b: number, c: number, d: number): number {
  let h = Math.imul(a ^ size, 0x9e3779b1);
  h = Math.imul((h ^ (h >>> 15)) + b, 0x85ebca6b);
  h = Math.imul((h ^ (h >>> 13)) + c, 0xc2b2ae35);
  h = Math.imul((h ^ (h >>> 16)) + d, 0x27d4eb2f);
  return h ^ (h >>> 15);
}
