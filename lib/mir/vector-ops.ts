/**
 * The vector part of the op table: operations on `v128` and `v256`, each with the lane divisions it is defined for.
 * Lane semantics are the scalar ones of `ops.ts`; names and set follow the fixed-width SIMD of WebAssembly.
 *
 * A row lists divisions of 128 bits; it is defined for the divisions of 256 bits into lanes of the same types as well
 * ({@link definedFor}). Both widths mean the same: what a row says about lanes holds for all lanes of the vector, so at
 * 256 bits `vextend_low_s.i8x32` widens lanes 0 to 15, `vnarrow_s.i16x16 a, b` gives the lanes of `a` in the low half
 * and those of `b` in the high half, `vbitmask.i8x32` is a mask of 32 bits. The one exception is `vswizzle`: it looks
 * bytes up inside each 128-bit half (a table in each half), which is what processors do in one instruction; a choice
 * of bytes from the whole vector is `shuffle`. Rows that list a division of 256 bits exist at that width only.
 */
import { HALF_LANES, LANES, VECTOR_TYPE, type Lanes, type Type } from './types.ts';

/** The facts of one vector operation. */
export interface VectorOpSpec {
  /** Operand list: `v` a vector of the division's width, `h` a `v128`, `s` an `i32` shift count. */
  readonly operands: 'v' | 'vv' | 'vvv' | 'vs' | 'vh' | 'hh';
  /** `v` a vector of the division's width, `h` a `v128`, `i1` (tests), or `i32` (bit mask). */
  readonly result: 'v' | 'h' | 'i1' | 'i32';
  readonly lanes: readonly Lanes[];
  readonly commutative?: true;
  readonly doc: string;
}

const I = ['i8x16', 'i16x8', 'i32x4', 'i64x2'] as const;
const F = ['f32x4', 'f64x2'] as const;
const ALL = ['i8x16', 'i16x8', 'i32x4', 'i64x2', 'f32x4', 'f64x2'] as const;
const SMALL = ['i8x16', 'i16x8'] as const;
const UP_TO_32 = ['i8x16', 'i16x8', 'i32x4'] as const;
const ANY = ['i8x16'] as const;
const WIDE = ['i8x32'] as const;

