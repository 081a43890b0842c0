/**
 * Interpreter handlers of vector operations: the scalar arithmetic applied lane by lane.
 *
 * Operands: `code[p]` is the result register, then the operand registers. Handlers are made for a division, which says how many lanes the vector has; nothing
 * else differs between 128 and 256 bits. A result register is never an operand of
 * the same instruction (SSA), so lanes may be written while others are still to be read.
 */
import { floatToInt } from './evaluate.ts';
import { fma32, fma64 } from './float-arithmetic.ts';
import { FLOAT_BINARY, FLOAT_UNARY } from './scalar-functions.ts';
import { indexOf, laneInteger, vectorBytes, type BigView, type NumberView } from './interpreter-lanes.ts';
import type { Handler } from './interpreter-machine.ts';
import { HALF_LANES, LANE_COUNT, type Lanes, type Lanes128 } from './types.ts';
import type { VectorOp } from './vector-ops.ts';

const SIGNED_VIEW = { i8x16: 'i8', i16x8: 'i16', i32x4: 'i32', f32x4: 'f32', f64x2: 'f64' } as const;
const UNSIGNED_VIEW = { i8x16: 'u8', i16x8: 'u16', i32x4: 'u32', f32x4: 'f32', f64x2: 'f64' } as const;
type NarrowLanes = keyof typeof SIGNED_VIEW;

/** A division taken apart: what a lane is, and how many there are. */
interface Shape { readonly lane: Lanes128; readonly count: number; readonly width: number }
function shapeOf(lanes: Lanes): Shape { return { lane: HALF_LANES[lanes], count: LANE_COUNT[lanes], width: 8 * vectorBytes(lanes) / LANE_COUNT[lanes] }; }

/** Lane-wise on numbers; storing to the typed array wraps or rounds. */
function map2(view: NumberView, count: number, f: (a: number, b: number) => number, to: NumberView = view): Handler {
  return (m, p) => {
    const c = m.code, source = m[view], target = m[to];
    const d = indexOf(m, c[p], to), a = indexOf(m, c[p + 1], view), b = indexOf(m, c[p + 2], view);
    for (let k = 0; k < count; k++) target[d + k] = f(source[a + k], source[b + k]);
  };
}
function map1(view: NumberView, count: number, f: (a: number) => number, to: NumberView = view): Handler {
  return (m, p) => {
    const c = m.code, source = m[view], target = m[to], d = indexOf(m, c[p], to), a = indexOf(m, c[p + 1], view);
    for (let k = 0; k < count; k++) target[d + k] = f(source[a + k]);
  };
}
function bigMap2(view: BigView, count: number, f: (a: bigint, b: bigint) => bigint): Handler {
  return (m, p) => {
    const c = m.code, r = m[view], d = indexOf(m, c[p], view), a = indexOf(m, c[p + 1], view), b = indexOf(m, c[p + 2], view);
    for (let k = 0; k < count; k++) r[d + k] = f(r[a + k], r[b + k]);
  };
}
function bigMap1(view: BigView, count: number, f: (a: bigint) => bigint): Handler {
  return (m, p) => {
    const c = m.code, r = m[view], d = indexOf(m, c[p], view), a = indexOf(m, c[p + 1], view);
    for (let k = 0; k < count; k++) r[d + k] = f(r[a + k]);
  };
}
/** On the words of the vector. */
function words(count: number, f: (a: number, b: number, c: number) => number): Handler {
  return (m, p) => {
    const c = m.code, r = m.i32, d = m.fp + c[p], x = m.fp + c[p + 1], y = m.fp + c[p + 2], z = m.fp + c[p + 3];
    for (let k = 0; k < count; k++) r[d + k] = f(r[x + k], r[y + k], r[z + k]);
  };
}
/** All ones or zero per lane, from a test on numbers; also for f64, whose mask is two words. */
function test2(view: NumberView, count: number, f: (a: number, b: number) => boolean): Handler {
  if (view === 'f64') {
    return (m, p) => {
      const c = m.code, r = m.f64, d = m.fp + c[p], a = indexOf(m, c[p + 1], view), b = indexOf(m, c[p + 2], view);
      for (let k = 0; k < count; k++) m.i32[d + 2 * k] = m.i32[d + 2 * k + 1] = f(r[a + k], r[b + k]) ? -1 : 0;
    };
  }
  const to: NumberView = view === 'f32' ? 'i32' : view;
  return map2(view, count, (a, b) => f(a, b) ? -1 : 0, to);
}

