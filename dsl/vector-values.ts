/**
 * Vectors in function bodies: one interface per vector type, so that completion shows only what is legal. A vector is
 * a row of lanes of one number type; an operation does to every lane what the scalar operation of the same name does
 * to a number (`lib/mir/vector-ops.ts` has the table). Signedness comes from the type. A literal operand stands in
 * every lane: `v.mul(2)`.
 */
import type { Branded, UsableAs, VectorName } from './brand.ts';
import type { ValueOf, ValueType } from './types.ts';
import type {
  Bool, F32, F32OrNumber, F64, F64OrNumber, I16, I16OrNumber, I32, I32OrNumber, I64, I64OrBigint, I8, I8OrNumber, Index,
  OperandLike, TakesOperand, U16, U16OrNumber, U32, U32OrNumber, U64, U64OrBigint, U8, U8OrNumber,
} from './values.ts';

/** A vector type of `W` bits, as far as `.as` must know it. */
export interface VectorTypeOf<W extends 128 | 256> extends ValueType { readonly kind: 'vector'; readonly bits: W }
/** A vector value of `W` bits, whatever its lanes. */
type AnyVector<W extends 128 | 256> = UsableAs<W extends 128 ? 'bits128' : 'bits256'> & TakesOperand<unknown>;

type Two<T> = readonly [T, T];
type Four<T> = readonly [...Two<T>, ...Two<T>];
type Eight<T> = readonly [...Four<T>, ...Four<T>];
type Sixteen<T> = readonly [...Eight<T>, ...Eight<T>];
type ThirtyTwo<T> = readonly [...Sixteen<T>, ...Sixteen<T>];
/** A list with one `T` per lane of the type named `N`. */
export type PerLane<N extends VectorName, T> =
  N extends `${string}x2` ? Two<T> : N extends `${string}x4` ? Four<T> : N extends `${string}x8` ? Eight<T> : N extends `${string}x16` ? Sixteen<T> : ThirtyTwo<T>;

/**
 * What every vector can do: `V` is the vector itself, `O` an operand of its type, `L` a lane, `S` an operand of the
 * lane's type, `M` the mask that comparisons give, `W` its width in bits.
 */
export interface Vector<N extends VectorName, W extends 128 | 256, V, O, L, S, M> extends Branded<N>, TakesOperand<O> {
  /** Sums, wrapping for integers. */
  add(other: O): V;
  /** Differences, wrapping for integers. */
  sub(other: O): V;
  /** Negations; wrapping for integers, the sign bit flipped for floats. */
  neg(): V;
  /** The smaller of each two lanes (floats: IEEE 754-2019 minimum). */
  min(other: O): V;
  /** The greater of each two lanes (floats: IEEE 754-2019 maximum). */
  max(other: O): V;
  /** Each lane `lo` when smaller than `lo`, `hi` when greater than `hi`, else itself. */
  clamp(lo: O, hi: O): V;
  /** Which lanes are equal: a mask, all bits of a lane set where true. @example v.eq(w).select(v, 0) */
  eq(other: O): M;
  /** Which lanes are not equal (floats: true when either is NaN). */
  ne(other: O): M;
  /** Which lanes are less, by the type's own order. */
  lt(other: O): M;
  le(other: O): M;
  gt(other: O): M;
  ge(other: O): M;
  /** Lane `index` as a scalar. @example v.lane(2) */
  lane(index: number): L;
  /** The vector with lane `index` replaced. @example v.withLane(2, 1.5) */
  withLane(index: number, value: S): V;
  /** Its lanes in another order, each any number of times. @example v.permute([3, 2, 1, 0]) // reversed; so is v.permute((k) => 3 - k) */
  permute(choose: (lane: number) => number): V;
  permute(lanes: PerLane<N, number>): V;
  /** Lanes of two vectors: numbers from 0 choose from this one, after its last lane from `other`. @example v.shuffle(w, [0, 4, 1, 5]) */
  shuffle(other: O, choose: (lane: number) => number): V;
  shuffle(other: O, lanes: PerLane<N, number>): V;
  /** The same bits as another vector type of the same width. No instruction. @example v.as(i32x4) */
  as<T extends VectorTypeOf<W>>(type: T): ValueOf<T>;
}

