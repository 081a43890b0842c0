/** What a function body is written with: the type of `b`. */
import type { TrapCode } from '../lib/mir/index.ts';
import type { FenceOrdering } from './atomic-types.ts';
import type { Callable } from './function.ts';
import type { FnRef } from './function-reference.ts';
import type { Table } from './table.ts';
import type { JsOf, MemoryType, OperandOf, OperandsOf, PlaceOf, ResultSpec, ResultValue, ReturnArgs, UnitType, ValueOf, ValuesOf, ValueType } from './types.ts';
import type {
  Bool, BoolOrBoolean, I32, I32OrNumber, I64, Index, OperandLike, Ptr, TakesOperand, U32OrNumber, U8OrNumber,
} from './values.ts';
import type { HoldsValue, UsableAs } from './brand.ts';

/** A mutable variable of a function. It becomes SSA values: reading and writing cost nothing by themselves. */
export interface Var<T extends ValueType> extends HoldsValue {
  /** Its current value. */
  get(): ValueOf<T>;
  /** Gives it a new value. */
  set(value: OperandOf<T>): void;
  /** `set(change(get()))`. @example total.update(t => t.add(x)) */
  update(change: (current: ValueOf<T>) => OperandOf<T>): void;
}

/** What a constant of a type may be: what it is in JavaScript, and `null` for pointers and function references. */
export type ConstantOf<T extends ValueType> = T extends { readonly kind: 'function' } ? null : T extends { readonly kind: 'pointer' } ? JsOf<T> | null : JsOf<T>;

/** An open loop, for breaking out of an outer one. */
export interface Loop {
  /** Leaves this loop. */
  break(): void;
  /** Goes on with this loop's next round. */
  continue(): void;
}

/** A raw block with parameters: the target of `b.jump` and `b.br`. */
export interface Label<P extends readonly ValueType[]> {
  readonly params: P;
  /** The label with the values its parameters take. */
  with(...args: OperandsOf<P>): Target;
  /** Promises that no further jump to it will be written; done for all labels at the end of the body. */
  seal(): void;
}
/** A label with its arguments. */
export interface Target { readonly label: Label<readonly ValueType[]> }

/** A value of any integer type. */
export type AnyInteger = UsableAs<'integer'>;
/** Anything that can be a value. */
export type AnyValue = TakesOperand<unknown>;
type Bound = AnyInteger | number | bigint;
/** The counter's type: that of the first bound that is a value; for literals `i32`, or `i64` for bigints. */
export type Counter<A, B = never> =
  A extends AnyInteger ? A
  : [Extract<B, AnyInteger>] extends [never] ? (A extends bigint ? I64 : I32)
  : Extract<B, AnyInteger>;
/** A bound that goes with `A`: a value of its type, or a literal of its kind. */
type BoundLike<A> = A extends TakesOperand<infer O> ? O : A extends number ? UsableAs<'besideNumber'> | number : A extends bigint ? UsableAs<'besideBigint'> | bigint : Bound;

/** A case of `b.switch`: one label or several, and what to do. */
export type SwitchCases<L> = readonly (readonly [label: L | readonly L[], body: () => void])[];
type LabelOf<V> = V extends UsableAs<'i64'> | UsableAs<'u64'> ? bigint : number;
/** Cases with their labels as keys. */
export interface CaseObject { readonly [label: number]: () => void; readonly length?: never }

/** Linear memory as a whole. */
export interface MemoryOps {
  /** Current size in pages of 64 KiB. */
  size(): I32;
  /** Grows by `pages` of 64 KiB; gives the old size in pages, or -1 when the maximum would be passed. */
  grow(pages: I32OrNumber | U32OrNumber): I32;
  /** Copies `bytes` bytes as if through a temporary. Traps before writing when a part lies outside the memory. */
  copy(destination: PtrLike, source: PtrLike, bytes: Index): void;
  /** Fills `bytes` bytes with `value`. Traps before writing when a part lies outside the memory. */
  fill(destination: PtrLike, value: U8OrNumber, bytes: Index): void;
}
/** A pointer to anything. */
export type PtrLike = UsableAs<'ptr'> | null;

/**
 * What the bodies of all functions are written with, whatever their results: the type of `b` in helpers that many
 * functions share. Every method emits code at the point where it is called.
 *
 * @example
 * const positive = (b: AnyBody, x: I32): I32 => b.choose(i32, x.lt(0), () => 0, () => x);
 */
export interface AnyBody {
  // --- stopping ---

  /** Stops the program with a trap, `user` unless said. */
  trap(code?: TrapCode): void;
  /** Says that this point is never reached; traps `unreachable` if it is. */
  unreachable(): void;

  // --- values ---

