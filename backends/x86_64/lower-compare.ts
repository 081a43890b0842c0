/**
 * Conditions: what a branch, `setcc` or conditional move tests, with the compare that sets the flags.
 *
 * `prepare*` asks for the operands and leaves a description in a {@link Condition}; the consumer then begins its
 * machine instruction with {@link conditionData} and lists the operands with {@link conditionOperands}.
 */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import type { CompareInst, Instruction, SelectInst, Value } from '../../lib/mir/instruction.ts';
import type { CompareOp } from '../../lib/mir/ops.ts';
import { setCondition, type Condition } from './condition.ts';
import { isVectorType } from './lower-memory.ts';
import { prepareVectorTest } from './lower-vector-test.ts';
import {
  CC_A, CC_AE, CC_B, CC_BE, CC_E, CC_FEQ, CC_FNE, CC_G, CC_GE, CC_L, CC_LE, CC_NE, COMPARE_CMP, COMPARE_FLOAT, COMPARE_TEST,
  F_MAX, F_MIN, MODE_NONE, MOVE_SIZE_SHIFT, OP_CMOV, OP_FBINARY, OP_FSELECT, OP_SETCC, exchange, negate, packCompare, sizeLog,
} from './opcodes.ts';
import { DEF_REG, USE_ANY, USE_REG, defReuse } from './operand-constraints.ts';
import { SelectContext } from './select-context.ts';

const CC_OF: Readonly<Record<CompareOp, number>> = {
  eq: CC_E, ne: CC_NE, ult: CC_B, ule: CC_BE, ugt: CC_A, uge: CC_AE, slt: CC_L, sle: CC_LE, sgt: CC_G, sge: CC_GE,
  feq: CC_FEQ, fne: CC_FNE, flt: CC_A, fle: CC_AE, fgt: CC_A, fge: CC_AE,
};

/** True for the float compares that are done with exchanged operands. */
export function isExchangedFloat(op: CompareOp): boolean { return op === 'flt' || op === 'fle'; }

/** Any `i1` as a condition; a folded compare becomes the flags themselves. */
export function prepareCondition(s: SelectContext, v: Value): Condition {
  let negated = false, d = s.definition(v);
  // Negations may be many.
  while (d !== undefined && d.kind === 'binary' && d.op === 'xor' && s.isFolded(v)) {
    negated = !negated;
    v = d.a;
    d = s.definition(v);
  }
  const c = prepareTruth(s, v, d);
  if (negated) c.cc = negate(c.cc);
  return c;
}

function prepareTruth(s: SelectContext, v: Value, d: Instruction | undefined): Condition {
  if (d !== undefined && s.isFolded(v)) {
    if (d.kind === 'compare') return prepareCompare(s, d);
    if (d.kind === 'vector') return prepareVectorTest(s, d);
    if (d.kind === 'convert' && d.op === 'trunc') {
      s.flexible(d.a);
      return setCondition(COMPARE_TEST, 1, CC_NE, -1, true, 1);
    }
  }
  const r = s.reg(v);
  s.register(r);
  return setCondition(COMPARE_TEST, 4, CC_NE, r, false, 0);
}

/** A compare of any type. */
export function prepareCompare(s: SelectContext, i: CompareInst): Condition {
  let cc = CC_OF[i.op];
  const bytes = i.type === 'i1' ? 4 : s.bytesOf(i.type);
  if (i.type === 'f32' || i.type === 'f64') {
    const exchanged = isExchangedFloat(i.op) || ((i.op === 'feq' || i.op === 'fne') && s.isFoldedLoad(i.a));
    const a = s.reg(exchanged ? i.b : i.a);
    s.flexible(exchanged ? i.a : i.b);
    return setCondition(COMPARE_FLOAT, bytes, cc, a, false, 0);
  }
  let x = i.a, y = i.b;
  if (s.isImmediate(x) && !s.isImmediate(y)) {
    x = i.b;
    y = i.a;
    cc = exchange(cc);
  }
  if (s.isImmediate(y)) {
    const value = s.immediate(y);
    if (value === 0) {
      const d = s.definition(x);
      if (d !== undefined && d.kind === 'binary' && d.op === 'and' && s.isFolded(x)) return prepareTest(s, d.a, d.b, bytes, cc);
      if (!s.isFoldedLoad(x)) {
        const r = s.reg(x);
        s.register(r);
        return setCondition(COMPARE_TEST, bytes, cc, r, false, 0);
      }
    }
    s.flexible(x);
    return setCondition(COMPARE_CMP, bytes, cc, -1, true, value);
  }
  if (s.isFoldedLoad(x)) {
    const t = x;
    x = y;
    y = t;
    cc = exchange(cc);
  }
  const a = s.reg(x);
  s.flexible(y);
  return setCondition(COMPARE_CMP, bytes, cc, a, false, 0);
}

