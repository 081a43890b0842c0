/**
 * The arithmetic of each scalar operation as a table of pure functions, one row per operation. Trapping inputs are
 * excluded by the caller (see `binaryTrap` in `evaluate.ts`).
 *
 * Integers up to 32 bits come and go as signed numbers; a row may return any number with the right low bits and
 * {@link wrap} makes it canonical. Float rows work in f64; the caller rounds an f32 result with `Math.fround`.
 */
import { nearest } from './float-arithmetic.ts';
import type { BinaryOp, UnaryOp } from './ops.ts';

/** Binary operations whose float result is rounded (so all but `fcopysign`, which works on bits). */
export type RoundedBinaryOp = 'fadd' | 'fsub' | 'fmul' | 'fdiv' | 'fmin' | 'fmax';
export type Int32BinaryOp = Exclude<BinaryOp, RoundedBinaryOp | 'fcopysign'>;
/** Unary operations whose float result is rounded (so not `fneg fabs`, which work on bits). */
export type RoundedUnaryOp = 'fsqrt' | 'fceil' | 'ffloor' | 'ftrunc' | 'fnearest';
export type Int32UnaryOp = Exclude<UnaryOp, RoundedUnaryOp | 'fneg' | 'fabs'>;

/** The low `width` bits as a signed number; `i1` as 0 or 1. */
export function wrap(n: number, width: number): number {
  return width === 1 ? n & 1 : n << (32 - width) >> (32 - width);
}

/** The low `width` (≤ 32) bits as an unsigned number. */
export function mask(n: number, width: number): number {
  return n << (32 - width) >>> (32 - width);
}

/** On `i1 i8 i16 i32`; `w` is the width. */
export const INT32_BINARY: Readonly<Record<Int32BinaryOp, (a: number, b: number, w: number) => number>> = {
  add: (a, b) => a + b | 0,
  sub: (a, b) => a - b | 0,
  mul: (a, b) => Math.imul(a, b),
  udiv: (a, b, w) => mask(a, w) / mask(b, w) | 0,
  sdiv: (a, b) => a / b | 0,
  urem: (a, b, w) => mask(a, w) % mask(b, w) | 0,
  srem: (a, b) => a % b | 0,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b, w) => a << (b & w - 1),
  lshr: (a, b, w) => mask(a, w) >>> (b & w - 1),
  ashr: (a, b, w) => a >> (b & w - 1),
  rotl: (a, b, w) => rotateLeft(a, b & w - 1, w),
  rotr: (a, b, w) => rotateLeft(a, -b & w - 1, w),
};

function rotateLeft(a: number, n: number, w: number): number {
  // For w = 32 and n = 0 the right shift count is 32, which JavaScript takes as 0: the value or'ed with itself.
  return a << n | mask(a, w) >>> w - n;
}

/** On `i64`, canonical signed. */
export const INT64_BINARY: Readonly<Record<Int32BinaryOp, (a: bigint, b: bigint) => bigint>> = {
  add: (a, b) => BigInt.asIntN(64, a + b),
  sub: (a, b) => BigInt.asIntN(64, a - b),
  mul: (a, b) => BigInt.asIntN(64, a * b),
  udiv: (a, b) => BigInt.asIntN(64, BigInt.asUintN(64, a) / BigInt.asUintN(64, b)),
  sdiv: (a, b) => a / b,
  urem: (a, b) => BigInt.asIntN(64, BigInt.asUintN(64, a) % BigInt.asUintN(64, b)),
  srem: (a, b) => a % b,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => BigInt.asIntN(64, a << (b & 63n)),
  lshr: (a, b) => BigInt.asIntN(64, BigInt.asUintN(64, a) >> (b & 63n)),
  ashr: (a, b) => a >> (b & 63n),
  rotl: (a, b) => rotateLeft64(a, b & 63n),
  rotr: (a, b) => rotateLeft64(a, -b & 63n),
};

function rotateLeft64(a: bigint, n: bigint): bigint {
  return BigInt.asIntN(64, a << n | BigInt.asUintN(64, a) >> 64n - n);
}

/** On `i8 i16 i32`; `w` is the width. */
export const INT32_UNARY: Readonly<Record<Int32UnaryOp, (a: number, w: number) => number>> = {
  clz: (a, w) => Math.clz32(mask(a, w)) - (32 - w),
  ctz: (a, w) => mask(a, w) === 0 ? w : 31 - Math.clz32(a & -a),
  popcnt: (a, w) => popcount(mask(a, w)),
  bswap: (a, w) => w === 16 ? (a & 0xff) << 8 | a >> 8 & 0xff : byteSwap(a),
};

function popcount(a: number): number {
  let n = a - (a >>> 1 & 0x55555555);
  n = (n & 0x33333333) + (n >>> 2 & 0x33333333);
  return Math.imul(n + (n >>> 4) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function byteSwap(a: number): number {
  return a << 24 | (a & 0xff00) << 8 | a >> 8 & 0xff00 | a >>> 24;
}

export const INT64_UNARY: Readonly<Record<Int32UnaryOp, (a: bigint) => bigint>> = {
  clz: (a) => { const high = high32(a); return BigInt(high !== 0 ? Math.clz32(high) : 32 + Math.clz32(low32(a))); },
  ctz: (a) => { const low = low32(a); return BigInt(low !== 0 ? INT32_UNARY.ctz(low, 32) : 32 + INT32_UNARY.ctz(high32(a), 32)); },
  popcnt: (a) => BigInt(popcount(low32(a)) + popcount(high32(a))),
  bswap: (a) => BigInt(byteSwap(low32(a))) << 32n | BigInt(byteSwap(high32(a)) >>> 0),
};

function low32(a: bigint): number { return Number(BigInt.asIntN(32, a)); }
function high32(a: bigint): number { return Number(BigInt.asIntN(32, a >> 32n)); }

/** `Math.min` and `Math.max` are IEEE 754-2019 minimum and maximum: NaN wins, and −0 < +0. */
export const FLOAT_BINARY: Readonly<Record<RoundedBinaryOp, (a: number, b: number) => number>> = {
  fadd: (a, b) => a + b,
  fsub: (a, b) => a - b,
  fmul: (a, b) => a * b,
  fdiv: (a, b) => a / b,
  fmin: (a, b) => Math.min(a, b),
  fmax: (a, b) => Math.max(a, b),
};

export const FLOAT_UNARY: Readonly<Record<RoundedUnaryOp, (a: number) => number>> = {
  fsqrt: (a) => Math.sqrt(a),
  fceil: (a) => Math.ceil(a),
  ffloor: (a) => Math.floor(a),
  ftrunc: (a) => Math.trunc(a),
  fnearest: (a) => nearest(a),
};
