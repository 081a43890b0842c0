/** Fixed-length arrays in memory: struct fields, stack slots and globals. */
import type { ArrayPlace } from './place-types.ts';
import type { AggregateType, MemoryType, RuntimeMemoryType } from './types.ts';
import { isMemoryType, requireLayout } from './types.ts';
import { usageError } from './usage.ts';

/** An array type of fixed length. */
export interface ArrayType<T extends MemoryType> extends AggregateType<ArrayPlace<T>> {
  readonly kind: 'array';
  readonly element: T;
  readonly length: number;
}

/**
 * The type of `length` elements of `element`, one after the other.
 *
 * @throws UsageError when `length` is not an integer from 1 to 2^31-1, or the whole has 2 GiB or more
 * @example
 * const Hash = struct('Hash', { state: array(u32, 8), length: u64 });
 * sizeOf(Hash) // => 40
 */
export function array<T extends MemoryType>(element: T, length: number): ArrayType<T> {
  if (!isMemoryType(element) || (element as RuntimeMemoryType).kind === 'unit') throw usageError('the element of an array must be a type with values', 'Use array(T, n) with T such as i32, ptr(T) or a struct.');
  if (!Number.isInteger(length) || length < 1 || length > 0x7fffffff) throw usageError(`${String(length)} is not an array length`, 'Use an integer from 1 to 2147483647.');
  const type: RuntimeMemoryType = Object.freeze({ kind: 'array', name: `array(${element.name}, ${length})`, element: element as RuntimeMemoryType, length });
  requireLayout(type);
  return type as unknown as ArrayType<T>;
}