/** Every vector operation. Bitwise ones carry the division `i8x16` by convention. */
export const VECTOR_OPS = {
  vadd: { operands: 'vv', result: 'v', lanes: ALL, commutative: true, doc: 'lane-wise addition' },
  vsub: { operands: 'vv', result: 'v', lanes: ALL, doc: 'lane-wise subtraction' },
  vmul: { operands: 'vv', result: 'v', lanes: ['i16x8', 'i32x4', 'i64x2', 'f32x4', 'f64x2'], commutative: true, doc: 'lane-wise multiplication' },
  vdiv: { operands: 'vv', result: 'v', lanes: F, doc: 'lane-wise float division' },
  vadd_sat_s: { operands: 'vv', result: 'v', lanes: SMALL, commutative: true, doc: 'signed saturating addition' },
  vadd_sat_u: { operands: 'vv', result: 'v', lanes: SMALL, commutative: true, doc: 'unsigned saturating addition' },
  vsub_sat_s: { operands: 'vv', result: 'v', lanes: SMALL, doc: 'signed saturating subtraction' },
  vsub_sat_u: { operands: 'vv', result: 'v', lanes: SMALL, doc: 'unsigned saturating subtraction' },
  vmin_s: { operands: 'vv', result: 'v', lanes: UP_TO_32, commutative: true, doc: 'signed minimum' },
  vmin_u: { operands: 'vv', result: 'v', lanes: UP_TO_32, commutative: true, doc: 'unsigned minimum' },
  vmax_s: { operands: 'vv', result: 'v', lanes: UP_TO_32, commutative: true, doc: 'signed maximum' },
  vmax_u: { operands: 'vv', result: 'v', lanes: UP_TO_32, commutative: true, doc: 'unsigned maximum' },
  vavg_u: { operands: 'vv', result: 'v', lanes: SMALL, commutative: true, doc: 'unsigned rounding average' },
  vfmin: { operands: 'vv', result: 'v', lanes: F, commutative: true, doc: 'IEEE 754-2019 minimum' },
  vfmax: { operands: 'vv', result: 'v', lanes: F, commutative: true, doc: 'IEEE 754-2019 maximum' },
  vabs: { operands: 'v', result: 'v', lanes: ALL, doc: 'absolute value (integer: wrapping)' },
  vneg: { operands: 'v', result: 'v', lanes: ALL, doc: 'negation (integer: wrapping)' },
  vsqrt: { operands: 'v', result: 'v', lanes: F, doc: 'square root' },
  vceil: { operands: 'v', result: 'v', lanes: F, doc: 'round towards +infinity' },
  vfloor: { operands: 'v', result: 'v', lanes: F, doc: 'round towards -infinity' },
  vtrunc: { operands: 'v', result: 'v', lanes: F, doc: 'round towards zero' },
  vnearest: { operands: 'v', result: 'v', lanes: F, doc: 'round to nearest, ties to even' },
  vpopcnt: { operands: 'v', result: 'v', lanes: ANY, doc: 'population count of each byte' },
  vfma: { operands: 'vvv', result: 'v', lanes: F, doc: 'a*b + c with one rounding' },
  vand: { operands: 'vv', result: 'v', lanes: ANY, commutative: true, doc: 'bitwise and' },
  vor: { operands: 'vv', result: 'v', lanes: ANY, commutative: true, doc: 'bitwise or' },
  vxor: { operands: 'vv', result: 'v', lanes: ANY, commutative: true, doc: 'bitwise exclusive or' },
  vandnot: { operands: 'vv', result: 'v', lanes: ANY, doc: 'a and not b' },
  vnot: { operands: 'v', result: 'v', lanes: ANY, doc: 'bitwise complement' },
  vbitselect: { operands: 'vvv', result: 'v', lanes: ANY, doc: '(a and c) or (b and not c)' },
  vshl: { operands: 'vs', result: 'v', lanes: I, doc: 'shift left by the count modulo the lane width' },
  vshr_s: { operands: 'vs', result: 'v', lanes: I, doc: 'arithmetic shift right by the count modulo the lane width' },
  vshr_u: { operands: 'vs', result: 'v', lanes: I, doc: 'logical shift right by the count modulo the lane width' },
  veq: { operands: 'vv', result: 'v', lanes: ALL, commutative: true, doc: 'equal: all ones, else zero' },
  vne: { operands: 'vv', result: 'v', lanes: ALL, commutative: true, doc: 'not equal (true on NaN)' },
  vlt_s: { operands: 'vv', result: 'v', lanes: I, doc: 'signed less than' },
  vlt_u: { operands: 'vv', result: 'v', lanes: UP_TO_32, doc: 'unsigned less than' },
  vle_s: { operands: 'vv', result: 'v', lanes: I, doc: 'signed less or equal' },
  vle_u: { operands: 'vv', result: 'v', lanes: UP_TO_32, doc: 'unsigned less or equal' },
  vgt_s: { operands: 'vv', result: 'v', lanes: I, doc: 'signed greater than' },
  vgt_u: { operands: 'vv', result: 'v', lanes: UP_TO_32, doc: 'unsigned greater than' },
  vge_s: { operands: 'vv', result: 'v', lanes: I, doc: 'signed greater or equal' },
  vge_u: { operands: 'vv', result: 'v', lanes: UP_TO_32, doc: 'unsigned greater or equal' },
  vflt: { operands: 'vv', result: 'v', lanes: F, doc: 'ordered and less than' },
  vfle: { operands: 'vv', result: 'v', lanes: F, doc: 'ordered and less or equal' },
  vfgt: { operands: 'vv', result: 'v', lanes: F, doc: 'ordered and greater than' },
  vfge: { operands: 'vv', result: 'v', lanes: F, doc: 'ordered and greater or equal' },
  vswizzle: { operands: 'vv', result: 'v', lanes: ANY, doc: 'in each 128 bits: bytes of a chosen by the bytes of b; an index over 15 gives 0' },
  vany_true: { operands: 'v', result: 'i1', lanes: ANY, doc: 'some bit is set' },
  vall_true: { operands: 'v', result: 'i1', lanes: I, doc: 'every lane is non-zero' },
  vbitmask: { operands: 'v', result: 'i32', lanes: I, doc: 'the sign bits of the lanes, lane 0 lowest' },
  vcvt_f32_i32_s: { operands: 'v', result: 'v', lanes: ['i32x4'], doc: 'i32 lanes to f32, signed' },
  vcvt_f32_i32_u: { operands: 'v', result: 'v', lanes: ['i32x4'], doc: 'i32 lanes to f32, unsigned' },
  vtrunc_sat_i32_f32_s: { operands: 'v', result: 'v', lanes: ['f32x4'], doc: 'f32 lanes to i32, signed saturating, NaN is 0' },
  vtrunc_sat_i32_f32_u: { operands: 'v', result: 'v', lanes: ['f32x4'], doc: 'f32 lanes to i32, unsigned saturating, NaN is 0' },
  vextend_low_s: { operands: 'v', result: 'v', lanes: UP_TO_32, doc: 'low half of the lanes, sign-extended to twice the width' },
  vextend_high_s: { operands: 'v', result: 'v', lanes: UP_TO_32, doc: 'high half of the lanes, sign-extended to twice the width' },
  vextend_low_u: { operands: 'v', result: 'v', lanes: UP_TO_32, doc: 'low half of the lanes, zero-extended to twice the width' },
  vextend_high_u: { operands: 'v', result: 'v', lanes: UP_TO_32, doc: 'high half of the lanes, zero-extended to twice the width' },
  vnarrow_s: { operands: 'vv', result: 'v', lanes: ['i16x8', 'i32x4'], doc: 'both vectors to lanes of half the width, signed saturating; lanes name the source' },
  vnarrow_u: { operands: 'vv', result: 'v', lanes: ['i16x8', 'i32x4'], doc: 'both vectors to lanes of half the width, unsigned saturating; lanes name the source' },
  vdot_i16_s: { operands: 'vv', result: 'v', lanes: ['i16x8'], commutative: true, doc: 'products of i16 lanes, neighbours added to i32 lanes' },
  vlow: { operands: 'v', result: 'h', lanes: WIDE, doc: 'the low 128 bits' },
  vhigh: { operands: 'v', result: 'h', lanes: WIDE, doc: 'the high 128 bits' },
  vconcat: { operands: 'hh', result: 'v', lanes: WIDE, doc: 'a as the low, b as the high 128 bits' },
  vinsert_low: { operands: 'vh', result: 'v', lanes: WIDE, doc: 'a with its low 128 bits replaced by b' },
  vinsert_high: { operands: 'vh', result: 'v', lanes: WIDE, doc: 'a with its high 128 bits replaced by b' },
} as const satisfies Record<string, VectorOpSpec>;

