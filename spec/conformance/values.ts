/** Boundary values of each type: where implementations of arithmetic go wrong. */
import type { Type } from '../../lib/mir/index.ts';

/** In the form of `ConstInst`. */
export type Scalar = number | bigint;

const unique = <T>(list: readonly T[]): T[] => list.filter((v, k) => list.findIndex((w) => Object.is(v, w)) === k);

function integers(width: number): bigint[] {
  const w = BigInt(width), min = -(1n << w - 1n), max = -min - 1n;
  const list = [0n, 1n, -1n, 2n, -2n, 3n, 7n, 10n, -7n, min, min + 1n, max, max - 1n, w - 1n, w, w + 1n, 2n * w + 3n, max / 3n, min / 3n];
  if (width >= 16) list.push(127n, 128n, 255n, 256n, -128n, -129n, 0x5a5an % (max + 1n));
  if (width >= 32) list.push(0x7fffn, 0x8000n, 0xffffn, 0x10000n, -0x8001n, 0x01020304n, 1n << 30n);
  if (width === 64) list.push((1n << 31n) - 1n, 1n << 31n, (1n << 32n) - 1n, 1n << 32n, -(1n << 31n), -(1n << 31n) - 1n, (1n << 53n) + 1n, 0x0102030405060708n, 0x00ff00ff00ff00ffn);
  return unique(list.map((n) => BigInt.asIntN(width, n)));
}

const scratch = new DataView(new ArrayBuffer(8));
function f32(bits: number): number { scratch.setUint32(0, bits); return scratch.getFloat32(0); }
function f64(bits: bigint): number { scratch.setBigUint64(0, bits); return scratch.getFloat64(0); }

const COMMON = [0, -0, 1, -1, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 2, 3, 10, 0.1, -0.1, 0.9999999, NaN, Infinity, -Infinity,
  127.5, 255, 32768, 2147483647, 2147483648, -2147483648, -2147483649, 4294967295, 4294967296, 8388607.5, 8388608, 16777217,
  2 ** 52 - 0.5, 2 ** 52, 2 ** 53, 2 ** 53 + 2, 9223372036854775807, -9223372036854775808, 18446744073709551615, -9223372036854777856];

const FLOATS_32 = unique([...COMMON.map(Math.fround), f32(1), f32(0x80000001), f32(0x007fffff), f32(0x00800000), f32(0x7f7fffff), f32(0xff7fffff),
  f32(0x3f7fffff), f32(0x3f800001), f32(0x4effffff), f32(0xcf000001), f32(0x4f7fffff), f32(0x5effffff), f32(0x5f7fffff), f32(0xdf000001), f32(0x3effffff)]);
const FLOATS_64 = unique([...COMMON, f64(1n), f64(0x8000000000000001n), f64(0x000fffffffffffffn), f64(0x0010000000000000n), f64(0x7fefffffffffffffn),
  f64(0xffefffffffffffffn), f64(0x3fefffffffffffffn), f64(0x3ff0000000000001n), 2147483647.9999998, -2147483648.9999995, 4294967295.9999995,
  f64(0x43dfffffffffffffn), f64(0x43efffffffffffffn), f64(0xc3e0000000000001n), f64(0x3fdfffffffffffffn), 0.49999999999999994,
  3.4028235677973366e38, 3.4028234663852886e38, 3.4028235677973362e38, 1.1754943508222875e-38, 7.006492321624085e-46, 7.006492321624087e-46, 1.401298464324817e-45]);

const INTEGERS: Readonly<Record<8 | 16 | 32 | 64, readonly bigint[]>> = { 8: integers(8), 16: integers(16), 32: integers(32), 64: integers(64) };

/** The boundary values of a scalar type. */
export function valuesOf(type: Type): readonly Scalar[] {
  switch (type) {
    case 'i1': return [0, 1];
    case 'i8': return INTEGERS[8].map(Number);
    case 'i16': return INTEGERS[16].map(Number);
    case 'i32': return INTEGERS[32].map(Number);
    case 'i64': return INTEGERS[64];
    case 'f32': return FLOATS_32;
    case 'f64': return FLOATS_64;
    case 'ptr': return [0, 1, 1024, 65535, 65536, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
    case 'v128': case 'v256': return [];
    default: return type satisfies never;
  }
}

/** Fewer values, for operations on three operands and for functions with a constant operand. */
export function fewValuesOf(type: Type): readonly Scalar[] {
  switch (type) {
    case 'i8': return [0, 1, -1, 2, 7, 8, 100, -128, 127];
    case 'i16': return [0, 1, -1, 3, 15, 127, 128, 255, -129, -32768, 32767];
    case 'i32': return [0, 1, -1, 2, 5, 9, 31, 32, 127, 128, -128, 255, 65535, 65536, -2147483648, 2147483647, 0x12345678];
    case 'i64': return [0n, 1n, -1n, 2n, 10n, 63n, 64n, 127n, 128n, 255n, 65535n, 0x7fffffffn, 0x80000000n, -0x80000000n, -0x80000001n, 0xffffffffn, 0x100000000n, -0x8000000000000000n, 0x7fffffffffffffffn, 0x123456789abcdef0n];
    case 'f32': return [0, -0, 1, -1, 0.5, 2, 3, NaN, Infinity, -Infinity, f32(1), f32(0x7f7fffff), Math.fround(0.1), f32(0x3f800001), 16777216];
    case 'f64': return [0, -0, 1, -1, 0.5, 2, 3, NaN, Infinity, -Infinity, 5e-324, 1.7976931348623157e308, 0.1, 1 + 2 ** -52, 2 ** 53, 2.2250738585072014e-308];
    default: return valuesOf(type);
  }
}
