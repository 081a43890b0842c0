/** Structs: named fields in memory, laid out as C does (each field at its alignment, the whole padded to the largest). */
import type { MemoryModel } from '../lib/mir/index.ts';
import type { StructPlace } from './place-types.ts';
import type { AggregateType, MemoryType, RuntimeMemoryType } from './types.ts';
import { isMemoryType, layoutOf, requireLayout } from './types.ts';
import { describe, usageError } from './usage.ts';

/** The fields of a struct, in order. */
export type Fields = Readonly<Record<string, MemoryType>>;

/** A struct type. Structs live in memory; pass them by pointer. */
export interface StructType<N extends string, F extends Fields> extends AggregateType<StructPlace<N, F>> {
  readonly kind: 'struct';
  readonly name: N;
  readonly fields: F;
}

/**
 * Declares a struct type.
 *
 * @throws UsageError for an empty struct, a field that is no type, a field name starting with `$`, or 2 GiB and more
 * @example
 * const Particle = struct('Particle', { x: f64, v: f64, hits: i32 });
 * sizeOf(Particle)          // => 24
 * offsetOf(Particle, 'hits') // => 16
 */
export function struct<const N extends string, const F extends Fields>(name: N, fields: F): StructType<N, F> {
  if (typeof name !== 'string' || name === '') throw usageError(`struct wants a name, not ${describe(name)}`, 'Write struct(\'Name\', { field: type }).');
  if (typeof fields !== 'object' || fields === null) throw usageError(`struct '${name}' wants fields, not ${describe(fields)}`, 'Write struct(name, { field: type }).');
  const entries = Object.entries(fields);
  if (entries.length === 0) throw usageError(`struct '${name}' has no fields`, 'Give it at least one field: struct(name, { field: type }).');
  for (const [field, type] of entries) {
    if (!isMemoryType(type)) throw usageError(`field '${field}' of struct '${name}' is not a type`, 'Use a type such as i32, ptr(T), array(T, n) or another struct.');
    if ((type as RuntimeMemoryType).kind === 'unit') throw usageError(`field '${field}' of struct '${name}' is unit, which has no values`, 'Leave the field out, or use ptr(unit).');
    if (field.startsWith('$')) throw usageError(`field '${field}' of struct '${name}' starts with $`, 'Rename the field: names starting with $ belong to places ($ptr).');
    if (/^\d+$/.test(field)) throw usageError(`field '${field}' of struct '${name}' is a number, and JavaScript would reorder it`, 'Use a name that is not a number.');
  }
  const type: RuntimeMemoryType = Object.freeze({ kind: 'struct', name, fields: Object.freeze({ ...fields as unknown as Record<string, RuntimeMemoryType> }) });
  requireLayout(type);
  return type as unknown as StructType<N, F>;
}

/** The offset of a field in bytes. */
export function offsetOf<F extends Fields>(type: StructType<string, F>, field: keyof F & string, model: MemoryModel = 'linear'): number {
  if (!isMemoryType(type) || (type as RuntimeMemoryType).kind !== 'struct') throw usageError(`offsetOf wants a struct type, not ${describe(type)}`, 'Write offsetOf(MyStruct, \'field\').');
  const offset = layoutOf(type, model).offsets?.[field];
  if (offset === undefined) throw usageError(`struct '${type.name}' has no field '${field}'`, `Its fields are ${Object.keys(type.fields).join(', ')}.`);
  return offset;
}