export type VectorOp = keyof typeof VECTOR_OPS;

const DEFINED: ReadonlyMap<string, ReadonlySet<Lanes>> = new Map((Object.keys(VECTOR_OPS) as VectorOp[]).map((op) => [op, new Set(divisionsOf(op))]));

/**
 * Every division an operation is defined for: the row's, and for divisions of 128 bits their 256-bit counterparts.
 *
 * @example
 * divisionsOf('vdiv') // => ['f32x4', 'f64x2', 'f32x8', 'f64x4']
 * divisionsOf('vlow') // => ['i8x32']
 */
export function divisionsOf(op: VectorOp): readonly Lanes[] {
  const listed: readonly Lanes[] = VECTOR_OPS[op].lanes;
  return LANES.filter((l) => listed.includes(l) || listed.includes(HALF_LANES[l]));
}

/** True when the operation exists (any text may be asked for) and is defined for the division. */
export function definedFor(op: string, lanes: Lanes): boolean { return DEFINED.get(op)?.has(lanes) === true; }

/** The type of an operand of the kind that a row's `operands` lists. */
export function vectorOperandType(kind: string, lanes: Lanes): Type {
  return kind === 's' ? 'i32' : kind === 'h' ? 'v128' : VECTOR_TYPE[lanes];
}

/**
 * The type an operation's result has.
 *
 * @example
 * vectorResultType('vadd', 'f32x8') // => 'v256'
 * vectorResultType('vlow', 'i8x32') // => 'v128'
 */
export function vectorResultType(op: VectorOp, lanes: Lanes): Type {
  const { result } = VECTOR_OPS[op];
  switch (result) {
    case 'v': return VECTOR_TYPE[lanes];
    case 'h': return 'v128';
    default: return result;
  }
}
