/** Questions about all lanes: as a condition of a branch, as an `i1`, as a mask. */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import type { VectorInst } from '../../lib/mir/instruction.ts';
import type { VectorOp } from '../../lib/mir/vector-ops.ts';
import { setCondition, type Condition } from './condition.ts';
import { X } from './forms.ts';
import { CC_E, CC_NE, COMPARE_CMP, COMPARE_PTEST, COMPARE_TEST, OP_SETCC, packCompare, sizeLog } from './opcodes.ts';
import { DEF_REG, USE_ANY, USE_REG } from './operand-constraints.ts';
import type { SelectContext } from './select-context.ts';
import { laneBytes, vectorBytes } from './vector-lanes.ts';
import { binary, toInt, unaryI, zero } from './vector-steps.ts';

const COMPARES: ReadonlySet<VectorOp> = new Set(['veq', 'vne', 'vlt_s', 'vlt_u', 'vle_s', 'vle_u', 'vgt_s', 'vgt_u', 'vge_s', 'vge_u', 'vflt', 'vfle', 'vfgt', 'vfge']);

/** `vany_true` or `vall_true` as a condition. */
export function prepareVectorTest(s: SelectContext, i: VectorInst): Condition {
  const bytes = vectorBytes(s, i.lanes), a = s.reg(i.args[0]);
  if (i.op === 'vall_true') {
    if (hasWholeLanes(s, i)) {
      s.register(toInt(s, X.pmovmskb, a, 4, -1, bytes));
      return setCondition(COMPARE_CMP, 4, CC_E, -1, true, bytes === 32 ? -1 : 0xffff);
    }
    return nonZero(s, toInt(s, X.pmovmskb, zeroLanes(s, a, laneBytes(s, i.lanes), bytes), 4, -1, bytes), CC_E);
  }
  if (s.plan.features.sse4_1) {
    s.register(a);
    return setCondition(COMPARE_PTEST, bytes, CC_NE, a, false, 0);
  }
  if (hasWholeLanes(s, i)) return nonZero(s, toInt(s, X.pmovmskb, a), CC_NE);
  // A byte that is zero sets its bit: some bit is set unless all are.
  s.register(toInt(s, X.pmovmskb, binary(s, X.pcmpeqb, zero(s), a)));
  return setCondition(COMPARE_CMP, 4, CC_NE, -1, true, 0xffff);
}

/** Flags of `test mask, mask`. */
function nonZero(s: SelectContext, mask: VReg, cc: number): Condition {
  s.register(mask);
  return setCondition(COMPARE_TEST, 4, cc, mask, false, 0);
}

/** True for the result of a compare of lanes no narrower: each lane tested is all ones or zero, so its bytes' signs say all. */
function hasWholeLanes(s: SelectContext, i: VectorInst): boolean {
  const d = s.definition(i.args[0]);
  return d !== undefined && d.kind === 'vector' && COMPARES.has(d.op) && laneBytes(s, i.lanes) <= laneBytes(s, d.lanes);
}

/** All ones in each lane that is zero. */
function zeroLanes(s: SelectContext, a: VReg, lane: number, bytes: number): VReg {
  if (lane < 8) return binary(s, lane === 1 ? X.pcmpeqb : lane === 2 ? X.pcmpeqw : X.pcmpeqd, zero(s, bytes), a, -1, bytes);
  if (s.plan.features.sse4_1) return binary(s, X.pcmpeqq, zero(s, bytes), a, -1, bytes);
  const halves = binary(s, X.pcmpeqd, zero(s), a);
  return binary(s, X.pand, halves, unaryI(s, X.pshufd, halves, 0xb1));
}

/** The test as an `i1` in a register. */
export function emitVectorTest(s: SelectContext, i: VectorInst): void {
  const c = prepareVectorTest(s, i);
  s.inst(OP_SETCC, packCompare(c.kind, sizeLog(c.bytes), s.mode, s.scale, c.cc, c.immediate), c.immediate ? c.value : s.displacement);
  s.op(s.def(i.result), DEF_REG);
  if (c.a >= 0) s.op(c.a, USE_REG);
  s.op(s.first, c.kind === COMPARE_PTEST ? USE_REG : USE_ANY);
}

/** The sign bits of the lanes. */
export function lowerBitmask(s: SelectContext, i: VectorInst, lane: number, bytes: number): void {
  const a = s.reg(i.args[0]), d = s.def(i.result);
  if (lane === 2) {
    // Saturation to bytes keeps the sign; the other half is zeros.
    const other = bytes === 32 ? unaryI(s, X.vextracti128, a, 1, -1, 32, 16) : zero(s);
    toInt(s, X.pmovmskb, binary(s, X.packsswb, a, other), 4, d);
  } else toInt(s, lane === 1 ? X.pmovmskb : lane === 4 ? X.movmskps : X.movmskpd, a, 4, d, bytes);
}
