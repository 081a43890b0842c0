/**
 * Float rules: only those that hold for every input, signed zeros and infinities included. `x + 0`, `x * 0`, `x - x`
 * and `x / x` are not among them, and nothing is reassociated. Where an operand may be NaN the rules keep a NaN a
 * NaN, which is all that arithmetic promises.
 */
import { evalBinary, evalTernary, evalUnary } from '../../mir/evaluate.ts';
import type { BinaryInst, TernaryInst, UnaryInst } from '../../mir/instruction.ts';
import type { RuleSite, Simplified } from './site.ts';

export function simplifyFloat(s: RuleSite, i: BinaryInst): Simplified {
  const a = s.valueOf(i.a), b = s.valueOf(i.b);
  if (a !== undefined && b !== undefined) {
    const r = evalBinary(i.op, i.type, a, b);
    if (r !== undefined) return { kind: 'const', type: i.type, value: r, result: i.result, loc: i.loc };
  }
  const da = s.unary(i.a), db = s.unary(i.b);
  switch (i.op) {
    case 'fadd':
      if (Object.is(b, -0)) return i.a;                                            // x + -0 = x
      if (Object.is(a, -0)) return i.b;
      if (db?.op === 'fneg') return { ...i, op: 'fsub', b: db.a };          // x + -y = x - y
      if (da?.op === 'fneg') return { ...i, op: 'fsub', a: i.b, b: da.a };  // -y + x = x - y
      return i;
    case 'fsub':
      if (Object.is(b, 0)) return i.a;                                             // x - +0 = x
      if (Object.is(a, -0)) return { kind: 'unary', op: 'fneg', type: i.type, a: i.b, result: i.result, loc: i.loc }; // -0 - x = -x
      if (db?.op === 'fneg') return { ...i, op: 'fadd', b: db.a };          // x - -y = x + y
      return i;
    case 'fmul':
      if (b === 1) return i.a;                                                     // x * 1 = x
      if (a === 1) return i.b;
      if (b === -1) return { kind: 'unary', op: 'fneg', type: i.type, a: i.a, result: i.result, loc: i.loc };
      if (a === -1) return { kind: 'unary', op: 'fneg', type: i.type, a: i.b, result: i.result, loc: i.loc };
      if (b === 2) return { ...i, op: 'fadd', b: i.a };                            // x * 2 = x + x
      if (a === 2) return { ...i, op: 'fadd', a: i.b };
      if (da?.op === 'fneg' && db?.op === 'fneg') return { ...i, a: da.a, b: db.a };
      return i;
    case 'fdiv': {
      if (b === 1) return i.a;                                                     // x / 1 = x
      if (da?.op === 'fneg' && db?.op === 'fneg') return { ...i, a: da.a, b: db.a };
      if (typeof b === 'number' && isExactReciprocal(b, i.type === 'f32')) {       // x / 2^n = x * 2^-n
        return { ...i, op: 'fmul', b: s.literal(i.type, 1 / b, i.loc) };
      }
      return i;
    }
    case 'fmin': case 'fmax': return i.a === i.b ? i.a : i;
    case 'fcopysign': {
      if (i.a === i.b) return i.a;
      if (b !== undefined && !Number.isNaN(b)) {                                   // a known sign
        const negative = (b as number) < 0 || Object.is(b, -0);
        if (!negative) return { kind: 'unary', op: 'fabs', type: i.type, a: i.a, result: i.result, loc: i.loc };
      }
      if (da !== undefined && (da.op === 'fneg' || da.op === 'fabs')) return { ...i, a: da.a };
      return i;
    }
    default: return i;
  }
}

/** A power of two whose reciprocal is one too, neither of them subnormal: dividing by it is multiplying by that. */
function isExactReciprocal(b: number, single: boolean): boolean {
  const low = single ? 2 ** -126 : 2 ** -1022, m = Math.abs(b), r = 1 / m;
  if (!(m >= low && r >= low && m < Infinity)) return false;
  return m === 2 ** Math.round(Math.log2(m));
}

export function simplifyUnary(s: RuleSite, i: UnaryInst): Simplified {
  const a = s.valueOf(i.a);
  if (a !== undefined) {
    const r = evalUnary(i.op, i.type, a);
    return r === undefined ? i : { kind: 'const', type: i.type, value: r, result: i.result, loc: i.loc };
  }
  const d = s.unary(i.a);
  if (d === undefined) {
    const x = s.binary(i.a);
    return x?.op === 'fcopysign' && i.op === 'fabs' ? { ...i, a: x.a } : i;
  }
  switch (i.op) {
    case 'fneg': return d.op === 'fneg' ? d.a : i;                                 // - -x = x
    case 'fabs': return d.op === 'fneg' ? { ...i, a: d.a } : d.op === 'fabs' ? i.a : i; // |-x| = |x|
    case 'bswap': return d.op === 'bswap' ? d.a : i;
    case 'fceil': case 'ffloor': case 'ftrunc': case 'fnearest':                   // an integral value stays
      return d.op === 'fceil' || d.op === 'ffloor' || d.op === 'ftrunc' || d.op === 'fnearest' ? i.a : i;
    default: return i;
  }
}

export function simplifyTernary(s: RuleSite, i: TernaryInst): Simplified {
  const a = s.valueOf(i.a), b = s.valueOf(i.b), c = s.valueOf(i.c);
  if (a === undefined || b === undefined || c === undefined) return i;
  return { kind: 'const', type: i.type, value: evalTernary(i.op, i.type, a, b, c), result: i.result, loc: i.loc };
}
