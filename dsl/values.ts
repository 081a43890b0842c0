/**
 * The values a function body computes with, one interface per type, so that completion shows only what is legal.
 * These are names for SSA values while a body is being written down: `a.add(b)` emits an instruction and gives its
 * result. Operations wrap, trap and round exactly as `lib/mir/ops.ts` says; signedness comes from the type.
 */
import type { Branded, PointsTo, UsableAs } from './brand.ts';
import type { MemoryType, OperandOf, PlaceOf, PtrOperand, ValueOf, ValueType } from './types.ts';

declare const operand: unique symbol;
/** What may stand where a value of this type is wanted, as seen from the value. */
export interface TakesOperand<O> { readonly [operand]: O }
/** The operand type (value or literal) that goes with a value type. */
export type OperandLike<V> = V extends { readonly [operand]: infer O } ? O : never;

/** A `bool` value or `true`/`false`. */
export type BoolOrBoolean = UsableAs<'bool'> | boolean;
/** An `i8` value or a literal from -128 to 127. */
export type I8OrNumber = UsableAs<'i8'> | number;
/** An `i16` value or a literal from -32768 to 32767. */
export type I16OrNumber = UsableAs<'i16'> | number;
/** An `i32` value or a literal from -2^31 to 2^31-1. */
export type I32OrNumber = UsableAs<'i32'> | number;
/** An `i64` value or a literal such as `5n`. */
export type I64OrBigint = UsableAs<'i64'> | bigint;
/** A `u8` value or a literal from 0 to 255. */
export type U8OrNumber = UsableAs<'u8'> | number;
/** A `u16` value or a literal from 0 to 65535. */
export type U16OrNumber = UsableAs<'u16'> | number;
/** A `u32` value or a literal from 0 to 2^32-1. */
export type U32OrNumber = UsableAs<'u32'> | number;
/** A `u64` value or a literal such as `5n`. */
export type U64OrBigint = UsableAs<'u64'> | bigint;
/** An `f32` value or a number, rounded to `f32`. */
export type F32OrNumber = UsableAs<'f32'> | number;
/** An `f64` value or a number. */
export type F64OrNumber = UsableAs<'f64'> | number;
/** An index or a count: `i32` or `u32` value, or a number. */
export type Index = UsableAs<'i32'> | UsableAs<'u32'> | number;

interface Comparable<O> {
  /** Equal. */
  eq(other: O): Bool;
  /** Not equal (for floats: true when either is NaN). */
  ne(other: O): Bool;
  /** Less than, by the type's own order. */
  lt(other: O): Bool;
  /** Less than or equal. */
  le(other: O): Bool;
  /** Greater than. */
  gt(other: O): Bool;
  /** Greater than or equal. */
  ge(other: O): Bool;
}

/** What every number converts to. Integers wrap when narrowed and extend by their own signedness when widened. */
interface Conversions {
  toI8(): I8; toI16(): I16; toI32(): I32; toI64(): I64;
  toU8(): U8; toU16(): U16; toU32(): U32; toU64(): U64;
  toF32(): F32; toF64(): F64;
}

