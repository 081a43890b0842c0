/**
 * The one table of MIR operations.
 *
 * The verifier, printer, parser, interpreter, builder, optimiser and documentation all read their facts about an
 * operation here; nothing about an operation is written down a second time. Every operation is defined for every
 * input or traps with one of the listed codes; the semantics are WebAssembly's where WebAssembly has the operation:
 *
 * - integer arithmetic wraps; shift and rotate counts are taken modulo the width;
 * - `sdiv`/`udiv` by zero and `srem`/`urem` by zero trap; `sdiv` of MIN by −1 traps; `srem` of MIN by −1 is 0;
 * - `clz`/`ctz` of 0 is the width;
 * - floats are IEEE 754, round to nearest even. An arithmetic operation whose result is NaN may give any NaN (sign
 *   and payload are not specified, as in WebAssembly); `fneg fabs fcopysign`, moves, loads, stores, `select` and
 *   `bitcast` keep every bit;
 * - `fmin`/`fmax` are IEEE 754-2019 minimum/maximum: NaN if either is NaN, and −0 < +0;
 * - every float compare but `fne` is false when an operand is NaN, `fne` is then true.
 */
import type { TrapCode, Type } from './types.ts';

/** The instruction shape (the `kind` of the data) that carries an operation. */
export type OpShape = 'binary' | 'unary' | 'ternary' | 'compare' | 'pair' | 'convert' | 'vector';

/** The facts of one operation. */
export interface OpSpec {
  readonly shape: OpShape;
  /** The operand types it is defined for; for `convert` the source types; for `vector` ignored (see `lanes`). */
  readonly types: readonly Type[];
  /** For `convert`: the result types it may produce. */
  readonly to?: readonly Type[];
  readonly commutative?: true;
  readonly associative?: true;
  /** The trap codes it can end with; absent: it never traps and may be moved, repeated or dropped freely. */
  readonly traps?: readonly TrapCode[];
  readonly doc: string;
}

const INT = ['i8', 'i16', 'i32', 'i64'] as const;
const BITS = ['i1', 'i8', 'i16', 'i32', 'i64'] as const;
const FLOAT = ['f32', 'f64'] as const;
const EQ = ['i1', 'i8', 'i16', 'i32', 'i64', 'ptr'] as const;
const ORD = ['i8', 'i16', 'i32', 'i64', 'ptr'] as const;
const DIV = ['integer-divide-by-zero'] as const;
const SDIV = ['integer-divide-by-zero', 'integer-overflow'] as const;
const CONV = ['invalid-conversion', 'integer-overflow'] as const;

/** Two operands and a result, all of one type. */
export const BINARY_OPS = {
  add: { shape: 'binary', types: INT, commutative: true, associative: true, doc: 'wrapping addition' },
  sub: { shape: 'binary', types: INT, doc: 'wrapping subtraction' },
  mul: { shape: 'binary', types: INT, commutative: true, associative: true, doc: 'wrapping multiplication' },
  udiv: { shape: 'binary', types: INT, traps: DIV, doc: 'unsigned division, towards zero' },
  sdiv: { shape: 'binary', types: INT, traps: SDIV, doc: 'signed division, towards zero' },
  urem: { shape: 'binary', types: INT, traps: DIV, doc: 'unsigned remainder' },
  srem: { shape: 'binary', types: INT, traps: DIV, doc: 'signed remainder, sign of the dividend; MIN rem -1 is 0' },
  and: { shape: 'binary', types: BITS, commutative: true, associative: true, doc: 'bitwise and' },
  or: { shape: 'binary', types: BITS, commutative: true, associative: true, doc: 'bitwise or' },
  xor: { shape: 'binary', types: BITS, commutative: true, associative: true, doc: 'bitwise exclusive or' },
  shl: { shape: 'binary', types: INT, doc: 'shift left by the count modulo the width' },
  lshr: { shape: 'binary', types: INT, doc: 'logical shift right by the count modulo the width' },
  ashr: { shape: 'binary', types: INT, doc: 'arithmetic shift right by the count modulo the width' },
  rotl: { shape: 'binary', types: INT, doc: 'rotate left by the count modulo the width' },
  rotr: { shape: 'binary', types: INT, doc: 'rotate right by the count modulo the width' },
  fadd: { shape: 'binary', types: FLOAT, commutative: true, doc: 'float addition' },
  fsub: { shape: 'binary', types: FLOAT, doc: 'float subtraction' },
  fmul: { shape: 'binary', types: FLOAT, commutative: true, doc: 'float multiplication' },
  fdiv: { shape: 'binary', types: FLOAT, doc: 'float division' },
  fmin: { shape: 'binary', types: FLOAT, commutative: true, doc: 'IEEE 754-2019 minimum' },
  fmax: { shape: 'binary', types: FLOAT, commutative: true, doc: 'IEEE 754-2019 maximum' },
  fcopysign: { shape: 'binary', types: FLOAT, doc: 'magnitude of the first operand with the sign of the second' },
} as const satisfies Record<string, OpSpec>;

