/** Integer lanes made wider or narrower, and the byte look-up. */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import type { VectorInst } from '../../lib/mir/instruction.ts';
import { X, type Form } from './forms.ts';
import { emitPlan } from './lower-shuffle.ts';
import type { SelectContext } from './select-context.ts';
import { planShuffle } from './shuffle-plan.ts';
import { binary, binaryFlexible, binaryWord, byteWord, constantWord, halfWord, shiftI, unary, unaryI, zero } from './vector-steps.ts';

const LOW: readonly Form<'binary'>[] = [X.punpcklbw, X.punpcklwd, X.punpckldq], HIGH: readonly Form<'binary'>[] = [X.punpckhbw, X.punpckhwd, X.punpckhdq];
const SIGNED: readonly Form<'unary'>[] = [X.pmovsxbw, X.pmovsxwd, X.pmovsxdq], UNSIGNED: readonly Form<'unary'>[] = [X.pmovzxbw, X.pmovzxwd, X.pmovzxdq];

/** Half of the lanes to twice the width. A load is not folded: it would be narrower than the program's. */
export function lowerExtend(s: SelectContext, i: VectorInst, lane: number, bytes: number, signed: boolean, high: boolean): void {
  const k = lane >> 1, a = s.reg(i.args[0]), d = s.def(i.result);
  if (bytes === 32) {
    const half = high ? unaryI(s, X.vextracti128, a, 1, -1, 32, 16) : a;
    unary(s, (signed ? SIGNED : UNSIGNED)[k], half, d, 32, 16);
    return;
  }
  if (!high && s.plan.features.sse4_1) { unary(s, (signed ? SIGNED : UNSIGNED)[k], a, d, 16, 8); return; }
  const unpack = (high ? HIGH : LOW)[k];
  if (!signed) { binary(s, unpack, a, zero(s), d); return; }
  // Each lane beside itself (or its sign), then the copy shifted away.
  if (lane === 4) binary(s, unpack, a, shiftI(s, X.psrad, a, 31), d);
  else shiftI(s, lane === 1 ? X.psraw : X.psrad, binary(s, unpack, a, a), 8 * lane, d);
}

export function lowerNarrow(s: SelectContext, i: VectorInst, lane: number, bytes: number, signed: boolean): void {
  const a = s.reg(i.args[0]), d = s.def(i.result);
  if (lane === 4 && !signed && !s.plan.features.sse4_1) {
    const x = toUnsigned16(s, a), y = toUnsigned16(s, s.reg(i.args[1]));
    binaryWord(s, X.pxor, binary(s, X.packssdw, x, y), halfWord(0x8000), d);
    return;
  }
  s.flexible(i.args[1]);
  const form = lane === 2 ? (signed ? X.packsswb : X.packuswb) : signed ? X.packssdw : X.packusdw;
  const packed = binaryFlexible(s, form, a, bytes === 32 ? -1 : d, bytes);
  // The instruction works in each half: a, b, a, b become a, a, b, b.
  if (bytes === 32) unaryI(s, X.vpermq, packed, 0xd8, d, 32);
}

/** Negative lanes made 0, and 32768 less, so that the signed saturation of the packing ends where it should. */
function toUnsigned16(s: SelectContext, a: VReg): VReg {
  return binaryWord(s, X.psubd, binary(s, X.pandn, shiftI(s, X.psrad, a, 31), a), 0x8000);
}

/** {@link planShuffle}'s bit for a second source that is all zeros. */
const SECOND_IS_ZERO = 2;

/** An index over 15 gives 0; `pshufb` wants its sign bit set for that. */
export function lowerSwizzle(s: SelectContext, i: VectorInst, bytes: number): void {
  const indices = s.constant(i.args[1]);
  if (typeof indices === 'bigint' && bytes === 16) {
    // A shuffle of the vector and of zero.
    const mask = Array.from({ length: 16 }, (_, k) => Math.min(16, Number(indices >> BigInt(8 * k) & 0xffn)));
    // Asked for in any case: a load that is folded here may trap, though its bytes may not be wanted.
    const a = s.reg(i.args[0]);
    emitPlan(s, planShuffle(mask, SECOND_IS_ZERO, false, s.plan.features), () => a, () => zero(s), s.def(i.result));
    return;
  }
  const a = s.reg(i.args[0]), b = s.reg(i.args[1]), d = s.def(i.result);
  if (s.plan.features.ssse3) binary(s, X.pshufb, a, binaryWord(s, X.paddusb, b, byteWord(0x70), -1, bytes), d, bytes);
  else lookUpEachByte(s, a, b, d);
}

/** Without a look-up instruction: each of the sixteen bytes, everywhere, where its index is wanted. */
function lookUpEachByte(s: SelectContext, a: VReg, indices: VReg, d: VReg): void {
  const words = [binary(s, X.punpcklbw, a, a), binary(s, X.punpckhbw, a, a)];
  let sum = -1;
  for (let k = 0; k < 16; k++) {
    const low = (k & 4) === 0, order = (k & 3) * 0x55;
    const spread = unaryI(s, X.pshufd, unaryI(s, low ? X.pshuflw : X.pshufhw, words[k >> 3], order), low ? 0x00 : 0xaa);
    const wanted = binary(s, X.pcmpeqb, constantWord(s, byteWord(k)), indices), part = binary(s, X.pand, spread, wanted);
    sum = sum < 0 ? part : binary(s, X.por, sum, part, k === 15 ? d : -1);
  }
}
