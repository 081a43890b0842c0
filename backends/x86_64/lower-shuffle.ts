/** Shuffles: the plan for the mask, step by step. */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import type { ShuffleInst, Value } from '../../lib/mir/instruction.ts';
import { X, type Form } from './forms.ts';
import { MODE_NONE, OP_FLOAD, OP_V_BINARY, packVector } from './opcodes.ts';
import { DEF_REG, USE_REG, defReuse } from './operand-constraints.ts';
import type { SelectContext } from './select-context.ts';
import type { ShuffleOp } from './shuffle-node.ts';
import { planShuffle, type ShufflePlan, type ShuffleStep } from './shuffle-plan.ts';
import { formNumber } from './vector-forms.ts';
import {
  SUB_IMMEDIATE, binaryConstant, binaryFlexible, binaryIFlexible, blendBytes, constant, copyVector, newVector, shiftI, unaryFlexible, unaryIFlexible, zero,
} from './vector-steps.ts';

const BINARY: Partial<Record<ShuffleOp, Form<'binary'>>> = {
  punpcklbw: X.punpcklbw, punpcklwd: X.punpcklwd, punpckldq: X.punpckldq, punpcklqdq: X.punpcklqdq, punpckhbw: X.punpckhbw,
  punpckhwd: X.punpckhwd, punpckhdq: X.punpckhdq, punpckhqdq: X.punpckhqdq, por: X.por, packuswb: X.packuswb, packssdw: X.packssdw,
};
const BINARY_I: Partial<Record<ShuffleOp, Form<'binaryI'>>> = {
  shufps: X.shufps, palignr: X.palignr, blendps: X.blendps, pblendw: X.pblendw,
};
/** With the bytes that each reads of a memory operand: a spilled register, never a folded load, which is 16 bytes. */
const UNARY: Partial<Record<ShuffleOp, { readonly form: Form<'unary'>; readonly reads: number }>> = {
  movq: { form: X.movq, reads: 8 }, pmovzxbw: { form: X.pmovzxbw, reads: 8 }, pmovzxbd: { form: X.pmovzxbd, reads: 4 }, pmovzxbq: { form: X.pmovzxbq, reads: 2 },
  pmovzxwd: { form: X.pmovzxwd, reads: 8 }, pmovzxwq: { form: X.pmovzxwq, reads: 4 }, pmovzxdq: { form: X.pmovzxdq, reads: 8 },
  vpbroadcastb: { form: X.vpbroadcastb, reads: 1 }, vpbroadcastw: { form: X.vpbroadcastw, reads: 2 },
};
const UNARY_I: Partial<Record<ShuffleOp, Form<'unaryI'>>> = { pshufd: X.pshufd, pshuflw: X.pshuflw, pshufhw: X.pshufhw };
const SHIFT: Partial<Record<ShuffleOp, Form<'shiftI'>>> = {
  psrldq: X.psrldq, pslldq: X.pslldq, psrlw: X.psrlw, psrld: X.psrld, psrlq: X.psrlq, psllw: X.psllw, pslld: X.pslld, psllq: X.psllq, psrad: X.psrad,
};

/** Emits a shuffle of 128 bits. */
export function lowerShuffle(s: SelectContext, i: ShuffleInst): void {
  const zeros = (isZero(s, i.a) ? 1 : 0) | (isZero(s, i.b) ? 2 : 0);
  const plan = planShuffle(i.mask, zeros, s.resolve(i.a) === s.resolve(i.b), s.plan.features);
  emitPlan(s, plan, () => s.reg(i.a), () => s.reg(i.b), s.def(i.result), [i.a, i.b]);
}

function isZero(s: SelectContext, v: Value): boolean {
  const d = s.definition(v);
  return d !== undefined && d.kind === 'const' && d.value === 0n;
}

/**
 * Emits a plan's steps; a source's register is asked for when a step first reads it.
 *
 * @param values - the sources as values, if they are: a folded load that only one step reads is read from memory there
 * @param bytes - 32 to do the same in both halves of a 256-bit register, which the steps must allow
 */
