/**
 * Where a generator's decisions come from: a stream of small numbers. 0 is always the simplest choice, and a stream
 * that has run out gives 0, so that shortening a stream or lowering its numbers gives a simpler program.
 */
export interface Choices {
  /** An integer in [0, n). */
  below(n: number): number;
}

/** Choices from a seed; keeps what it gave, so that a failure can be replayed and shrunk. */
export class RandomChoices implements Choices {
  readonly taken: number[] = [];
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** The generator is sfc32 (Doty-Humphrey, PractRand). */
  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 4294967296) | 0;
    this.#c = 0x9e3779b9 | 0;
    for (let k = 0; k < 12; k++) this.#next();
  }

  #next(): number {
    const t = (this.#a + this.#b | 0) + this.#counter | 0;
    this.#counter = this.#counter + 1 | 0;
    this.#a = this.#b ^ this.#b >>> 9;
    this.#b = this.#c + (this.#c << 3) | 0;
    this.#c = (this.#c << 21 | this.#c >>> 11) + t | 0;
    return t >>> 0;
  }

  below(n: number): number {
    const v = n <= 1 ? 0 : Math.floor(this.#next() / 4294967296 * n);
    this.taken.push(v);
    return v;
  }
}

/** Choices from a list of numbers, taken modulo the range asked for. */
export class ReplayChoices implements Choices {
  readonly #stream: ArrayLike<number>;
  #at = 0;
  constructor(stream: ArrayLike<number>) { this.#stream = stream; }
  below(n: number): number {
    const v = this.#at < this.#stream.length ? this.#stream[this.#at++] : 0;
    return n <= 1 ? 0 : v % n;
  }
  /** How many numbers were used. */
  get used(): number { return this.#at; }
}
