/**
 * Typed arrays that are used again from function to function, so that compiling many small functions does not spend
 * its time on making and collecting arrays. Each is a module constant of the code it belongs to, which is never
 * re-entered. Arrays are longer than asked for: their `length` means nothing.
 */

/** Larger arrays are not kept: a huge function does not hold its memory for good. */
const KEPT_ELEMENTS = 1 << 18;

/** What {@link Scratch} asks of a typed array. */
interface Elements {
  readonly length: number;
  fill(value: number, start: number, end: number): unknown;
}

/**
 * One such array.
 *
 * @example
 * const marks = new Scratch(Int32Array);
 * marks.filled(100, -1)[99] // => -1
 */
export class Scratch<A extends Elements> {
  readonly #type: new (length: number) => A;
  #array: A;
  constructor(type: new (length: number) => A) {
    this.#type = type;
    this.#array = new type(256);
  }

  /** At least `n` elements with any content. Valid up to the next call. */
  raw(n: number): A {
    return n <= this.#array.length ? this.#array : this.#grow(n);
  }
  /** At least `n` elements, the first `n` equal to `value`. */
  filled(n: number, value: number): A {
    const array = this.raw(n);
    array.fill(value, 0, n);
    return array;
  }

  #grow(n: number): A {
    if (n > KEPT_ELEMENTS) return new this.#type(n);
    return this.#array = new this.#type(Math.min(Math.max(n, this.#array.length * 2), KEPT_ELEMENTS));
  }
}
