/**
 * Vector types as values: `f32x4`, `u8x16`, and their counterparts of 256 bits. Every row of the table below says what
 * the lanes are and how many; everything else (names, widths, MIR types, layouts) follows.
 */
import { sizeOf, VECTOR_TYPE, type Lanes, type SurfaceType } from '../lib/mir/index.ts';
import type { ScalarName, VectorName } from './brand.ts';
import { currentContext } from './context.ts';
import type { FieldPlace } from './place-types.ts';
import { f32, f64, i16, i32, i64, i8, runtimeType, u16, u32, u64, u8, type OperandOf, type RuntimeType, type ValueType } from './types.ts';
import type { F32Type, F64Type, I16Type, I32Type, I64Type, I8Type, U16Type, U32Type, U64Type, U8Type } from './types.ts';
import { usageError } from './usage.ts';
import { buildVector, splatVector } from './vector-build.ts';
import type {
  F32x4, F32x4OrNumber, F32x8, F32x8OrNumber, F64x2, F64x2OrNumber, F64x4, F64x4OrNumber, I16x16, I16x16OrNumber, I16x8, I16x8OrNumber,
  I32x4, I32x4OrNumber, I32x8, I32x8OrNumber, I64x2, I64x2OrBigint, I64x4, I64x4OrBigint, I8x16, I8x16OrNumber, I8x32, I8x32OrNumber,
  PerLane, U16x16, U16x16OrNumber, U16x8, U16x8OrNumber, U32x4, U32x4OrNumber, U32x8, U32x8OrNumber, U64x2, U64x2OrBigint, U64x4,
  U64x4OrBigint, U8x16, U8x16OrNumber, U8x32, U8x32OrNumber,
} from './vector-values.ts';

declare const lanesAre: unique symbol;
/** For the type checker: which vector types a place of scalars can be read as, and what it says about the others. */
type LanesAre<N extends VectorName, L> = { readonly [K in ScalarName]: K extends L ? K : `the lanes of ${N} are not ${K}: take a vector type of ${K} lanes, and then .as(${N})` };
/** A vector type whose lanes are of the scalar type named `L`. */
export interface VectorTypeWith<L extends ScalarName> extends ValueType { readonly kind: 'vector'; readonly [lanesAre]: { readonly [K in L]: K } }

/**
 * A vector type: `N` its name, `W` its bits, `T` the type of its lanes, `V` its values, `O` its operands, `J` what it is
 * in JavaScript, one number per lane.
 */
export interface VectorType<N extends VectorName, W extends 128 | 256, T extends ValueType, V, O, J, P> extends ValueType<V, O, J, P> {
  readonly kind: 'vector';
  readonly name: N;
  /** Its width. */
  readonly bits: W;
  readonly [lanesAre]: LanesAre<N, T['name']>;
  /** How many lanes. */
  readonly length: number;
  /** Inside a body: a vector with `x` in every lane. @example f32x4.splat(0.5) */
  splat(x: OperandOf<T>): V;
  /** Inside a body: a vector of these lanes, lane 0 first; literals and values may be mixed. @example f32x4.of(1, 2, x, 4) */
  of(...lanes: PerLane<N, OperandOf<T>>): V;
}

export interface I8x16Type extends VectorType<'i8x16', 128, I8Type, I8x16, I8x16OrNumber, Int8Array, FieldPlace<I8x16Type>> {}
export interface U8x16Type extends VectorType<'u8x16', 128, U8Type, U8x16, U8x16OrNumber, Uint8Array, FieldPlace<U8x16Type>> {}
export interface I16x8Type extends VectorType<'i16x8', 128, I16Type, I16x8, I16x8OrNumber, Int16Array, FieldPlace<I16x8Type>> {}
export interface U16x8Type extends VectorType<'u16x8', 128, U16Type, U16x8, U16x8OrNumber, Uint16Array, FieldPlace<U16x8Type>> {}
export interface I32x4Type extends VectorType<'i32x4', 128, I32Type, I32x4, I32x4OrNumber, Int32Array, FieldPlace<I32x4Type>> {}
export interface U32x4Type extends VectorType<'u32x4', 128, U32Type, U32x4, U32x4OrNumber, Uint32Array, FieldPlace<U32x4Type>> {}
export interface I64x2Type extends VectorType<'i64x2', 128, I64Type, I64x2, I64x2OrBigint, BigInt64Array, FieldPlace<I64x2Type>> {}
export interface U64x2Type extends VectorType<'u64x2', 128, U64Type, U64x2, U64x2OrBigint, BigUint64Array, FieldPlace<U64x2Type>> {}
export interface F32x4Type extends VectorType<'f32x4', 128, F32Type, F32x4, F32x4OrNumber, Float32Array, FieldPlace<F32x4Type>> {}
export interface F64x2Type extends VectorType<'f64x2', 128, F64Type, F64x2, F64x2OrNumber, Float64Array, FieldPlace<F64x2Type>> {}
export interface I8x32Type extends VectorType<'i8x32', 256, I8Type, I8x32, I8x32OrNumber, Int8Array, FieldPlace<I8x32Type>> {}
export interface U8x32Type extends VectorType<'u8x32', 256, U8Type, U8x32, U8x32OrNumber, Uint8Array, FieldPlace<U8x32Type>> {}
export interface I16x16Type extends VectorType<'i16x16', 256, I16Type, I16x16, I16x16OrNumber, Int16Array, FieldPlace<I16x16Type>> {}
export interface U16x16Type extends VectorType<'u16x16', 256, U16Type, U16x16, U16x16OrNumber, Uint16Array, FieldPlace<U16x16Type>> {}
export interface I32x8Type extends VectorType<'i32x8', 256, I32Type, I32x8, I32x8OrNumber, Int32Array, FieldPlace<I32x8Type>> {}
export interface U32x8Type extends VectorType<'u32x8', 256, U32Type, U32x8, U32x8OrNumber, Uint32Array, FieldPlace<U32x8Type>> {}
export interface I64x4Type extends VectorType<'i64x4', 256, I64Type, I64x4, I64x4OrBigint, BigInt64Array, FieldPlace<I64x4Type>> {}
export interface U64x4Type extends VectorType<'u64x4', 256, U64Type, U64x4, U64x4OrBigint, BigUint64Array, FieldPlace<U64x4Type>> {}
export interface F32x8Type extends VectorType<'f32x8', 256, F32Type, F32x8, F32x8OrNumber, Float32Array, FieldPlace<F32x8Type>> {}
export interface F64x4Type extends VectorType<'f64x4', 256, F64Type, F64x4, F64x4OrNumber, Float64Array, FieldPlace<F64x4Type>> {}

