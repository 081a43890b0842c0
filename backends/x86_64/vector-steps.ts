/**
 * The steps that rules for vectors are made of: each emits one vector instruction of the table `forms.ts` into machine
 * IR, on virtual registers, and gives the result's register. Sequences are written as a composition of steps, so the
 * register allocator places every intermediate value.
 *
 * How a rule is written (see `lower-vector.ts`):
 * - ask for operands with `s.reg(v)`, or make the last one flexible with `s.flexible(v)` (a folded load, a constant of
 *   the pool, or a register) and use the `...Flexible` step right after;
 * - choose by `s.plan.features` (`avx`, `avx2`, `ssse3`, `sse4_1`, ...): a step may use a form only if its feature is
 *   there. Whether a form is written as VEX or legacy is not the rule's affair: under AVX every step is VEX with the
 *   destination apart, else the allocator gives the result the first source's register;
 * - the last step takes `s.def(i.result)` as `d`.
 * - `bytes` is 16, or 32 for a 256-bit register (AVX; integer forms need AVX2).
 *
 * Constants: `constant(s, w0, w1, w2, w3)` in a register, `binaryConstant(...)` straight from the 16-byte aligned pool.
 * A 16-byte memory operand must be aligned without AVX, which pool constants and spill slots are and folded loads are
 * not: `fold.ts` folds vector loads under AVX only.
 *
 * @example
 * // i16 lanes: (a >> 15) xor b, then minus that sign
 * const sign = shiftI(s, X.psraw, a, 15);
 * binary(s, X.psubw, binary(s, X.pxor, a, sign), sign, s.def(i.result));
 */
import { CLASS_VECTOR, type VReg } from '../../lib/codegen/machine-function.ts';
import { XMM0 } from './convention.ts';
import { REVERSED, X, type Form } from './forms.ts';
import {
  MODE_NONE, MODE_POOL, OP_FCONST, OP_MOV, OP_V_BINARY, OP_V_BLEND, OP_V_INSERT, OP_V_SHIFT, OP_V_TERNARY, OP_V_TO_INT, OP_V_UNARY, pack,
  packVector, sizeLog,
} from './opcodes.ts';
import { DEF_REG, LATE_REG, USE_ANY, USE_REG, defReuse, useFixed } from './operand-constraints.ts';
import type { SelectContext } from './select-context.ts';
import { formNumber } from './vector-forms.ts';

/** `sub` of vector opcodes: the form has an immediate; the general register has 8 bytes; the form is an `extractI`. */
export const SUB_IMMEDIATE = 1, SUB_WIDE = 2, SUB_EXTRACT = 4;

export function newVector(s: SelectContext, bytes = 16): VReg { return s.b.newVReg(CLASS_VECTOR, bytes); }

/** A use that may stay in a spill slot when the slot holds as many bytes as the instruction reads. */
function anyUse(s: SelectContext, r: VReg, bytes: number): number { return s.b.bytesOf(r) >= bytes ? USE_ANY : USE_REG; }
/** The result's constraint: apart under AVX, else the register of operand 1. */
function result(s: SelectContext): number { return s.plan.features.avx ? DEF_REG : defReuse(1); }

/** Lists the flexible operand, which is read at `bytes`. */
function flexibleUse(s: SelectContext, bytes: number): void {
  if (s.mode === MODE_NONE) s.op(s.first, anyUse(s, s.first, bytes)); else s.memoryOperands();
}

