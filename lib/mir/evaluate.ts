/**
 * What every scalar operation computes, as pure functions on constants: the one definition that the reference
 * interpreter and the constant folder share.
 *
 * Values have the form `ConstInst` gives them: `number` for `i1 i8 i16 i32` (canonical signed; `i1` is 0 or 1), `f32`
 * (rounded), `f64` and `ptr` (unsigned), `bigint` for `i64` (signed). A function returns `undefined` when the
 * operation traps ({@link binaryTrap} and {@link convertTrap} name the code) or when its exact result has no constant
 * form: a NaN with other bits than the positive quiet NaN of zero payload, which only `fneg`, `fcopysign` and
 * `bitcast` can make, or a native pointer above 2^53.
 */
import { bigintToFloat32, fma32, fma64 } from './float-arithmetic.ts';
import { FLOAT_BINARY, FLOAT_UNARY, INT32_BINARY, INT32_UNARY, INT64_BINARY, INT64_UNARY, mask, wrap } from './scalar-functions.ts';
import type { Int32BinaryOp, Int32UnaryOp, RoundedBinaryOp, RoundedUnaryOp } from './scalar-functions.ts';
import type { BinaryOp, CompareOp, ConvertOp, PairOp, TernaryOp, UnaryOp } from './ops.ts';
import { bitWidth, type MemoryModel, type TrapCode, type Type } from './types.ts';

/** A scalar constant in the form of `ConstInst`. */
export type ScalarConstant = number | bigint;

/** The trap that a binary operation ends with on these operands, or undefined. */
export function binaryTrap(op: BinaryOp, type: Type, a: ScalarConstant, b: ScalarConstant): TrapCode | undefined {
  switch (op) {
    case 'udiv': case 'urem': case 'srem': return b === 0 || b === 0n ? 'integer-divide-by-zero' : undefined;
    case 'sdiv':
      if (b === 0 || b === 0n) return 'integer-divide-by-zero';
      return (b === -1 || b === -1n) && a === minimumOf(type) ? 'integer-overflow' : undefined;
    default: return undefined;
  }
}

/** The most negative value of an integer type, in constant form. */
export function minimumOf(type: Type): ScalarConstant {
  return type === 'i64' ? -0x8000000000000000n : type === 'i1' ? 0 : -(2 ** (bitWidth(type, 'linear') - 1));
}

/**
 * @example
 * evalBinary('add', 'i8', 127, 1)   // => -128
 * evalBinary('udiv', 'i64', -1n, 2n) // => 9223372036854775807n
 * evalBinary('sdiv', 'i32', 1, 0)    // => undefined
 */
export function evalBinary(op: BinaryOp, type: Type, a: ScalarConstant, b: ScalarConstant): ScalarConstant | undefined {
  if (binaryTrap(op, type, a, b) !== undefined) return undefined;
  if (type === 'i64') return INT64_BINARY[op as Int32BinaryOp](a as bigint, b as bigint);
  const x = a as number, y = b as number;
  if (type === 'f32' || type === 'f64') {
    if (op === 'fcopysign') {
      const negative = y < 0 || Object.is(y, -0);
      return Number.isNaN(x) ? (negative ? undefined : x) : negative ? -Math.abs(x) : Math.abs(x);
    }
    const r = FLOAT_BINARY[op as RoundedBinaryOp](x, y);
    return type === 'f32' ? Math.fround(r) : r;
  }
  const width = bitWidth(type, 'linear');
  return wrap(INT32_BINARY[op as Int32BinaryOp](x, y, width), width);
}

/**
 * @example
 * evalUnary('clz', 'i16', 1)      // => 15
 * evalUnary('fneg', 'f64', NaN)   // => undefined: a negative NaN has no constant form
 */
export function evalUnary(op: UnaryOp, type: Type, a: ScalarConstant): ScalarConstant | undefined {
  if (type === 'i64') return INT64_UNARY[op as Int32UnaryOp](a as bigint);
  const x = a as number;
  if (type === 'f32' || type === 'f64') {
    if (op === 'fneg') return Number.isNaN(x) ? undefined : -x;
    if (op === 'fabs') return Math.abs(x);
    const r = FLOAT_UNARY[op as RoundedUnaryOp](x);
    return type === 'f32' ? Math.fround(r) : r;
  }
  const width = bitWidth(type, 'linear');
  return wrap(INT32_UNARY[op as Int32UnaryOp](x, width), width);
}

