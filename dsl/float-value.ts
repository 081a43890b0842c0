/** Floats at run time. */
import type { BinaryOp, CompareOp, UnaryOp } from '../lib/mir/index.ts';
import { BaseValue } from './base-value.ts';
import { convertNumber } from './convert.ts';
import type { ValueType } from './types.ts';
import { f32, f64, i16, i32, i64, i8, runtimeType, u16, u32, u64, u8 } from './types.ts';
import { usageError } from './usage.ts';

export class FloatValue extends BaseValue {
  #binary(op: BinaryOp, other: unknown, name: string): BaseValue {
    const c = this.context.begin('a value');
    c.checkUsable(this);
    return c.wrap(this.type, c.fb.binary(op, this.id, c.operand(this.type, other, `${this.type.name}.${name}`)));
  }
  #unary(op: UnaryOp): BaseValue {
    const c = this.context.begin('a value');
    c.checkUsable(this);
    return c.wrap(this.type, c.fb.unary(op, this.id));
  }
  #compare(op: CompareOp, other: unknown, name: string): BaseValue {
    const c = this.context.begin('a value');
    c.checkUsable(this);
    return c.wrapBool(c.fb.compare(op, this.id, c.operand(this.type, other, `${this.type.name}.${name}`)));
  }
  #convert(to: ValueType, saturating: boolean): BaseValue {
    const c = this.context.begin('a value');
    c.checkUsable(this);
    return convertNumber(c, this, runtimeType(to), saturating);
  }
  #bitcast(to: ValueType, wanted: string): BaseValue {
    if (this.type.mir !== wanted) throw usageError(`${this.type.name} has no operation 'bitcast${to.name.toUpperCase()}'`, `Convert it to ${wanted} first.`);
    const c = this.context.begin('a value');
    c.checkUsable(this);
    return c.wrap(runtimeType(to), c.fb.convert('bitcast', this.id, runtimeType(to).mir));
  }

  add(other: unknown): BaseValue { return this.#binary('fadd', other, 'add'); }
  sub(other: unknown): BaseValue { return this.#binary('fsub', other, 'sub'); }
  mul(other: unknown): BaseValue { return this.#binary('fmul', other, 'mul'); }
  div(other: unknown): BaseValue { return this.#binary('fdiv', other, 'div'); }
  min(other: unknown): BaseValue { return this.#binary('fmin', other, 'min'); }
  max(other: unknown): BaseValue { return this.#binary('fmax', other, 'max'); }
  copysign(sign: unknown): BaseValue { return this.#binary('fcopysign', sign, 'copysign'); }
  clamp(lo: unknown, hi: unknown): BaseValue { return (this.max(lo) as FloatValue).min(hi); }
  neg(): BaseValue { return this.#unary('fneg'); }
  abs(): BaseValue { return this.#unary('fabs'); }
  sqrt(): BaseValue { return this.#unary('fsqrt'); }
  floor(): BaseValue { return this.#unary('ffloor'); }
  ceil(): BaseValue { return this.#unary('fceil'); }
  trunc(): BaseValue { return this.#unary('ftrunc'); }
  nearest(): BaseValue { return this.#unary('fnearest'); }
  fma(factor: unknown, addend: unknown): BaseValue {
    const c = this.context.begin('a value');
    c.checkUsable(this);
    return c.wrap(this.type, c.fb.ternary('fma', this.id, c.operand(this.type, factor, `${this.type.name}.fma`), c.operand(this.type, addend, `${this.type.name}.fma`)));
  }

  eq(other: unknown): BaseValue { return this.#compare('feq', other, 'eq'); }
  ne(other: unknown): BaseValue { return this.#compare('fne', other, 'ne'); }
  lt(other: unknown): BaseValue { return this.#compare('flt', other, 'lt'); }
  le(other: unknown): BaseValue { return this.#compare('fle', other, 'le'); }
  gt(other: unknown): BaseValue { return this.#compare('fgt', other, 'gt'); }
  ge(other: unknown): BaseValue { return this.#compare('fge', other, 'ge'); }
  isNaN(): BaseValue { return this.#compare('fne', this, 'isNaN'); }

  toI8(): BaseValue { return this.#convert(i8, false); }
  toI16(): BaseValue { return this.#convert(i16, false); }
  toI32(): BaseValue { return this.#convert(i32, false); }
  toI64(): BaseValue { return this.#convert(i64, false); }
  toU8(): BaseValue { return this.#convert(u8, false); }
  toU16(): BaseValue { return this.#convert(u16, false); }
  toU32(): BaseValue { return this.#convert(u32, false); }
  toU64(): BaseValue { return this.#convert(u64, false); }
  toI8Sat(): BaseValue { return this.#convert(i8, true); }
  toI16Sat(): BaseValue { return this.#convert(i16, true); }
  toI32Sat(): BaseValue { return this.#convert(i32, true); }
  toI64Sat(): BaseValue { return this.#convert(i64, true); }
  toU8Sat(): BaseValue { return this.#convert(u8, true); }
  toU16Sat(): BaseValue { return this.#convert(u16, true); }
  toU32Sat(): BaseValue { return this.#convert(u32, true); }
  toU64Sat(): BaseValue { return this.#convert(u64, true); }
  toF32(): BaseValue { return this.#convert(f32, false); }
  toF64(): BaseValue { return this.#convert(f64, false); }
  bitcastI32(): BaseValue { return this.#bitcast(i32, 'f32'); }
  bitcastU32(): BaseValue { return this.#bitcast(u32, 'f32'); }
  bitcastI64(): BaseValue { return this.#bitcast(i64, 'f64'); }
  bitcastU64(): BaseValue { return this.#bitcast(u64, 'f64'); }
}
