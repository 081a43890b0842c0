/** Code of the float and conversion opcodes, in the encoding the assembler's features ask for. */
import type { Label } from '../../lib/codegen/code-buffer.ts';
import { R11, SCRATCH_VECTOR } from './convention.ts';
import { TRAP_CONVERSION, TRAP_OVERFLOW, type ColdPiece, type EmitContext } from './emit-context.ts';
import { emitCompare } from './emit-integer.ts';
import { CC, X } from './forms.ts';
import type { Mem } from './memory-operand.ts';
import {
  CC_FNE, CONVERT_64, CONVERT_SATURATE, CONVERT_UNSIGNED, FU_CEIL, FU_FLOOR, FU_NEAREST, FU_SQRT, F_ADD, F_DIV, F_MIN, F_MUL, F_SUB,
  MODE_NONE, V_AND, V_ANDN, V_OR, conditionOf, modeOf, modeRegisters, negate, sizeOfData, subOf,
} from './opcodes.ts';

const XMM15 = SCRATCH_VECTOR;

/** Loads a float or vector constant. */
export function emitFloatConstant(e: EmitContext, d: number, bytes: number, label: Label): void {
  if (label === -2) e.asm.onesVector(bytes, d);
  else if (label < 0) e.asm.zeroVector(d);
  else if (bytes === 32) e.asm.unaryM(X.vbroadcasti128, 32, d, e.asm.rip(label));
  else loadFloat(e, d, bytes, e.asm.rip(label));
}
export function loadFloat(e: EmitContext, d: number, bytes: number, m: Mem): void {
  e.asm.loadVector(bytes, d, m);
}
export function storeFloat(e: EmitContext, bytes: number, m: Mem, r: number): void {
  e.asm.storeVector(bytes, m, r);
}

export function emitFloatLoad(e: EmitContext): void {
  const d = e.reg(0), m = e.flexible(1, e.word);
  loadFloat(e, d, 1 << sizeOfData(e.data), m!);
}
export function emitFloatStore(e: EmitContext): void {
  const value = e.reg(modeRegisters(modeOf(e.data)));
  storeFloat(e, 1 << sizeOfData(e.data), e.memory(e.word), value);
}

function isDouble(e: EmitContext): boolean { return sizeOfData(e.data) === 3; }

export function emitFloatBinary(e: EmitContext): void {
  const wide = isDouble(e), sub = subOf(e.data), d = e.reg(0), a = e.reg(1), m = e.flexible(2, e.word);
  const form = sub === F_ADD ? (wide ? X.addsd : X.addss) : sub === F_SUB ? (wide ? X.subsd : X.subss)
    : sub === F_MUL ? (wide ? X.mulsd : X.mulss) : sub === F_DIV ? (wide ? X.divsd : X.divss)
    : sub === F_MIN ? (wide ? X.minsd : X.minss) : wide ? X.maxsd : X.maxss;
  if (m === undefined) e.asm.binary(form, 16, d, a, e.register); else e.asm.binaryM(form, 16, d, a, m);
}

export function emitFloatUnary(e: EmitContext): void {
  const wide = isDouble(e), sub = subOf(e.data), d = e.reg(0), a = e.reg(1);
  if (sub === FU_SQRT) {
    e.asm.scalar(wide ? X.sqrtsd : X.sqrtss, d, a, a);
    return;
  }
  // Rounding control of the immediate: 0 nearest even, 1 down, 2 up, 3 towards zero; 8 keeps the inexact flag quiet.
  const mode = sub === FU_NEAREST ? 8 : sub === FU_FLOOR ? 9 : sub === FU_CEIL ? 10 : 11;
  e.asm.scalarI(wide ? X.roundsd : X.roundss, d, a, a, mode);
}

export function emitVectorBits(e: EmitContext): void {
  const sub = subOf(e.data), d = e.reg(0), a = e.reg(1), m = e.flexible(2, e.word);
  const form = sub === V_AND ? X.andps : sub === V_ANDN ? X.andnps : sub === V_OR ? X.orps : X.xorps;
  if (m === undefined) e.asm.binary(form, 16, d, a, e.register); else e.asm.binaryM(form, 16, d, a, m);
}