function either({ lane, count }: Shape, f: (a: number, b: number) => number, big: (a: bigint, b: bigint) => bigint): Handler {
  return lane === 'i64x2' ? bigMap2('i64', count, big) : map2(SIGNED_VIEW[lane], count, f);
}

function comparison({ lane, count }: Shape, signed: boolean, test: (a: number | bigint, b: number | bigint) => boolean): Handler {
  if (lane === 'i64x2') return bigMap2(signed ? 'i64' : 'u64', count, (a, b) => test(a, b) ? -1n : 0n);
  return test2((signed ? SIGNED_VIEW : UNSIGNED_VIEW)[lane], count, test);
}

function shift({ lane, count, width }: Shape, signed: boolean, f: (a: number, n: number) => number, big: (a: bigint, n: bigint) => bigint): Handler {
  if (lane === 'i64x2') {
    const view: BigView = signed ? 'i64' : 'u64';
    return (m, p) => {
      const c = m.code, r = m[view], d = indexOf(m, c[p], view), a = indexOf(m, c[p + 1], view), n = BigInt(m.i32[m.fp + c[p + 2]] & 63);
      for (let k = 0; k < count; k++) r[d + k] = big(r[a + k], n);
    };
  }
  const view = (signed ? SIGNED_VIEW : UNSIGNED_VIEW)[lane as NarrowLanes];
  return (m, p) => {
    const c = m.code, r = m[view], d = indexOf(m, c[p], view), a = indexOf(m, c[p + 1], view), n = m.i32[m.fp + c[p + 2]] & width - 1;
    for (let k = 0; k < count; k++) r[d + k] = f(r[a + k], n);
  };
}

function extend(shape: Shape, signed: boolean, high: boolean): Handler {
  const count = shape.count / 2, from = (signed ? SIGNED_VIEW : UNSIGNED_VIEW)[shape.lane as NarrowLanes], skip = high ? count : 0;
  if (shape.lane === 'i32x4') {
    return (m, p) => {
      const c = m.code, d = m.fp + c[p], a = m.fp + c[p + 1] + skip, r = m.i32;
      for (let k = 0; k < count; k++) { r[d + 2 * k] = r[a + k]; r[d + 2 * k + 1] = signed ? r[a + k] >> 31 : 0; }
    };
  }
  const to: NumberView = shape.lane === 'i8x16' ? 'i16' : 'i32';
  return (m, p) => {
    const c = m.code, source = m[from], target = m[to], d = indexOf(m, c[p], to), a = indexOf(m, c[p + 1], from) + skip;
    for (let k = 0; k < count; k++) target[d + k] = source[a + k];
  };
}

function narrow({ lane, count, width }: Shape, signed: boolean): Handler {
  const from: NumberView = lane === 'i16x8' ? 'i16' : 'i32', to: NumberView = lane === 'i16x8' ? 'i8' : 'i16', half = width / 2;
  const low = signed ? -(2 ** (half - 1)) : 0, high = signed ? 2 ** (half - 1) - 1 : 2 ** half - 1;
  return (m, p) => {
    const c = m.code, source = m[from], target = m[to], d = indexOf(m, c[p], to), a = indexOf(m, c[p + 1], from), b = indexOf(m, c[p + 2], from);
    for (let k = 0; k < count; k++) {
      target[d + k] = clamp(source[a + k], low, high);
      target[d + count + k] = clamp(source[b + k], low, high);
    }
  };
}

function clamp(x: number, low: number, high: number): number { return x < low ? low : x > high ? high : x; }

function saturating({ lane, count, width }: Shape, signed: boolean, f: (a: number, b: number) => number): Handler {
  const low = signed ? -(2 ** (width - 1)) : 0, high = signed ? 2 ** (width - 1) - 1 : 2 ** width - 1;
  return map2((signed ? SIGNED_VIEW : UNSIGNED_VIEW)[lane as NarrowLanes], count, (a, b) => clamp(f(a, b), low, high));
}

function fma({ lane, count }: Shape): Handler {
  const view: 'f32' | 'f64' = lane === 'f32x4' ? 'f32' : 'f64', f = lane === 'f32x4' ? fma32 : fma64;
  return (m, p) => {
    const c = m.code, r = m[view], d = indexOf(m, c[p], view), x = indexOf(m, c[p + 1], view), y = indexOf(m, c[p + 2], view), z = indexOf(m, c[p + 3], view);
    for (let k = 0; k < count; k++) r[d + k] = f(r[x + k], r[y + k], r[z + k]);
  };
}