/** `(x and y)` compared with zero. */
function prepareTest(s: SelectContext, x: Value, y: Value, bytes: number, cc: number): Condition {
  if (s.isImmediate(x)) { const t = x; x = y; y = t; }
  if (s.isImmediate(y)) {
    const value = s.immediate(y);
    s.flexible(x);
    // A test of a few low bits needs no wider operand; the sign flag does.
    const narrow = (cc === CC_E || cc === CC_NE) && value >= 0 && value < 256 && bytes > 1 && s.mode === MODE_NONE;
    return setCondition(COMPARE_TEST, narrow ? 1 : bytes, cc, -1, true, value);
  }
  if (s.isFoldedLoad(x)) { const t = x; x = y; y = t; }
  const a = s.reg(x);
  s.flexible(y);
  return setCondition(COMPARE_TEST, bytes, cc, a, false, 0);
}

/** data0 of the consumer. */
export function conditionData(s: SelectContext, c: Condition): number {
  return packCompare(c.kind, sizeLog(c.bytes), s.mode, s.scale, c.cc, c.immediate);
}
/** data1 of the consumer: the immediate, the displacement, or an index of both. */
export function conditionWord(s: SelectContext, c: Condition): number {
  if (!c.immediate) return s.displacement;
  if (s.mode === MODE_NONE) return c.value;
  const at = s.extra.push(s.displacement);
  s.extra.push(c.value);
  return at;
}
/** Lists the compare's operands. */
export function conditionOperands(s: SelectContext, c: Condition): void {
  if (c.a >= 0) s.op(c.a, USE_REG);
  s.flexibleOperands();
}

/** An `i1` result in a register. */
export function lowerCompare(s: SelectContext, i: CompareInst): void {
  emitSetcc(s, prepareCompare(s, i), s.def(i.result));
}

export function emitSetcc(s: SelectContext, c: Condition, d: VReg): void {
  s.inst(OP_SETCC, conditionData(s, c), conditionWord(s, c));
  s.op(d, DEF_REG);
  conditionOperands(s, c);
}

export function lowerSelect(s: SelectContext, i: SelectInst): void {
  if ((i.type === 'f32' || i.type === 'f64') && lowerLesserOrGreater(s, i)) return;
  // Values first: the condition must be the last thing asked for.
  let yes = s.reg(i.a), no = s.reg(i.b);
  const c = prepareCondition(s, i.condition);
  if (c.cc === CC_FEQ) {
    // Only "either flag" can be tested by two moves, so the ordered equality is turned around.
    c.cc = CC_FNE;
    const t = yes;
    yes = no;
    no = t;
  }
  const float = isVectorType(i.type);
  const bytes = s.bytesOf(i.type), size = float ? 0 : bytes === 8 ? 3 : 2;
  s.inst(float ? OP_FSELECT : OP_CMOV, conditionData(s, c) | size << MOVE_SIZE_SHIFT, conditionWord(s, c));
  s.op(s.def(i.result), defReuse(1));
  s.op(no, USE_REG);
  s.op(yes, float ? USE_REG : USE_ANY);
  conditionOperands(s, c);
}

/** `a < b ? a : b` and its kind are the processor's minimum and maximum, NaN and zeros included. */
function lowerLesserOrGreater(s: SelectContext, i: SelectInst): boolean {
  const c = s.definition(i.condition);
  if (c === undefined || c.kind !== 'compare' || !s.isFolded(i.condition) || (c.op !== 'flt' && c.op !== 'fgt')) return false;
  const a = s.resolve(i.a), b = s.resolve(i.b), x = s.resolve(c.a), y = s.resolve(c.b);
  const straight = a === x && b === y;
  if (!straight && !(a === y && b === x)) return false;
  const first = s.reg(i.a);
  s.flexible(i.b);
  s.inst(OP_FBINARY, s.packed((c.op === 'flt') === straight ? F_MIN : F_MAX, s.bytesOf(i.type)), s.displacement);
  s.op(s.def(i.result), s.vectorResult);
  s.op(first, USE_REG);
  s.flexibleOperands();
  return true;
}
