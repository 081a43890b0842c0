/** Floats and conversions. */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import { InternalError } from '../../lib/mir/errors.ts';
import type { BinaryInst, ConvertInst, TernaryInst, UnaryInst, Value } from '../../lib/mir/instruction.ts';
import { aluImmediate } from './integer-forms.ts';
import { emulateRounding, type Rounding } from './lower-vector-float.ts';
import {
  ALU_AND, CONVERT_64, CONVERT_SATURATE, CONVERT_UNSIGNED, FU_CEIL, FU_FLOOR, FU_NEAREST, FU_SQRT, FU_TRUNC, F_ADD, F_DIV, F_MAX,
  F_MIN, F_MUL, F_SUB, LOAD_32, LOAD_S16, LOAD_S16_64, LOAD_S32_64, LOAD_S8, LOAD_S8_64, LOAD_U16, LOAD_U8, MODE_POOL, OP_FBINARY,
  OP_FCOPYSIGN, OP_FLOAT_TO_FLOAT, OP_FLOAT_TO_INT, OP_FMA, OP_FMINMAX, OP_FUNARY, OP_INT_TO_FLOAT, OP_LOAD, OP_MOV, OP_MOVD,
  OP_U64_TO_FLOAT, OP_UNARY, OP_VBITS, UNARY_NEG, V_AND, V_XOR, pack, sizeLog,
} from './opcodes.ts';
import { DEF_REG, EARLY_DEF_REG, LATE_REG, USE_ANY, USE_REG, defReuse } from './operand-constraints.ts';
import { SelectContext } from './select-context.ts';
import { chooseMinMax } from './vector-constants.ts';
import { emulateFmaLow } from './vector-fma.ts';

export function lowerBinaryFloat(s: SelectContext, i: BinaryInst): void {
  const bytes = s.bytesOf(i.type);
  switch (i.op) {
    case 'fadd': floatBinary(s, i, F_ADD, bytes, true); return;
    case 'fsub': floatBinary(s, i, F_SUB, bytes, false); return;
    case 'fmul': floatBinary(s, i, F_MUL, bytes, true); return;
    case 'fdiv': floatBinary(s, i, F_DIV, bytes, false); return;
    default: {
      if (i.op !== 'fcopysign' && minMaxConstant(s, i, bytes)) return;
      const a = s.reg(i.a), b = s.reg(i.b);
      s.inst(i.op === 'fcopysign' ? OP_FCOPYSIGN : OP_FMINMAX, pack(i.op === 'fmax' ? 1 : 0, sizeLog(bytes)));
      s.op(s.def(i.result), EARLY_DEF_REG);
      s.op(a, USE_REG);
      s.op(b, USE_REG);
    }
  }
}

function floatBinary(s: SelectContext, i: BinaryInst, sub: number, bytes: number, commutes: boolean): void {
  let a = i.a, b = i.b;
  if (commutes && (s.isFoldedLoad(a) || (s.constant(a) !== undefined && !s.isFoldedLoad(b)))) { a = i.b; b = i.a; }
  const x = s.reg(a);
  s.flexible(b);
  s.inst(OP_FBINARY, s.packed(sub, bytes), s.displacement);
  s.op(s.def(i.result), s.vectorResult);
  s.op(x, USE_REG);
  s.flexibleOperands();
}

/** See `chooseMinMax`: a constant makes one instruction of it. */
function minMaxConstant(s: SelectContext, i: BinaryInst, bytes: number): boolean {
  const chosen = chooseMinMax(s, i.op === 'fmax', bytes === 8, i.a, i.b, bytes);
  if (chosen === undefined) return false;
  const c = s.reg(chosen.constant), x = s.reg(chosen.other), d = s.def(i.result), r = chosen.addZero ? s.newFloat() : d;
  const step = (sub: number, to: VReg, a: VReg, b: VReg): void => {
    s.inst(OP_FBINARY, pack(sub, sizeLog(bytes)));
    s.op(to, s.vectorResult);
    s.op(a, USE_REG);
    s.op(b, USE_ANY);
  };
  step(i.op === 'fmax' ? F_MAX : F_MIN, r, c, x);
  if (chosen.addZero) step(F_ADD, d, r, c);
  return true;
}

