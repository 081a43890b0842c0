/** Integers at run time; the eight interfaces in `values.ts` say what each type's values offer. */
import type { BinaryOp, CompareOp, PairOp, UnaryOp } from '../lib/mir/index.ts';
import { BaseValue } from './base-value.ts';
import { convertNumber } from './convert.ts';
import type { ValueType } from './types.ts';
import { f32, f64, i16, i32, i64, i8, isMemoryType, ptr, runtimeType, u16, u32, u64, u8, type MemoryType } from './types.ts';
import { describe, usageError } from './usage.ts';

export class IntegerValue extends BaseValue {
  #binary(op: BinaryOp, other: unknown, name: string): BaseValue {
    const c = this.context.begin('a value');
    c.checkUsable(this);
    return c.wrap(this.type, c.fb.binary(op, this.id, c.operand(this.type, other, `${this.type.name}.${name}`)));
  }
  #shift(op: BinaryOp, count: unknown, name: string): BaseValue {
    return this.#binary(op, this.type.mir === 'i64' && typeof count === 'number' && Number.isInteger(count) ? BigInt(count) : count, name);
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
  #pair(op: PairOp, other: unknown, name: string): readonly [BaseValue, BaseValue] {
    const c = this.context.begin('a value');
    c.checkUsable(this);
    const [a, b] = c.fb.pair(op, this.id, c.operand(this.type, other, `${this.type.name}.${name}`));
    return [c.wrap(this.type, a), op.endsWith('_wide') ? c.wrap(this.type, b) : c.wrapBool(b)];
  }
  #choose(op: CompareOp, other: unknown, name: string): BaseValue {
    const c = this.context.begin('a value');
    c.checkUsable(this);
    const b = c.operand(this.type, other, `${this.type.name}.${name}`);
    return c.wrap(this.type, c.fb.select(c.fb.compare(op, this.id, b), this.id, b));
  }
  #convert(to: ValueType): BaseValue {
    const c = this.context.begin('a value');
    c.checkUsable(this);
    return convertNumber(c, this, runtimeType(to), false);
  }
  get #signed(): boolean { return this.type.signed; }
  #zero(): number | bigint { return this.type.mir === 'i64' ? 0n : 0; }

  add(other: unknown): BaseValue { return this.#binary('add', other, 'add'); }
  sub(other: unknown): BaseValue { return this.#binary('sub', other, 'sub'); }
  mul(other: unknown): BaseValue { return this.#binary('mul', other, 'mul'); }
  div(other: unknown): BaseValue { return this.#binary(this.#signed ? 'sdiv' : 'udiv', other, 'div'); }
  rem(other: unknown): BaseValue { return this.#binary(this.#signed ? 'srem' : 'urem', other, 'rem'); }
  and(other: unknown): BaseValue { return this.#binary('and', other, 'and'); }
  or(other: unknown): BaseValue { return this.#binary('or', other, 'or'); }
  xor(other: unknown): BaseValue { return this.#binary('xor', other, 'xor'); }
  shl(count: unknown): BaseValue { return this.#shift('shl', count, 'shl'); }
  shr(count: unknown): BaseValue { return this.#shift(this.#signed ? 'ashr' : 'lshr', count, 'shr'); }
  rotl(count: unknown): BaseValue { return this.#shift('rotl', count, 'rotl'); }
  rotr(count: unknown): BaseValue { return this.#shift('rotr', count, 'rotr'); }
  neg(): BaseValue {
    const c = this.context.begin('a value');
    c.checkUsable(this);
    return c.wrap(this.type, c.fb.binary('sub', c.fb.const(this.type.mir, this.#zero()), this.id));
  }
  not(): BaseValue { return this.#binary('xor', this.#allOnes(), 'not'); }
  #allOnes(): number | bigint {
    switch (this.type.surface) {
      case 'u8': return 0xff;
      case 'u16': return 0xffff;
      case 'u32': return 0xffffffff;
      case 'u64': return 0xffffffffffffffffn;
      case 'i64': return -1n;
      default: return -1;
    }
  }
  abs(): BaseValue {
    if (!this.#signed) throw usageError(`${this.type.name} has no operation 'abs'`, 'An unsigned integer is its own absolute value.');
    const c = this.context.begin('a value');
    c.checkUsable(this);
    const zero = c.fb.const(this.type.mir, this.#zero());
    const negative = c.fb.compare('slt', this.id, zero);
    return c.wrap(this.type, c.fb.select(negative, c.fb.binary('sub', zero, this.id), this.id));
  }
  min(other: unknown): BaseValue { return this.#choose(this.#signed ? 'slt' : 'ult', other, 'min'); }
  max(other: unknown): BaseValue { return this.#choose(this.#signed ? 'sgt' : 'ugt', other, 'max'); }
  clamp(lo: unknown, hi: unknown): BaseValue { return (this.max(lo) as IntegerValue).min(hi); }
  clz(): BaseValue { return this.#unary('clz'); }
  ctz(): BaseValue { return this.#unary('ctz'); }
  popcnt(): BaseValue { return this.#unary('popcnt'); }
  bswap(): BaseValue {
    if (this.type.mir === 'i8') throw usageError(`${this.type.name} has no operation 'bswap'`, 'One byte has no byte order.');
    return this.#unary('bswap');
  }
  addOverflow(other: unknown): readonly [BaseValue, BaseValue] { return this.#pair(this.#signed ? 'sadd_overflow' : 'uadd_overflow', other, 'addOverflow'); }
  subOverflow(other: unknown): readonly [BaseValue, BaseValue] { return this.#pair(this.#signed ? 'ssub_overflow' : 'usub_overflow', other, 'subOverflow'); }
  mulOverflow(other: unknown): readonly [BaseValue, BaseValue] { return this.#pair(this.#signed ? 'smul_overflow' : 'umul_overflow', other, 'mulOverflow'); }
  mulWide(other: unknown): readonly [BaseValue, BaseValue] { return this.#pair(this.#signed ? 'smul_wide' : 'umul_wide', other, 'mulWide'); }

  eq(other: unknown): BaseValue { return this.#compare('eq', other, 'eq'); }
  ne(other: unknown): BaseValue { return this.#compare('ne', other, 'ne'); }
  lt(other: unknown): BaseValue { return this.#compare(this.#signed ? 'slt' : 'ult', other, 'lt'); }
  le(other: unknown): BaseValue { return this.#compare(this.#signed ? 'sle' : 'ule', other, 'le'); }
  gt(other: unknown): BaseValue { return this.#compare(this.#signed ? 'sgt' : 'ugt', other, 'gt'); }
  ge(other: unknown): BaseValue { return this.#compare(this.#signed ? 'sge' : 'uge', other, 'ge'); }

  toBool(): BaseValue { return this.#compare('ne', this.#zero(), 'toBool'); }
  toI8(): BaseValue { return this.#convert(i8); }
  toI16(): BaseValue { return this.#convert(i16); }
  toI32(): BaseValue { return this.#convert(i32); }
  toI64(): BaseValue { return this.#convert(i64); }
  toU8(): BaseValue { return this.#convert(u8); }
  toU16(): BaseValue { return this.#convert(u16); }
  toU32(): BaseValue { return this.#convert(u32); }
  toU64(): BaseValue { return this.#convert(u64); }
  toF32(): BaseValue { return this.#convert(f32); }
  toF64(): BaseValue { return this.#convert(f64); }
  bitcastF32(): BaseValue { return this.#bitcast(f32, 'i32'); }
  bitcastF64(): BaseValue { return this.#bitcast(f64, 'i64'); }
  #bitcast(to: ValueType, wanted: string): BaseValue {
    if (this.type.mir !== wanted) throw usageError(`${this.type.name} has no operation 'bitcast${to.name.toUpperCase()}'`, `Convert it to a ${wanted === 'i32' ? '32' : '64'}-bit integer first.`);
    const c = this.context.begin('a value');
    c.checkUsable(this);
    return c.wrap(runtimeType(to), c.fb.convert('bitcast', this.id, runtimeType(to).mir));
  }
  toPtr(to: MemoryType): BaseValue {
    if (this.type.mir !== 'i32' && this.type.mir !== 'i64') throw usageError(`${this.type.name} has no operation 'toPtr'`, 'Widen it first: .toU32().toPtr(type).');
    if (!isMemoryType(to)) throw usageError(`toPtr wants a type, not ${describe(to)}`, 'Give the type it points to: address.toPtr(i32).');
    const c = this.context.begin('a value');
    c.checkUsable(this);
    return c.wrap(runtimeType(ptr(to)), c.fb.convert('inttoptr', this.id, 'ptr'));
  }
}

/** Truth values at run time. */
export class BoolValue extends BaseValue {
  #binary(op: 'and' | 'or' | 'xor', other: unknown): BaseValue {
    const c = this.context.begin('a value');
    c.checkUsable(this);
    return c.wrap(this.type, c.fb.binary(op, this.id, c.condition(other, `bool.${op}`)));
  }
  #compare(op: 'eq' | 'ne', other: unknown): BaseValue {
    const c = this.context.begin('a value');
    c.checkUsable(this);
    return c.wrap(this.type, c.fb.compare(op, this.id, c.condition(other, `bool.${op}`)));
  }
  #convert(to: ValueType): BaseValue {
    const c = this.context.begin('a value');
    c.checkUsable(this);
    return convertNumber(c, this, runtimeType(to), false);
  }
  and(other: unknown): BaseValue { return this.#binary('and', other); }
  or(other: unknown): BaseValue { return this.#binary('or', other); }
  xor(other: unknown): BaseValue { return this.#binary('xor', other); }
  not(): BaseValue { return this.#binary('xor', true); }
  eq(other: unknown): BaseValue { return this.#compare('eq', other); }
  ne(other: unknown): BaseValue { return this.#compare('ne', other); }
  toI8(): BaseValue { return this.#convert(i8); }
  toI16(): BaseValue { return this.#convert(i16); }
  toI32(): BaseValue { return this.#convert(i32); }
  toI64(): BaseValue { return this.#convert(i64); }
  toU8(): BaseValue { return this.#convert(u8); }
  toU16(): BaseValue { return this.#convert(u16); }
  toU32(): BaseValue { return this.#convert(u32); }
  toU64(): BaseValue { return this.#convert(u64); }
  toF32(): BaseValue { return this.#convert(f32); }
  toF64(): BaseValue { return this.#convert(f64); }
}
