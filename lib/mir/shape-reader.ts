/**
 * Reads untrusted data: every property at most once, every array element at most once, never more of them than a
 * budget allows, and every surprise (a getter that throws, a revoked Proxy, a wrong kind) becomes one typed error.
 * Nothing read is called, and nothing is trusted because it was so a moment ago.
 */
import { LamellaError } from './errors.ts';
import { show, showThrown } from './show.ts';

/** Untrusted data that is not the shape of a module. */
export class ModuleShapeError extends LamellaError {
  /** Where in the data, for example `functions[0].blocks[2].instructions[5].a`. */
  readonly path: string;

  constructor(path: string, what: string) {
    super('module-shape', `not a MIR module: ${path === '' ? 'it' : path} ${what}`,
      'Build modules with the DSL, ModuleBuilder or parseModule, and hand them over as they are or as structured clones.');
    this.path = path;
  }
}

/** An object nobody vouches for. */
export type Untrusted = Readonly<Record<string, unknown>>;

/** Longest name, file name or other text. */
const MAX_TEXT = 65_536;
/** Most bytes of initial data in all globals together. */
const MAX_DATA = 0x40000000;
/** Constants need 256 bits; comparing with these bounds is cheap however large the other side is. */
const BIG_LOW = -(2n ** 255n), BIG_END = 2n ** 256n;

// The real methods, taken before any untrusted code runs: they look at internal slots, not at properties.
const TYPED_ARRAY = Object.getPrototypeOf(Uint8Array.prototype) as object;
const tagOf = getter(TYPED_ARRAY, Symbol.toStringTag), byteLengthOf = getter(TYPED_ARRAY, 'byteLength');
const setBytes = Uint8Array.prototype.set;
function getter(prototype: object, key: PropertyKey): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(prototype, key)?.get as (this: unknown) => unknown;
}

export class ShapeReader {
  /** Where the reader is: field names and indices from the root. Changed in place, so that going right costs nothing. */
  readonly path: (string | number)[] = [];
  #items: number;
  readonly #maxItems: number;
  #data = MAX_DATA;
  /** The error this reader threw, to tell it from one that untrusted code threw. */
  #own: ModuleShapeError | undefined;

  constructor(maxItems: number) {
    this.#items = this.#maxItems = maxItems;
  }

  /** Runs `read`, turning whatever untrusted code throws into a {@link ModuleShapeError}. */
  guard<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (this.#own !== undefined && error === this.#own) throw this.#own;
      throw new ModuleShapeError(this.#where(), `could not be read: ${showThrown(error)}`);
    }
  }

  fail(what: string, field?: string | number): never {
    if (field !== undefined) this.path.push(field);
    this.#own = new ModuleShapeError(this.#where(), what);
    throw this.#own;
  }

  #where(): string {
    return this.path.map((p, k) => (typeof p === 'number' ? `[${p}]` : k === 0 ? p : `.${p}`)).join('');
  }

  #wrong(x: unknown, expected: string, field: string | number): never {
    return this.fail(`is ${typeof x === 'string' ? JSON.stringify(show(x)) : show(x)}, not ${expected}`, field);
  }

  object(x: unknown, field: string | number): Untrusted {
    if (typeof x !== 'object' || x === null) return this.#wrong(x, 'an object', field);
    return x as Untrusted;
  }

  /** An integer, −0 made 0; its range is the verifier's concern. */
  integer(x: unknown, field: string | number): number {
    if (typeof x !== 'number' || !Number.isInteger(x)) return this.#wrong(x, 'an integer', field);
    return x + 0;
  }

  boolean(x: unknown, field: string | number): boolean {
    if (typeof x !== 'boolean') return this.#wrong(x, 'true or false', field);
    return x;
  }

  text(x: unknown, field: string | number): string {
    if (typeof x !== 'string') return this.#wrong(x, 'text', field);
    if (x.length > MAX_TEXT) return this.fail(`is text of ${x.length} characters, at most ${MAX_TEXT} are possible`, field);
    return x;
  }

  /** The value of a constant or switch case. */
  constant(x: unknown, field: string | number): number | bigint {
    if (typeof x === 'number') return x;
    if (typeof x !== 'bigint') return this.#wrong(x, 'a number or bigint', field);
    if (x < BIG_LOW || x >= BIG_END) return this.fail('is a bigint of more than 256 bits', field);
    return x;
  }

  /** One of a set of words. */
  word<W extends string>(x: unknown, words: ReadonlySet<W>, expected: string, field: string | number): W {
    if (!words.has(x as W)) return this.#wrong(x, expected, field);
    return x as W;
  }

  /** A frozen copy of an array, each element read once through `each`. */
  list<T>(x: unknown, field: string | number, each: (element: unknown, index: number) => T): readonly T[] {
    if (!Array.isArray(x)) return this.#wrong(x, 'an array', field);
    const source: readonly unknown[] = x;
    const length: unknown = source.length;
    if (typeof length !== 'number' || !Number.isInteger(length) || length < 0) return this.fail('is an array with an impossible length', field);
    this.spend(length, field);
    this.path.push(field);
    const copy: T[] = [];
    for (let k = 0; k < length; k++) copy.push(each(source[k], k));
    this.path.pop();
    return Object.freeze(copy);
  }

  /** A frozen list of value numbers (or other integers); the hot case of {@link list}. */
  integers(x: unknown, field: string | number): readonly number[] {
    if (!Array.isArray(x)) return this.#wrong(x, 'an array', field);
    const source: readonly unknown[] = x;
    const length: unknown = source.length;
    if (typeof length !== 'number' || !Number.isInteger(length) || length < 0) return this.fail('is an array with an impossible length', field);
    if (length === 0) return EMPTY;
    this.spend(length, field);
    const copy: number[] = [];
    for (let k = 0; k < length; k++) {
      const e = source[k];
      if (typeof e !== 'number' || !Number.isInteger(e)) { this.path.push(field); return this.#wrong(e, 'an integer', k); }
      copy.push(e + 0);
    }
    return Object.freeze(copy);
  }

  /** Own enumerable properties as pairs, each read once. */
  entries(x: unknown, field: string | number): readonly (readonly [string, unknown])[] {
    const o = this.object(x, field);
    const keys = Object.keys(o);
    this.spend(keys.length, field);
    return keys.map((key) => {
      if (key === '__proto__') return this.fail('has a property named __proto__', field);
      return [key, o[key]] as const;
    });
  }

  /** A private copy of real bytes (a Uint8Array, whatever its prototype claims to be). */
  bytes(x: unknown, field: string | number): Uint8Array {
    if (tagOf.call(x) !== 'Uint8Array') return this.#wrong(x, 'a Uint8Array', field);
    const length = byteLengthOf.call(x) as number;
    this.#data -= length;
    if (this.#data < 0) return this.fail(`brings the initial data of the module above ${MAX_DATA} bytes`, field);
    const copy = new Uint8Array(length);
    setBytes.call(copy, x as Uint8Array);
    return copy;
  }

  spend(items: number, field: string | number): void {
    this.#items -= items;
    if (this.#items < 0) this.fail(`brings the module above ${this.#maxItems} parts (blocks, instructions, operands, ...); raise maxItems if you trust it`, field);
  }
}

const EMPTY: readonly number[] = Object.freeze([]);