  /** A constant. @example b.const(i64, 1n) */
  const<T extends ValueType>(type: T, value: NoInfer<ConstantOf<T>>): ValueOf<T>;
  /** A mutable variable. @example const total = b.var(f64, 0) */
  var<T extends ValueType>(type: T, initial: NoInfer<OperandOf<T>>): Var<T>;
  /** `whenTrue` or `whenFalse`, without a branch; both are computed. */
  select<V extends AnyValue>(condition: BoolOrBoolean, whenTrue: V, whenFalse: NoInfer<OperandLike<V>>): V;
  select<V extends AnyValue>(condition: BoolOrBoolean, whenTrue: NoInfer<OperandLike<V>>, whenFalse: V): V;
  /** `whenTrue()` or `whenFalse()`, of which only one is computed. @example b.choose(i32, n.lt(0), () => n.neg(), () => n) */
  choose<T extends ValueType>(type: T, condition: BoolOrBoolean, whenTrue: () => NoInfer<OperandOf<T>>, whenFalse: () => NoInfer<OperandOf<T>>): ValueOf<T>;
  /** Both, computing the right side only when the left is true. */
  and(left: BoolOrBoolean, right: () => BoolOrBoolean): Bool;
  /** At least one, computing the right side only when the left is false. */
  or(left: BoolOrBoolean, right: () => BoolOrBoolean): Bool;
  /** Calls entry `index` of a table. Traps `indirect-call-null` when there is none. */
  callIndirect<P extends readonly ValueType[], S extends ResultSpec>(table: Table<P, S>, index: Index, ...args: NoInfer<OperandsOf<P>>): ResultValue<S>;

  // --- structured control flow ---

  /** Runs `then` when `condition` is true, `otherwise` (if given) when not. */
  if(condition: BoolOrBoolean, then: () => void, otherwise?: () => void): void;
  /** Repeats `body` while `condition()` is true; it is computed before each round. */
  while(condition: () => BoolOrBoolean, body: (loop: Loop) => void): void;
  /** Repeats `body` until `condition()` is false; it is computed after each round. */
  doWhile(body: (loop: Loop) => void, condition: () => BoolOrBoolean): void;
  /**
   * Counts. `[start, end]` counts from `start` up to but not including `end`, which is computed once; `[start, end, step]`
   * by `step`, downwards (excluding `end`) for a negative literal. A single bound counts from 0. The counter has the
   * type of the first bound that is a value, else `i32` (`i64` for bigint literals). A step that jumps over the
   * type's limit wraps around, as `add` does.
   *
   * @example b.for([0, n], i => total.update(t => t.add(xs.at(i).get())))
   * @example b.for([n, 0, -1], i => ...) // n, n-1, ..., 1
   */
  for<const A extends Bound, const B extends BoundLike<A> = never>(range: A | readonly [start: A, end: B, step?: BoundLike<Counter<A, B>>], body: (i: Counter<A, B>, loop: Loop) => void): void;
  /** Repeats `body` until `loop.break()`, `b.break()` or a return. */
  loop(body: (loop: Loop) => void): void;
  /** Leaves the innermost loop, or the one given. */
  break(loop?: Loop): void;
  /** Goes on with the next round of the innermost loop, or of the one given. */
  continue(loop?: Loop): void;
  /**
   * Runs the case whose label equals `value`, else `otherwise`. There is no fall-through.
   *
   * @example b.switch(op, [[0, () => push()], [[1, 2], () => pop()]], () => b.trap())
   * @example b.switch(op, { 0: () => push(), 1: () => pop() }) // labels as keys
   */
  switch<V extends AnyInteger>(value: V, cases: SwitchCases<LabelOf<V>> | CaseObject, otherwise?: () => void): void;

  // --- raw control flow ---

  /** A new raw block; write it with `b.enter`. */
  block<const P extends readonly ValueType[]>(...params: P): Label<P>;
  /** Starts writing a raw block and gives its parameters. The code before it must have left (`jump`, `br`, `ret`, ...). */
  enter<P extends readonly ValueType[]>(label: Label<P>): ValuesOf<P>;
  /** Jumps to a raw block. */
  jump<P extends readonly ValueType[]>(label: Label<P>, ...args: NoInfer<OperandsOf<P>>): void;
  /** Jumps to `then` or `otherwise`; a label without parameters stands for itself. @example b.br(n.eq(0), done.with(acc), again) */
  br(condition: BoolOrBoolean, then: Target | Label<readonly []>, otherwise: Target | Label<readonly []>): void;

  // --- memory ---

  /** A stack slot of this activation. Its bytes are unspecified until set. */
  slot<T extends MemoryType>(type: T): PlaceOf<T>;
  /** A stack slot of `length` elements. */
  array<T extends MemoryType>(element: T, length: number): PlaceOf<import('./array.ts').ArrayType<T>>;
  /** Linear memory as a whole. */
  readonly memory: MemoryOps;
  /** The first address after globals and stack slots, a multiple of 16: free for the program. Linear memory only. */
  readonly heapBase: Ptr<UnitType>;
  /** A pointer to `type` at a constant address. */
  pointer<T extends MemoryType>(type: T, address: number): Ptr<T>;
  /** A null pointer. */
  null<T extends MemoryType>(type: T): Ptr<T>;

  /** Orders memory accesses before it against those after it, as other threads see them; `seq_cst` unless said. */
  fence(ordering?: FenceOrdering): void;
  /** A place where a host may stop or inspect the run. */
  safepoint(): void;
}

/** Writes the body of a function with result `R`. */
export interface Body<R extends ResultSpec> extends AnyBody {
  /** Returns from the function. What follows in the same body can never run and is dropped. */
  ret(...values: ReturnArgs<R>): void;
  /** Calls `callee` in place of this activation: the stack does not grow. Its results are this function's. */
  tailCall<P extends readonly ValueType[]>(callee: Callable<P, R> | FnRef<P, R>, ...args: NoInfer<OperandsOf<P>>): void;
}