/** What every integer can do. `V` is the integer itself, `O` an operand of its type. */
export interface Integer<V, O> extends Comparable<O>, Conversions {
  /** Wrapping sum. @example i32 2147483647 add 1 // => -2147483648 */
  add(other: O): V;
  /** Wrapping difference. */
  sub(other: O): V;
  /** Wrapping product. */
  mul(other: O): V;
  /** Quotient towards zero. Traps `integer-divide-by-zero`; signed MIN / -1 traps `integer-overflow`. */
  div(other: O): V;
  /** Remainder with the dividend's sign. Traps `integer-divide-by-zero`; MIN rem -1 is 0. */
  rem(other: O): V;
  /** Bitwise and. */
  and(other: O): V;
  /** Bitwise or. */
  or(other: O): V;
  /** Bitwise exclusive or. */
  xor(other: O): V;
  /** Shift left; the count is taken modulo the width. */
  shl(count: O | number): V;
  /** Shift right, arithmetic for signed and logical for unsigned types; the count is taken modulo the width. */
  shr(count: O | number): V;
  /** Rotate left. */
  rotl(count: O | number): V;
  /** Rotate right. */
  rotr(count: O | number): V;
  /** Two's complement negation, wrapping. */
  neg(): V;
  /** Every bit flipped. */
  not(): V;
  min(other: O): V;
  max(other: O): V;
  /** Leading zero bits; the width for 0. */
  clz(): V;
  /** Trailing zero bits; the width for 0. */
  ctz(): V;
  /** One bits. */
  popcnt(): V;
  /** Wrapping sum, and whether it wrapped. @example const [sum, carry] = a.addOverflow(b) */
  addOverflow(other: O): readonly [value: V, overflowed: Bool];
  /** Wrapping difference, and whether it wrapped. */
  subOverflow(other: O): readonly [value: V, overflowed: Bool];
  /** Wrapping product, and whether it wrapped. */
  mulOverflow(other: O): readonly [value: V, overflowed: Bool];
  /** The whole product as two halves. */
  mulWide(other: O): readonly [low: V, high: V];
  /** `lo` when smaller than `lo`, `hi` when greater than `hi`, else itself. */
  clamp(lo: O, hi: O): V;
  /** True when not zero. */
  toBool(): Bool;
}

interface SignedInteger<V> {
  /** Absolute value, wrapping: `abs(MIN)` is MIN. */
  abs(): V;
}
interface ByteSwap<V> {
  /** Reverses the order of bytes. */
  bswap(): V;
}
interface Addressable {
  /** The address as a pointer (in the linear model the low 32 bits). */
  toPtr<T extends MemoryType>(to: T): Ptr<T>;
}

/** A truth value. */
export interface Bool extends Branded<'bool'>, TakesOperand<BoolOrBoolean> {
  /** Both. Computes both sides: for a lazy right side use `b.and`. */
  and(other: BoolOrBoolean): Bool;
  /** At least one. Computes both sides: for a lazy right side use `b.or`. */
  or(other: BoolOrBoolean): Bool;
  /** Exactly one. */
  xor(other: BoolOrBoolean): Bool;
  not(): Bool;
  eq(other: BoolOrBoolean): Bool;
  ne(other: BoolOrBoolean): Bool;
  /** 1 when true, 0 when false. */
  toI8(): I8; toI16(): I16; toI32(): I32; toI64(): I64;
  toU8(): U8; toU16(): U16; toU32(): U32; toU64(): U64;
  toF32(): F32; toF64(): F64;
}

/** A signed 8-bit integer. */
export interface I8 extends Branded<'i8'>, TakesOperand<I8OrNumber>, Integer<I8, I8OrNumber>, SignedInteger<I8> {}
/** A signed 16-bit integer. */
export interface I16 extends Branded<'i16'>, TakesOperand<I16OrNumber>, Integer<I16, I16OrNumber>, SignedInteger<I16>, ByteSwap<I16> {}
/** A signed 32-bit integer. */
export interface I32 extends Branded<'i32'>, TakesOperand<I32OrNumber>, Integer<I32, I32OrNumber>, SignedInteger<I32>, ByteSwap<I32>, Addressable {
  /** The same bits as an `f32`. */
  bitcastF32(): F32;
}
/** A signed 64-bit integer. */
export interface I64 extends Branded<'i64'>, TakesOperand<I64OrBigint>, Integer<I64, I64OrBigint>, SignedInteger<I64>, ByteSwap<I64>, Addressable {
  /** The same bits as an `f64`. */
  bitcastF64(): F64;
}
/** An unsigned 8-bit integer. */
export interface U8 extends Branded<'u8'>, TakesOperand<U8OrNumber>, Integer<U8, U8OrNumber> {}
/** An unsigned 16-bit integer. */
export interface U16 extends Branded<'u16'>, TakesOperand<U16OrNumber>, Integer<U16, U16OrNumber>, ByteSwap<U16> {}
/** An unsigned 32-bit integer. */
export interface U32 extends Branded<'u32'>, TakesOperand<U32OrNumber>, Integer<U32, U32OrNumber>, ByteSwap<U32>, Addressable {
  /** The same bits as an `f32`. */
  bitcastF32(): F32;
}
/** An unsigned 64-bit integer. */
export interface U64 extends Branded<'u64'>, TakesOperand<U64OrBigint>, Integer<U64, U64OrBigint>, ByteSwap<U64>, Addressable {
  /** The same bits as an `f64`. */
  bitcastF64(): F64;
}

