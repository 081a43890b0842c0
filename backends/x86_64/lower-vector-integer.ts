/**
 * Arithmetic on integer lanes, and on bits. Compares are in `lower-vector-compare.ts`, shifts in
 * `lower-vector-shift.ts`, changes of lane width in `lower-vector-width.ts`, tests in `lower-vector-test.ts`.
 *
 * Every operation has a form at every feature level; what a level lacks is composed of what it has. Sequences for
 * SSE2 are the well-known ones (Warren, "Hacker's Delight", 2013, chapter 2; Agner Fog, "Optimizing subroutines in
 * assembly language", chapter 13).
 */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import type { VectorInst } from '../../lib/mir/instruction.ts';
import { X, type Form } from './forms.ts';
import { lowerVectorCompare } from './lower-vector-compare.ts';
import { lowerVectorShift } from './lower-vector-shift.ts';
import { emitVectorTest, lowerBitmask } from './lower-vector-test.ts';
import { lowerExtend, lowerNarrow, lowerSwizzle } from './lower-vector-width.ts';
import type { SelectContext } from './select-context.ts';
import { laneBytes, vectorBytes } from './vector-lanes.ts';
import { signsOf64 } from './vector-signs.ts';
import {
  binary, binaryFlexible, binaryWord, byteWord, constant, constantWord, ones, shiftI, unaryFlexible, unaryI, zero,
} from './vector-steps.ts';

const ADD = [X.paddb, X.paddw, X.paddd, X.paddq], SUB = [X.psubb, X.psubw, X.psubd, X.psubq];

/** Emits the operation; false when it is not one of integers. */
export function lowerVectorInteger(s: SelectContext, i: VectorInst): boolean {
  const lane = laneBytes(s, i.lanes), k = 31 - Math.clz32(lane), bytes = vectorBytes(s, i.lanes), float = i.lanes.startsWith('f');
  if (float && i.op !== 'vbitmask') return false;
  switch (i.op) {
    case 'vadd': commutative(s, i, ADD[k], bytes); return true;
    case 'vsub': straight(s, i, SUB[k], bytes); return true;
    case 'vmul': lowerMultiply(s, i, lane, bytes); return true;
    case 'vadd_sat_s': commutative(s, i, lane === 1 ? X.paddsb : X.paddsw, bytes); return true;
    case 'vadd_sat_u': commutative(s, i, lane === 1 ? X.paddusb : X.paddusw, bytes); return true;
    case 'vsub_sat_s': straight(s, i, lane === 1 ? X.psubsb : X.psubsw, bytes); return true;
    case 'vsub_sat_u': straight(s, i, lane === 1 ? X.psubusb : X.psubusw, bytes); return true;
    case 'vavg_u': commutative(s, i, lane === 1 ? X.pavgb : X.pavgw, bytes); return true;
    case 'vmin_s': case 'vmin_u': case 'vmax_s': case 'vmax_u': lowerMinMax(s, i, lane, bytes); return true;
    case 'vabs': lowerAbs(s, i, lane, bytes); return true;
    case 'vneg': {
      const a = s.reg(i.args[0]);
      binary(s, SUB[k], zero(s, bytes), a, s.def(i.result), bytes);
      return true;
    }
    case 'vpopcnt': lowerPopcnt(s, i, bytes); return true;
    case 'vand': commutative(s, i, X.pand, bytes); return true;
    case 'vor': commutative(s, i, X.por, bytes); return true;
    case 'vxor': commutative(s, i, X.pxor, bytes); return true;
    case 'vandnot': {
      // The instruction complements its first source.
      const b = s.reg(i.args[1]);
      s.flexible(i.args[0]);
      binaryFlexible(s, X.pandn, b, s.def(i.result), bytes);
      return true;
    }
    case 'vnot': {
      const a = s.reg(i.args[0]);
      binary(s, X.pxor, ones(s, bytes), a, s.def(i.result), bytes);
      return true;
    }
    case 'vbitselect': {
      const a = s.reg(i.args[0]), b = s.reg(i.args[1]), c = s.reg(i.args[2]);
      select(s, c, a, b, s.def(i.result), bytes);
      return true;
    }
    case 'vshl': case 'vshr_s': case 'vshr_u': lowerVectorShift(s, i, lane, bytes); return true;
    case 'vswizzle': lowerSwizzle(s, i, bytes); return true;
    case 'vany_true': case 'vall_true': emitVectorTest(s, i); return true;
    case 'vbitmask': lowerBitmask(s, i, lane, bytes); return true;
    case 'vextend_low_s': lowerExtend(s, i, lane, bytes, true, false); return true;
    case 'vextend_high_s': lowerExtend(s, i, lane, bytes, true, true); return true;
    case 'vextend_low_u': lowerExtend(s, i, lane, bytes, false, false); return true;
    case 'vextend_high_u': lowerExtend(s, i, lane, bytes, false, true); return true;
    case 'vnarrow_s': lowerNarrow(s, i, lane, bytes, true); return true;
    case 'vnarrow_u': lowerNarrow(s, i, lane, bytes, false); return true;
    case 'vdot_i16_s': commutative(s, i, X.pmaddwd, bytes); return true;
    default: return lowerVectorCompare(s, i, lane, bytes);
  }
}

