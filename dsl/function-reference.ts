/** References to functions as values: comparators, callbacks, handlers. */
import type { Branded, UsableAs } from './brand.ts';
import { BaseValue } from './base-value.ts';
import type { FieldPlace } from './place-types.ts';
import { formatTypes, giveResults, isTuple, readArguments, readSignature } from './signature.ts';
import type { OperandsOf, ResultSpec, ResultValue, RuntimeType, ValueType } from './types.ts';
import type { Bool, TakesOperand } from './values.ts';

declare const signature: unique symbol;

/** A reference to a function with parameters `P` and result `R`. */
export interface FnRef<P extends readonly ValueType[], R extends ResultSpec> extends Branded<'fn'>, TakesOperand<FnRefOperand<P, R>> {
  readonly [signature]: (params: P, result: R) => void;
  /** Calls it. Traps `indirect-call-null` when null and `indirect-call-type` when it is a function of another signature. */
  call(...args: OperandsOf<P>): ResultValue<R>;
  /** True when it refers to no function. */
  isNull(): Bool;
  eq(other: FnRefOperand<P, R>): Bool;
  ne(other: FnRefOperand<P, R>): Bool;
}
/** A reference to a function of the same signature, or `null`. */
export type FnRefOperand<P, R> = (UsableAs<'fn'> & { readonly [signature]: (params: P, result: R) => void }) | null;

/** The type of references to functions with parameters `P` and result `R`; an `i32` in MIR, `number` in JavaScript. Null is 0. */
export interface FnRefType<P extends readonly ValueType[], R extends ResultSpec> extends ValueType<FnRef<P, R>, FnRefOperand<P, R>, number, FieldPlace<FnRefType<P, R>>> {
  readonly kind: 'function';
  readonly name: string;
}

/**
 * The type of references to functions.
 *
 * @example
 * const Compare = fnRef([i32, i32], bool);
 * const sort = fn('sort', [ptr(i32), i32, Compare], unit, (b, xs, n, less) => { ... less.call(x, y) ... });
 */
export function fnRef<const P extends readonly ValueType[], const R extends ResultSpec>(params: P, result: R): FnRefType<P, R> {
  const s = readSignature('fnRef', 'fnRef', params, result);
  const type: RuntimeType & { tuple: boolean } = {
    kind: 'function', name: `fnRef(${formatTypes(s)})`, mir: 'i32', surface: 'fn', signed: false, signature: s, tuple: isTuple(result),
  };
  return Object.freeze(type) as unknown as FnRefType<P, R>;
}

export class FunctionReferenceValue extends BaseValue {
  call(...args: readonly unknown[]): unknown {
    const c = this.context.begin('a value');
    c.checkUsable(this);
    const s = this.type.signature!;
    const ids = readArguments(c, 'the function reference', s.params, args);
    const results = c.fb.callIndirect({ params: s.params.map((p) => p.mir), results: s.results.map((r) => r.mir) }, this.id, ids);
    return giveResults(c, s.results, (this.type as RuntimeType & { tuple: boolean }).tuple, results);
  }
  #compare(op: 'eq' | 'ne', other: unknown): BaseValue {
    const c = this.context.begin('a value');
    c.checkUsable(this);
    return c.wrapBool(c.fb.compare(op, this.id, c.operand(this.type, other, 'a comparison')));
  }
  isNull(): BaseValue { return this.#compare('eq', null); }
  eq(other: unknown): BaseValue { return this.#compare('eq', other); }
  ne(other: unknown): BaseValue { return this.#compare('ne', other); }
}
