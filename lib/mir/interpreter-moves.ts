/** Interpreter handlers that only copy registers: constants, `select`, bit casts. */
import type { Handler } from './interpreter-machine.ts';
import type { MemoryModel, Type } from './types.ts';

/** Registers are copied as 1, 2, 4 or 8 words. */
export function wordsOf(type: Type, model: MemoryModel): 1 | 2 | 4 | 8 {
  switch (type) {
    case 'v256': return 8;
    case 'v128': return 4;
    case 'i64': case 'f64': return 2;
    case 'ptr': return model === 'linear' ? 1 : 2;
    default: return 1;
  }
}

export const move1: Handler = (m, p) => { const c = m.code, f = m.fp; m.i32[f + c[p]] = m.i32[f + c[p + 1]]; };
export const move2: Handler = (m, p) => {
  const c = m.code, d = m.fp + c[p], a = m.fp + c[p + 1], r = m.i32;
  r[d] = r[a]; r[d + 1] = r[a + 1];
};
export const const1: Handler = (m, p) => { const c = m.code; m.i32[m.fp + c[p]] = c[p + 1]; };
export const const2: Handler = (m, p) => { const c = m.code, d = m.fp + c[p], r = m.i32; r[d] = c[p + 1]; r[d + 1] = c[p + 2]; };
export const const4: Handler = (m, p) => {
  const c = m.code, d = m.fp + c[p], r = m.i32;
  r[d] = c[p + 1]; r[d + 1] = c[p + 2]; r[d + 2] = c[p + 3]; r[d + 3] = c[p + 4];
};
/** Operands: result, entry of the function's lists where eight words stand. */
export const const8: Handler = (m, p) => {
  const c = m.code, d = m.fp + c[p], r = m.i32, list = m.fn.lists, at = c[p + 1];
  for (let k = 0; k < 8; k++) r[d + k] = list[at + k];
};
/** Operands: result, condition, a, b, words. */
export const select: Handler = (m, p) => {
  const c = m.code, f = m.fp, r = m.i32, d = f + c[p], s = f + (r[f + c[p + 1]] !== 0 ? c[p + 2] : c[p + 3]);
  const n = c[p + 4];
  for (let k = 0; k < n; k++) r[d + k] = r[s + k];
};
export const nop: Handler = () => {};