/** @example evalTernary('fma', 'f32', 2, 3, 4) // => 10 */
export function evalTernary(op: TernaryOp, type: Type, a: ScalarConstant, b: ScalarConstant, c: ScalarConstant): ScalarConstant {
  switch (op) {
    case 'fma': return type === 'f32' ? fma32(a as number, b as number, c as number) : fma64(a as number, b as number, c as number);
    default: return op satisfies never;
  }
}

/**
 * @returns 1 or 0
 * @example
 * evalCompare('ult', 'i32', -1, 1) // => 0
 * evalCompare('fne', 'f64', NaN, NaN) // => 1
 */
export function evalCompare(op: CompareOp, type: Type, a: ScalarConstant, b: ScalarConstant): 0 | 1 {
  return compare(op, type, a, b) ? 1 : 0;
}

function compare(op: CompareOp, type: Type, a: ScalarConstant, b: ScalarConstant): boolean {
  switch (op) {
    case 'eq': case 'feq': return a === b;
    case 'ne': case 'fne': return a !== b;
    case 'slt': case 'flt': return a < b;
    case 'sle': case 'fle': return a <= b;
    case 'sgt': case 'fgt': return a > b;
    case 'sge': case 'fge': return a >= b;
    case 'ult': return unsigned(type, a) < unsigned(type, b);
    case 'ule': return unsigned(type, a) <= unsigned(type, b);
    case 'ugt': return unsigned(type, a) > unsigned(type, b);
    case 'uge': return unsigned(type, a) >= unsigned(type, b);
    default: return op satisfies never;
  }
}

/** The same bits read as an unsigned number (`ptr` is unsigned already). */
export function unsigned(type: Type, a: ScalarConstant): ScalarConstant {
  if (type === 'ptr') return a;
  return type === 'i64' ? BigInt.asUintN(64, a as bigint) : mask(a as number, bitWidth(type, 'linear'));
}

/**
 * @returns both results: (low, high) halves, or (wrapped value, 1 when it overflowed)
 * @example
 * evalPair('smul_wide', 'i8', -128, -128)  // => [0, 64]
 * evalPair('uadd_overflow', 'i32', -1, 1)  // => [0, 1]
 */
export function evalPair(op: PairOp, type: Type, a: ScalarConstant, b: ScalarConstant): readonly [ScalarConstant, ScalarConstant] {
  const width = bitWidth(type, 'linear');
  const signed = op.startsWith('s');
  const x = signed ? BigInt(a) : BigInt(unsigned(type, a)), y = signed ? BigInt(b) : BigInt(unsigned(type, b));
  switch (op) {
    case 'umul_wide': case 'smul_wide': {
      const product = x * y;
      return [fromBigint(type, width, product), fromBigint(type, width, product >> BigInt(width))];
    }
    case 'uadd_overflow': case 'sadd_overflow': return flagged(type, width, signed, x + y);
    case 'usub_overflow': case 'ssub_overflow': return flagged(type, width, signed, x - y);
    case 'umul_overflow': case 'smul_overflow': return flagged(type, width, signed, x * y);
    default: return op satisfies never;
  }
}

function flagged(type: Type, width: number, signed: boolean, exact: bigint): readonly [ScalarConstant, ScalarConstant] {
  const fits = signed ? BigInt.asIntN(width, exact) === exact : BigInt.asUintN(width, exact) === exact;
  return [fromBigint(type, width, exact), fits ? 0 : 1];
}

/** The low bits of an exact integer in the constant form of `type`. */
function fromBigint(type: Type, width: number, n: bigint): ScalarConstant {
  const low = BigInt.asIntN(width, n);
  return type === 'i64' ? low : Number(low);
}

/** The trap that a conversion of this value ends with, or undefined. */
export function convertTrap(op: ConvertOp, to: Type, a: ScalarConstant): TrapCode | undefined {
  if (op !== 'fptosi' && op !== 'fptoui') return undefined;
  const x = a as number;
  if (Number.isNaN(x)) return 'invalid-conversion';
  const t = Math.trunc(x), width = bitWidth(to, 'linear');
  if (op === 'fptoui') return t < 0 || t >= 2 ** width ? 'integer-overflow' : undefined;
  return t < -(2 ** (width - 1)) || t >= 2 ** (width - 1) ? 'integer-overflow' : undefined;
}