/** Changes the sign bit of float lanes and nothing else, so NaN payloads stay. */
function signBits({ lane, count }: Shape, f: (word: number) => number): Handler {
  const narrow = lane === 'f32x4', total = narrow ? count : 2 * count;
  return (m, p) => {
    const c = m.code, r = m.i32, d = m.fp + c[p], a = m.fp + c[p + 1];
    for (let k = 0; k < total; k++) r[d + k] = narrow || k % 2 === 1 ? f(r[a + k]) : r[a + k];
  };
}

/** `count` is that of the i16 lanes. */
function dot({ count }: Shape): Handler {
  return (m, p) => {
    const c = m.code, s = m.i16, d = m.fp + c[p], a = indexOf(m, c[p + 1], 'i16'), b = indexOf(m, c[p + 2], 'i16');
    for (let k = 0; k < count / 2; k++) m.i32[d + k] = s[a + 2 * k] * s[b + 2 * k] + s[a + 2 * k + 1] * s[b + 2 * k + 1];
  };
}

/** Looks up inside each 16 bytes. */
function swizzle({ count }: Shape): Handler {
  return (m, p) => {
    const c = m.code, r = m.u8, d = indexOf(m, c[p], 'u8'), a = indexOf(m, c[p + 1], 'u8'), b = indexOf(m, c[p + 2], 'u8');
    for (let k = 0; k < count; k++) r[d + k] = r[b + k] < 16 ? r[a + (k & 16) + r[b + k]] : 0;
  };
}

/** The eight words of the result from those of the operands: a half (four words) of the first, then of the second. */
function halves(first: 'a' | 'b', firstHalf: 0 | 4, second: 'a' | 'b' | undefined, secondHalf: 0 | 4 = 0): Handler {
  return (m, p) => {
    const c = m.code, r = m.i32, d = m.fp + c[p], a = m.fp + c[p + 1], b = m.fp + c[p + 2];
    const x = (first === 'a' ? a : b) + firstHalf, y = (second === 'a' ? a : b) + secondHalf;
    for (let k = 0; k < 4; k++) r[d + k] = r[x + k];
    if (second !== undefined) for (let k = 0; k < 4; k++) r[d + 4 + k] = r[y + k];
  };
}

