/** Lanes of vector registers: where they lie, and the handlers that move them as they are. */
import type { Handler, Machine } from './interpreter-machine.ts';
import { LANE_COUNT, VECTOR_TYPE, type Lanes } from './types.ts';

export type NumberView = 'i8' | 'u8' | 'i16' | 'u16' | 'i32' | 'u32' | 'f32' | 'f64';
export type BigView = 'i64' | 'u64';

/** Shift that turns a word offset into an index of the view: negative to multiply. */
const PER_WORD: Readonly<Record<NumberView | BigView, number>> = { i8: 2, u8: 2, i16: 1, u16: 1, i32: 0, u32: 0, f32: 0, f64: -1, i64: -1, u64: -1 };

/** Where a register starts in a view. */
export function indexOf(m: Machine, register: number, view: NumberView | BigView): number {
  const at = m.fp + register, s = PER_WORD[view];
  return s >= 0 ? at << s : at >> -s;
}

/** Bytes of the vectors that a division divides. */
export function vectorBytes(lanes: Lanes): 16 | 32 { return VECTOR_TYPE[lanes] === 'v128' ? 16 : 32; }
/** Bytes per lane. */
export function laneBytes(lanes: Lanes): number { return vectorBytes(lanes) / LANE_COUNT[lanes]; }

/** A lane as a signed integer, that of its bits for a float. */
export function laneInteger(m: Machine, register: number, lanes: Lanes, k: number): number | bigint {
  switch (lanes) {
    case 'i8x16': case 'i8x32': return m.i8[indexOf(m, register, 'i8') + k];
    case 'i16x8': case 'i16x16': return m.i16[indexOf(m, register, 'i16') + k];
    case 'i32x4': case 'f32x4': case 'i32x8': case 'f32x8': return m.i32[m.fp + register + k];
    case 'i64x2': case 'f64x2': case 'i64x4': case 'f64x4': return m.i64[indexOf(m, register, 'i64') + k];
    default: return lanes satisfies never;
  }
}

/** Operands: result, scalar, bytes per lane, bytes of the vector. A lane's bytes are the scalar register's lowest. */
export const splat: Handler = (m, p) => {
  const c = m.code, r = m.u8, d = indexOf(m, c[p], 'u8'), a = indexOf(m, c[p + 1], 'u8'), n = c[p + 2], size = c[p + 3];
  for (let k = 0; k < size; k++) r[d + k] = r[a + k % n];
};

/** Operands: result, vector, lane. */
export function extractHandler(lanes: Lanes): Handler {
  const n = laneBytes(lanes);
  if (n === 8) return (m, p) => { const c = m.code, r = m.i32, d = m.fp + c[p], a = m.fp + c[p + 1] + 2 * c[p + 2]; r[d] = r[a]; r[d + 1] = r[a + 1]; };
  return (m, p) => { const c = m.code; m.i32[m.fp + c[p]] = laneInteger(m, c[p + 1], lanes, c[p + 2]) as number; };
}

/** Operands: result, vector, scalar, lane, bytes per lane, bytes of the vector. */
export const insertLane: Handler = (m, p) => {
  const c = m.code, r = m.u8, d = indexOf(m, c[p], 'u8'), a = indexOf(m, c[p + 1], 'u8'), b = indexOf(m, c[p + 2], 'u8'), n = c[p + 4], size = c[p + 5];
  for (let k = 0; k < size; k++) r[d + k] = r[a + k];
  for (let k = 0; k < n; k++) r[d + c[p + 3] * n + k] = r[b + k];
};

/** Operands: result, a, b, entry of the function's lists where the mask stands, its length first. */
export const shuffle: Handler = (m, p) => {
  const c = m.code, r = m.u8, d = indexOf(m, c[p], 'u8'), a = indexOf(m, c[p + 1], 'u8'), b = indexOf(m, c[p + 2], 'u8');
  const mask = m.fn.lists, at = c[p + 3] + 1, size = mask[at - 1];
  for (let k = 0; k < size; k++) {
    const s = mask[at + k];
    r[d + k] = s < size ? r[a + s] : r[b + s - size];
  }
};