/** `a op b` in one instruction. */
function straight(s: SelectContext, i: VectorInst, f: Form<'binary'>, bytes: number): void {
  const a = s.reg(i.args[0]);
  s.flexible(i.args[1]);
  binaryFlexible(s, f, a, s.def(i.result), bytes);
}
/** The same when the operands may be exchanged: memory, constants and what dies last go where they cost nothing. */
function commutative(s: SelectContext, i: VectorInst, f: Form<'binary'>, bytes: number): void {
  let [a, b] = i.args;
  if (s.isFoldedLoad(a) || (s.isConstant(a) && !s.isFoldedLoad(b)) || (s.useCount(a) > 1 && s.useCount(b) === 1 && !s.isConstant(b) && !s.isFoldedLoad(b))) { a = i.args[1]; b = i.args[0]; }
  const x = s.reg(a);
  s.flexible(b);
  binaryFlexible(s, f, x, s.def(i.result), bytes);
}

/** `(a and mask) or (b and not mask)`. */
export function select(s: SelectContext, mask: VReg, a: VReg, b: VReg, d: VReg, bytes: number): VReg {
  const kept = binary(s, X.pand, a, mask, -1, bytes);
  return binary(s, X.por, binary(s, X.pandn, mask, b, -1, bytes), kept, d, bytes);
}

function lowerMultiply(s: SelectContext, i: VectorInst, lane: number, bytes: number): void {
  if (lane === 2) { commutative(s, i, X.pmullw, bytes); return; }
  if (lane === 4 && s.plan.features.sse4_1) { commutative(s, i, X.pmulld, bytes); return; }
  const a = s.reg(i.args[0]), b = s.reg(i.args[1]), d = s.def(i.result);
  if (lane === 4) {
    // Products of the even and of the odd lanes, then their low halves side by side.
    const even = unaryI(s, X.pshufd, binary(s, X.pmuludq, a, b), 0x08);
    const odd = binary(s, X.pmuludq, unaryI(s, X.pshufd, a, 0xf5), unaryI(s, X.pshufd, b, 0xf5));
    binary(s, X.punpckldq, even, unaryI(s, X.pshufd, odd, 0x08), d);
    return;
  }
  // low·low + ((high·low + low·high) << 32)
  const cross = binary(s, X.pmuludq, shiftI(s, X.psrlq, a, 32, -1, bytes), b, -1, bytes);
  const other = binary(s, X.pmuludq, shiftI(s, X.psrlq, b, 32, -1, bytes), a, -1, bytes);
  const high = shiftI(s, X.psllq, binary(s, X.paddq, cross, other, -1, bytes), 32, -1, bytes);
  binary(s, X.paddq, binary(s, X.pmuludq, a, b, -1, bytes), high, d, bytes);
}

