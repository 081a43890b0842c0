/** Places: typed spots in memory that are read and written, as the type checker sees them. */
import type { Fields, StructType } from './struct.ts';
import type { Index, Ptr } from './values.ts';
import type { MemoryType, OperandOf, PlaceOf, ValueOf, ValueType } from './types.ts';

/** How a place is accessed. `volatile` accesses are never merged, moved or dropped. */
export interface AccessOptions { readonly volatile?: boolean }

/** The place of a scalar or pointer: an element, a field, a stack slot or a global. */
export interface FieldPlace<T extends ValueType> {
  /** Reads it. */
  get(options?: AccessOptions): ValueOf<T>;
  /** Writes it. */
  set(value: OperandOf<T>, options?: AccessOptions): void;
  /** Reads it, and writes what `change` makes of it. @example counter.update(n => n.add(1)) */
  update(change: (current: ValueOf<T>) => OperandOf<T>): void;
  /** Its address. */
  readonly $ptr: Ptr<T>;
}

/** The address of a place. */
export interface Addressed<T extends MemoryType> {
  /** The address, as a pointer. */
  readonly $ptr: Ptr<T>;
}

/** The place of a struct: one place per field. Field names cannot start with `$`, so nothing collides. */
export type StructPlace<N extends string, F extends Fields> = { readonly [K in keyof F]: PlaceOf<F[K]> } & Addressed<StructType<N, F>>;

/** The place of an array: one place per element. */
export interface ArrayPlace<T extends MemoryType> {
  /** The place of element `index`. The index is not checked against the length. */
  at(index: Index): PlaceOf<T>;
  /** The number of elements. */
  readonly length: number;
  /** The address of the first element. */
  readonly $ptr: Ptr<T>;
}