const byName = new Map<string, RuntimeType>();

function vector<T extends ValueType>(laneType: ValueType, length: number): T {
  const lane = runtimeType(laneType), lanes = `${lane.mir}x${length}` as Lanes, name = `${lane.name}x${length}` as SurfaceType;
  const type: RuntimeType & Record<string, unknown> = {
    kind: 'vector', name, mir: VECTOR_TYPE[lanes], surface: name, signed: lane.signed, vector: { lane, length, lanes, laneBytes: sizeOf(lane.mir, 'linear') },
    length, bits: 8 * sizeOf(VECTOR_TYPE[lanes], 'linear'),
    splat: (x: unknown) => splatVector(currentContext(`${name}.splat is used`).begin(`${name}.splat`), type, x),
    of: (...values: readonly unknown[]) => buildVector(currentContext(`${name}.of is used`).begin(`${name}.of`), type, values),
  };
  byName.set(name, Object.freeze(type));
  return type as unknown as T;
}

/** Sixteen signed bytes; `Int8Array` in JavaScript. */
export const i8x16: I8x16Type = vector(i8, 16);
/** Sixteen unsigned bytes; `Uint8Array` in JavaScript. */
export const u8x16: U8x16Type = vector(u8, 16);
/** Eight signed 16-bit integers; `Int16Array` in JavaScript. */
export const i16x8: I16x8Type = vector(i16, 8);
/** Eight unsigned 16-bit integers; `Uint16Array` in JavaScript. */
export const u16x8: U16x8Type = vector(u16, 8);
/** Four signed 32-bit integers; `Int32Array` in JavaScript. */
export const i32x4: I32x4Type = vector(i32, 4);
/** Four unsigned 32-bit integers; `Uint32Array` in JavaScript. */
export const u32x4: U32x4Type = vector(u32, 4);
/** Two signed 64-bit integers; `BigInt64Array` in JavaScript. */
export const i64x2: I64x2Type = vector(i64, 2);
/** Two unsigned 64-bit integers; `BigUint64Array` in JavaScript. */
export const u64x2: U64x2Type = vector(u64, 2);
/** Four 32-bit floats; `Float32Array` in JavaScript. */
export const f32x4: F32x4Type = vector(f32, 4);
/** Two 64-bit floats; `Float64Array` in JavaScript. */
export const f64x2: F64x2Type = vector(f64, 2);
/** Thirty-two signed bytes; `Int8Array` in JavaScript. */
export const i8x32: I8x32Type = vector(i8, 32);
/** Thirty-two unsigned bytes; `Uint8Array` in JavaScript. */
export const u8x32: U8x32Type = vector(u8, 32);
/** Sixteen signed 16-bit integers; `Int16Array` in JavaScript. */
export const i16x16: I16x16Type = vector(i16, 16);
/** Sixteen unsigned 16-bit integers; `Uint16Array` in JavaScript. */
export const u16x16: U16x16Type = vector(u16, 16);
/** Eight signed 32-bit integers; `Int32Array` in JavaScript. */
export const i32x8: I32x8Type = vector(i32, 8);
/** Eight unsigned 32-bit integers; `Uint32Array` in JavaScript. */
export const u32x8: U32x8Type = vector(u32, 8);
/** Four signed 64-bit integers; `BigInt64Array` in JavaScript. */
export const i64x4: I64x4Type = vector(i64, 4);
/** Four unsigned 64-bit integers; `BigUint64Array` in JavaScript. */
export const u64x4: U64x4Type = vector(u64, 4);
/** Eight 32-bit floats; `Float32Array` in JavaScript. */
export const f32x8: F32x8Type = vector(f32, 8);
/** Four 64-bit floats; `Float64Array` in JavaScript. */
export const f64x4: F64x4Type = vector(f64, 4);

/** The vector type called `name`. @throws UsageError when there is none */
export function vectorTypeNamed(name: string): RuntimeType {
  const type = byName.get(name);
  if (type === undefined) throw usageError(`there is no vector type ${name}`, `There are ${[...byName.keys()].join(', ')}.`);
  return type;
}
