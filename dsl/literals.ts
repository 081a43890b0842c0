/** Literals: which JavaScript values stand for a constant of which type, and the canonical form MIR wants. */
import { describe, remedyFor, usageError, withArticle } from './usage.ts';
import type { RuntimeType, VectorShape } from './types.ts';

/** The reference to no function (`function-table.ts` says why 0). */
const NULL_FUNCTION = 0;

const RANGES: Readonly<Record<string, readonly [number | bigint, number | bigint]>> = {
  i8: [-128, 127], i16: [-32768, 32767], i32: [-2147483648, 2147483647], i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u8: [0, 255], u16: [0, 65535], u32: [0, 4294967295], u64: [0n, 2n ** 64n - 1n],
};

/** True when `x` is a JavaScript value that could be a literal of some type. */
export function isLiteral(x: unknown): x is number | bigint | boolean | null {
  return typeof x === 'number' || typeof x === 'bigint' || typeof x === 'boolean' || x === null;
}

/**
 * The MIR constant for literal `x` of `type`: signed and canonical for integers, rounded for `f32`. For a vector one
 * literal stands in every lane; a list or typed array has one per lane.
 *
 * @throws UsageError when `x` is of the wrong kind or out of range
 */
export function literal(type: RuntimeType, x: unknown): number | bigint {
  switch (type.surface) {
    case 'bool':
      if (typeof x !== 'boolean') throw wrongKind(type, x, 'Use true or false, or compare: x.ne(0).');
      return x ? 1 : 0;
    case 'f32': case 'f64':
      if (typeof x !== 'number') throw wrongKind(type, x, typeof x === 'bigint' ? `Write a number: Number(${x}n).` : 'Write a number.');
      return type.surface === 'f32' ? Math.fround(x) : x;
    case 'i64': case 'u64': {
      if (typeof x !== 'bigint') throw wrongKind(type, x, typeof x === 'number' && Number.isInteger(x) ? `Write a bigint: ${x}n.` : 'Write a bigint such as 5n.');
      inRange(type, x);
      return BigInt.asIntN(64, x);
    }
    case 'i8': case 'i16': case 'i32': case 'u8': case 'u16': case 'u32': {
      if (typeof x !== 'number') throw wrongKind(type, x, typeof x === 'bigint' ? `Write a number: ${x}.` : 'Write an integer.');
      if (!Number.isInteger(x)) throw usageError(`${describe(x)} is not an integer, and ${type.name} wants one`, 'Use a whole number, or a float type.');
      inRange(type, x);
      const shift = type.mir === 'i8' ? 24 : type.mir === 'i16' ? 16 : 0;
      return x << shift >> shift;
    }
    case 'ptr':
      if (x === null) return 0;
      if (typeof x === 'bigint' && x >= 0n && x <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(x);
      if (typeof x !== 'number' || !Number.isSafeInteger(x) || x < 0) throw wrongKind(type, x, 'Use null, or an address: a whole number from 0.');
      return x + 0; // -0 is 0
    case 'fn':
      if (x === null) return NULL_FUNCTION;
      throw wrongKind(type, x, 'Use a function reference: f.ref().');
    default: return vectorLiteral(type, type.vector!, x);
  }
}

function vectorLiteral(type: RuntimeType, { lane, length, laneBytes }: VectorShape, x: unknown): bigint {
  const many = Array.isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView));
  if (!many && typeof x !== 'number' && typeof x !== 'bigint') throw wrongKind(type, x, `Give a literal for every lane, or a list of ${length}.`);
  const given = many ? x as ArrayLike<unknown> : undefined;
  if (given !== undefined && given.length !== length) throw usageError(`${given.length} lanes are not ${withArticle(type.name)}`, `Give ${length}.`);
  const data = new DataView(new ArrayBuffer(length * laneBytes));
  for (let k = 0; k < length; k++) writeLane(data, k * laneBytes, lane, literal(lane, given === undefined ? x : given[k]));
  let bits = 0n;
  for (let at = data.byteLength - 8; at >= 0; at -= 8) bits = bits << 64n | data.getBigUint64(at, true);
  return bits;
}

function writeLane(data: DataView, at: number, lane: RuntimeType, x: number | bigint): void {
  switch (lane.mir) {
    case 'i8': data.setInt8(at, Number(x)); return;
    case 'i16': data.setInt16(at, Number(x), true); return;
    case 'i32': data.setInt32(at, Number(x), true); return;
    case 'i64': data.setBigInt64(at, BigInt(x), true); return;
    case 'f32': data.setFloat32(at, Number(x), true); return;
    default: data.setFloat64(at, Number(x), true);
  }
}

function wrongKind(type: RuntimeType, x: unknown, remedy: string): Error {
  return usageError(`${describe(x)} cannot be ${withArticle(type.name)}`, remedyFor(x, remedy));
}

function inRange(type: RuntimeType, x: number | bigint): void {
  const [lo, hi] = RANGES[type.surface];
  if (x < lo || x > hi) throw usageError(`${describe(x)} is out of range for ${type.name} (${lo} to ${hi})`, 'Use a value in range, or a wider type.');
}