// ---- two sources ---------------------------------------------------------------------------------------------------
export function binary(s: SelectContext, f: Form<'binary'>, a: VReg, b: VReg, d: VReg = -1, bytes = 16): VReg {
  s.register(b);
  return binaryFlexible(s, f, a, d, bytes);
}
/** The second source is the flexible operand. */
export function binaryFlexible(s: SelectContext, f: Form<'binary'>, a: VReg, d: VReg = -1, bytes = 16): VReg {
  return two(s, packVector(formNumber(f), bytes, s.mode, s.scale), a, d, bytes);
}
export function binaryI(s: SelectContext, f: Form<'binaryI'>, a: VReg, b: VReg, imm: number, d: VReg = -1, bytes = 16): VReg {
  s.register(b);
  return binaryIFlexible(s, f, a, imm, d, bytes);
}
/** `read`: bytes that the instruction reads of memory, when it is fewer than `bytes` (`vinserti128`: 16). */
export function binaryIFlexible(s: SelectContext, f: Form<'binaryI'>, a: VReg, imm: number, d: VReg = -1, bytes = 16, read = bytes): VReg {
  return two(s, packVector(formNumber(f), bytes, s.mode, s.scale, imm, SUB_IMMEDIATE), a, d, bytes, read);
}
/** The second source is a constant of four words (repeated in a 256-bit one). */
export function binaryConstant(s: SelectContext, f: Form<'binary'>, a: VReg, w0: number, w1: number, w2: number, w3: number, d: VReg = -1, bytes = 16): VReg {
  if (bytes === 32) return binary(s, f, a, constant(s, w0, w1, w2, w3, 32), d, 32);
  s.mode = MODE_POOL;
  s.scale = 0;
  s.displacement = s.code.constant128(w0, w1, w2, w3);
  return binaryFlexible(s, f, a, d);
}
/** The same with one 32-bit word in every place. */
export function binaryWord(s: SelectContext, f: Form<'binary'>, a: VReg, word: number, d: VReg = -1, bytes = 16): VReg {
  return binaryConstant(s, f, a, word, word, word, word, d, bytes);
}
function two(s: SelectContext, data: number, a: VReg, d: VReg, bytes: number, read = bytes): VReg {
  if (d < 0) d = newVector(s, bytes);
  s.inst(OP_V_BINARY, data, s.displacement);
  s.op(d, result(s));
  s.op(a, USE_REG);
  flexibleUse(s, read);
  return d;
}

// ---- one source ----------------------------------------------------------------------------------------------------
/** `read`: as for {@link unaryFlexible}. */
export function unary(s: SelectContext, f: Form<'unary'>, a: VReg, d: VReg = -1, bytes = 16, read = bytes): VReg {
  s.register(a);
  return unaryFlexible(s, f, d, bytes, read);
}
/** `read`: bytes that the instruction reads of memory, when it is fewer than `bytes` (`pmovsxbw`: 8). */
export function unaryFlexible(s: SelectContext, f: Form<'unary'>, d: VReg = -1, bytes = 16, read = bytes): VReg {
  return one(s, packVector(formNumber(f), bytes, s.mode, s.scale), d, bytes, read);
}
/** `wide`: bytes of the result when they are not the instruction's (`vextracti128`: 16, always to a register). */
export function unaryI(s: SelectContext, f: Form<'unaryI'>, a: VReg, imm: number, d: VReg = -1, bytes = 16, wide = bytes): VReg {
  s.register(a);
  // A reversed form has its memory operand in the result's place.
  return one(s, packVector(formNumber(f), bytes, MODE_NONE, 0, imm, SUB_IMMEDIATE), d, wide, (f & REVERSED) !== 0 ? Infinity : bytes);
}
export function unaryIFlexible(s: SelectContext, f: Form<'unaryI'>, imm: number, d: VReg = -1, bytes = 16): VReg {
  return one(s, packVector(formNumber(f), bytes, s.mode, s.scale, imm, SUB_IMMEDIATE), d, bytes, bytes);
}
function one(s: SelectContext, data: number, d: VReg, wide: number, read: number): VReg {
  if (d < 0) d = newVector(s, wide);
  s.inst(OP_V_UNARY, data, s.displacement);
  s.op(d, DEF_REG);
  flexibleUse(s, read);
  return d;
}
/** Shift of every lane (or of the whole register) by a constant. */
export function shiftI(s: SelectContext, f: Form<'shiftI'>, a: VReg, imm: number, d: VReg = -1, bytes = 16): VReg {
  if (d < 0) d = newVector(s, bytes);
  s.inst(OP_V_SHIFT, packVector(formNumber(f), bytes, MODE_NONE, 0, imm));
  s.op(d, result(s));
  s.op(a, USE_REG);
  return d;
}
export function copyVector(s: SelectContext, a: VReg, d: VReg): VReg {
  s.inst(OP_MOV);
  s.op(d, DEF_REG);
  s.op(a, USE_ANY);
  return d;
}

