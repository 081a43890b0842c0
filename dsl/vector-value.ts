/**
 * Vectors at run time; the interfaces in `vector-values.ts` say what each type's values offer. Which MIR operation a
 * method is for signed, unsigned and float lanes stands in one table here, and for which lanes that exists in MIR's own.
 */
import { definedFor, type Lanes, type Value, type VectorOp } from '../lib/mir/index.ts';
import { BaseValue } from './base-value.ts';
import type { FunctionContext } from './context.ts';
import { indexType } from './index-type.ts';
import { literal } from './literals.ts';
import { bool, runtimeType, u32, type RuntimeType } from './types.ts';
import { describe, usageError } from './usage.ts';
import { vectorTypeNamed } from './vector-types.ts';

/** The operation of a method by the class of the lanes; absent where there is none. */
interface Row { readonly signed?: VectorOp; readonly unsigned?: VectorOp; readonly float?: VectorOp }
const every = (op: VectorOp): Row => ({ signed: op, unsigned: op, float: op });
const integers = (op: VectorOp): Row => ({ signed: op, unsigned: op });
const floats = (op: VectorOp): Row => ({ float: op });
const compares = (signed: VectorOp, unsigned: VectorOp, float: VectorOp): Row => ({ signed, unsigned, float });

const ROWS = {
  add: every('vadd'), sub: every('vsub'), mul: every('vmul'), div: floats('vdiv'), neg: every('vneg'), abs: { signed: 'vabs', float: 'vabs' },
  addSat: { signed: 'vadd_sat_s', unsigned: 'vadd_sat_u' }, subSat: { signed: 'vsub_sat_s', unsigned: 'vsub_sat_u' }, avg: { unsigned: 'vavg_u' },
  min: { signed: 'vmin_s', unsigned: 'vmin_u', float: 'vfmin' }, max: { signed: 'vmax_s', unsigned: 'vmax_u', float: 'vfmax' },
  sqrt: floats('vsqrt'), floor: floats('vfloor'), ceil: floats('vceil'), trunc: floats('vtrunc'), nearest: floats('vnearest'), fma: floats('vfma'),
  and: integers('vand'), or: integers('vor'), xor: integers('vxor'), andNot: integers('vandnot'), not: integers('vnot'), select: integers('vbitselect'),
  shl: integers('vshl'), shr: { signed: 'vshr_s', unsigned: 'vshr_u' }, popcnt: integers('vpopcnt'), swizzle: integers('vswizzle'),
  eq: every('veq'), ne: every('vne'),
  lt: compares('vlt_s', 'vlt_u', 'vflt'), le: compares('vle_s', 'vle_u', 'vfle'), gt: compares('vgt_s', 'vgt_u', 'vfgt'), ge: compares('vge_s', 'vge_u', 'vfge'),
  anyTrue: integers('vany_true'), allTrue: integers('vall_true'), bitmask: integers('vbitmask'),
  extendLow: { signed: 'vextend_low_s', unsigned: 'vextend_low_u' }, extendHigh: { signed: 'vextend_high_s', unsigned: 'vextend_high_u' },
  narrow: { signed: 'vnarrow_s', unsigned: 'vnarrow_u' }, narrowUnsigned: { signed: 'vnarrow_u' }, dot: { signed: 'vdot_i16_s' },
} as const satisfies Record<string, Row>;
type Method = keyof typeof ROWS;

/** Rows of MIR's table that are about bits and not lanes: they carry the division into bytes. */
const BITWISE: ReadonlySet<VectorOp> = new Set(['vand', 'vor', 'vxor', 'vandnot', 'vnot', 'vbitselect', 'vany_true'] as const);

export class VectorValue extends BaseValue {
  get #float(): boolean { return this.type.vector!.lane.mir === 'f32' || this.type.vector!.lane.mir === 'f64'; }
  get #bits(): number { return 8 * this.type.vector!.laneBytes; }
  get #length(): number { return this.type.vector!.length; }
  get #lanes(): Lanes { return this.type.vector!.lanes; }
  /** The division into bytes. */
  get #bytes(): Lanes { return this.type.mir === 'v256' ? 'i8x32' : 'i8x16'; }
  /** The type of the same sort of lanes, `bits` wide and `count` of them. */
  #related(letter: string, bits: number, count: number): RuntimeType { return vectorTypeNamed(`${letter}${bits}x${count}`); }
  get #letter(): string { return this.type.name[0]; }
  get #mask(): RuntimeType { return this.#related('i', this.#bits, this.#length); }