/** What every float can do. Conversions to integers go towards zero; `toX` traps on NaN and out of range, `toXSat` saturates (NaN is 0). */
export interface Float<V, O> extends Comparable<O>, Conversions {
  add(other: O): V;
  sub(other: O): V;
  mul(other: O): V;
  div(other: O): V;
  /** Flips the sign bit. */
  neg(): V;
  /** Clears the sign bit. */
  abs(): V;
  /** Correctly rounded square root. */
  sqrt(): V;
  /** Rounds down. */
  floor(): V;
  /** Rounds up. */
  ceil(): V;
  /** Rounds towards zero. */
  trunc(): V;
  /** Rounds to nearest, ties to even. */
  nearest(): V;
  /** IEEE 754-2019 minimum: NaN if either is NaN, and -0 < +0. */
  min(other: O): V;
  /** IEEE 754-2019 maximum: NaN if either is NaN, and -0 < +0. */
  max(other: O): V;
  /** Its magnitude with the sign of `sign`. */
  copysign(sign: O): V;
  /** `this * factor + addend` with one rounding. */
  fma(factor: O, addend: O): V;
  /** `lo` when smaller than `lo`, `hi` when greater than `hi`, else itself. */
  clamp(lo: O, hi: O): V;
  /** True when NaN. */
  isNaN(): Bool;
  toI8Sat(): I8; toI16Sat(): I16; toI32Sat(): I32; toI64Sat(): I64;
  toU8Sat(): U8; toU16Sat(): U16; toU32Sat(): U32; toU64Sat(): U64;
}

/** A 32-bit float. */
export interface F32 extends Branded<'f32'>, TakesOperand<F32OrNumber>, Float<F32, F32OrNumber> {
  /** The same bits as an `i32`. */
  bitcastI32(): I32;
  /** The same bits as a `u32`. */
  bitcastU32(): U32;
}
/** A 64-bit float. */
export interface F64 extends Branded<'f64'>, TakesOperand<F64OrNumber>, Float<F64, F64OrNumber> {
  /** The same bits as an `i64`. */
  bitcastI64(): I64;
  /** The same bits as a `u64`. */
  bitcastU64(): U64;
}

/** A pointer to a `T` in memory, or to the first of several. */
export interface Ptr<T extends MemoryType> extends Branded<'ptr'>, PointsTo<T>, TakesOperand<PtrOperand<T>>, Comparable<PtrOperand<T>> {
  /** The place of element `index` (0 when left out). @example ps.at(i).x.get() */
  at(index?: Index): PlaceOf<T>;
  /** Reads what it points to, a scalar or pointer: `p.get()` is `p.at(0).get()`. */
  readonly get: T extends ValueType ? () => ValueOf<T> : { readonly remedy: 'structs and arrays are read part by part: p.at().field.get()' };
  /** Writes what it points to, a scalar or pointer. */
  readonly set: T extends ValueType ? (value: OperandOf<T>) => void : { readonly remedy: 'structs and arrays are read part by part: p.at().field.get()' };
  /** The address `elements` elements on (or back). */
  add(elements: Index): Ptr<T>;
  /** The address `elements` elements back. */
  sub(elements: Index): Ptr<T>;
  /** The address `bytes` bytes on, of the same type. */
  offset(bytes: Index): Ptr<T>;
  /** How many whole elements lie between `from` and this. */
  distanceFrom(from: PtrOperand<T>): I32;
  /** The same address as a pointer to another type. */
  cast<U extends MemoryType>(to: U): Ptr<U>;
  isNull(): Bool;
  /** The address as an integer. */
  toI32(): I32; toU32(): U32; toI64(): I64; toU64(): U64;
}
