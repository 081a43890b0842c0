/**
 * MIR's value types, trap codes and memory models.
 *
 * A type says how wide a value is and which class of machine register holds it. Signedness is not part of a type:
 * it is chosen by the operation (`sdiv`/`udiv`), as in WebAssembly.
 */

/** A type of one MIR value. `ptr` is 4 bytes in the linear memory model and 8 bytes in the native one. */
export type Type = 'i1' | 'i8' | 'i16' | 'i32' | 'i64' | 'f32' | 'f64' | 'ptr' | 'v128' | 'v256';

/** Every {@link Type}, in a fixed order; a type's position is its stable small number. */
export const TYPES = ['i1', 'i8', 'i16', 'i32', 'i64', 'f32', 'f64', 'ptr', 'v128', 'v256'] as const satisfies readonly Type[];

/** A vector type. */
export type VectorType = 'v128' | 'v256';
/** How a `v128` is divided by one vector operation. */
export type Lanes128 = 'i8x16' | 'i16x8' | 'i32x4' | 'i64x2' | 'f32x4' | 'f64x2';
/** How a `v256` is divided by one vector operation. */
export type Lanes256 = 'i8x32' | 'i16x16' | 'i32x8' | 'i64x4' | 'f32x8' | 'f64x4';
/** A division says the width of the vectors as well: `i8x16` works on `v128`, `i8x32` on `v256`. */
export type Lanes = Lanes128 | Lanes256;
export const LANES_128 = ['i8x16', 'i16x8', 'i32x4', 'i64x2', 'f32x4', 'f64x2'] as const satisfies readonly Lanes128[];
/** In the order of {@link LANES_128}. */
export const LANES_256 = ['i8x32', 'i16x16', 'i32x8', 'i64x4', 'f32x8', 'f64x4'] as const satisfies readonly Lanes256[];
export const LANES = [...LANES_128, ...LANES_256] as const satisfies readonly Lanes[];

/** The scalar type of one lane. */
export const LANE_TYPE: Readonly<Record<Lanes, Type>> = {
  i8x16: 'i8', i16x8: 'i16', i32x4: 'i32', i64x2: 'i64', f32x4: 'f32', f64x2: 'f64',
  i8x32: 'i8', i16x16: 'i16', i32x8: 'i32', i64x4: 'i64', f32x8: 'f32', f64x4: 'f64',
};
/** How many lanes a vector has under each division. */
export const LANE_COUNT: Readonly<Record<Lanes, number>> = {
  i8x16: 16, i16x8: 8, i32x4: 4, i64x2: 2, f32x4: 4, f64x2: 2,
  i8x32: 32, i16x16: 16, i32x8: 8, i64x4: 4, f32x8: 8, f64x4: 4,
};
/** The type of the vectors that a division divides. */
export const VECTOR_TYPE: Readonly<Record<Lanes, VectorType>> = {
  i8x16: 'v128', i16x8: 'v128', i32x4: 'v128', i64x2: 'v128', f32x4: 'v128', f64x2: 'v128',
  i8x32: 'v256', i16x16: 'v256', i32x8: 'v256', i64x4: 'v256', f32x8: 'v256', f64x4: 'v256',
};
/** The division of 128 bits into lanes of the same type: that of each half of a `v256`. */
export const HALF_LANES: Readonly<Record<Lanes, Lanes128>> = {
  i8x16: 'i8x16', i16x8: 'i16x8', i32x4: 'i32x4', i64x2: 'i64x2', f32x4: 'f32x4', f64x2: 'f64x2',
  i8x32: 'i8x16', i16x16: 'i16x8', i32x8: 'i32x4', i64x4: 'i64x2', f32x8: 'f32x4', f64x4: 'f64x2',
};
/** The division of 256 bits into lanes of the same type. */
export const WIDE_LANES: Readonly<Record<Lanes128, Lanes256>> = {
  i8x16: 'i8x32', i16x8: 'i16x16', i32x4: 'i32x8', i64x2: 'i64x4', f32x4: 'f32x8', f64x2: 'f64x4',
};

/**
 * Where addresses point. `linear`: 32-bit offsets into one bounded memory (what the sandbox accepts).
 * `native`: raw 64-bit process addresses (trusted code only).
 */
export type MemoryModel = 'linear' | 'native';

/** Why compiled or interpreted code stopped before returning. */
export type TrapCode =
  | 'unreachable'
  | 'integer-divide-by-zero'
  | 'integer-overflow'
  | 'invalid-conversion'
  | 'memory-out-of-bounds'
  | 'stack-overflow'
  | 'indirect-call-null'
  | 'indirect-call-type'
  | 'misaligned-atomic'
  | 'user';

/** Every {@link TrapCode}; its position is the number machine code and wire formats use. */
export const TRAP_CODES = [
  'unreachable', 'integer-divide-by-zero', 'integer-overflow', 'invalid-conversion', 'memory-out-of-bounds',
  'stack-overflow', 'indirect-call-null', 'indirect-call-type', 'misaligned-atomic', 'user',
] as const satisfies readonly TrapCode[];

/** Orderings of atomic operations, weakest first. */
export type MemoryOrdering = 'relaxed' | 'acquire' | 'release' | 'acq_rel' | 'seq_cst';
export const MEMORY_ORDERINGS = ['relaxed', 'acquire', 'release', 'acq_rel', 'seq_cst'] as const satisfies readonly MemoryOrdering[];

/** Bytes of one linear-memory page; memory sizes are whole pages, as in WebAssembly. */
export const PAGE_SIZE = 65536;

/** Parameter and result types of a function. */
export interface Signature {
  readonly params: readonly Type[];
  readonly results: readonly Type[];
}

/** Bytes that a value of `type` takes in memory (`i1` has no memory form of its own and counts as 1). */
export function sizeOf(type: Type, model: MemoryModel): number {
  switch (type) {
    case 'i1': case 'i8': return 1;
    case 'i16': return 2;
    case 'i32': case 'f32': return 4;
    case 'i64': case 'f64': return 8;
    case 'ptr': return model === 'linear' ? 4 : 8;
    case 'v128': return 16;
    case 'v256': return 32;
    default: return type satisfies never;
  }
}

/** Width in bits of an integer or pointer type (1 for `i1`). */
export function bitWidth(type: Type, model: MemoryModel): number {
  return type === 'i1' ? 1 : sizeOf(type, model) * 8;
}

/** True for `i1 i8 i16 i32 i64` (not for `ptr`). */
export function isInteger(type: Type): boolean {
  return type === 'i32' || type === 'i64' || type === 'i8' || type === 'i16' || type === 'i1';
}

/** True for `f32 f64`. */
export function isFloat(type: Type): boolean {
  return type === 'f64' || type === 'f32';
}

/** True for `v128 v256`. */
export function isVector(type: Type): type is VectorType {
  return type === 'v128' || type === 'v256';
}

/** True when two signatures have the same parameter and result types in the same order. */
export function sameSignature(a: Signature, b: Signature): boolean {
  return sameTypes(a.params, b.params) && sameTypes(a.results, b.results);
}

/** True when two type lists are equal. */
export function sameTypes(a: readonly Type[], b: readonly Type[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The signature as text, for example `(i32, i64) -> (f64)`. */
export function formatSignature(s: Signature): string {
  return `(${s.params.join(', ')}) -> (${s.results.join(', ')})`;
}
