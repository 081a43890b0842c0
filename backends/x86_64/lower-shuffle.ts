/** Shuffles: the plan for the mask, step by step. */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import type { ShuffleInst, Value } from '../../lib/mir/instruction.ts';
import { X, type Form } from './forms.ts';
import type { SelectContext } from './select-context.ts';
import type { ShuffleOp } from './shuffle-node.ts';
import { planShuffle, type ShufflePlan, type ShuffleStep } from './shuffle-plan.ts';
import { binary, binaryConstant, binaryI, blendBytes, constant, copyVector, shiftI, unary, unaryI, zero } from './vector-steps.ts';

const BINARY: Partial<Record<ShuffleOp, Form<'binary'>>> = {
  punpcklbw: X.punpcklbw, punpcklwd: X.punpcklwd, punpckldq: X.punpckldq, punpcklqdq: X.punpcklqdq, punpckhbw: X.punpckhbw,
  punpckhwd: X.punpckhwd, punpckhdq: X.punpckhdq, punpckhqdq: X.punpckhqdq, movss: X.movssInto, por: X.por, packuswb: X.packuswb,
  packssdw: X.packssdw,
};
const BINARY_I: Partial<Record<ShuffleOp, Form<'binaryI'>>> = {
  shufps: X.shufps, palignr: X.palignr, blendps: X.blendps, pblendw: X.pblendw, insertps: X.insertps,
};
const UNARY: Partial<Record<ShuffleOp, Form<'unary'>>> = {
  movq: X.movq, pmovzxbw: X.pmovzxbw, pmovzxbd: X.pmovzxbd, pmovzxbq: X.pmovzxbq, pmovzxwd: X.pmovzxwd, pmovzxwq: X.pmovzxwq,
  pmovzxdq: X.pmovzxdq, vpbroadcastb: X.vpbroadcastb, vpbroadcastw: X.vpbroadcastw,
};
const UNARY_I: Partial<Record<ShuffleOp, Form<'unaryI'>>> = { pshufd: X.pshufd, pshuflw: X.pshuflw, pshufhw: X.pshufhw };
const SHIFT: Partial<Record<ShuffleOp, Form<'shiftI'>>> = {
  psrldq: X.psrldq, pslldq: X.pslldq, psrlw: X.psrlw, psrld: X.psrld, psrlq: X.psrlq, psllw: X.psllw, pslld: X.pslld, psllq: X.psllq, psrad: X.psrad,
};

/** Emits the instruction; false when there is no code for it (256-bit vectors). */
export function lowerShuffle(s: SelectContext, i: ShuffleInst): boolean {
  if (i.mask.length !== 16) return false;
  const zeros = (isZero(s, i.a) ? 1 : 0) | (isZero(s, i.b) ? 2 : 0);
  const plan = planShuffle(i.mask, zeros, s.resolve(i.a) === s.resolve(i.b), s.plan.features);
  emitPlan(s, plan, () => s.reg(i.a), () => s.reg(i.b), s.def(i.result));
  return true;
}

function isZero(s: SelectContext, v: Value): boolean {
  const d = s.definition(v);
  return d !== undefined && d.kind === 'const' && d.value === 0n;
}

/** Emits a plan's steps; a source's register is asked for when a step first reads it. */
export function emitPlan(s: SelectContext, { steps, result }: ShufflePlan, first: () => VReg, second: () => VReg, d: VReg): void {
  const registers: VReg[] = [-1, -1];
  const register = (k: number): VReg => {
    if (registers[k] < 0) registers[k] = k === 0 ? first() : second();
    return registers[k];
  };
  if (steps.length === 0) {
    copyVector(s, register(result), d);
    return;
  }
  for (let k = 0; k < steps.length; k++) {
    const step = steps[k], a = step.a < 0 ? -1 : register(step.a), b = step.b < 0 ? -1 : register(step.b);
    registers.push(emitStep(s, step, a, b, k === steps.length - 1 ? d : -1));
  }
}

function emitStep(s: SelectContext, { op, imm, bytes }: ShuffleStep, a: VReg, b: VReg, d: VReg): VReg {
  const two = BINARY[op];
  if (two !== undefined) return binary(s, two, a, b, d);
  const twoI = BINARY_I[op];
  if (twoI !== undefined) return binaryI(s, twoI, a, b, imm, d);
  const oneI = UNARY_I[op];
  if (oneI !== undefined) return unaryI(s, oneI, a, imm, d);
  const shift = SHIFT[op];
  if (shift !== undefined) return shiftI(s, shift, a, imm, d);
  const one = UNARY[op];
  if (one !== undefined) return unary(s, one, a, d);
  if (op === 'zero') {
    const z = zero(s);
    return d < 0 ? z : copyVector(s, z, d);
  }
  const [w0, w1, w2, w3] = wordsOf(bytes!);
  switch (op) {
    case 'pand': return binaryConstant(s, X.pand, a, w0, w1, w2, w3, d);
    case 'pshufb': return binaryConstant(s, X.pshufb, a, w0, w1, w2, w3, d);
    default: return blendBytes(s, a, b, constant(s, w0, w1, w2, w3), d);
  }
}

/** Sixteen bytes as four little-endian words. */
function wordsOf(b: readonly number[]): number[] {
  return [0, 4, 8, 12].map((k) => b[k] | b[k + 1] << 8 | b[k + 2] << 16 | b[k + 3] << 24);
}