/** What vectors of integers can do besides. A mask is such a vector: all bits of a lane set where true, none where false. */
export interface IntegerVector<N extends VectorName, W extends 128 | 256, V, O, L, S, M> extends Vector<N, W, V, O, L, S, M> {
  /** Bitwise and. */
  and(other: O): V;
  /** Bitwise or. */
  or(other: O): V;
  /** Bitwise exclusive or. */
  xor(other: O): V;
  /** Bitwise and with the complement of `other`. */
  andNot(other: O): V;
  /** Every bit flipped. */
  not(): V;
  /** All lanes shifted left by one count, taken modulo the lane's width. */
  shl(count: Index): V;
  /** All lanes shifted right by one count, arithmetic for signed and logical for unsigned lanes. */
  shr(count: Index): V;
  /** Bit by bit: `whenTrue` where this mask has a 1, `whenFalse` where it has a 0. @example x.lt(y).select(x, y) */
  select<T extends AnyVector<W>>(whenTrue: T, whenFalse: NoInfer<OperandLike<T>>): T;
  /** True when some bit is set: as a mask, when some lane is true. */
  anyTrue(): Bool;
  /** True when no lane is zero: as a mask, when every lane is true. */
  allTrue(): Bool;
  /** The highest bit of each lane, lane 0 lowest. @example x.eq(0).bitmask().ctz() // the first lane that is zero */
  bitmask(): U32;
}
interface Products<V, O> {
  /** Products, wrapping for integers. */
  mul(other: O): V;
}
interface Magnitude<V> {
  /** Absolute values; wrapping for integers, the sign bit cleared for floats. */
  abs(): V;
}
/** What vectors of 8- and 16-bit integers can do besides. */
interface Saturating<V, O> {
  /** Sums, held within the lane type's range. */
  addSat(other: O): V;
  /** Differences, held within the lane type's range. */
  subSat(other: O): V;
}
interface Average<V, O> {
  /** Averages, halves rounded up. @example 3 avg 4 // => 4 */
  avg(other: O): V;
}
/** What vectors of bytes can do besides. `B` is an operand of unsigned bytes. */
interface Bytes<V, B> {
  /** One bits of each byte. */
  popcnt(): V;
  /** Bytes looked up in this vector; 0 for an index over 15. Vectors of 256 bits are looked up in each half of 128 bits. */
  swizzle(indices: B): V;
}
/** `E` has lanes of twice the width. */
interface Widening<E> {
  /** The lower half of the lanes at twice the width. */
  extendLow(): E;
  /** The upper half of the lanes at twice the width. */
  extendHigh(): E;
}
/** `H` has lanes of half the width. */
interface Narrowing<O, H> {
  /** These lanes and then those of `high` at half the width, held within its range. */
  narrow(high: O): H;
}
interface NarrowingToUnsigned<O, H> {
  /** These lanes and then those of `high` at half the width, held within its unsigned range: negative ones become 0. */
  narrowUnsigned(high: O): H;
}
interface DotProduct<O, D> {
  /** Products of lanes, each two neighbours added at twice the width. */
  dot(other: O): D;
}
/** What vectors of 128 bits can do besides. `D` has twice the lanes. */
interface Half<O, D> {
  /** This as the lower and `high` as the upper half. */
  concat(high: O): D;
}
/** What vectors of 256 bits can do besides. `H` has half the lanes, `P` is an operand of that type. */
interface Halves<V, H, P> {
  /** The lower half. */
  low(): H;
  /** The upper half. */
  high(): H;
  /** With the lower half replaced. */
  withLow(half: P): V;
  /** With the upper half replaced. */
  withHigh(half: P): V;
}

/** What vectors of floats can do besides. */
export interface FloatVector<N extends VectorName, W extends 128 | 256, V, O, L, S, M> extends Vector<N, W, V, O, L, S, M>, Products<V, O>, Magnitude<V> {
  /** Quotients. */
  div(other: O): V;
  /** Correctly rounded square roots. */
  sqrt(): V;
  /** Rounds down. */
  floor(): V;
  /** Rounds up. */
  ceil(): V;
  /** Rounds towards zero. */
  trunc(): V;
  /** Rounds to nearest, ties to even. */
  nearest(): V;
  /** `this * factor + addend` with one rounding. */
  fma(factor: O, addend: O): V;
}

// Operands: a value of the type, or a literal for every lane.

