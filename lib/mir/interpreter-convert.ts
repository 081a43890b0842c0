/** Interpreter handlers of conversions. Operands: result, source. */
import { convertTrap, floatToInt } from './evaluate.ts';
import { bigintToFloat32 } from './float-arithmetic.ts';
import type { ConvertInst } from './instruction.ts';
import type { Handler } from './interpreter-machine.ts';
import { move1, move2, wordsOf } from './interpreter-moves.ts';
import { CONVERT_OPS, type ConvertOp } from './ops.ts';
import { mask, wrap } from './scalar-functions.ts';
import { bitWidth, type MemoryModel, type Type } from './types.ts';

const CONVERT: Readonly<Record<MemoryModel, Map<string, Handler>>> = { linear: new Map(), native: new Map() };

/** Made on first use: there are many pairs of types. */
export function convertHandler(i: ConvertInst, model: MemoryModel): Handler {
  const key = `${i.op} ${i.from} ${i.type}`;
  let h = CONVERT[model].get(key);
  if (h === undefined) CONVERT[model].set(key, h = makeConvert(i.op, i.from, i.type, model));
  return h;
}

const widen64Unsigned: Handler = (m, p) => { const c = m.code, r = m.i32, d = m.fp + c[p], a = m.fp + c[p + 1]; r[d] = r[a]; r[d + 1] = 0; };

function makeExtend(from: Type, to: Type, signed: boolean): Handler {
  const w = bitWidth(from, 'linear'), toWidth = bitWidth(to, 'linear'), wide = to === 'i64';
  return (m, p) => {
    const c = m.code, r = m.i32, d = m.fp + c[p], a = r[m.fp + c[p + 1]];
    const n = signed ? (w === 1 ? -a : a) : mask(a, w);
    if (wide) { r[d] = n; r[d + 1] = signed ? n >> 31 : 0; } else r[d] = wrap(n, toWidth);
  };
}

function makeFloatToInt(op: ConvertOp, from: Type, to: Type): Handler {
  const signed = op === 'fptosi' || op === 'fptosi_sat', traps = 'traps' in CONVERT_OPS[op];
  return (m, p) => {
    const c = m.code, f = m.fp, x = from === 'f32' ? m.f32[f + c[p + 1]] : m.f64[f + c[p + 1] >> 1];
    if (traps) {
      const trap = convertTrap(op, to, x);
      if (trap !== undefined) m.trap(trap);
    }
    const n = floatToInt(to, x, signed);
    if (typeof n === 'bigint') m.i64[f + c[p] >> 1] = n; else m.i32[f + c[p]] = n;
  };
}

function makeIntToFloat(from: Type, to: Type, signed: boolean): Handler {
  if (from === 'i64') {
    return (m, p) => {
      const c = m.code, f = m.fp, n = signed ? m.i64[f + c[p + 1] >> 1] : m.u64[f + c[p + 1] >> 1];
      if (to === 'f32') m.f32[f + c[p]] = bigintToFloat32(n); else m.f64[f + c[p] >> 1] = Number(n);
    };
  }
  return (m, p) => {
    const c = m.code, f = m.fp, n = signed ? m.i32[f + c[p + 1]] : m.u32[f + c[p + 1]];
    if (to === 'f32') m.f32[f + c[p]] = n; else m.f64[f + c[p] >> 1] = n;
  };
}

function makeConvert(op: ConvertOp, from: Type, to: Type, model: MemoryModel): Handler {
  switch (op) {
    case 'sext': return makeExtend(from, to, true);
    case 'zext': return makeExtend(from, to, false);
    case 'trunc': {
      const w = bitWidth(to, 'linear');
      return (m, p) => { const c = m.code, f = m.fp; m.i32[f + c[p]] = wrap(m.i32[f + c[p + 1]], w); };
    }
    case 'bitcast': return wordsOf(from, model) === 1 ? move1 : move2;
    case 'fpromote': return (m, p) => { const c = m.code, f = m.fp; m.f64[f + c[p] >> 1] = m.f32[f + c[p + 1]]; };
    case 'fdemote': return (m, p) => { const c = m.code, f = m.fp; m.f32[f + c[p]] = m.f64[f + c[p + 1] >> 1]; };
    case 'sitofp': return makeIntToFloat(from, to, true);
    case 'uitofp': return makeIntToFloat(from, to, false);
    case 'fptosi': case 'fptoui': case 'fptosi_sat': case 'fptoui_sat': return makeFloatToInt(op, from, to);
    case 'ptrtoint': case 'inttoptr': {
      const a = wordsOf(from, model), d = wordsOf(to, model);
      return d === 1 ? move1 : a === 1 ? widen64Unsigned : move2;
    }
    default: return op satisfies never;
  }
}
