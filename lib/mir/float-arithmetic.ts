/**
 * Exactly rounded float arithmetic that JavaScript has no operator for. Every function is a pure function of IEEE 754
 * values, rounds once to nearest-even, and is shared by the interpreter and the constant folder.
 *
 * Why f32 results of `+ - * / sqrt` may be computed in f64 and rounded with `Math.fround`: 53 ≥ 2·24 + 2, so the
 * second rounding never changes the result (Figueroa, "When is double rounding innocuous?", 1995). It does not hold
 * for a fused multiply-add nor for 64-bit integers, which is why those are here.
 */

const scratch = new DataView(new ArrayBuffer(8));

/** The 64 bits of a double as an unsigned bigint. */
export function float64Bits(x: number): bigint {
  scratch.setFloat64(0, x);
  return scratch.getBigUint64(0);
}

/** 2 to the power `k`, exact for −1074 ≤ k ≤ 1023, `Infinity` above, 0 below. */
export function pow2(k: number): number {
  if (k > 1023) return Infinity;
  if (k < -1074) return 0;
  if (k >= -1022) scratch.setBigUint64(0, BigInt(k + 1023) << 52n);
  else scratch.setBigUint64(0, 1n << BigInt(k + 1074));
  return scratch.getFloat64(0);
}

/** Rounds to the nearest integer, ties to even; −0 and the sign of a zero result are kept. */
export function nearest(x: number): number {
  const BIG = 4503599627370496; // 2^52: from here on every double is an integer
  if (!(Math.abs(x) < BIG)) return x;
  if (x > 0) return (x + BIG) - BIG;
  if (x < 0) {
    const r = (x - BIG) + BIG;
    return r === 0 ? -0 : r;
  }
  return x;
}

/** A 64-bit integer (signed or unsigned, as a bigint) as f32, rounded once. */
export function bigintToFloat32(x: bigint): number {
  const negative = x < 0n;
  const magnitude = negative ? -x : x;
  if (magnitude < 9007199254740992n) return Math.fround(Number(x));
  // Round to odd at 53 bits or fewer: the sticky bit makes the second rounding see every discarded bit.
  const kept = magnitude >> 11n;
  const sticky = (magnitude & 2047n) !== 0n ? 1n : 0n;
  const f = Math.fround(Number(kept | sticky) * 2048);
  return negative ? -f : f;
}

/**
 * `a*b + c` in f32, rounded once. The product of two f32 is exact in f64; the sum is rounded to odd in f64
 * (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008), which makes the final rounding exact.
 */
export function fma32(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  if (!Number.isFinite(sum) || sum === 0) return Math.fround(sum);
  // Knuth's two-sum: sum + error is exactly product + c.
  const t = sum - product;
  const error = (product - (sum - t)) + (c - t);
  if (error === 0) return Math.fround(sum);
  scratch.setFloat64(0, sum);
  const bits = scratch.getBigUint64(0);
  if ((bits & 1n) === 0n) {
    // Not odd: move one unit towards the error, away from zero when the signs agree.
    scratch.setBigUint64(0, (error > 0) === (sum > 0) ? bits + 1n : bits - 1n);
  }
  return Math.fround(scratch.getFloat64(0));
}

/** `a*b + c` in f64, rounded once: the exact sum as an integer times a power of two, then one rounding. */
export function fma64(a: number, b: number, c: number): number {
  if (!Number.isFinite(a) || !Number.isFinite(b) || a === 0 || b === 0) return a * b + c;
  if (!Number.isFinite(c)) return c;
  if (c === 0) return a * b;
  let product = significand(a) * significand(b);
  let productExponent = exponent(a) + exponent(b);
  let addend = significand(c);
  const addendExponent = exponent(c);
  if (productExponent > addendExponent) {
    product <<= BigInt(productExponent - addendExponent);
    productExponent = addendExponent;
  } else {
    addend <<= BigInt(addendExponent - productExponent);
  }
  return scaledToFloat64(product + addend, productExponent);
}

/** The signed integer m with x = m · 2^exponent(x). */
function significand(x: number): bigint {
  const bits = float64Bits(x);
  const fraction = bits & 0xfffffffffffffn;
  const m = (bits >> 52n & 0x7ffn) === 0n ? fraction : fraction | 0x10000000000000n;
  return x < 0 ? -m : m;
}

function exponent(x: number): number {
  const biased = Number(float64Bits(x) >> 52n & 0x7ffn);
  return biased === 0 ? -1074 : biased - 1075;
}

/** `n · 2^e` rounded once to f64, ties to even; exact zero gives +0. `e` is at most 971. */
function scaledToFloat64(n: bigint, e: number): number {
  if (n === 0n) return 0;
  const negative = n < 0n;
  let m = negative ? -n : n;
  const length = m.toString(2).length;
  const shift = Math.max(length - 53, -1074 - e);
  let scale = e;
  if (shift > 0) {
    const s = BigInt(shift);
    const discarded = m & ((1n << s) - 1n);
    const half = 1n << (s - 1n);
    m >>= s;
    if (discarded > half || (discarded === half && (m & 1n) === 1n)) m += 1n;
    scale = e + shift;
  }
  const r = Number(m) * pow2(scale);
  return negative ? -r : r;
}
