/** Counts and indices: `i32` or `u32`, whichever the value is. */
import { BaseValue } from './base-value.ts';
import { runtimeType, u32, type RuntimeType } from './types.ts';

/** The type an index or count is read as: its own when that is `i32` or `u32`, else `u32`, which refuses other values. */
export function indexType(x: unknown): RuntimeType {
  return x instanceof BaseValue && (x.type.surface === 'i32' || x.type.surface === 'u32') ? x.type : runtimeType(u32);
}