/**
 * The processor's `min(x, y)` gives `y` when an operand is NaN or both are zeros. Both orders together see both
 * operands: for the minimum their `or` is −0 or NaN when it should be. For the maximum, with `x` the difference in
 * bits of the two, `(y | x) − x` is +0 for unlike zeros, NaN for a NaN, and `y` otherwise.
 */
export function emitMinMax(e: EmitContext): void {
  const { asm } = e, wide = isDouble(e), d = e.reg(0), a = e.reg(1), b = e.reg(2);
  if (subOf(e.data) === 0) {
    const min = wide ? X.minsd : X.minss;
    asm.binary(min, 16, XMM15, b, a);
    asm.binary(min, 16, d, a, b);
    asm.binary(X.orps, 16, d, d, XMM15);
    return;
  }
  const max = wide ? X.maxsd : X.maxss;
  asm.binary(max, 16, XMM15, b, a);
  asm.binary(max, 16, d, a, b);
  asm.binary(X.xorps, 16, XMM15, XMM15, d);
  asm.binary(X.orps, 16, d, d, XMM15);
  asm.binary(wide ? X.subsd : X.subss, 16, d, d, XMM15);
}

export function emitCopySign(e: EmitContext): void {
  const { asm } = e, code = asm.code, wide = isDouble(e), d = e.reg(0), a = e.reg(1), b = e.reg(2);
  const high = -0x80000000, rest = 0x7fffffff;
  asm.binaryM(X.andps, 16, XMM15, a, asm.rip(wide ? code.constant128(-1, rest, -1, rest) : code.constant128(rest, rest, rest, rest)));
  asm.binaryM(X.andps, 16, d, b, asm.rip(wide ? code.constant128(0, high, 0, high) : code.constant128(high, high, high, high)));
  asm.binary(X.orps, 16, d, d, XMM15);
}

export function emitFma(e: EmitContext): void {
  const wide = isDouble(e), d = e.reg(0), x = e.reg(2), m = e.flexible(3, e.word);
  const form = subOf(e.data) === 1 ? (wide ? X.vfmadd231sd : X.vfmadd231ss) : wide ? X.vfmadd213sd : X.vfmadd213ss;
  if (m === undefined) e.asm.ternary(form, 16, d, x, e.register); else e.asm.ternaryM(form, 16, d, x, m);
}

export function emitFloatSelect(e: EmitContext): void {
  const { asm } = e, cc = conditionOf(e.data), d = e.reg(0), yes = e.reg(2);
  emitCompare(e, 3);
  if (yes !== d) {
    const skip = asm.code.newLabel();
    if (cc === CC_FNE) {
      const take = asm.code.newLabel();
      asm.jcc(CC.p, take);
      asm.jcc(CC.e, skip);
      asm.code.bind(take);
    } else asm.jcc(negate(cc), skip);
    asm.moveVector(e.f.vregBytes[e.f.operandVReg[e.first]], d, yes);
    asm.code.bind(skip);
  }
  e.forgetFlags();
}

// --- conversions ---

/** The destination is cleared first: the instruction keeps its upper half and would wait for whoever wrote it. */
export function emitIntToFloat(e: EmitContext): void {
  const { asm } = e, d = e.reg(0), size = 1 << sizeOfData(e.data), form = subOf(e.data) === 8 ? X.cvtsi2sd : X.cvtsi2ss;
  asm.zeroVector(d);
  const m = e.flexible(1, e.word);
  if (m === undefined) asm.scalarFromInt(form, size, d, d, e.register); else asm.scalarFromIntM(form, size, d, d, m);
}

