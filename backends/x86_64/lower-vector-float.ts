/**
 * Vector operations on float lanes.
 *
 * - Minimum and maximum: the processor's give the second operand when either is NaN or both are zeros, so both orders
 *   together see both operands (see `emitMinMax` in `emit-float.ts`, which does the same for scalars).
 * - Rounding without SSE4.1: adding and subtracting 2^23 (2^52) rounds a smaller magnitude to an integer, ties to
 *   even; a compare with the argument corrects towards the wanted side; the sign is put back, for results of −0.
 *   Larger magnitudes and NaN are integers already or stay as they are.
 * - Fused multiply-add without FMA: see `vector-fma.ts`.
 */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import { InternalError } from '../../lib/mir/errors.ts';
import type { Value, VectorInst } from '../../lib/mir/instruction.ts';
import { HALF_LANES } from '../../lib/mir/types.ts';
import { X, type Form } from './forms.ts';
import { lowerVectorConvert } from './lower-vector-convert.ts';
import type { SelectContext } from './select-context.ts';
import { chooseMinMax } from './vector-constants.ts';
import { emulateFma32 } from './vector-fma.ts';
import { vectorBytes } from './vector-lanes.ts';
import { binary, binaryConstant, binaryFlexible, binaryI, binaryIFlexible, constant, ternaryFlexible, unaryFlexible, unaryIFlexible } from './vector-steps.ts';

/** Emits the operation; false when it is not one of floats. */
export function lowerVectorFloat(s: SelectContext, i: VectorInst): boolean {
  if (lowerVectorConvert(s, i)) return true;
  const lanes = HALF_LANES[i.lanes];
  if (lanes !== 'f32x4' && lanes !== 'f64x2') return false;
  const wide = lanes === 'f64x2', bytes = vectorBytes(s, i.lanes), d = s.def(i.result), { args } = i;
  switch (i.op) {
    case 'vadd': commutative(s, wide ? X.addpd : X.addps, args, d, bytes); return true;
    case 'vmul': commutative(s, wide ? X.mulpd : X.mulps, args, d, bytes); return true;
    case 'vsub': flexible(s, wide ? X.subpd : X.subps, args[0], args[1], d, bytes); return true;
    case 'vdiv': flexible(s, wide ? X.divpd : X.divps, args[0], args[1], d, bytes); return true;
    case 'vsqrt':
      s.flexible(args[0]);
      unaryFlexible(s, wide ? X.sqrtpd : X.sqrtps, d, bytes);
      return true;
    case 'vabs': andConstant(s, wide, s.reg(args[0]), d, bytes); return true;
    case 'vneg': withSign(s, X.xorps, wide, s.reg(args[0]), d, bytes); return true;
    case 'vfmin': if (!withConstant(s, false, wide, args, d, bytes)) minimum(s, wide, s.reg(args[0]), s.reg(args[1]), d, bytes); return true;
    case 'vfmax': if (!withConstant(s, true, wide, args, d, bytes)) maximum(s, wide, s.reg(args[0]), s.reg(args[1]), d, bytes); return true;
    case 'vnearest': case 'vfloor': case 'vceil': case 'vtrunc': round(s, i.op, wide, args[0], d, bytes); return true;
    case 'vfma': fma(s, wide, args, d, bytes); return true;
    case 'veq': compare(s, wide, CMP_EQ, args, d, bytes, true); return true;
    case 'vne': compare(s, wide, CMP_NE, args, d, bytes, true); return true;
    case 'vflt': compare(s, wide, CMP_LT, args, d, bytes, false); return true;
    case 'vfle': compare(s, wide, CMP_LE, args, d, bytes, false); return true;
    case 'vfgt': reversed(s, wide, CMP_LT, CMP_GT, args, d, bytes); return true;
    case 'vfge': reversed(s, wide, CMP_LE, CMP_GE, args, d, bytes); return true;
    default: return false;
  }
}