function make(op: VectorOp, lanes: Lanes): Handler {
  const shape = shapeOf(lanes), { lane, count } = shape, size = vectorBytes(lanes) / 4;
  const floats = lane === 'f32x4' || lane === 'f64x2', view = lane === 'i64x2' ? 'f64' : SIGNED_VIEW[lane], plain = UNSIGNED_VIEW[lane as NarrowLanes];
  switch (op) {
    case 'vadd': return either(shape, (a, b) => a + b, (a, b) => a + b);
    case 'vsub': return either(shape, (a, b) => a - b, (a, b) => a - b);
    case 'vmul': return either(shape, floats ? (a, b) => a * b : Math.imul, (a, b) => a * b);
    case 'vdiv': return map2(view, count, FLOAT_BINARY.fdiv);
    case 'vadd_sat_s': return saturating(shape, true, (a, b) => a + b);
    case 'vadd_sat_u': return saturating(shape, false, (a, b) => a + b);
    case 'vsub_sat_s': return saturating(shape, true, (a, b) => a - b);
    case 'vsub_sat_u': return saturating(shape, false, (a, b) => a - b);
    case 'vmin_s': return map2(view, count, (a, b) => a < b ? a : b);
    case 'vmax_s': return map2(view, count, (a, b) => a > b ? a : b);
    case 'vmin_u': return map2(plain, count, (a, b) => a < b ? a : b);
    case 'vmax_u': return map2(plain, count, (a, b) => a > b ? a : b);
    case 'vavg_u': return map2(plain, count, (a, b) => a + b + 1 >> 1);
    case 'vfmin': return map2(view, count, FLOAT_BINARY.fmin);
    case 'vfmax': return map2(view, count, FLOAT_BINARY.fmax);
    case 'vabs':
      if (floats) return signBits(shape, (w) => w & 0x7fffffff);
      return lane === 'i64x2' ? bigMap1('i64', count, (a) => a < 0n ? -a : a) : map1(view, count, Math.abs);
    case 'vneg':
      if (floats) return signBits(shape, (w) => w ^ -0x80000000);
      return lane === 'i64x2' ? bigMap1('i64', count, (a) => -a) : map1(view, count, (a) => -a);
    case 'vsqrt': return map1(view, count, FLOAT_UNARY.fsqrt);
    case 'vceil': return map1(view, count, FLOAT_UNARY.fceil);
    case 'vfloor': return map1(view, count, FLOAT_UNARY.ffloor);
    case 'vtrunc': return map1(view, count, FLOAT_UNARY.ftrunc);
    case 'vnearest': return map1(view, count, FLOAT_UNARY.fnearest);
    case 'vpopcnt': return map1('u8', count, (a) => { let n = 0; for (let x = a; x !== 0; x &= x - 1) n++; return n; });
    case 'vfma': return fma(shape);
    case 'vand': return words(size, (a, b) => a & b);
    case 'vor': return words(size, (a, b) => a | b);
    case 'vxor': return words(size, (a, b) => a ^ b);
    case 'vandnot': return words(size, (a, b) => a & ~b);
    case 'vnot': return words(size, (a) => ~a);
    case 'vbitselect': return words(size, (a, b, c) => a & c | b & ~c);
    case 'vshl': return shift(shape, true, (a, n) => a << n, (a, n) => a << n);
    case 'vshr_s': return shift(shape, true, (a, n) => a >> n, (a, n) => a >> n);
    case 'vshr_u': return shift(shape, false, (a, n) => a >>> n, (a, n) => a >> n);
    case 'veq': return comparison(shape, true, (a, b) => a === b);
    case 'vne': return comparison(shape, true, (a, b) => a !== b);
    case 'vlt_s': case 'vflt': return comparison(shape, true, (a, b) => a < b);
    case 'vle_s': case 'vfle': return comparison(shape, true, (a, b) => a <= b);
    case 'vgt_s': case 'vfgt': return comparison(shape, true, (a, b) => a > b);
    case 'vge_s': case 'vfge': return comparison(shape, true, (a, b) => a >= b);
    case 'vlt_u': return comparison(shape, false, (a, b) => a < b);
    case 'vle_u': return comparison(shape, false, (a, b) => a <= b);
    case 'vgt_u': return comparison(shape, false, (a, b) => a > b);
    case 'vge_u': return comparison(shape, false, (a, b) => a >= b);
    case 'vswizzle': return swizzle(shape);
    case 'vany_true': return reduce(lanes, 0, (some, _bit, zero) => zero ? some : 1);
    case 'vall_true': return reduce(lanes, 1, (all, _bit, zero) => zero ? 0 : all);
    case 'vbitmask': return reduce(lanes, 0, (mask, bit) => mask | bit);
    case 'vcvt_f32_i32_s': return map1('i32', count, (a) => a, 'f32');
    case 'vcvt_f32_i32_u': return map1('u32', count, (a) => a, 'f32');
    case 'vtrunc_sat_i32_f32_s': return map1('f32', count, (a) => floatToInt('i32', a, true) as number, 'i32');
    case 'vtrunc_sat_i32_f32_u': return map1('f32', count, (a) => floatToInt('i32', a, false) as number, 'i32');
    case 'vextend_low_s': return extend(shape, true, false);
    case 'vextend_high_s': return extend(shape, true, true);
    case 'vextend_low_u': return extend(shape, false, false);
    case 'vextend_high_u': return extend(shape, false, true);
    case 'vnarrow_s': return narrow(shape, true);
    case 'vnarrow_u': return narrow(shape, false);
    case 'vdot_i16_s': return dot(shape);
    case 'vlow': return halves('a', 0, undefined);
    case 'vhigh': return halves('a', 4, undefined);
    case 'vconcat': return halves('a', 0, 'b');
    case 'vinsert_low': return halves('b', 0, 'a', 4);
    case 'vinsert_high': return halves('a', 0, 'b');
    default: return op satisfies never;
  }
}

/** Folds the lanes: `bit` is 1 << lane where the lane's sign bit is set, `zero` whether the lane is zero. */
function reduce(lanes: Lanes, start: number, f: (acc: number, bit: number, zero: boolean) => number): Handler {
  const count = LANE_COUNT[lanes];
  return (m, p) => {
    const c = m.code;
    let acc = start;
    for (let k = 0; k < count; k++) {
      const v = laneInteger(m, c[p + 1], lanes, k);
      acc = f(acc, v < 0 ? 1 << k : 0, v === 0 || v === 0n);
    }
    m.i32[m.fp + c[p]] = acc;
  };
}

const handlers = new Map<string, Handler>();

/** The handler of a vector operation on lanes that the table allows. */
export function vectorHandler(op: VectorOp, lanes: Lanes): Handler {
  const key = `${op} ${lanes}`;
  let h = handlers.get(key);
  if (h === undefined) handlers.set(key, h = make(op, lanes));
  return h;
}
