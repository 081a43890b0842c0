/**
 * What a simplification rule sees: the instructions that define its operands, and the means to add new ones.
 *
 * A rule takes an instruction whose operands are already simplified and gives back
 * - the same object: it does not apply;
 * - a number: the instruction's result is that value, which already exists;
 * - another instruction with the same result: it takes the instruction's place (and is simplified again).
 *
 * A rule never drops a trap, and never makes a float result differ in anything but the bits of a NaN that the
 * operation itself produced.
 */
import type { BinaryInst, CompareInst, ConstInst, ConvertInst, Instruction, LeaInst, UnaryInst, Value } from '../../mir/instruction.ts';
import type { MemoryModel, Type } from '../../mir/types.ts';
import { bitWidth } from '../../mir/types.ts';
import { uint8 } from '../../analysis/slab.ts';

/** Values that rules may add before the table of kinds has to grow. */
const SPARE_VALUES = 64;

export type Simplified = Value | Instruction;

/**
 * What defines a value, as a number: rules ask this first, as most do not apply and the instruction itself is an
 * object somewhere else in memory, of any of many shapes.
 */
export const BY_NOTHING = 0, BY_CONST = 1, BY_BINARY = 2, BY_COMPARE = 3, BY_CONVERT = 4, BY_UNARY = 5, BY_LEA = 6, BY_OTHER = 7;

/** Base of the value-numbering driver; rules are written against it. */
export abstract class RuleSite {
  readonly model: MemoryModel;
  /** Defining instruction of each value; undefined for block parameters. */
  readonly #definitions: (Instruction | undefined)[];
  /** One of `BY_NOTHING` and so on, by value. */
  #by: Uint8Array;

  constructor(valueCount: number, model: MemoryModel) {
    this.#definitions = new Array<Instruction | undefined>(valueCount).fill(undefined);
    this.#by = uint8(valueCount + SPARE_VALUES);
    this.model = model;
  }

  /** A new value of the function. */
  abstract newValue(type: Type): Value;
  /** Adds an instruction before the one being simplified; gives its value or an equal one that exists already. */
  abstract emit(i: Instruction): Value;