export function lowerUnaryFloat(s: SelectContext, i: UnaryInst): void {
  const bytes = s.bytesOf(i.type);
  if (i.op === 'fneg' || i.op === 'fabs') {
    const x = s.reg(i.a), sign = i.op === 'fneg';
    const mask = bytes === 8
      ? sign ? s.code.constant128(0, -0x80000000, 0, -0x80000000) : s.code.constant128(-1, 0x7fffffff, -1, 0x7fffffff)
      : sign ? s.code.constant128(-0x80000000, -0x80000000, -0x80000000, -0x80000000) : s.code.constant128(0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff);
    s.inst(OP_VBITS, pack(sign ? V_XOR : V_AND, 4, MODE_POOL), mask);
    s.op(s.def(i.result), s.vectorResult);
    s.op(x, USE_REG);
    return;
  }
  const sub = i.op === 'fsqrt' ? FU_SQRT : i.op === 'fceil' ? FU_CEIL : i.op === 'ffloor' ? FU_FLOOR : i.op === 'ftrunc' ? FU_TRUNC : FU_NEAREST;
  const x = s.reg(i.a);
  if (i.op !== 'fsqrt' && !s.plan.features.sse4_1) {
    emulateRounding(s, ROUNDING[sub], bytes === 8, x, s.def(i.result));
    return;
  }
  s.inst(OP_FUNARY, pack(sub, sizeLog(bytes)));
  s.op(s.def(i.result), DEF_REG);
  s.op(x, USE_REG);
}

/** By `FU_*`. */
const ROUNDING: Readonly<Record<number, Rounding>> = { [FU_NEAREST]: 'vnearest', [FU_FLOOR]: 'vfloor', [FU_CEIL]: 'vceil', [FU_TRUNC]: 'vtrunc' };

export function lowerTernary(s: SelectContext, i: TernaryInst): void {
  const bytes = s.bytesOf(i.type);
  if (!s.plan.features.fma) {
    // f64 is a call by now (see `legalize-fma.ts`).
    if (bytes !== 4) throw new InternalError(`fma.f64 without FMA in ${s.f.name}`);
    emulateFmaLow(s, s.reg(i.a), s.reg(i.b), s.reg(i.c), s.def(i.result));
    return;
  }
  // The register that is overwritten should be one that is not needed after: the addend of an accumulation, mostly.
  if (s.useCount(i.c) === 1 && s.definition(i.c)?.kind !== 'const' && !s.isFoldedLoad(i.c)) {
    let a = i.a, b = i.b;
    if (s.isFoldedLoad(a) || s.constant(a) !== undefined) { a = i.b; b = i.a; }
    const x = s.reg(a), c = s.reg(i.c);
    s.flexible(b);
    s.inst(OP_FMA, s.packed(1, bytes), s.displacement);
    s.op(s.def(i.result), defReuse(1));
    s.op(c, USE_REG);
    s.op(x, USE_REG);
    s.flexibleOperands();
    return;
  }
  let first = i.a, second = i.b;
  if (s.useCount(first) !== 1 && s.useCount(second) === 1 && s.constant(second) === undefined) { first = i.b; second = i.a; }
  const a = s.reg(first), b = s.reg(second);
  s.flexible(i.c);
  s.inst(OP_FMA, s.packed(0, bytes), s.displacement);
  s.op(s.def(i.result), defReuse(1));
  s.op(a, USE_REG);
  s.op(b, USE_REG);
  s.flexibleOperands();
}

/**
 * The operand whose register already is the conversion's result: bits above the type's width are unspecified for
 * `i8 i16` and zero for `i1 i32` and the linear model's `ptr`. −1 when an instruction is needed.
 */
export function renamedOperand(i: ConvertInst, linear: boolean): Value {
  switch (i.op) {
    case 'zext': return i.from === 'i1' || i.from === 'i32' ? i.a : -1;
    case 'trunc': return i.type === 'i8' || i.type === 'i16' ? i.a : -1;
    case 'bitcast': return i.from === i.type ? i.a : -1;
    case 'ptrtoint': return linear || i.type === 'i64' ? i.a : -1;
    case 'inttoptr': return i.from === 'i32' || !linear ? i.a : -1;
    default: return -1;
  }
}

