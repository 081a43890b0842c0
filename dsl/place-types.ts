/** Places: typed spots in memory that are read and written, as the type checker sees them. */
import type { Atomic } from './atomic-types.ts';
import type { HoldsParts, HoldsValue, ScalarName } from './brand.ts';
import type { Fields, StructType } from './struct.ts';
import type { Index, Ptr } from './values.ts';
import type { VectorTypeWith } from './vector-types.ts';
import type { MemoryType, OperandOf, PlaceOf, ValueOf, ValueType } from './types.ts';

/** How a place is accessed. `volatile` accesses are never merged, moved or dropped. */
export interface AccessOptions { readonly volatile?: boolean }

/** What every place of a value offers: an element, a field, a stack slot or a global. */
interface ValuePlace<T extends ValueType> extends HoldsValue {
  /** Reads it. */
  get(options?: AccessOptions): ValueOf<T>;
  /** Writes it. */
  set(value: OperandOf<T>, options?: AccessOptions): void;
  /** Reads it, and writes what `change` makes of it. @example counter.update(n => n.add(1)) */
  update(change: (current: ValueOf<T>) => OperandOf<T>): void;
  /** Its address. */
  readonly $ptr: Ptr<T>;
}

/** The place of a value that is no number: a pointer, a truth value, a vector, a function reference. */
export interface FieldPlace<T extends ValueType> extends ValuePlace<T> {
  /** Not for this type. */
  readonly atomic: { readonly remedy: 'only integers of 8 to 64 bits are atomic: keep the value in an integer of its size' };
}
interface VectorAccess<N extends ScalarName> {
  /**
   * This number and those after it as one vector, read and written at once. The address need not be a multiple of
   * anything but the number's own size.
   *
   * @example sums.set(sums.get().add(xs.at(i).vector(f32x4).get())) // xs[i] to xs[i+3]
   */
  vector<V extends VectorTypeWith<N>>(type: V): FieldPlace<V>;
}
/** The place of a float. */
export interface NumberPlace<T extends ValueType> extends FieldPlace<T>, VectorAccess<Extract<T['name'], ScalarName>> {}
/** The place of an integer. */
export interface IntegerPlace<T extends ValueType, V, O> extends ValuePlace<T>, VectorAccess<Extract<T['name'], ScalarName>> {
  /** Access by several threads at once. @example counter.atomic.add(1) */
  readonly atomic: Atomic<V, O>;
}

/** The address of a place. */
export interface Addressed<T extends MemoryType> extends HoldsParts {
  /** The address, as a pointer. */
  readonly $ptr: Ptr<T>;
}

/** The place of a struct: one place per field. Field names cannot start with `$`, so nothing collides. */
export type StructPlace<N extends string, F extends Fields> = { readonly [K in keyof F]: PlaceOf<F[K]> } & Addressed<StructType<N, F>>;

/** The place of an array: one place per element. */
export interface ArrayPlace<T extends MemoryType> extends HoldsParts {
  /** The place of element `index`. The index is not checked against the length. */
  at(index: Index): PlaceOf<T>;
  /** The number of elements. */
  readonly length: number;
  /** The address of the first element. */
  readonly $ptr: Ptr<T>;
}