  /** Notes that `i`, of the kind that `by` says, defines `v`. */
  define(v: Value, i: Instruction, by: number): void {
    this.#definitions[v] = i;
    if (v >= this.#by.length) {
      const more = new Uint8Array(v * 2);
      more.set(this.#by);
      this.#by = more;
    }
    this.#by[v] = by;
  }

  definition(v: Value): Instruction | undefined { return this.#definitions[v]; }

  /** The constant a value is, or undefined; likewise below. */
  constant(v: Value): ConstInst | undefined { return this.#by[v] === BY_CONST ? this.#definitions[v] as ConstInst : undefined; }
  binary(v: Value): BinaryInst | undefined { return this.#by[v] === BY_BINARY ? this.#definitions[v] as BinaryInst : undefined; }
  compare(v: Value): CompareInst | undefined { return this.#by[v] === BY_COMPARE ? this.#definitions[v] as CompareInst : undefined; }
  convert(v: Value): ConvertInst | undefined { return this.#by[v] === BY_CONVERT ? this.#definitions[v] as ConvertInst : undefined; }
  unary(v: Value): UnaryInst | undefined { return this.#by[v] === BY_UNARY ? this.#definitions[v] as UnaryInst : undefined; }
  lea(v: Value): LeaInst | undefined { return this.#by[v] === BY_LEA ? this.#definitions[v] as LeaInst : undefined; }
  /** The number of a small-integer, float or pointer constant or the bigint of an `i64` one, or undefined. */
  valueOf(v: Value): number | bigint | undefined {
    return this.#by[v] === BY_CONST ? (this.#definitions[v] as ConstInst).value : undefined;
  }
  isZero(v: Value): boolean {
    const k = this.valueOf(v);
    return k === 0 && !Object.is(k, -0) || k === 0n;
  }

  width(type: Type): number { return bitWidth(type, this.model); }

  /** An integer constant of `type` from a number (wrapped to the type's canonical form). */
  integer(type: Type, n: number, loc: number): Value {
    return this.emit({ kind: 'const', type, value: canonicalInteger(type, n), result: this.newValue(type), loc });
  }
  /** Any constant, `value` in the form of `ConstInst`. */
  literal(type: Type, value: number | bigint, loc: number): Value {
    return this.emit({ kind: 'const', type, value, result: this.newValue(type), loc });
  }
}

/** The constant form of the integer `n` in `type`. */
export function canonicalInteger(type: Type, n: number): number | bigint {
  switch (type) {
    case 'i64': return BigInt.asIntN(64, BigInt(n));
    case 'i1': return n & 1;
    case 'i8': return n << 24 >> 24;
    case 'i16': return n << 16 >> 16;
    case 'ptr': return n;
    default: return n | 0;
  }
}

/** A shift count modulo the width (a power of two). */
export function maskCount(k: number | bigint, width: number): number {
  return (typeof k === 'bigint' ? Number(BigInt.asUintN(8, k)) : k) & (width - 1);
}

/** True for −1 in any integer type (1 in `i1`). */
export function isAllOnes(type: Type, k: number | bigint): boolean {
  return type === 'i1' ? k === 1 : k === -1 || k === -1n;
}

/** The exponent when `k`, read as unsigned in `type`, is a power of two; else −1. */
export function log2(type: Type, k: number | bigint): number {
  if (typeof k === 'bigint') {
    const u = BigInt.asUintN(64, k);
    if (u === 0n || (u & (u - 1n)) !== 0n) return -1;
    let n = 0;
    for (let x = u; x > 1n; x >>= 1n) n++;
    return n;
  }
  const u = type === 'i8' ? k & 0xff : type === 'i16' ? k & 0xffff : type === 'i1' ? k & 1 : k >>> 0;
  return u !== 0 && (u & (u - 1)) === 0 ? 31 - Math.clz32(u) : -1;
}

/** When `k`, read as unsigned, is 2^n − 1 with n ≥ 1: n; else −1. */
export function lowMaskBits(type: Type, k: number | bigint): number {
  if (typeof k === 'bigint') {
    const u = BigInt.asUintN(64, k);
    if (u === 0n || (u & (u + 1n)) !== 0n) return -1;
    let n = 0;
    for (let x = u; x > 0n; x >>= 1n) n++;
    return n;
  }
  const u = type === 'i8' ? k & 0xff : type === 'i16' ? k & 0xffff : type === 'i1' ? k & 1 : k >>> 0;
  if (u === 0) return -1;
  return u === 0xffffffff ? 32 : (u & (u + 1)) === 0 ? 32 - Math.clz32(u) : -1;
}

/** An upper bound of the number of low bits that may be set in an integer value; looks a few definitions deep. */
export function significantBits(s: RuleSite, v: Value, type: Type, depth = 3): number {
  const w = s.width(type), d = s.definition(v);
  if (d === undefined || depth === 0) return w;
  switch (d.kind) {
    case 'const': {
      if (typeof d.value === 'bigint') return d.value < 0n ? 64 : d.value > 0xffffffffn ? 64 : 32 - Math.clz32(Number(d.value));
      return d.value < 0 ? w : Math.min(w, 32 - Math.clz32(d.value));
    }
    case 'compare': return 1;
    case 'convert': return d.op === 'zext' ? Math.min(w, significantBits(s, d.a, d.from, depth - 1)) : w;
    case 'unary': return d.op === 'clz' || d.op === 'ctz' || d.op === 'popcnt' ? Math.min(w, 7) : w;
    case 'select': return Math.max(significantBits(s, d.a, type, depth - 1), significantBits(s, d.b, type, depth - 1));
    case 'binary':
      switch (d.op) {
        case 'and': return Math.min(significantBits(s, d.a, type, depth - 1), significantBits(s, d.b, type, depth - 1));
        case 'or': case 'xor': return Math.max(significantBits(s, d.a, type, depth - 1), significantBits(s, d.b, type, depth - 1));
        case 'lshr': {
          const k = s.valueOf(d.b);
          if (k === undefined) return significantBits(s, d.a, type, depth - 1);
          return Math.max(0, significantBits(s, d.a, type, depth - 1) - maskCount(k, w));
        }
        case 'udiv': return significantBits(s, d.a, type, depth - 1);
        case 'urem': return Math.min(significantBits(s, d.a, type, depth - 1), significantBits(s, d.b, type, depth - 1));
        default: return w;
      }
    default: return w;
  }
}