// ---- three sources -------------------------------------------------------------------------------------------------
/** Of `b` where the mask's sign bits (per byte) are set, else of `a`. SSE4.1. */
export function blendBytes(s: SelectContext, a: VReg, b: VReg, mask: VReg, d: VReg = -1, bytes = 16): VReg { return blend(s, X.pblendvb, a, b, mask, d, bytes); }
/** The same by lanes: `X.blendvps`, `X.blendvpd`. */
export function blend(s: SelectContext, f: Form<'vv'>, a: VReg, b: VReg, mask: VReg, d: VReg = -1, bytes = 16): VReg {
  if (d < 0) d = newVector(s, bytes);
  const { avx } = s.plan.features;
  s.inst(OP_V_BLEND, packVector(formNumber(f), bytes));
  s.op(d, result(s));
  s.op(a, USE_REG);
  // Legacy: the result is built over `a` while the others are still read.
  s.op(b, avx ? USE_REG : LATE_REG);
  s.op(mask, avx ? USE_REG : useFixed(XMM0));
  return d;
}
/** `d` reuses `a`'s register: FMA (132, 213, 231 say which two are multiplied). The last source is the flexible operand. */
export function ternaryFlexible(s: SelectContext, f: Form<'ternary'>, a: VReg, b: VReg, d: VReg = -1, bytes = 16): VReg {
  if (d < 0) d = newVector(s, bytes);
  s.inst(OP_V_TERNARY, packVector(formNumber(f), bytes, s.mode, s.scale), s.displacement);
  s.op(d, defReuse(1));
  s.op(a, USE_REG);
  s.op(b, USE_REG);
  flexibleUse(s, bytes);
  return d;
}

// ---- general registers ---------------------------------------------------------------------------------------------
/** A mask of sign bits (`pmovmskb`, `movmskps`, `movmskpd`) or the low 4 or 8 bytes (`movdOut`). */
export function toInt(s: SelectContext, f: Form<'toInt'>, a: VReg, size = 4, d: VReg = -1, bytes = 16): VReg {
  if (d < 0) d = s.newInt();
  s.inst(OP_V_TO_INT, packVector(formNumber(f), bytes, MODE_NONE, 0, 0, size === 8 ? SUB_WIDE : 0));
  s.op(d, DEF_REG);
  s.op(a, USE_REG);
  return d;
}
/** One lane, zero-extended (`pextrb pextrw pextrd`; SSE2 has `pextrwSse2` alone). */
export function extractI(s: SelectContext, f: Form<'extractI'>, a: VReg, lane: number, size = 4, d: VReg = -1): VReg {
  if (d < 0) d = s.newInt();
  s.inst(OP_V_TO_INT, packVector(formNumber(f), 16, MODE_NONE, 0, lane, SUB_EXTRACT | (size === 8 ? SUB_WIDE : 0)));
  s.op(d, DEF_REG);
  s.op(a, USE_REG);
  return d;
}
/** One lane replaced by the flexible operand, a general register or memory (`pinsrb pinsrw pinsrd`; SSE2 has `pinsrw` alone). */
export function insertFlexible(s: SelectContext, f: Form<'insertI'>, a: VReg, lane: number, size = 4, d: VReg = -1): VReg {
  if (d < 0) d = newVector(s);
  s.inst(OP_V_INSERT, packVector(formNumber(f), 16, s.mode, s.scale, lane, size === 8 ? SUB_WIDE : 0), s.displacement);
  s.op(d, result(s));
  s.op(a, USE_REG);
  s.flexibleOperands();
  return d;
}

// ---- constants -----------------------------------------------------------------------------------------------------
/** A vector constant in a register, which is computed again instead of being spilled; at 256 bits both halves are it. */
export function constant(s: SelectContext, w0: number, w1: number, w2: number, w3: number, bytes = 16, d: VReg = -1): VReg {
  if ((w0 | w1 | w2 | w3) === 0) return zero(s, bytes, d);
  if ((w0 & w1 & w2 & w3) === -1) return ones(s, bytes, d);
  return constantLabel(s, s.code.constant128(w0, w1, w2, w3), bytes, d);
}
/** One 32-bit word in every place. */
export function constantWord(s: SelectContext, word: number, bytes = 16): VReg { return constant(s, word, word, word, word, bytes); }
export function zero(s: SelectContext, bytes = 16, d: VReg = -1): VReg { return constantLabel(s, -1, bytes, d); }
export function ones(s: SelectContext, bytes = 16, d: VReg = -1): VReg { return constantLabel(s, -2, bytes, d); }
function constantLabel(s: SelectContext, label: number, bytes: number, d: VReg): VReg {
  if (d < 0) d = newVector(s, bytes);
  s.b.setRemat(d, s.inst(OP_FCONST, pack(0, sizeLog(bytes)), label));
  s.op(d, DEF_REG);
  return d;
}
/** The byte, the 16-bit word in every place of a 32-bit word, for constants of equal lanes. */
export function byteWord(b: number): number { return Math.imul(b & 255, 0x01010101); }
export function halfWord(h: number): number { return Math.imul(h & 0xffff, 0x00010001); }