/** Predicates of `cmpps`; those above 7 exist under AVX only. `CMP_NE` is true on NaN, the others false. */
const CMP_EQ = 0, CMP_LT = 1, CMP_LE = 2, CMP_NE = 4, CMP_GE = 13, CMP_GT = 14;

function flexible(s: SelectContext, f: Form<'binary'>, a: Value, b: Value, d: VReg, bytes: number): void {
  const x = s.reg(a);
  s.flexible(b);
  binaryFlexible(s, f, x, d, bytes);
}
function commutative(s: SelectContext, f: Form<'binary'>, [a, b]: readonly Value[], d: VReg, bytes: number): void {
  if (s.isFoldedLoad(a)) flexible(s, f, b, a, d, bytes); else flexible(s, f, a, b, d, bytes);
}

function compareForm(wide: boolean): Form<'binaryI'> { return wide ? X.cmppd : X.cmpps; }
function compare(s: SelectContext, wide: boolean, predicate: number, [a, b]: readonly Value[], d: VReg, bytes: number, commutes: boolean): void {
  if (commutes && s.isFoldedLoad(a)) [a, b] = [b, a];
  const x = s.reg(a);
  s.flexible(b);
  binaryIFlexible(s, compareForm(wide), x, predicate, d, bytes);
}
/** Without AVX only "less" exists, so the operands change places. */
function reversed(s: SelectContext, wide: boolean, less: number, greater: number, [a, b]: readonly Value[], d: VReg, bytes: number): void {
  if (s.isFoldedLoad(b)) compare(s, wide, greater, [a, b], d, bytes, false); else compare(s, wide, less, [b, a], d, bytes, false);
}

const HIGH = -0x80000000, REST = 0x7fffffff;
/** The sign bits alone through a bitwise instruction. */
export function withSign(s: SelectContext, f: Form<'binary'>, wide: boolean, a: VReg, d: VReg = -1, bytes = 16): VReg {
  return wide ? binaryConstant(s, f, a, 0, HIGH, 0, HIGH, d, bytes) : binaryConstant(s, f, a, HIGH, HIGH, HIGH, HIGH, d, bytes);
}
/** The magnitudes. */
function andConstant(s: SelectContext, wide: boolean, a: VReg, d: VReg, bytes: number): VReg {
  return wide ? binaryConstant(s, X.andps, a, -1, REST, -1, REST, d, bytes) : binaryConstant(s, X.andps, a, REST, REST, REST, REST, d, bytes);
}

function withConstant(s: SelectContext, max: boolean, wide: boolean, [a, b]: readonly Value[], d: VReg, bytes: number): boolean {
  const chosen = chooseMinMax(s, max, wide, a, b, bytes);
  if (chosen === undefined) return false;
  const c = s.reg(chosen.constant);
  s.flexible(chosen.other);
  const r = binaryFlexible(s, max ? (wide ? X.maxpd : X.maxps) : wide ? X.minpd : X.minps, c, chosen.addZero ? -1 : d, bytes);
  if (chosen.addZero) binary(s, wide ? X.addpd : X.addps, r, c, d, bytes);
  return true;
}

function minimum(s: SelectContext, wide: boolean, a: VReg, b: VReg, d: VReg, bytes: number): void {
  const min = wide ? X.minpd : X.minps;
  binary(s, X.orps, binary(s, min, a, b, -1, bytes), binary(s, min, b, a, -1, bytes), d, bytes);
}
function maximum(s: SelectContext, wide: boolean, a: VReg, b: VReg, d: VReg, bytes: number): void {
  const max = wide ? X.maxpd : X.maxps, y = binary(s, max, a, b, -1, bytes), x = binary(s, X.xorps, binary(s, max, b, a, -1, bytes), y, -1, bytes);
  binary(s, wide ? X.subpd : X.subps, binary(s, X.orps, y, x, -1, bytes), x, d, bytes);
}

