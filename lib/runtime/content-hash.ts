/**
 * The identity of a module by what is in it.
 *
 * The module's data is written as a sequence of 32-bit words that can be read back in one way only (every value begins
 * with a tag, lists and objects with their length, strings are numbered at their first occurrence and written at the
 * end with their lengths), and the words are hashed. So modules with equal hashes are equal, up to SHA-256.
 */
import type { Module } from '../mir/module.ts';
import type { Surface } from '../mir/surface.ts';
import { nodeBuiltin } from './node-builtin.ts';
import { Sha256 } from './sha256.ts';

const TAG_INTEGER = 1, TAG_FLOAT = 2, TAG_STRING = 3, TAG_BIGINT = 4, TAG_TRUE = 5, TAG_FALSE = 6, TAG_NULL = 7, TAG_UNDEFINED = 8, TAG_LIST = 9, TAG_OBJECT = 10, TAG_BYTES = 11;
/** Words collected before they are given to the hash. */
const CHUNK = 1 << 16;
/** Most words one value writes besides its parts. */
const MARGIN = 8;

/**
 * SHA-256 of the module's data (all of it: names, locations and initial bytes too) and of the surface it is called
 * through. Modules with equal hashes may share code; modules built in another way may differ although they mean the
 * same.
 *
 * @example
 * contentHash(demo) // => 64 hexadecimal digits
 */
export function contentHash(module: Module, surface?: Surface, hash: Hash = newHash()): string {
  const writer = new Writer(hash);
  writer.value(module);
  writer.value(surface);
  return writer.finish();
}

/** A SHA-256 under way. */
export interface Hash {
  update(bytes: Uint8Array): unknown;
  digest(encoding: 'hex'): string;
}

/** Node's where there is Node, else our own. */
function newHash(): Hash {
  try {
    return nodeBuiltin('node:crypto').createHash('sha256');
  } catch {
    return new Sha256();
  }
}

class Writer {
  readonly #hash: Hash;
  readonly #words = new Int32Array(CHUNK + MARGIN);
  readonly #bytes = new Uint8Array(this.#words.buffer);
  readonly #strings = new Map<string, number>();
  readonly #float = new Float64Array(1);
  readonly #floatWords = new Int32Array(this.#float.buffer);
  #length = 0;

  constructor(hash: Hash) { this.#hash = hash; }

  value(v: unknown): void {
    if (this.#length >= CHUNK) this.#flush();
    switch (typeof v) {
      case 'number':
        if ((v | 0) === v && !Object.is(v, -0)) this.#two(TAG_INTEGER, v);
        else {
          this.#float[0] = v;
          this.#two(TAG_FLOAT, this.#floatWords[0]);
          this.#words[this.#length++] = this.#floatWords[1];
        }
        return;
      case 'string': this.#two(TAG_STRING, this.#intern(v)); return;
      case 'bigint': this.#two(TAG_BIGINT, this.#intern(v.toString())); return;
      case 'boolean': this.#words[this.#length++] = v ? TAG_TRUE : TAG_FALSE; return;
      case 'undefined': this.#words[this.#length++] = TAG_UNDEFINED; return;
      default:
    }
    if (v === null) this.#words[this.#length++] = TAG_NULL;
    else if (Array.isArray(v)) {
      this.#two(TAG_LIST, v.length);
      for (let i = 0; i < v.length; i++) this.value(v[i]);
    } else if (v instanceof Uint8Array) {
      this.#two(TAG_BYTES, v.length);
      this.#flush();
      this.#hash.update(v);
    } else {
      const o = v as Record<string, unknown>, keys = Object.keys(o);
      this.#two(TAG_OBJECT, keys.length);
      for (let i = 0; i < keys.length; i++) {
        if (this.#length >= CHUNK) this.#flush();
        this.#words[this.#length++] = this.#intern(keys[i]);
        this.value(o[keys[i]]);
      }
    }
  }

  finish(): string {
    this.#flush();
    for (const s of this.#strings.keys()) {
      // UTF-16: every string, lone surrogates too.
      const units = new Uint16Array(s.length);
      for (let k = 0; k < s.length; k++) units[k] = s.charCodeAt(k);
      this.#two(units.byteLength, 0);
      this.#flush();
      this.#hash.update(new Uint8Array(units.buffer));
    }
    return this.#hash.digest('hex');
  }

  #two(tag: number, word: number): void {
    this.#words[this.#length++] = tag;
    this.#words[this.#length++] = word;
  }
  #intern(s: string): number {
    let n = this.#strings.get(s);
    if (n === undefined) this.#strings.set(s, n = this.#strings.size);
    return n;
  }
  #flush(): void {
    this.#hash.update(this.#bytes.subarray(0, this.#length * 4));
    this.#length = 0;
  }
}