export function emitUnsignedToFloat(e: EmitContext): void {
  const { asm } = e, d = e.reg(0), a = e.reg(1), piece = e.putOff('unsigned-to-float', a, d);
  asm.zeroVector(d);
  asm.rr(X.test, 8, a, a);
  asm.jcc(CC.s, piece.label);
  asm.scalarFromInt(subOf(e.data) === 8 ? X.cvtsi2sd : X.cvtsi2ss, 8, d, d, a);
  asm.code.bind(piece.back);
  e.forgetFlags();
}
/** Halved with its lowest bit kept sticky, so that the doubled conversion is rounded once and rightly. */
export function emitColdUnsignedToFloat(e: EmitContext, p: ColdPiece): void {
  const { asm } = e, wide = subOf(p.data) === 8, even = asm.code.newLabel();
  asm.rr(X.mov, 8, R11, p.a);
  asm.ri(X.shr, 8, R11, 1);
  asm.jcc(CC.ae, even);
  asm.ri(X.or, 8, R11, 1);
  asm.code.bind(even);
  asm.scalarFromInt(wide ? X.cvtsi2sd : X.cvtsi2ss, 8, p.d, p.d, R11);
  asm.binary(wide ? X.addsd : X.addss, 16, p.d, p.d, p.d);
  asm.jmp(p.back);
}

export function emitFloatToFloat(e: EmitContext): void {
  const { asm } = e, d = e.reg(0), form = subOf(e.data) === 0 ? X.cvtss2sd : X.cvtsd2ss;
  if (modeOf(e.data) === MODE_NONE) {
    const m = e.value(1);
    if (m === undefined) {
      asm.scalar(form, d, e.register, e.register);
      return;
    }
  }
  asm.zeroVector(d);
  asm.scalarM(form, d, d, e.flexible(1, e.word)!);
}

export function emitMoveBits(e: EmitContext): void {
  const { asm } = e, d = e.reg(0), size = 1 << sizeOfData(e.data);
  if (subOf(e.data) === 1) {
    asm.toInt(X.movdOut, size, d, e.reg(1));
    return;
  }
  const m = e.value(1);
  if (m === undefined) asm.fromInt(X.movd, size, d, e.register); else asm.fromIntM(X.movd, size, d, m);
}

/**
 * The processor gives its "indefinite" integer, only the sign bit set, for NaN and for what does not fit. The fast
 * path notices it, or a value outside the unsigned 32-bit range, and leaves the rest to the cold piece.
 */
export function emitFloatToInt(e: EmitContext): void {
  const { asm } = e, sub = subOf(e.data), d = e.reg(0), a = e.reg(1), form = isDouble(e) ? X.cvttsd2si : X.cvttss2si;
  const wide = (sub & CONVERT_64) !== 0, unsigned = (sub & CONVERT_UNSIGNED) !== 0;
  const piece = e.putOff('float-to-int', a, d);
  asm.toInt(form, wide || unsigned ? 8 : 4, d, a);
  if (!unsigned) {
    // Only the most negative integer overflows when 1 is subtracted.
    asm.ri(X.cmp, wide ? 8 : 4, d, 1);
    asm.jcc(CC.o, piece.label);
  } else if (wide) {
    asm.rr(X.test, 8, d, d);
    asm.jcc(CC.s, piece.label);
  } else {
    asm.rr(X.mov, 4, R11, d);
    asm.rr(X.cmp, 8, R11, d);
    asm.jcc(CC.ne, piece.label);
  }
  asm.code.bind(piece.back);
  e.forgetFlags();
}

export function emitColdFloatToInt(e: EmitContext, p: ColdPiece): void {
  const sub = subOf(p.data), double = sizeOfData(p.data) === 3;
  if ((sub & CONVERT_SATURATE) !== 0) coldSaturating(e, p, sub, double);
  else coldTrapping(e, p, sub, double);
}

/** 2^63 in the source type, in `xmm15`'s stead as a memory operand. */
function twoTo63(e: EmitContext, double: boolean): Mem {
  const { asm } = e;
  return asm.rip(double ? asm.code.constant64(0, 0x43e00000) : asm.code.constant32(0x5f000000));
}