  #begin(): FunctionContext {
    const c = this.context.begin('a value');
    c.checkUsable(this);
    return c;
  }
  #operation(name: Method): VectorOp | undefined {
    const row: Row = ROWS[name];
    return this.#float ? row.float : this.type.signed ? row.signed : row.unsigned;
  }
  #emit(c: FunctionContext, name: Method, op: VectorOp | undefined, args: readonly Value[]): Value {
    const lanes = op !== undefined && BITWISE.has(op) ? this.#bytes : this.#lanes;
    if (op === undefined || !definedFor(op, lanes)) throw this.#lacks(name);
    return c.fb.vector(op, lanes, args);
  }
  #lacks(name: string): Error {
    const own = (Object.keys(ROWS) as Method[]).filter((m) => { const op = this.#operation(m); return op !== undefined && (BITWISE.has(op) || definedFor(op, this.#lanes)); });
    return usageError(`${this.type.name} has no operation '${name}'`, `It has ${own.join(', ')}, lane, withLane, permute, shuffle, as${name === 'shl' || name === 'and' ? '; bits are for integers: .as(i32x4)' : ''}.`);
  }
  #unary(name: Method, result: RuntimeType = this.type): BaseValue {
    const c = this.#begin();
    return c.wrap(result, this.#emit(c, name, this.#operation(name), [this.id]));
  }
  #operand(c: FunctionContext, other: unknown, name: string): Value { return c.operand(this.type, other, `${this.type.name}.${name}`); }
  #binary(name: Method, other: unknown, result: RuntimeType = this.type): BaseValue {
    const c = this.#begin(), op = this.#operation(name);
    if (op === undefined) throw this.#lacks(name);
    return c.wrap(result, this.#emit(c, name, op, [this.id, this.#operand(c, other, name)]));
  }
  #compare(name: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge', other: unknown): BaseValue {
    const c = this.#begin();
    return c.wrap(this.#mask, this.#order(c, name, this.id, this.#operand(c, other, name)));
  }
  #order(c: FunctionContext, name: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge', a: Value, b: Value): Value {
    const op = this.#operation(name)!;
    if (definedFor(op, this.#lanes)) return c.fb.vector(op, this.#lanes, [a, b]);
    // Processors compare 64-bit lanes as signed only: flipping the top bit turns the unsigned order into that one.
    const top = c.fb.const(this.type.mir, literal(this.type, 1n << 63n)), flip = (v: Value): Value => c.fb.vector('vxor', this.#bytes, [v, top]);
    return c.fb.vector(`v${name}_s` as VectorOp, this.#lanes, [flip(a), flip(b)]);
  }
  #choose(name: 'min' | 'max', other: unknown): BaseValue {
    const c = this.#begin(), b = this.#operand(c, other, name), op = this.#operation(name)!;
    if (definedFor(op, this.#lanes)) return c.wrap(this.type, c.fb.vector(op, this.#lanes, [this.id, b]));
    return c.wrap(this.type, c.fb.vector('vbitselect', this.#bytes, [this.id, b, this.#order(c, name === 'min' ? 'lt' : 'gt', this.id, b)]));
  }
  #shift(name: 'shl' | 'shr', count: unknown): BaseValue {
    const c = this.#begin();
    return c.wrap(this.type, this.#emit(c, name, this.#operation(name), [this.id, c.operand(indexType(count), count, `the count of ${this.type.name}.${name}`)]));
  }
  #widened(name: 'extendLow' | 'extendHigh'): BaseValue {
    if (this.#float || this.#bits === 64) throw this.#lacks(name);
    return this.#unary(name, this.#related(this.#letter, this.#bits * 2, this.#length / 2));
  }
  /** Half as wide lanes of two vectors. MIR's operations read their operands as signed, so unsigned ones are brought into the range first. */
  #narrowed(name: 'narrow' | 'narrowUnsigned', high: unknown, letter: string): BaseValue {
    const c = this.#begin(), op = this.#operation(name);
    if (op === undefined || !definedFor(op, this.#lanes)) throw this.#lacks(name);
    let a = this.id, b = this.#operand(c, high, name);
    if (!this.type.signed) {
      const limit = c.operand(this.type, 2 ** (this.#bits / 2) - 1, name);
      a = c.fb.vector('vmin_u', this.#lanes, [a, limit]);
      b = c.fb.vector('vmin_u', this.#lanes, [b, limit]);
    }
    return c.wrap(this.#related(letter, this.#bits / 2, this.#length * 2), c.fb.vector(op, this.#lanes, [a, b]));
  }
  #converted(name: string, from: string, op: VectorOp, to: string): BaseValue {
    if (this.type.name !== from) throw this.#lacks(name);
    const c = this.#begin();
    return c.wrap(vectorTypeNamed(to), c.fb.vector(op, this.#lanes, [this.id]));
  }
  #toFloats(name: string, count: number): BaseValue {
    if (this.#float || this.#bits !== 32 || this.#length !== count) throw this.#lacks(name);
    return this.#converted(name, this.type.name, this.type.signed ? 'vcvt_f32_i32_s' : 'vcvt_f32_i32_u', `f32x${count}`);
  }
  #half(name: 'low' | 'high'): BaseValue {
    if (this.type.mir !== 'v256') throw this.#lacks(name);
    const c = this.#begin();
    return c.wrap(this.#related(this.#letter, this.#bits, this.#length / 2), c.fb.vector(`v${name}`, this.#bytes, [this.id]));
  }
  #withHalf(name: 'withLow' | 'withHigh', half: unknown): BaseValue {
    if (this.type.mir !== 'v256') throw this.#lacks(name);
    const c = this.#begin(), type = this.#related(this.#letter, this.#bits, this.#length / 2);
    return c.wrap(this.type, c.fb.vector(name === 'withLow' ? 'vinsert_low' : 'vinsert_high', this.#bytes, [this.id, c.operand(type, half, `${this.type.name}.${name}`)]));
  }
  #laneNumber(index: unknown, end: number, what: string): number {
    if (typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < end) return index;
    throw usageError(`${what} ${describe(index)} of ${this.type.name} is not a number from 0 to ${end - 1}`, index instanceof BaseValue ? 'Lanes are chosen while the program is written; to choose at run time, keep the vector in memory.' : 'Lane 0 is the first.');
  }
  #rearranged(name: string, other: Value, choice: unknown, choices: number): BaseValue {
    const c = this.#begin(), lanes: unknown = typeof choice === 'function' ? Array.from({ length: this.#length }, (_, k): unknown => choice(k)) : choice;
    if (!Array.isArray(lanes) || lanes.length !== this.#length) throw usageError(`${this.type.name}.${name} wants a list of ${this.#length} lane numbers, not ${Array.isArray(lanes) ? `${lanes.length} of them` : describe(lanes)}`, 'Say for each lane of the result which lane it is.');
    const bytes = this.type.vector!.laneBytes;
    const mask = lanes.flatMap((l: unknown) => { const k = this.#laneNumber(l, choices, 'lane'); return Array.from({ length: bytes }, (_, i) => k * bytes + i); });
    return c.wrap(this.type, c.fb.shuffle(mask, this.id, other));
  }

  add(other: unknown): BaseValue { return this.#binary('add', other); }
  sub(other: unknown): BaseValue { return this.#binary('sub', other); }
  mul(other: unknown): BaseValue { return this.#binary('mul', other); }
  div(other: unknown): BaseValue { return this.#binary('div', other); }
  addSat(other: unknown): BaseValue { return this.#binary('addSat', other); }
  subSat(other: unknown): BaseValue { return this.#binary('subSat', other); }
  avg(other: unknown): BaseValue { return this.#binary('avg', other); }
  min(other: unknown): BaseValue { return this.#choose('min', other); }
  max(other: unknown): BaseValue { return this.#choose('max', other); }
  clamp(lo: unknown, hi: unknown): BaseValue { return (this.max(lo) as VectorValue).min(hi); }
  neg(): BaseValue { return this.#unary('neg'); }
  abs(): BaseValue { return this.#unary('abs'); }
  sqrt(): BaseValue { return this.#unary('sqrt'); }
  floor(): BaseValue { return this.#unary('floor'); }
  ceil(): BaseValue { return this.#unary('ceil'); }
  trunc(): BaseValue { return this.#unary('trunc'); }
  nearest(): BaseValue { return this.#unary('nearest'); }
  fma(factor: unknown, addend: unknown): BaseValue {
    if (!this.#float) throw this.#lacks('fma');
    const c = this.#begin();
    return c.wrap(this.type, this.#emit(c, 'fma', 'vfma', [this.id, this.#operand(c, factor, 'fma'), this.#operand(c, addend, 'fma')]));
  }
  and(other: unknown): BaseValue { return this.#binary('and', other); }
  or(other: unknown): BaseValue { return this.#binary('or', other); }
  xor(other: unknown): BaseValue { return this.#binary('xor', other); }
  andNot(other: unknown): BaseValue { return this.#binary('andNot', other); }
  not(): BaseValue { return this.#unary('not'); }
  shl(count: unknown): BaseValue { return this.#shift('shl', count); }
  shr(count: unknown): BaseValue { return this.#shift('shr', count); }
  popcnt(): BaseValue { return this.#unary('popcnt'); }
  swizzle(indices: unknown): BaseValue {
    if (this.#float || this.#bits !== 8) throw this.#lacks('swizzle');
    const c = this.#begin();
    return c.wrap(this.type, this.#emit(c, 'swizzle', 'vswizzle', [this.id, c.operand(this.#related('u', 8, this.#length), indices, `${this.type.name}.swizzle`)]));
  }
  select(whenTrue: unknown, whenFalse: unknown): BaseValue {
    if (this.#float) throw this.#lacks('select');
    const c = this.#begin();
    if (!(whenTrue instanceof VectorValue) || whenTrue.type.mir !== this.type.mir) throw usageError(`${this.type.name}.select wants a vector of ${8 * (this.type.mir === 'v256' ? 32 : 16)} bits, not ${describe(whenTrue)}`, 'A literal for every lane is type.splat(x).');
    c.checkUsable(whenTrue);
    return c.wrap(whenTrue.type, this.#emit(c, 'select', 'vbitselect', [whenTrue.id, c.operand(whenTrue.type, whenFalse, `${this.type.name}.select`), this.id]));
  }

  eq(other: unknown): BaseValue { return this.#compare('eq', other); }
  ne(other: unknown): BaseValue { return this.#compare('ne', other); }
  lt(other: unknown): BaseValue { return this.#compare('lt', other); }
  le(other: unknown): BaseValue { return this.#compare('le', other); }
  gt(other: unknown): BaseValue { return this.#compare('gt', other); }
  ge(other: unknown): BaseValue { return this.#compare('ge', other); }
  anyTrue(): BaseValue { return this.#unary('anyTrue', runtimeType(bool)); }
  allTrue(): BaseValue { return this.#unary('allTrue', runtimeType(bool)); }
  bitmask(): BaseValue { return this.#unary('bitmask', runtimeType(u32)); }

  lane(index: unknown): BaseValue {
    const c = this.#begin();
    return c.wrap(this.type.vector!.lane, c.fb.extractLane(this.#lanes, this.#laneNumber(index, this.#length, 'lane'), this.id));
  }
  withLane(index: unknown, value: unknown): BaseValue {
    const c = this.#begin(), k = this.#laneNumber(index, this.#length, 'lane');
    return c.wrap(this.type, c.fb.insertLane(this.#lanes, k, this.id, c.operand(this.type.vector!.lane, value, `${this.type.name}.withLane`)));
  }
  permute(lanes: unknown): BaseValue { return this.#rearranged('permute', this.id, lanes, this.#length); }
  shuffle(other: unknown, lanes: unknown): BaseValue { return this.#rearranged('shuffle', this.#operand(this.#begin(), other, 'shuffle'), lanes, 2 * this.#length); }
  as(type: unknown): BaseValue {
    const to = type as RuntimeType | undefined;
    if (typeof to !== 'object' || to === null || to.kind !== 'vector') throw usageError(`as wants a vector type, not ${describe(type)}`, 'Give one of the same width: v.as(i32x4).');
    if (to.mir !== this.type.mir) throw usageError(`${this.type.name} and ${to.name} are not of the same width`, this.type.mir === 'v256' ? 'Take a half of it with .low() or .high().' : 'Two vectors of 128 bits become one of 256 with .concat(high).');
    return this.#begin().wrap(to, this.id);
  }
  extendLow(): BaseValue { return this.#widened('extendLow'); }
  extendHigh(): BaseValue { return this.#widened('extendHigh'); }
  narrow(high: unknown): BaseValue { return this.#narrowed('narrow', high, this.#letter); }
  narrowUnsigned(high: unknown): BaseValue { return this.#narrowed('narrowUnsigned', high, 'u'); }
  dot(other: unknown): BaseValue {
    if (this.#bits !== 16) throw this.#lacks('dot');
    return this.#binary('dot', other, this.#related('i', 32, this.#length / 2));
  }
  toF32x4(): BaseValue { return this.#toFloats('toF32x4', 4); }
  toF32x8(): BaseValue { return this.#toFloats('toF32x8', 8); }
  toI32x4Sat(): BaseValue { return this.#converted('toI32x4Sat', 'f32x4', 'vtrunc_sat_i32_f32_s', 'i32x4'); }
  toI32x8Sat(): BaseValue { return this.#converted('toI32x8Sat', 'f32x8', 'vtrunc_sat_i32_f32_s', 'i32x8'); }
  toU32x4Sat(): BaseValue { return this.#converted('toU32x4Sat', 'f32x4', 'vtrunc_sat_i32_f32_u', 'u32x4'); }
  toU32x8Sat(): BaseValue { return this.#converted('toU32x8Sat', 'f32x8', 'vtrunc_sat_i32_f32_u', 'u32x8'); }
  low(): BaseValue { return this.#half('low'); }
  high(): BaseValue { return this.#half('high'); }
  withLow(half: unknown): BaseValue { return this.#withHalf('withLow', half); }
  withHigh(half: unknown): BaseValue { return this.#withHalf('withHigh', half); }
  concat(high: unknown): BaseValue {
    if (this.type.mir !== 'v128') throw this.#lacks('concat');
    const c = this.#begin();
    return c.wrap(this.#related(this.#letter, this.#bits, this.#length * 2), c.fb.vector('vconcat', 'i8x32', [this.id, this.#operand(c, high, 'concat')]));
  }
}
