/**
 * Which JavaScript values stand for a constant of each type (see `ConstInst`), and how they are written in the text
 * form. A constant has exactly one form, so that equal constants are equal data.
 */
import { isVector, type MemoryModel, type Type } from './types.ts';

const I64_MIN = -(2n ** 63n), I64_MAX = 2n ** 63n - 1n, V128_END = 2n ** 128n, V256_END = 2n ** 256n;

/**
 * Says what is wrong with `value` as a constant of `type`, or undefined when it is canonical.
 *
 * @example
 * constantProblem('i8', 255, 'linear') // => 'i8 constants are integers from -128 to 127'
 * constantProblem('i64', 1n, 'linear') // => undefined
 */
export function constantProblem(type: Type, value: unknown, model: MemoryModel): string | undefined {
  switch (type) {
    case 'i32': return isInt(value, -0x80000000, 0x7fffffff) ? undefined : 'i32 constants are integers from -2147483648 to 2147483647';
    case 'i1': return isInt(value, 0, 1) ? undefined : 'i1 constants are 0 or 1';
    case 'i8': return isInt(value, -128, 127) ? undefined : 'i8 constants are integers from -128 to 127';
    case 'i16': return isInt(value, -32768, 32767) ? undefined : 'i16 constants are integers from -32768 to 32767';
    case 'i64': return typeof value === 'bigint' && value >= I64_MIN && value <= I64_MAX ? undefined : 'i64 constants are bigints from -2^63 to 2^63-1';
    case 'f64': return typeof value === 'number' ? undefined : 'f64 constants are numbers';
    case 'f32': return typeof value === 'number' && Object.is(Math.fround(value), value) ? undefined : 'f32 constants are numbers already rounded by Math.fround';
    case 'ptr':
      if (model === 'linear') return isInt(value, 0, 0xffffffff) ? undefined : 'ptr constants are integers from 0 to 2^32-1';
      return isInt(value, 0, Number.MAX_SAFE_INTEGER) ? undefined : 'ptr constants are integers from 0 to 2^53-1';
    case 'v128': return typeof value === 'bigint' && value >= 0n && value < V128_END ? undefined : 'v128 constants are bigints from 0 to 2^128-1';
    case 'v256': return typeof value === 'bigint' && value >= 0n && value < V256_END ? undefined : 'v256 constants are bigints from 0 to 2^256-1';
    default: return type satisfies never;
  }
}

/** An integer in [low, high], −0 excluded (it is not canonical). */
function isInt(value: unknown, low: number, high: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high && !Object.is(value, -0);
}

/**
 * A constant as the text form writes it: decimal integers, `0x` and 32 digits for `v128` (64 for `v256`), the shortest decimal that
 * reads back to the same float, `-0`, `inf`, `-inf`, `nan`.
 *
 * @example
 * formatConstant('f32', Math.fround(0.1)) // => '0.1'
 */
export function formatConstant(type: Type, value: number | bigint): string {
  if (typeof value === 'bigint') {
    return isVector(type) && value >= 0n ? `0x${value.toString(16).padStart(type === 'v128' ? 32 : 64, '0')}` : value.toString();
  }
  if (Number.isInteger(value)) return Object.is(value, -0) ? '-0' : String(value);
  if (value === Infinity) return 'inf';
  if (value === -Infinity) return '-inf';
  if (value !== value) return 'nan';
  if (type === 'f32' && Math.fround(value) === value) {
    // Nine significant digits always suffice for binary32 (IEEE 754-2019, 5.12.2); most need fewer.
    for (let digits = 6; digits <= 9; digits++) {
      const text = String(Number(value.toPrecision(digits)));
      if (Math.fround(Number(text)) === value) return text;
    }
  }
  return String(value);
}

/**
 * Reads what {@link formatConstant} writes, decimal or `0x` hexadecimal. The value is not range-checked (the verifier
 * does that), but a float literal for `f32` is rounded.
 *
 * @returns undefined when the text is no literal of the type's class
 */
export function parseConstant(type: Type, text: string): number | bigint | undefined {
  switch (type) {
    case 'i64': case 'v128': case 'v256': {
      if (!INTEGER.test(text)) return undefined;
      return text.charCodeAt(0) === 45 ? -BigInt(text.slice(1)) : BigInt(text);
    }
    case 'f32': case 'f64': {
      const x = parseFloatLiteral(text);
      return x === undefined ? undefined : type === 'f32' ? Math.fround(x) : x;
    }
    case 'i1': case 'i8': case 'i16': case 'i32': case 'ptr': {
      if (!INTEGER.test(text)) return undefined;
      const x = text.charCodeAt(0) === 45 ? -Number(text.slice(1)) : Number(text);
      return Number.isSafeInteger(x) ? x : undefined;
    }
    default: return type satisfies never;
  }
}

const INTEGER = /^-?(?:\d+|0[xX][0-9a-fA-F]+)$/;
const FLOAT = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

function parseFloatLiteral(text: string): number | undefined {
  switch (text) {
    case 'inf': return Infinity;
    case '-inf': return -Infinity;
    case 'nan': return NaN;
    default: return FLOAT.test(text) ? Number(text) : undefined;
  }
}