export type I8x16OrNumber = UsableAs<'i8x16'> | number;
export type U8x16OrNumber = UsableAs<'u8x16'> | number;
export type I16x8OrNumber = UsableAs<'i16x8'> | number;
export type U16x8OrNumber = UsableAs<'u16x8'> | number;
export type I32x4OrNumber = UsableAs<'i32x4'> | number;
export type U32x4OrNumber = UsableAs<'u32x4'> | number;
export type I64x2OrBigint = UsableAs<'i64x2'> | bigint;
export type U64x2OrBigint = UsableAs<'u64x2'> | bigint;
export type F32x4OrNumber = UsableAs<'f32x4'> | number;
export type F64x2OrNumber = UsableAs<'f64x2'> | number;
export type I8x32OrNumber = UsableAs<'i8x32'> | number;
export type U8x32OrNumber = UsableAs<'u8x32'> | number;
export type I16x16OrNumber = UsableAs<'i16x16'> | number;
export type U16x16OrNumber = UsableAs<'u16x16'> | number;
export type I32x8OrNumber = UsableAs<'i32x8'> | number;
export type U32x8OrNumber = UsableAs<'u32x8'> | number;
export type I64x4OrBigint = UsableAs<'i64x4'> | bigint;
export type U64x4OrBigint = UsableAs<'u64x4'> | bigint;
export type F32x8OrNumber = UsableAs<'f32x8'> | number;
export type F64x4OrNumber = UsableAs<'f64x4'> | number;

// Every lane type once; the widths of vectors differ in what they are called and what half or double they have.

interface Signed8<N extends VectorName, W extends 128 | 256, V, O, B, E> extends IntegerVector<N, W, V, O, I8, I8OrNumber, V>, Magnitude<V>, Saturating<V, O>, Bytes<V, B>, Widening<E> {}
interface Unsigned8<N extends VectorName, W extends 128 | 256, V, O, M, E> extends IntegerVector<N, W, V, O, U8, U8OrNumber, M>, Saturating<V, O>, Average<V, O>, Bytes<V, O>, Widening<E> {}
interface Signed16<N extends VectorName, W extends 128 | 256, V, O, E, H, U> extends IntegerVector<N, W, V, O, I16, I16OrNumber, V>, Products<V, O>, Magnitude<V>, Saturating<V, O>, Widening<E>, Narrowing<O, H>, NarrowingToUnsigned<O, U>, DotProduct<O, E> {}
interface Unsigned16<N extends VectorName, W extends 128 | 256, V, O, M, E, H> extends IntegerVector<N, W, V, O, U16, U16OrNumber, M>, Products<V, O>, Saturating<V, O>, Average<V, O>, Widening<E>, Narrowing<O, H> {}
interface Signed32<N extends VectorName, W extends 128 | 256, V, O, E, H, U> extends IntegerVector<N, W, V, O, I32, I32OrNumber, V>, Products<V, O>, Magnitude<V>, Widening<E>, Narrowing<O, H>, NarrowingToUnsigned<O, U> {}
interface Unsigned32<N extends VectorName, W extends 128 | 256, V, O, M, E, H> extends IntegerVector<N, W, V, O, U32, U32OrNumber, M>, Products<V, O>, Widening<E>, Narrowing<O, H> {}
interface Signed64<N extends VectorName, W extends 128 | 256, V, O> extends IntegerVector<N, W, V, O, I64, I64OrBigint, V>, Products<V, O>, Magnitude<V> {}
interface Unsigned64<N extends VectorName, W extends 128 | 256, V, O, M> extends IntegerVector<N, W, V, O, U64, U64OrBigint, M>, Products<V, O> {}

