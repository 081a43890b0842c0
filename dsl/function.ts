/** Functions as values: declared with `fn`, called like functions inside other bodies, traced when a module is built. */
import type { Body } from './body-types.ts';
import { currentContext } from './context.ts';
import { fnRef, type FnRef } from './function-reference.ts';
import { Origin } from './location.ts';
import type { FunctionDefinition } from './module-context.ts';
import { giveResults, isTuple, readArguments, readSignature } from './signature.ts';
import type { OperandsOf, ResultSpec, ResultValue, RuntimeType, ValuesOf, ValueType } from './types.ts';
import { describe, usageError } from './usage.ts';

/** The body of a function: describes its code with `b` and the parameters; results leave through `b.ret`. */
export type FnBody<P extends readonly ValueType[], R extends ResultSpec> = (b: Body<R>, ...params: ValuesOf<P>) => void;

/** Something that can be called from a body. */
export interface Callable<P extends readonly ValueType[], R extends ResultSpec> {
  /** Inside a body: emits a call and gives its results. */
  (...args: OperandsOf<P>): ResultValue<R>;
  readonly params: P;
  readonly result: R;
}

/** A function. Call it inside other bodies; export it from a module to call it from JavaScript. */
export interface Fn<P extends readonly ValueType[], R extends ResultSpec> extends Callable<P, R> {
  readonly kind: 'fn';
  readonly fnName: string;
  readonly params: P;
  readonly result: R;
  /** Inside a body: a reference to it, to pass on or to store. */
  ref(): FnRef<P, R>;
}
/** A function declared before its body is known. */
export interface DeclaredFn<P extends readonly ValueType[], R extends ResultSpec> extends Fn<P, R> {
  /** Gives the body, once. */
  define(body: FnBody<P, R>): this;
}

const definitions = new WeakMap<object, FunctionDefinition>();

/** The definition behind a function value, or undefined for anything else. */
export function definitionOf(x: unknown): FunctionDefinition | undefined {
  return typeof x === 'function' ? definitions.get(x) : undefined;
}

function declare<P extends readonly ValueType[], R extends ResultSpec>(name: string, params: P, result: R, body: FnBody<P, R> | undefined): DeclaredFn<P, R> {
  const signature = readSignature('fn', name, params, result);
  const tuple = isTuple(result);
  const definition: FunctionDefinition = { name, ...signature, origin: new Origin(), body: body as FunctionDefinition['body'] };
  const call = (...args: readonly unknown[]): unknown => {
    const c = currentContext(`function '${name}' is called`).begin('a call');
    const ids = readArguments(c, `function '${name}'`, signature.params, args);
    c.module.useFunction(definition);
    return giveResults(c, signature.results, tuple, c.fb.call(name, ids, signature.results.map((r) => r.mir)));
  };
  const self = Object.assign(call, {
    kind: 'fn', fnName: name, params, result,
    ref(): unknown {
      const c = currentContext(`a reference to function '${name}' is taken`).begin('a reference');
      return c.wrap(fnRef(params, result) as unknown as RuntimeType, c.module.functionIndex(c, definition));
    },
    define(given: FnBody<P, R>): unknown {
      if (typeof given !== 'function') throw usageError(`the body of function '${name}' is not a function but ${describe(given)}`, 'Write define((b, ...params) => { ... }).');
      if (definition.body !== undefined) throw usageError(`function '${name}' has a body already`, 'Call define once.');
      definition.body = given as FunctionDefinition['body'];
      return self;
    },
  });
  Object.defineProperty(self, 'name', { value: name });
  definitions.set(self, definition);
  return self as unknown as DeclaredFn<P, R>;
}

/** See {@link fn}. */
export interface FnFactory {
  <const P extends readonly ValueType[], const R extends ResultSpec>(name: string, params: P, result: R, body: FnBody<P, R>): Fn<P, R>;
  /**
   * Declares a function whose body comes later, for bodies that are made in a loop or depend on each other.
   *
   * @example
   * const isOdd = fn.declare('isOdd', [u32], bool);
   * const isEven = fn('isEven', [u32], bool, (b, n) => { b.if(n.eq(0), () => b.ret(true)); b.ret(isOdd(n.sub(1))); });
   * isOdd.define((b, n) => { b.if(n.eq(0), () => b.ret(false)); b.ret(isEven(n.sub(1))); });
   */
  declare<const P extends readonly ValueType[], const R extends ResultSpec>(name: string, params: P, result: R): DeclaredFn<P, R>;
}

/**
 * Declares a function. The body runs when a module that uses the function is built, so a function may call itself or
 * functions declared further down; it describes code and returns nothing: results leave through `b.ret`. Code after
 * `b.ret`, `b.break` and the like can never run and is dropped silently.
 *
 * @param params types of the parameters, in order
 * @param result one type, a list of types for several results, or `unit`
 * @throws UsageError for a name, type or body that is none
 * @example
 * const fib = fn('fib', [i64], i64, (b, n) => {
 *   b.if(n.lt(2n), () => b.ret(n));
 *   b.ret(fib(n.sub(1n)).add(fib(n.sub(2n))));
 * });
 * @example
 * const divmod = fn('divmod', [i32, i32], [i32, i32], (b, x, y) => b.ret(x.div(y), x.rem(y)));
 * // inside another body: const [quotient, remainder] = divmod(a, 10);
 */
export const fn: FnFactory = Object.assign(
  function fn<P extends readonly ValueType[], R extends ResultSpec>(name: string, params: P, result: R, body: FnBody<P, R>): Fn<P, R> {
    if (typeof body !== 'function') throw usageError(`the body of function ${typeof name === 'string' ? `'${name}'` : describe(name)} is not a function but ${describe(body)}`, 'Write fn(name, [types], result, (b, ...params) => { ... }), or fn.declare(name, [types], result).');
    return declare(name, params, result, body);
  },
  { declare: <P extends readonly ValueType[], R extends ResultSpec>(name: string, params: P, result: R): DeclaredFn<P, R> => declare(name, params, result, undefined) },
) as FnFactory;