export function emitPlan(s: SelectContext, { steps, result }: ShufflePlan, first: () => VReg, second: () => VReg, d: VReg, values: readonly Value[] = [], bytes = 16): void {
  const registers: VReg[] = [-1, -1];
  const register = (k: number): VReg => {
    if (k < 0) return -1;
    if (registers[k] < 0) registers[k] = k === 0 ? first() : second();
    return registers[k];
  };
  if (steps.length === 0) {
    copyVector(s, register(result), d);
    return;
  }
  const reads = (k: number): number => steps.reduce((n, { a, b }) => n + (a === k ? 1 : 0) + (b === k ? 1 : 0), 0);
  for (let k = 0; k < steps.length; k++) {
    const step = steps[k], last = step.b >= 0 ? step.b : step.a, to = k === steps.length - 1 ? d : -1;
    const a = step.b >= 0 ? register(step.a) : -1;
    if (last >= 0 && last < values.length && readsWhole(step.op) && s.isFoldedLoad(values[last]) && reads(last) === 1) s.flexible(values[last]);
    else if (last >= 0) s.register(register(last));
    registers.push(emitStep(s, step, a, to, bytes));
  }
}

/** Does the instruction read all 16 bytes of a memory operand? */
function readsWhole(op: ShuffleOp): boolean { return BINARY[op] !== undefined || BINARY_I[op] !== undefined || UNARY_I[op] !== undefined; }

/** The last operand of the instruction is the flexible one, `a` the one before it. */
function emitStep(s: SelectContext, { op, imm, bytes: data }: ShuffleStep, a: VReg, d: VReg, bytes: number): VReg {
  const two = BINARY[op];
  if (two !== undefined) return binaryFlexible(s, two, a, d, bytes);
  const twoI = BINARY_I[op];
  if (twoI !== undefined) return binaryIFlexible(s, twoI, a, op === 'blendps' && bytes === 32 ? imm | imm << 4 : imm, d, bytes);
  const oneI = UNARY_I[op];
  if (oneI !== undefined) return unaryIFlexible(s, oneI, imm, d, bytes);
  const one = UNARY[op];
  if (one !== undefined) return unaryFlexible(s, one.form, d, 16, one.reads);
  if (op === 'zero') {
    const z = zero(s, bytes);
    return d < 0 ? z : copyVector(s, z, d);
  }
  const x = inRegister(s), shift = SHIFT[op];
  if (shift !== undefined) return shiftI(s, shift, x, imm, d, bytes);
  if (op === 'insertps') return merge(s, X.insertps, a, x, d, imm, SUB_IMMEDIATE);
  if (op === 'movss') return merge(s, X.movssInto, a, x, d);
  const [w0, w1, w2, w3] = wordsOf(data!);
  switch (op) {
    case 'pand': return binaryConstant(s, X.pand, x, w0, w1, w2, w3, d, bytes);
    case 'pshufb': return binaryConstant(s, X.pshufb, x, w0, w1, w2, w3, d, bytes);
    default: return blendBytes(s, a, x, constant(s, w0, w1, w2, w3, bytes), d, bytes);
  }
}

/** One dword of `b` put into `a`. With a memory operand these instructions do something else. */
function merge(s: SelectContext, f: Form, a: VReg, b: VReg, d: VReg, imm = 0, sub = 0): VReg {
  if (d < 0) d = newVector(s);
  s.inst(OP_V_BINARY, packVector(formNumber(f), 16, MODE_NONE, 0, imm, sub));
  s.op(d, s.plan.features.avx ? DEF_REG : defReuse(1));
  s.op(a, USE_REG);
  s.op(b, USE_REG);
  return d;
}

/** The flexible operand of 16 bytes in a register. */
function inRegister(s: SelectContext): VReg {
  if (s.mode === MODE_NONE) return s.first;
  const r = newVector(s);
  s.inst(OP_FLOAD, s.packed(0, 16), s.displacement);
  s.op(r, DEF_REG);
  s.memoryOperands();
  return r;
}

/** Sixteen bytes as four little-endian words. */
function wordsOf(b: readonly number[]): number[] {
  return [0, 4, 8, 12].map((k) => b[k] | b[k + 1] << 8 | b[k + 2] << 16 | b[k + 3] << 24);
}