function coldTrapping(e: EmitContext, p: ColdPiece, sub: number, double: boolean): void {
  const { asm } = e, compare = double ? X.ucomisd : X.ucomiss, wide = (sub & CONVERT_64) !== 0;
  asm.unary(compare, 16, p.a, p.a);
  asm.jcc(CC.p, e.trapLabel(TRAP_CONVERSION));
  if ((sub & CONVERT_UNSIGNED) !== 0) {
    if (!wide) {
      asm.jmp(e.trapLabel(TRAP_OVERFLOW));
      return;
    }
    // At least 2^63, or too small: subtract 2^63 and put the bit back.
    asm.unaryM(compare, 16, p.a, twoTo63(e, double));
    asm.jcc(CC.b, e.trapLabel(TRAP_OVERFLOW));
    upperHalf(e, p, double, e.trapLabel(TRAP_OVERFLOW));
    return;
  }
  // Right only if the value lies in (MIN − 1, MIN], the open end where the source type has values there.
  if (wide) asm.unaryM(compare, 16, p.a, asm.rip(double ? asm.code.constant64(0, 0xc3e00000 | 0) : asm.code.constant32(0xdf000000 | 0)));
  else if (double) asm.unaryM(compare, 16, p.a, asm.rip(asm.code.constant64(0x00200000, 0xc1e00000 | 0))); // −2147483649
  else asm.unaryM(compare, 16, p.a, asm.rip(asm.code.constant32(0xcf000000 | 0)));
  asm.jcc(!wide && double ? CC.be : CC.b, e.trapLabel(TRAP_OVERFLOW));
  asm.zeroVector(XMM15);
  asm.unary(compare, 16, p.a, XMM15);
  asm.jcc(CC.ae, e.trapLabel(TRAP_OVERFLOW));
  asm.jmp(p.back);
}

/** Converts a value of at least 2^63; goes to `over` when it is 2^64 or more. */
function upperHalf(e: EmitContext, p: ColdPiece, double: boolean, over: Label): void {
  const { asm } = e;
  asm.binaryM(double ? X.subsd : X.subss, 16, XMM15, p.a, twoTo63(e, double));
  asm.toInt(double ? X.cvttsd2si : X.cvttss2si, 8, p.d, XMM15);
  asm.rr(X.test, 8, p.d, p.d);
  asm.jcc(CC.s, over);
  asm.ri(X.btc, 8, p.d, 63);
  asm.jmp(p.back);
}

function coldSaturating(e: EmitContext, p: ColdPiece, sub: number, double: boolean): void {
  const { asm } = e, code = asm.code, compare = double ? X.ucomisd : X.ucomiss, wide = (sub & CONVERT_64) !== 0;
  const zero = code.newLabel(), most = code.newLabel();
  if ((sub & CONVERT_UNSIGNED) !== 0) {
    if (wide) {
      asm.unaryM(compare, 16, p.a, twoTo63(e, double));
      // Below is also unordered: NaN and everything negative give 0.
      asm.jcc(CC.b, zero);
      upperHalf(e, p, double, most);
    } else {
      asm.zeroVector(XMM15);
      asm.unary(compare, 16, p.a, XMM15);
      asm.jcc(CC.be, zero);
    }
    code.bind(most);
    asm.movRI64(p.d, -1, wide ? -1 : 0);
    asm.jmp(p.back);
    code.bind(zero);
    asm.rr(X.xor, 4, p.d, p.d);
    asm.jmp(p.back);
    return;
  }
  asm.unary(compare, 16, p.a, p.a);
  asm.jcc(CC.p, zero);
  asm.zeroVector(XMM15);
  asm.unary(compare, 16, p.a, XMM15);
  // Negative: what the processor gave is the minimum already.
  asm.jcc(CC.b, p.back);
  if (wide) asm.movRI64(p.d, -1, 0x7fffffff); else asm.movRI64(p.d, 0x7fffffff, 0);
  asm.jmp(p.back);
  code.bind(zero);
  asm.rr(X.xor, 4, p.d, p.d);
  asm.jmp(p.back);
}
