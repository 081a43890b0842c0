/** Rules for compares, selects and pairs. A float compare is false when an operand is NaN, so it has no inverse but `feq`/`fne`. */
import { evalBinary, evalCompare, evalPair } from '../../mir/evaluate.ts';
import type { CompareInst, PairInst, SelectInst, Value } from '../../mir/instruction.ts';
import type { CompareOp } from '../../mir/ops.ts';
import type { Type } from '../../mir/types.ts';
import { complementOf } from './integer.ts';
import { canonicalInteger, isAllOnes, significantBits, type RuleSite, type Simplified } from './site.ts';

/** The compare with operands exchanged. */
export const SWAPPED: Readonly<Record<CompareOp, CompareOp>> = {
  eq: 'eq', ne: 'ne', ult: 'ugt', ule: 'uge', ugt: 'ult', uge: 'ule', slt: 'sgt', sle: 'sge', sgt: 'slt', sge: 'sle',
  feq: 'feq', fne: 'fne', flt: 'fgt', fle: 'fge', fgt: 'flt', fge: 'fle',
};

/** The compare that is true exactly when this one is false; absent where NaN forbids it. */
export const INVERSE: Readonly<Partial<Record<CompareOp, CompareOp>>> = {
  eq: 'ne', ne: 'eq', ult: 'uge', ule: 'ugt', ugt: 'ule', uge: 'ult', slt: 'sge', sle: 'sgt', sgt: 'sle', sge: 'slt',
  feq: 'fne', fne: 'feq',
};

export function simplifyCompare(s: RuleSite, i: CompareInst): Simplified {
  const a = s.valueOf(i.a), b = s.valueOf(i.b);
  if (a !== undefined) {
    if (b !== undefined) return truth(i, evalCompare(i.op, i.type, a, b));
    return { ...i, op: SWAPPED[i.op], a: i.b, b: i.a };                            // constants stand on the right
  }
  if (i.a === i.b) {
    switch (i.op) {
      case 'eq': case 'ule': case 'uge': case 'sle': case 'sge': return truth(i, 1);
      case 'ne': case 'ult': case 'ugt': case 'slt': case 'sgt': case 'flt': case 'fgt': return truth(i, 0);
      default: return i;                                                           // feq x, x is "not NaN"
    }
  }
  if (i.type === 'f32' || i.type === 'f64') return i;
  return b === undefined ? i : againstConstant(s, i, b);
}

function truth(i: CompareInst, value: 0 | 1): Simplified {
  return { kind: 'const', type: 'i1', value, result: i.result, loc: i.loc };
}

/** `x op c` on integers. */
function againstConstant(s: RuleSite, i: CompareInst, c: number | bigint): Simplified {
  const zero = c === 0 || c === 0n, one = c === 1 || c === 1n;
  if (i.type === 'i1') {                                                           // x = 1: x; x = 0: not x
    if ((i.op === 'eq') === (c === 1)) return i.a;
    return { kind: 'binary', op: 'xor', type: 'i1', a: i.a, b: s.integer('i1', 1, i.loc), result: i.result, loc: i.loc };
  }
  switch (i.op) {
    case 'ult':
      if (zero) return truth(i, 0);
      if (one) return { ...i, op: 'eq', b: s.integer(i.type, 0, i.loc) };
      break;
    case 'uge':
      if (zero) return truth(i, 1);
      if (one) return { ...i, op: 'ne', b: s.integer(i.type, 0, i.loc) };
      break;
    case 'ugt': if (zero) return { ...i, op: 'ne' }; break;
    case 'ule': if (zero) return { ...i, op: 'eq' }; break;
    default: break;
  }
  if (s.definition(i.a) === undefined || i.type === 'ptr') return i;
  const x = s.convert(i.a), d = s.binary(i.a);
  if (x !== undefined && (x.op === 'zext' || x.op === 'sext')) return narrowed(s, i, x.op, x.a, x.from, c);
  if (i.op !== 'eq' && i.op !== 'ne' || d === undefined) return rangeKnown(s, i, c);
  const k = s.valueOf(d.b);
  switch (d.op) {
    case 'sub':                                                                    // x - y = 0: x = y
      if (zero && k === undefined) return { ...i, a: d.a, b: d.b };
      return i;
    case 'add': return k === undefined ? i : { ...i, a: d.a, b: s.literal(i.type, evalBinary('sub', i.type, c, k)!, i.loc) };
    case 'xor':
      if (k !== undefined) return { ...i, a: d.a, b: s.literal(i.type, evalBinary('xor', i.type, c, k)!, i.loc) };
      return zero ? { ...i, a: d.a, b: d.b } : i;
    default: return rangeKnown(s, i, c);
  }
}

/** The value has too few bits to reach the constant. */
function rangeKnown(s: RuleSite, i: CompareInst, c: number | bigint): Simplified {
  if (c < 0) return i;
  const bits = significantBits(s, i.a, i.type);
  if (bits >= s.width(i.type) || c < 2 ** bits) return i;
  switch (i.op) {
    case 'eq': case 'ugt': case 'uge': case 'sgt': case 'sge': return truth(i, 0);
    case 'ne': case 'ult': case 'ule': case 'slt': case 'sle': return truth(i, 1);
    default: return i;
  }
}