export type Rounding = 'vnearest' | 'vfloor' | 'vceil' | 'vtrunc';
/** The immediate of `roundps`: its two low bits are the direction, 8 keeps the inexact flag quiet. */
const ROUND: Readonly<Record<Rounding, number>> = { vnearest: 8, vfloor: 9, vceil: 10, vtrunc: 11 };

function round(s: SelectContext, op: Rounding, wide: boolean, v: Value, d: VReg, bytes: number): void {
  if (s.plan.features.sse4_1) {
    s.flexible(v);
    unaryIFlexible(s, wide ? X.roundpd : X.roundps, ROUND[op], d, bytes);
  } else emulateRounding(s, op, wide, s.reg(v), d);
}

/** Rounds all lanes with SSE2 alone; of a scalar, whatever is in the others. */
export function emulateRounding(s: SelectContext, op: Rounding, wide: boolean, x: VReg, d: VReg): void {
  const sub = wide ? X.subpd : X.subps, sign = withSign(s, X.andps, wide, x), magnitude = binary(s, X.xorps, x, sign);
  const big = wide ? constant(s, 0, 0x43300000, 0, 0x43300000) : constant(s, 0x4b000000, 0x4b000000, 0x4b000000, 0x4b000000);
  let r = binary(s, sub, binary(s, wide ? X.addpd : X.addps, magnitude, big), big);
  const one = (negative: boolean): VReg => {
    const w = (wide ? 0x3ff00000 : 0x3f800000) | (negative ? HIGH : 0);
    return wide ? constant(s, 0, w, 0, w) : constant(s, w, w, w, w);
  };
  switch (op) {
    case 'vnearest': break;
    case 'vtrunc': r = binary(s, sub, r, binary(s, X.andps, binaryI(s, compareForm(wide), magnitude, r, CMP_LT), one(false))); break;
    case 'vfloor':
      r = binary(s, X.orps, r, sign);
      r = binary(s, sub, r, binary(s, X.andps, binaryI(s, compareForm(wide), x, r, CMP_LT), one(false)));
      break;
    case 'vceil':
      r = binary(s, X.orps, r, sign);
      r = binary(s, sub, r, binary(s, X.andps, binaryI(s, compareForm(wide), r, x, CMP_LT), one(true)));
      break;
    default: op satisfies never;
  }
  r = binary(s, X.orps, r, sign);
  // x ^ ((x ^ r) & small): r where the magnitude is below the limit.
  const small = binaryI(s, compareForm(wide), magnitude, big, CMP_LT);
  binary(s, X.xorps, binary(s, X.andps, binary(s, X.xorps, r, x), small), x, d);
}

function fma(s: SelectContext, wide: boolean, [a, b, c]: readonly Value[], d: VReg, bytes: number): void {
  if (!s.plan.features.fma) {
    // f64 lanes are calls by now, 256 bits are split (see `legalize.ts`).
    if (wide) throw new InternalError(`fused multiply-add of f64 lanes without FMA in ${s.f.name}`);
    emulateFma32(s, s.reg(a), s.reg(b), s.reg(c), d);
    return;
  }
  // The register that is overwritten should be one that is not needed after: the addend of an accumulation, mostly.
  if (s.useCount(c) === 1 && s.definition(c)?.kind !== 'const' && !s.isFoldedLoad(c)) {
    if (s.isFoldedLoad(a)) [a, b] = [b, a];
    const z = s.reg(c), x = s.reg(a);
    s.flexible(b);
    ternaryFlexible(s, wide ? X.vfmadd231pd : X.vfmadd231ps, z, x, d, bytes);
    return;
  }
  if (s.useCount(a) !== 1 && s.useCount(b) === 1 && s.definition(b)?.kind !== 'const') [a, b] = [b, a];
  const x = s.reg(a), y = s.reg(b);
  s.flexible(c);
  ternaryFlexible(s, wide ? X.vfmadd213pd : X.vfmadd213ps, x, y, d, bytes);
}
