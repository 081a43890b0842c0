/**
 * Shifts of integer lanes. The processor shifts lanes of 16, 32 and 64 bits, by a constant or by the number in another
 * vector register, and knows no arithmetic shift of 64 bits; it gives 0 (or signs) for a count past the width, so the
 * count is masked first. Byte lanes are shifted as words, and what came from the neighbour is masked off.
 */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import type { VectorInst } from '../../lib/mir/instruction.ts';
import { X, type Form } from './forms.ts';
import { aluImmediate } from './integer-forms.ts';
import { signsOf64 } from './vector-signs.ts';
import { ALU_AND, OP_MOVD, pack } from './opcodes.ts';
import { DEF_REG, USE_REG } from './operand-constraints.ts';
import type { SelectContext } from './select-context.ts';
import { binary, binaryWord, byteWord, constant, constantWord, copyVector, newVector, shiftI, zero } from './vector-steps.ts';

type Kind = 'vshl' | 'vshr_s' | 'vshr_u';
/** By the lane's bytes: 2, 4, 8. */
const CONSTANT: Readonly<Record<Kind, readonly Form<'shiftI'>[]>> = {
  vshl: [X.psllw, X.pslld, X.psllq], vshr_u: [X.psrlw, X.psrld, X.psrlq], vshr_s: [X.psraw, X.psrad],
};
const VARIABLE: Readonly<Record<Kind, readonly Form<'binary'>[]>> = {
  vshl: [X.psllwBy, X.pslldBy, X.psllqBy], vshr_u: [X.psrlwBy, X.psrldBy, X.psrlqBy], vshr_s: [X.psrawBy, X.psradBy],
};

export function lowerVectorShift(s: SelectContext, i: VectorInst, lane: number, bytes: number): void {
  const kind = i.op as Kind, count = s.constant(i.args[1]), a = s.reg(i.args[0]);
  if (count !== undefined) {
    byConstant(s, kind, a, Number(count) & (8 * lane - 1), lane, s.def(i.result), bytes);
    return;
  }
  const masked = s.newInt(), n = newVector(s);
  aluImmediate(s, ALU_AND, 4, masked, s.reg(i.args[1]), 8 * lane - 1);
  s.inst(OP_MOVD, pack(0, 2));
  s.op(n, DEF_REG);
  s.op(masked, USE_REG);
  byRegister(s, kind, a, n, lane, s.def(i.result), bytes);
}

function byConstant(s: SelectContext, kind: Kind, a: VReg, n: number, lane: number, d: VReg, bytes: number): void {
  if (n === 0) { copyVector(s, a, d); return; }
  if (lane === 1) { bytesByConstant(s, kind, a, n, d, bytes); return; }
  if (lane < 8 || kind !== 'vshr_s') { shiftI(s, CONSTANT[kind][lane >> 2], a, n, d, bytes); return; }
  if (n === 63) { signsOf64(s, a, bytes, d); return; }
  // The shifted sign bit, flipped and subtracted, spreads to the left.
  const high = n < 32 ? 1 << (31 - n) : 0, low = n < 32 ? 0 : 1 << (63 - n);
  const bit = constant(s, low, high, low, high, bytes);
  binary(s, X.psubq, binary(s, X.pxor, shiftI(s, X.psrlq, a, n, -1, bytes), bit, -1, bytes), bit, d, bytes);
}

function bytesByConstant(s: SelectContext, kind: Kind, a: VReg, n: number, d: VReg, bytes: number): void {
  if (kind === 'vshl') {
    if (n === 1) binary(s, X.paddb, a, a, d, bytes);
    else binaryWord(s, X.pand, shiftI(s, X.psllw, a, n, -1, bytes), byteWord(0xff << n), d, bytes);
    return;
  }
  if (kind === 'vshr_s' && n === 7) { binary(s, X.pcmpgtb, zero(s, bytes), a, d, bytes); return; }
  const logical = binaryWord(s, X.pand, shiftI(s, X.psrlw, a, n, -1, bytes), byteWord(0xff >> n), kind === 'vshr_u' ? d : -1, bytes);
  if (kind === 'vshr_u') return;
  const bit = constantWord(s, byteWord(0x80 >> n), bytes);
  binary(s, X.psubb, binary(s, X.pxor, logical, bit, -1, bytes), bit, d, bytes);
}

function byRegister(s: SelectContext, kind: Kind, a: VReg, n: VReg, lane: number, d: VReg, bytes: number): void {
  if (lane === 1) { bytesByRegister(s, kind, a, n, d, bytes); return; }
  if (lane < 8 || kind !== 'vshr_s') { binary(s, VARIABLE[kind][lane >> 2], a, n, d, bytes); return; }
  const bit = binary(s, X.psrlqBy, constant(s, 0, -0x80000000, 0, -0x80000000, bytes), n, -1, bytes);
  binary(s, X.psubq, binary(s, X.pxor, binary(s, X.psrlqBy, a, n, -1, bytes), bit, -1, bytes), bit, d, bytes);
}

/** The even and the odd bytes as words of their own, then both together. */
function bytesByRegister(s: SelectContext, kind: Kind, a: VReg, n: VReg, d: VReg, bytes: number): void {
  const step = (f: Form<'binary'>, x: VReg): VReg => binary(s, f, x, n, -1, bytes);
  const keep = (x: VReg, mask: number): VReg => binaryWord(s, X.pand, x, mask, -1, bytes);
  const even = 0x00ff00ff, odd = -0x00ff0100;
  if (kind === 'vshl') binary(s, X.por, step(X.psllwBy, keep(a, odd)), keep(step(X.psllwBy, a), even), d, bytes);
  else if (kind === 'vshr_u') binary(s, X.por, step(X.psrlwBy, keep(a, even)), keep(step(X.psrlwBy, a), odd), d, bytes);
  else {
    const low = shiftI(s, X.psrlw, step(X.psrawBy, shiftI(s, X.psllw, a, 8, -1, bytes)), 8, -1, bytes);
    binary(s, X.por, keep(step(X.psrawBy, a), odd), low, d, bytes);
  }
}
