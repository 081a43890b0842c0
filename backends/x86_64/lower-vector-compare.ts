/** Compares of integer lanes: all ones where they hold. */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import type { VectorInst } from '../../lib/mir/instruction.ts';
import { X, type Form } from './forms.ts';
import type { SelectContext } from './select-context.ts';
import { binary, binaryFlexible, binaryWord, byteWord, halfWord, ones, unaryI, zero } from './vector-steps.ts';

const EQUAL: readonly Form<'binary'>[] = [X.pcmpeqb, X.pcmpeqw, X.pcmpeqd], GREATER: readonly Form<'binary'>[] = [X.pcmpgtb, X.pcmpgtw, X.pcmpgtd];

/** Emits the compare; false when the operation is none. */
export function lowerVectorCompare(s: SelectContext, i: VectorInst, lane: number, bytes: number): boolean {
  const [p, q] = i.args;
  switch (i.op) {
    case 'veq': case 'vne': {
      const exchanged = s.isFoldedLoad(p) || (s.isConstant(p) && !s.isFoldedLoad(q)), a = s.reg(exchanged ? q : p);
      if (lane < 8 || s.plan.features.sse4_1) {
        s.flexible(exchanged ? p : q);
        const equal = binaryFlexible(s, lane === 8 ? X.pcmpeqq : EQUAL[lane >> 1], a, i.op === 'veq' ? s.def(i.result) : -1, bytes);
        if (i.op === 'vne') not(s, equal, s.def(i.result), bytes);
        return true;
      }
      const halves = binary(s, X.pcmpeqd, a, s.reg(exchanged ? p : q)), d = s.def(i.result);
      const equal = binary(s, X.pand, halves, unaryI(s, X.pshufd, halves, 0xb1), i.op === 'veq' ? d : -1);
      if (i.op === 'vne') not(s, equal, d, bytes);
      return true;
    }
    case 'vgt_s': greater(s, i, false, lane, bytes); return true;
    case 'vlt_s': greater(s, i, true, lane, bytes); return true;
    case 'vge_s': notLess(s, i, false, true, lane, bytes); return true;
    case 'vle_s': notLess(s, i, true, true, lane, bytes); return true;
    case 'vge_u': notLess(s, i, false, false, lane, bytes); return true;
    case 'vle_u': notLess(s, i, true, false, lane, bytes); return true;
    case 'vgt_u': greaterUnsigned(s, i, false, lane, bytes); return true;
    case 'vlt_u': greaterUnsigned(s, i, true, lane, bytes); return true;
    default: return false;
  }
}

function not(s: SelectContext, a: VReg, d: VReg, bytes: number): void { binary(s, X.pxor, ones(s, bytes), a, d, bytes); }

/** Signed `a > b`, or `b > a`. */
function greater(s: SelectContext, i: VectorInst, exchanged: boolean, lane: number, bytes: number): void {
  const a = s.reg(i.args[exchanged ? 1 : 0]), other = i.args[exchanged ? 0 : 1];
  if (lane === 8 && !s.plan.features.sse4_2) { greater64(s, a, s.reg(other), s.def(i.result)); return; }
  s.flexible(other);
  binaryFlexible(s, lane === 8 ? X.pcmpgtq : GREATER[lane >> 1], a, s.def(i.result), bytes);
}

/**
 * Signed `a > b` of 64-bit lanes without the instruction: the high halves decide, and where they are equal the borrow
 * of the difference, which then fills the high half of `b − a`.
 */
function greater64(s: SelectContext, a: VReg, b: VReg, d: VReg): VReg {
  const borrow = binary(s, X.pand, binary(s, X.psubq, b, a), binary(s, X.pcmpeqd, a, b));
  return unaryI(s, X.pshufd, binary(s, X.por, borrow, binary(s, X.pcmpgtd, a, b)), 0xf5, d);
}

/** `a >= b` (or `a <= b`): the larger of the two is `a` where there is an instruction for it, else not less. */
function notLess(s: SelectContext, i: VectorInst, exchanged: boolean, signed: boolean, lane: number, bytes: number): void {
  const { sse4_1, sse4_2 } = s.plan.features;
  const a = s.reg(i.args[exchanged ? 1 : 0]), b = s.reg(i.args[exchanged ? 0 : 1]), d = s.def(i.result);
  const larger = lane === 8 ? undefined : largerForm(signed, lane, sse4_1);
  if (larger !== undefined) {
    binary(s, EQUAL[lane >> 1], binary(s, larger, a, b, -1, bytes), a, d, bytes);
    return;
  }
  if (!signed && lane === 2) {
    binary(s, X.pcmpeqw, binary(s, X.psubusw, b, a), zero(s), d);
    return;
  }
  const less = lane === 8
    ? sse4_2 ? binary(s, X.pcmpgtq, b, a, -1, bytes) : greater64(s, b, a, -1)
    : binary(s, GREATER[lane >> 1], signed ? b : biased(s, b, lane, bytes), signed ? a : biased(s, a, lane, bytes), -1, bytes);
  not(s, less, d, bytes);
}

function largerForm(signed: boolean, lane: number, sse4_1: boolean): Form<'binary'> | undefined {
  if (signed) return lane === 2 ? X.pmaxsw : !sse4_1 ? undefined : lane === 1 ? X.pmaxsb : X.pmaxsd;
  return lane === 1 ? X.pmaxub : !sse4_1 ? undefined : lane === 2 ? X.pmaxuw : X.pmaxud;
}

/** Unsigned `a > b`, or `b > a`: signed after the sign bits have been flipped. */
function greaterUnsigned(s: SelectContext, i: VectorInst, exchanged: boolean, lane: number, bytes: number): void {
  const a = s.reg(i.args[exchanged ? 1 : 0]), b = s.reg(i.args[exchanged ? 0 : 1]);
  binary(s, GREATER[lane >> 1], biased(s, a, lane, bytes), biased(s, b, lane, bytes), s.def(i.result), bytes);
}
function biased(s: SelectContext, a: VReg, lane: number, bytes: number): VReg {
  return binaryWord(s, X.pxor, a, lane === 1 ? byteWord(0x80) : lane === 2 ? halfWord(0x8000) : -0x80000000, -1, bytes);
}