/** A compare of an extended value with a constant, done on the narrow value when the constant fits there. */
function narrowed(s: RuleSite, i: CompareInst, op: 'zext' | 'sext', x: Value, from: Type, c: number | bigint): Simplified {
  if (from === 'i1') {
    if (i.op !== 'eq' && i.op !== 'ne') return i;
    const isOne = op === 'zext' ? c === 1 || c === 1n : c === -1 || c === -1n;
    if (!isOne && c !== 0 && c !== 0n) return truth(i, i.op === 'ne' ? 1 : 0);
    if ((i.op === 'eq') === isOne) return x;
    return { kind: 'binary', op: 'xor', type: 'i1', a: x, b: s.integer('i1', 1, i.loc), result: i.result, loc: i.loc };
  }
  const n = Number(c), half = 2 ** (s.width(from) - 1);
  if (op === 'zext') {
    if (n < 0 || n >= half * 2) return rangeKnown(s, i, c);
    const unsigned = UNSIGNED[i.op];                                               // both sides are non-negative
    return unsigned === undefined ? i : { ...i, op: unsigned, type: from, a: x, b: s.literal(from, canonicalInteger(from, n), i.loc) };
  }
  if (n < -half || n >= half) return i;
  if (i.op !== 'eq' && i.op !== 'ne' && UNSIGNED[i.op] === i.op) return i;         // unsigned order of sign-extended values
  return { ...i, type: from, a: x, b: s.literal(from, canonicalInteger(from, n), i.loc) };
}

const UNSIGNED: Readonly<Partial<Record<CompareOp, CompareOp>>> = {
  eq: 'eq', ne: 'ne', ult: 'ult', ule: 'ule', ugt: 'ugt', uge: 'uge', slt: 'ult', sle: 'ule', sgt: 'ugt', sge: 'uge',
};

/** `i1` rules that need the compare behind the value: `not (x < y)` is `x >= y`. */
export function simplifyNot(s: RuleSite, a: Value, result: Value, loc: number): Simplified | undefined {
  const d = s.compare(a);
  if (d === undefined) return undefined;
  const op = INVERSE[d.op];
  return op === undefined ? undefined : { ...d, op, result, loc };
}

export function simplifySelect(s: RuleSite, i: SelectInst): Simplified {
  const k = s.valueOf(i.condition);
  if (k !== undefined) return k === 1 ? i.a : i.b;
  if (i.a === i.b) return i.a;
  const inner = complementOf(s, i.condition);
  if (inner >= 0) return { ...i, condition: inner, a: i.b, b: i.a };               // not c ? a : b = c ? b : a
  const a = s.valueOf(i.a), b = s.valueOf(i.b);
  if (i.type === 'i1') {
    if (a === 1 && b === 0) return i.condition;
    if (a === 0 && b === 1) return { kind: 'binary', op: 'xor', type: 'i1', a: i.condition, b: i.a === i.b ? i.b : s.integer('i1', 1, i.loc), result: i.result, loc: i.loc };
    if (a === 1) return { kind: 'binary', op: 'or', type: 'i1', a: i.condition, b: i.b, result: i.result, loc: i.loc };
    if (b === 0) return { kind: 'binary', op: 'and', type: 'i1', a: i.condition, b: i.a, result: i.result, loc: i.loc };
    return i;
  }
  const isInteger = i.type === 'i8' || i.type === 'i16' || i.type === 'i32' || i.type === 'i64';
  if (isInteger && a !== undefined && b !== undefined) {
    const zeroB = b === 0 || b === 0n, oneA = a === 1 || a === 1n, onesA = isAllOnes(i.type, a);
    if (zeroB && oneA) return { kind: 'convert', op: 'zext', from: 'i1', type: i.type, a: i.condition, result: i.result, loc: i.loc };
    if (zeroB && onesA) return { kind: 'convert', op: 'sext', from: 'i1', type: i.type, a: i.condition, result: i.result, loc: i.loc };
  }
  const d = s.compare(i.condition);
  if (d !== undefined && (isInteger || i.type === 'ptr')) {                  // x = y ? x : y = y
    if (d.op === 'eq' && (d.a === i.a && d.b === i.b || d.a === i.b && d.b === i.a)) return i.b;
    if (d.op === 'ne' && (d.a === i.a && d.b === i.b || d.a === i.b && d.b === i.a)) return i.a;
  }
  return i;
}

/** Folds a pair of constants to two constants: the first takes the instruction's place, the second is given. */
export function foldPair(s: RuleSite, i: PairInst): readonly [Value, Value] | undefined {
  const a = s.valueOf(i.a), b = s.valueOf(i.b);
  if (a === undefined || b === undefined) return undefined;
  const [low, high] = evalPair(i.op, i.type, a, b);
  return [s.literal(i.type, low, i.loc), s.literal(i.op.endsWith('_wide') ? i.type : 'i1', high, i.loc)];
}
