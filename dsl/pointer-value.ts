/** Pointers at run time. */
import { BaseValue } from './base-value.ts';
import { indexType } from './index-type.ts';
import { advance, makePlace, pointerTo, type Spot } from './place.ts';
import type { FunctionContext } from './context.ts';
import { i32, i64, isMemoryType, layoutOf, ptr, runtimeType, u32, u64, type MemoryType, type RuntimeMemoryType, type ValueType } from './types.ts';
import { describe, remedyFor, usageError } from './usage.ts';

interface ScalarPlace { get(): BaseValue; set(value: unknown): void }

export class PointerValue extends BaseValue {
  get #target(): RuntimeMemoryType { return this.type.pointee!; }
  #spot(): Spot { return { root: { kind: 'pointer', value: this }, index: undefined, scale: 1, offset: 0 }; }
  #begin(): FunctionContext {
    const c = this.context.begin('a value');
    c.checkUsable(this);
    return c;
  }
  #elementSize(c: FunctionContext): number { return layoutOf(this.#target, c.module.memoryModel).size; }
  #moved(by: unknown, size: number, what: string): BaseValue {
    const c = this.#begin();
    return c.wrap(this.type, pointerTo(c, advance(c, this.#spot(), by, size, what)));
  }
  #compare(op: 'eq' | 'ne' | 'ult' | 'ule' | 'ugt' | 'uge', other: unknown): BaseValue {
    const c = this.#begin();
    return c.wrapBool(c.fb.compare(op, this.id, c.operand(this.type, other, 'a pointer comparison')));
  }
  #address(to: ValueType): BaseValue {
    const c = this.#begin();
    return c.wrap(runtimeType(to), c.fb.convert('ptrtoint', this.id, runtimeType(to).mir));
  }
  #scalarPlace(what: string): ScalarPlace {
    const place = makePlace(this.#target, this.#spot());
    if (this.#target.kind === 'unit' || this.#target.kind === 'struct' || this.#target.kind === 'array') {
      throw usageError(`${this.type.name} has no operation '${what}'`, this.#target.kind === 'unit' ? 'Cast it first: p.cast(type).' : `A ${this.#target.kind} is read part by part: p.at(0).`);
    }
    return place as ScalarPlace;
  }

  at(index: unknown = 0): unknown {
    const c = this.#begin();
    return makePlace(this.#target, advance(c, this.#spot(), index, this.#elementSize(c), 'at'));
  }
  get(): BaseValue { return this.#scalarPlace('get').get(); }
  set(value: unknown): void { this.#scalarPlace('set').set(value); }
  add(elements: unknown): BaseValue { return this.#moved(elements, layoutOf(this.#target, this.context.module.memoryModel).size, 'add'); }
  sub(elements: unknown): BaseValue {
    if (typeof elements === 'number') return this.add(-elements);
    const c = this.#begin();
    if (!(elements instanceof BaseValue) || elements.type !== indexType(elements)) throw usageError(`sub wants an i32 or u32 count, not ${describe(elements)}`, remedyFor(elements, 'Convert it with .toI32().'));
    c.checkUsable(elements);
    // Widened first where pointers are wide, so that the negation is exact for u32 as well.
    const size = this.#elementSize(c);
    const linear = c.module.memoryModel === 'linear';
    const wide = linear ? elements.id : c.fb.convert(elements.type.signed ? 'sext' : 'zext', elements.id, 'i64');
    const bytes = size === 1 ? wide : c.fb.binary('mul', wide, linear ? c.fb.const('i32', size) : c.fb.const('i64', BigInt(size)));
    const negated = c.fb.binary('sub', linear ? c.fb.const('i32', 0) : c.fb.const('i64', 0n), bytes);
    return c.wrap(this.type, c.fb.lea({ base: this.id, index: negated, scale: 1 }));
  }
  offset(bytes: unknown): BaseValue { return this.#moved(bytes, 1, 'offset'); }
  distanceFrom(from: unknown): BaseValue {
    const c = this.#begin();
    const linear = c.module.memoryModel === 'linear', integer = linear ? 'i32' : 'i64';
    const start = c.operand(this.type, from, 'distanceFrom');
    const bytes = c.fb.binary('sub', c.fb.convert('ptrtoint', this.id, integer), c.fb.convert('ptrtoint', start, integer));
    const size = this.#elementSize(c);
    const count = size === 1 ? bytes : c.fb.binary('sdiv', bytes, linear ? c.fb.const('i32', size) : c.fb.const('i64', BigInt(size)));
    return c.wrap(runtimeType(i32), linear ? count : c.fb.convert('trunc', count, 'i32'));
  }
  cast(to: MemoryType): BaseValue {
    if (!isMemoryType(to)) throw usageError(`cast wants a type, not ${describe(to)}`, 'Give the type it points to: p.cast(i32).');
    return this.#begin().wrap(runtimeType(ptr(to)), this.id);
  }
  isNull(): BaseValue { return this.#compare('eq', null); }
  eq(other: unknown): BaseValue { return this.#compare('eq', other); }
  ne(other: unknown): BaseValue { return this.#compare('ne', other); }
  lt(other: unknown): BaseValue { return this.#compare('ult', other); }
  le(other: unknown): BaseValue { return this.#compare('ule', other); }
  gt(other: unknown): BaseValue { return this.#compare('ugt', other); }
  ge(other: unknown): BaseValue { return this.#compare('uge', other); }
  toI32(): BaseValue { return this.#address(i32); }
  toU32(): BaseValue { return this.#address(u32); }
  toI64(): BaseValue { return this.#address(i64); }
  toU64(): BaseValue { return this.#address(u64); }
}