/** One operand and a result of the same type. */
export const UNARY_OPS = {
  clz: { shape: 'unary', types: INT, doc: 'count of leading zero bits' },
  ctz: { shape: 'unary', types: INT, doc: 'count of trailing zero bits' },
  popcnt: { shape: 'unary', types: INT, doc: 'count of one bits' },
  bswap: { shape: 'unary', types: ['i16', 'i32', 'i64'], doc: 'reverse the order of bytes' },
  fneg: { shape: 'unary', types: FLOAT, doc: 'flip the sign bit' },
  fabs: { shape: 'unary', types: FLOAT, doc: 'clear the sign bit' },
  fsqrt: { shape: 'unary', types: FLOAT, doc: 'square root, correctly rounded' },
  fceil: { shape: 'unary', types: FLOAT, doc: 'round towards +infinity' },
  ffloor: { shape: 'unary', types: FLOAT, doc: 'round towards -infinity' },
  ftrunc: { shape: 'unary', types: FLOAT, doc: 'round towards zero' },
  fnearest: { shape: 'unary', types: FLOAT, doc: 'round to nearest, ties to even' },
} as const satisfies Record<string, OpSpec>;

/** Three operands and a result of the same type. */
export const TERNARY_OPS = {
  fma: { shape: 'ternary', types: FLOAT, doc: 'a*b + c with one rounding' },
} as const satisfies Record<string, OpSpec>;

/** Two operands of one type, result `i1`. */
export const COMPARE_OPS = {
  eq: { shape: 'compare', types: EQ, commutative: true, doc: 'equal' },
  ne: { shape: 'compare', types: EQ, commutative: true, doc: 'not equal' },
  ult: { shape: 'compare', types: ORD, doc: 'unsigned less than' },
  ule: { shape: 'compare', types: ORD, doc: 'unsigned less or equal' },
  ugt: { shape: 'compare', types: ORD, doc: 'unsigned greater than' },
  uge: { shape: 'compare', types: ORD, doc: 'unsigned greater or equal' },
  slt: { shape: 'compare', types: INT, doc: 'signed less than' },
  sle: { shape: 'compare', types: INT, doc: 'signed less or equal' },
  sgt: { shape: 'compare', types: INT, doc: 'signed greater than' },
  sge: { shape: 'compare', types: INT, doc: 'signed greater or equal' },
  feq: { shape: 'compare', types: FLOAT, commutative: true, doc: 'ordered and equal' },
  fne: { shape: 'compare', types: FLOAT, commutative: true, doc: 'unordered or not equal' },
  flt: { shape: 'compare', types: FLOAT, doc: 'ordered and less than' },
  fle: { shape: 'compare', types: FLOAT, doc: 'ordered and less or equal' },
  fgt: { shape: 'compare', types: FLOAT, doc: 'ordered and greater than' },
  fge: { shape: 'compare', types: FLOAT, doc: 'ordered and greater or equal' },
} as const satisfies Record<string, OpSpec>;