/** The instruction for a minimum or maximum of lanes of 1, 2, 4 bytes, and whether SSE2 has it. */
const MIN_MAX: Readonly<Record<'vmin_s' | 'vmin_u' | 'vmax_s' | 'vmax_u', readonly (readonly [Form<'binary'>, boolean])[]>> = {
  vmin_s: [[X.pminsb, false], [X.pminsw, true], [X.pminsd, false]], vmin_u: [[X.pminub, true], [X.pminuw, false], [X.pminud, false]],
  vmax_s: [[X.pmaxsb, false], [X.pmaxsw, true], [X.pmaxsd, false]], vmax_u: [[X.pmaxub, true], [X.pmaxuw, false], [X.pmaxud, false]],
};

function lowerMinMax(s: SelectContext, i: VectorInst, lane: number, bytes: number): void {
  const op = i.op as keyof typeof MIN_MAX, [form, inSse2] = MIN_MAX[op][lane === 4 ? 2 : lane - 1];
  if (inSse2 || s.plan.features.sse4_1) { commutative(s, i, form, bytes); return; }
  const a = s.reg(i.args[0]), b = s.reg(i.args[1]), d = s.def(i.result), signed = op === 'vmin_s' || op === 'vmax_s', max = op === 'vmax_s' || op === 'vmax_u';
  if (lane === 2) {
    // What a exceeds b by, or 0: a less it is the minimum, b and it the maximum.
    const excess = binary(s, X.psubusw, a, b);
    if (max) binary(s, X.paddw, excess, b, d); else binary(s, X.psubw, a, excess, d);
    return;
  }
  let x = a, y = b;
  if (!signed) {
    x = binaryWord(s, X.pxor, a, -0x80000000);
    y = binaryWord(s, X.pxor, b, -0x80000000);
  }
  const greater = binary(s, lane === 1 ? X.pcmpgtb : X.pcmpgtd, x, y);
  if (max) select(s, greater, a, b, d, 16); else select(s, greater, b, a, d, 16);
}

function lowerAbs(s: SelectContext, i: VectorInst, lane: number, bytes: number): void {
  const { ssse3 } = s.plan.features, d = s.def(i.result);
  if (lane < 8 && ssse3) {
    s.flexible(i.args[0]);
    unaryFlexible(s, lane === 1 ? X.pabsb : lane === 2 ? X.pabsw : X.pabsd, d, bytes);
    return;
  }
  const a = s.reg(i.args[0]);
  if (lane < 4) {
    // As unsigned bytes the smaller of the two, as signed words the larger.
    binary(s, lane === 1 ? X.pminub : X.pmaxsw, binary(s, lane === 1 ? X.psubb : X.psubw, zero(s), a), a, d);
    return;
  }
  const sign = lane === 4 ? shiftI(s, X.psrad, a, 31) : signsOf64(s, a, bytes);
  binary(s, lane === 4 ? X.psubd : X.psubq, binary(s, X.pxor, a, sign, -1, bytes), sign, d, bytes);
}

function lowerPopcnt(s: SelectContext, i: VectorInst, bytes: number): void {
  const a = s.reg(i.args[0]), d = s.def(i.result);
  if (s.plan.features.ssse3) {
    // A look-up of each half of the byte among the counts of 0 to 15.
    const nibbles = constantWord(s, 0x0f0f0f0f, bytes), table = constant(s, 0x02010100, 0x03020201, 0x03020201, 0x04030302, bytes);
    const low = binary(s, X.pshufb, table, binary(s, X.pand, a, nibbles, -1, bytes), -1, bytes);
    const high = binary(s, X.pshufb, table, binary(s, X.pand, shiftI(s, X.psrlw, a, 4, -1, bytes), nibbles, -1, bytes), -1, bytes);
    binary(s, X.paddb, low, high, d, bytes);
    return;
  }
  // Sums of neighbouring bits, pairs, halves (Hacker's Delight, 5-1); word shifts, with the neighbour's bits masked off.
  const pairs = binary(s, X.psubb, a, binaryWord(s, X.pand, shiftI(s, X.psrlw, a, 1), byteWord(0x55)));
  const mask = constantWord(s, byteWord(0x33));
  const fours = binary(s, X.paddb, binary(s, X.pand, pairs, mask), binary(s, X.pand, shiftI(s, X.psrlw, pairs, 2), mask));
  binaryWord(s, X.pand, binary(s, X.paddb, fours, shiftI(s, X.psrlw, fours, 4)), byteWord(0x0f), d);
}