const conversion = new DataView(new ArrayBuffer(8));

/**
 * @param model - decides the width of `ptr`
 * @example
 * evalConvert('zext', 'i8', 'i32', -1)            // => 255
 * evalConvert('fptosi', 'f64', 'i32', 2147483648) // => undefined
 * evalConvert('fptosi_sat', 'f64', 'i32', 1e300)  // => 2147483647
 */
export function evalConvert(op: ConvertOp, from: Type, to: Type, a: ScalarConstant, model: MemoryModel = 'linear'): ScalarConstant | undefined {
  if (convertTrap(op, to, a) !== undefined) return undefined;
  switch (op) {
    case 'sext': {
      const signed = from === 'i1' ? 0 - (a as number) : a as number; // 0 - 0, because -0 is no integer
      return to === 'i64' ? BigInt(signed) : signed;
    }
    case 'zext': {
      const n = unsigned(from, a) as number;
      return to === 'i64' ? BigInt(n) : wrap(n, bitWidth(to, model));
    }
    case 'trunc': {
      const low = typeof a === 'bigint' ? Number(BigInt.asIntN(32, a)) : a;
      return wrap(low, bitWidth(to, model));
    }
    case 'bitcast': return bitcast(from, to, a);
    case 'fpromote': return a;
    case 'fdemote': return Math.fround(a as number);
    case 'sitofp':
      if (typeof a === 'bigint') return to === 'f32' ? bigintToFloat32(a) : Number(a);
      return to === 'f32' ? Math.fround(a) : a;
    case 'uitofp': {
      const n = unsigned(from, a);
      if (typeof n === 'bigint') return to === 'f32' ? bigintToFloat32(n) : Number(n);
      return to === 'f32' ? Math.fround(n) : n;
    }
    case 'fptosi': case 'fptosi_sat': return floatToInt(to, a as number, true);
    case 'fptoui': case 'fptoui_sat': return floatToInt(to, a as number, false);
    case 'ptrtoint': return to === 'i64' ? BigInt.asIntN(64, BigInt(a)) : Number(BigInt.asIntN(32, BigInt(a)));
    case 'inttoptr': {
      if (model === 'linear') return Number(BigInt.asUintN(32, BigInt(a)));
      const address = from === 'i64' ? BigInt.asUintN(64, a as bigint) : BigInt((a as number) >>> 0);
      return address <= 9007199254740991n ? Number(address) : undefined;
    }
    default: return op satisfies never;
  }
}

/** Towards zero, saturating, NaN to 0; an in-range value converts exactly. */
export function floatToInt(to: Type, x: number, signed: boolean): ScalarConstant {
  const width = bitWidth(to, 'linear');
  const low = signed ? -(2 ** (width - 1)) : 0, high = signed ? 2 ** (width - 1) : 2 ** width;
  const t = Number.isNaN(x) ? 0 : Math.trunc(x);
  if (to === 'i64') {
    const n = t >= high ? BigInt(high) - 1n : BigInt(t <= low ? low : t);
    return BigInt.asIntN(64, n);
  }
  // Saturated or in range, |value| < 2^32: `| 0` keeps the low bits and turns −0 into 0.
  return (t >= high ? high - 1 : t <= low ? low : t) | 0;
}

function bitcast(from: Type, to: Type, a: ScalarConstant): ScalarConstant | undefined {
  switch (from) {
    case 'f32': conversion.setFloat32(0, a as number); if (Number.isNaN(a as number)) conversion.setUint32(0, 0x7fc00000); break;
    case 'f64': conversion.setFloat64(0, a as number); if (Number.isNaN(a as number)) conversion.setBigUint64(0, 0x7ff8000000000000n); break;
    case 'i32': conversion.setInt32(0, a as number); break;
    default: conversion.setBigInt64(0, a as bigint);
  }
  switch (to) {
    case 'i32': return conversion.getInt32(0);
    case 'i64': return conversion.getBigInt64(0);
    case 'f32': {
      const f = conversion.getFloat32(0);
      return Number.isNaN(f) && conversion.getUint32(0) !== 0x7fc00000 ? undefined : f;
    }
    default: {
      const f = conversion.getFloat64(0);
      return Number.isNaN(f) && conversion.getBigUint64(0) !== 0x7ff8000000000000n ? undefined : f;
    }
  }
}