/** Two operands of one type and two results: `(low, high)` of a product, or `(wrapped value, overflowed: i1)`. */
export const PAIR_OPS = {
  umul_wide: { shape: 'pair', types: INT, commutative: true, doc: 'unsigned product: low half, high half' },
  smul_wide: { shape: 'pair', types: INT, commutative: true, doc: 'signed product: low half, high half' },
  uadd_overflow: { shape: 'pair', types: INT, commutative: true, doc: 'sum and unsigned overflow flag' },
  sadd_overflow: { shape: 'pair', types: INT, commutative: true, doc: 'sum and signed overflow flag' },
  usub_overflow: { shape: 'pair', types: INT, doc: 'difference and unsigned overflow (borrow) flag' },
  ssub_overflow: { shape: 'pair', types: INT, doc: 'difference and signed overflow flag' },
  umul_overflow: { shape: 'pair', types: INT, commutative: true, doc: 'product and unsigned overflow flag' },
  smul_overflow: { shape: 'pair', types: INT, commutative: true, doc: 'product and signed overflow flag' },
} as const satisfies Record<string, OpSpec>;

/** One operand of a source type, a result of another type. */
export const CONVERT_OPS = {
  sext: { shape: 'convert', types: ['i1', 'i8', 'i16', 'i32'], to: INT, doc: 'sign-extend to a wider integer' },
  zext: { shape: 'convert', types: ['i1', 'i8', 'i16', 'i32'], to: INT, doc: 'zero-extend to a wider integer' },
  trunc: { shape: 'convert', types: ['i8', 'i16', 'i32', 'i64'], to: ['i1', 'i8', 'i16', 'i32'], doc: 'keep the low bits' },
  bitcast: { shape: 'convert', types: ['i32', 'i64', 'f32', 'f64'], to: ['i32', 'i64', 'f32', 'f64'], doc: 'same bits, other type of the same width' },
  fpromote: { shape: 'convert', types: ['f32'], to: ['f64'], doc: 'f32 to f64, exact' },
  fdemote: { shape: 'convert', types: ['f64'], to: ['f32'], doc: 'f64 to f32, rounded to nearest even' },
  sitofp: { shape: 'convert', types: ['i32', 'i64'], to: FLOAT, doc: 'signed integer to float' },
  uitofp: { shape: 'convert', types: ['i32', 'i64'], to: FLOAT, doc: 'unsigned integer to float' },
  fptosi: { shape: 'convert', types: FLOAT, to: ['i32', 'i64'], traps: CONV, doc: 'float to signed, towards zero; NaN traps invalid-conversion, out of range traps integer-overflow' },
  fptoui: { shape: 'convert', types: FLOAT, to: ['i32', 'i64'], traps: CONV, doc: 'float to unsigned, towards zero; NaN traps invalid-conversion, out of range traps integer-overflow' },
  fptosi_sat: { shape: 'convert', types: FLOAT, to: ['i32', 'i64'], doc: 'float to signed, saturating; NaN is 0' },
  fptoui_sat: { shape: 'convert', types: FLOAT, to: ['i32', 'i64'], doc: 'float to unsigned, saturating; NaN is 0' },
  ptrtoint: { shape: 'convert', types: ['ptr'], to: ['i32', 'i64'], doc: 'address as an integer, zero-extended or truncated' },
  inttoptr: { shape: 'convert', types: ['i32', 'i64'], to: ['ptr'], doc: 'integer as an address, truncated or zero-extended' },
} as const satisfies Record<string, OpSpec>;

export type BinaryOp = keyof typeof BINARY_OPS;
export type UnaryOp = keyof typeof UNARY_OPS;
export type TernaryOp = keyof typeof TERNARY_OPS;
export type CompareOp = keyof typeof COMPARE_OPS;
export type PairOp = keyof typeof PAIR_OPS;
export type ConvertOp = keyof typeof CONVERT_OPS;
/** What an atomic read-modify-write does. */
export type RmwOp = 'add' | 'sub' | 'and' | 'or' | 'xor' | 'xchg';
export const RMW_OPS = ['add', 'sub', 'and', 'or', 'xor', 'xchg'] as const satisfies readonly RmwOp[];