export function lowerConvert(s: SelectContext, i: ConvertInst): void {
  switch (i.op) {
    case 'zext': extend(s, i, i.from === 'i8' ? LOAD_U8 : i.from === 'i16' ? LOAD_U16 : LOAD_32); return;
    case 'sext': lowerSignExtend(s, i); return;
    case 'trunc':
      if (i.type === 'i1') {
        const x = s.reg(i.a);
        aluImmediate(s, ALU_AND, 4, s.def(i.result), x, 1);
      } else if (i.type === 'i32') narrowTo32(s, i);
      else renamed(s, i);
      return;
    case 'ptrtoint': case 'inttoptr':
      if (renamedOperand(i, s.linear) >= 0) renamed(s, i); else narrowTo32(s, i);
      return;
    case 'bitcast': lowerBitcast(s, i); return;
    case 'fpromote': case 'fdemote':
      s.flexible(i.a);
      s.inst(OP_FLOAT_TO_FLOAT, s.packed(i.op === 'fpromote' ? 0 : 1, s.bytesOf(i.from)), s.displacement);
      s.op(s.def(i.result), DEF_REG);
      s.flexibleOperands();
      return;
    case 'sitofp': case 'uitofp': lowerIntToFloat(s, i); return;
    default: {
      const unsigned = i.op === 'fptoui' || i.op === 'fptoui_sat', saturate = i.op === 'fptosi_sat' || i.op === 'fptoui_sat';
      const x = s.reg(i.a);
      s.inst(OP_FLOAT_TO_INT, pack((unsigned ? CONVERT_UNSIGNED : 0) | (i.type === 'i64' ? CONVERT_64 : 0) | (saturate ? CONVERT_SATURATE : 0), sizeLog(s.bytesOf(i.from))));
      s.op(s.def(i.result), DEF_REG);
      s.op(x, USE_REG);
    }
  }
}

/** A load or a register, extended. */
function extend(s: SelectContext, i: ConvertInst, kind: number): void {
  s.flexible(i.a);
  s.inst(OP_LOAD, s.packed(kind, 4), s.displacement);
  s.op(s.def(i.result), DEF_REG);
  s.flexibleOperands();
}

function lowerSignExtend(s: SelectContext, i: ConvertInst): void {
  if (i.from === 'i1') {
    const x = s.reg(i.a);
    s.inst(OP_UNARY, pack(UNARY_NEG, i.type === 'i64' ? 3 : 2));
    s.op(s.def(i.result), defReuse(1));
    s.op(x, USE_REG);
    return;
  }
  const wide = i.type === 'i64';
  extend(s, i, i.from === 'i8' ? (wide ? LOAD_S8_64 : LOAD_S8) : i.from === 'i16' ? (wide ? LOAD_S16_64 : LOAD_S16) : LOAD_S32_64);
}

/** The low 32 bits, the upper half cleared. Never as a folded load of fewer bytes than the program's. */
function narrowTo32(s: SelectContext, i: ConvertInst): void {
  const x = s.reg(i.a);
  s.inst(OP_LOAD, pack(LOAD_32, 2));
  s.op(s.def(i.result), DEF_REG);
  s.op(x, USE_ANY);
}

/** A conversion that is only a name, emitted because its operand is a constant. */
function renamed(s: SelectContext, i: ConvertInst): void {
  const x = s.reg(i.a);
  s.inst(OP_MOV);
  s.op(s.def(i.result), DEF_REG);
  s.op(x, USE_ANY);
}

function lowerBitcast(s: SelectContext, i: ConvertInst): void {
  const toVector = i.type === 'f32' || i.type === 'f64', fromVector = i.from === 'f32' || i.from === 'f64';
  if (toVector === fromVector) { renamed(s, i); return; }
  const x = s.reg(i.a);
  s.inst(OP_MOVD, pack(toVector ? 0 : 1, sizeLog(s.bytesOf(i.type))));
  s.op(s.def(i.result), DEF_REG);
  s.op(x, toVector ? USE_ANY : USE_REG);
}

function lowerIntToFloat(s: SelectContext, i: ConvertInst): void {
  const floatBytes = s.bytesOf(i.type);
  if (i.op === 'uitofp' && i.from === 'i64') {
    const x = s.reg(i.a);
    s.inst(OP_U64_TO_FLOAT, pack(floatBytes, 3));
    s.op(s.def(i.result), DEF_REG);
    s.op(x, LATE_REG);
    return;
  }
  if (i.op === 'uitofp') s.register(s.reg(i.a));
  else s.flexible(i.a);
  // An unsigned 32-bit value is a positive 64-bit one; a spilled one has its upper half zero too.
  s.inst(OP_INT_TO_FLOAT, s.packed(floatBytes, i.op === 'uitofp' ? 8 : s.bytesOf(i.from)), s.displacement);
  s.op(s.def(i.result), DEF_REG);
  s.flexibleOperands();
}