/** Sixteen signed bytes. */
export interface I8x16 extends Signed8<'i8x16', 128, I8x16, I8x16OrNumber, U8x16OrNumber, I16x8>, Half<I8x16OrNumber, I8x32> {}
/** Sixteen unsigned bytes. */
export interface U8x16 extends Unsigned8<'u8x16', 128, U8x16, U8x16OrNumber, I8x16, U16x8>, Half<U8x16OrNumber, U8x32> {}
/** Eight signed 16-bit integers. */
export interface I16x8 extends Signed16<'i16x8', 128, I16x8, I16x8OrNumber, I32x4, I8x16, U8x16>, Half<I16x8OrNumber, I16x16> {}
/** Eight unsigned 16-bit integers. */
export interface U16x8 extends Unsigned16<'u16x8', 128, U16x8, U16x8OrNumber, I16x8, U32x4, U8x16>, Half<U16x8OrNumber, U16x16> {}
/** Four signed 32-bit integers. */
export interface I32x4 extends Signed32<'i32x4', 128, I32x4, I32x4OrNumber, I64x2, I16x8, U16x8>, Half<I32x4OrNumber, I32x8> {
  /** Each lane as the nearest `f32`. */
  toF32x4(): F32x4;
}
/** Four unsigned 32-bit integers. */
export interface U32x4 extends Unsigned32<'u32x4', 128, U32x4, U32x4OrNumber, I32x4, U64x2, U16x8>, Half<U32x4OrNumber, U32x8> {
  /** Each lane as the nearest `f32`. */
  toF32x4(): F32x4;
}
/** Two signed 64-bit integers. */
export interface I64x2 extends Signed64<'i64x2', 128, I64x2, I64x2OrBigint>, Half<I64x2OrBigint, I64x4> {}
/** Two unsigned 64-bit integers. */
export interface U64x2 extends Unsigned64<'u64x2', 128, U64x2, U64x2OrBigint, I64x2>, Half<U64x2OrBigint, U64x4> {}
/** Four 32-bit floats. */
export interface F32x4 extends FloatVector<'f32x4', 128, F32x4, F32x4OrNumber, F32, F32OrNumber, I32x4>, Half<F32x4OrNumber, F32x8> {
  /** Each lane towards zero, held within the range of `i32`; NaN becomes 0. */
  toI32x4Sat(): I32x4;
  /** Each lane towards zero, held within the range of `u32`; NaN becomes 0. */
  toU32x4Sat(): U32x4;
}
/** Two 64-bit floats. */
export interface F64x2 extends FloatVector<'f64x2', 128, F64x2, F64x2OrNumber, F64, F64OrNumber, I64x2>, Half<F64x2OrNumber, F64x4> {}

/** Thirty-two signed bytes. */
export interface I8x32 extends Signed8<'i8x32', 256, I8x32, I8x32OrNumber, U8x32OrNumber, I16x16>, Halves<I8x32, I8x16, I8x16OrNumber> {}
/** Thirty-two unsigned bytes. */
export interface U8x32 extends Unsigned8<'u8x32', 256, U8x32, U8x32OrNumber, I8x32, U16x16>, Halves<U8x32, U8x16, U8x16OrNumber> {}
/** Sixteen signed 16-bit integers. */
export interface I16x16 extends Signed16<'i16x16', 256, I16x16, I16x16OrNumber, I32x8, I8x32, U8x32>, Halves<I16x16, I16x8, I16x8OrNumber> {}
/** Sixteen unsigned 16-bit integers. */
export interface U16x16 extends Unsigned16<'u16x16', 256, U16x16, U16x16OrNumber, I16x16, U32x8, U8x32>, Halves<U16x16, U16x8, U16x8OrNumber> {}
/** Eight signed 32-bit integers. */
export interface I32x8 extends Signed32<'i32x8', 256, I32x8, I32x8OrNumber, I64x4, I16x16, U16x16>, Halves<I32x8, I32x4, I32x4OrNumber> {
  /** Each lane as the nearest `f32`. */
  toF32x8(): F32x8;
}
/** Eight unsigned 32-bit integers. */
export interface U32x8 extends Unsigned32<'u32x8', 256, U32x8, U32x8OrNumber, I32x8, U64x4, U16x16>, Halves<U32x8, U32x4, U32x4OrNumber> {
  /** Each lane as the nearest `f32`. */
  toF32x8(): F32x8;
}
/** Four signed 64-bit integers. */
export interface I64x4 extends Signed64<'i64x4', 256, I64x4, I64x4OrBigint>, Halves<I64x4, I64x2, I64x2OrBigint> {}
/** Four unsigned 64-bit integers. */
export interface U64x4 extends Unsigned64<'u64x4', 256, U64x4, U64x4OrBigint, I64x4>, Halves<U64x4, U64x2, U64x2OrBigint> {}
/** Eight 32-bit floats. */
export interface F32x8 extends FloatVector<'f32x8', 256, F32x8, F32x8OrNumber, F32, F32OrNumber, I32x8>, Halves<F32x8, F32x4, F32x4OrNumber> {
  /** Each lane towards zero, held within the range of `i32`; NaN becomes 0. */
  toI32x8Sat(): I32x8;
  /** Each lane towards zero, held within the range of `u32`; NaN becomes 0. */
  toU32x8Sat(): U32x8;
}
/** Four 64-bit floats. */
export interface F64x4 extends FloatVector<'f64x4', 256, F64x4, F64x4OrNumber, F64, F64OrNumber, I64x4>, Halves<F64x4, F64x2, F64x2OrNumber> {}
