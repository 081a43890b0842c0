/**
 * Conversions between `i32` and `f32` lanes.
 *
 * `cvttps2dq` gives the most negative integer for NaN and for what does not fit; the rest is told by compares.
 * Unsigned to float goes through the halves of each lane, so that only the last addition rounds: with the upper half
 * in the significand of 2^39 and the lower in that of 2^23, `(upper − (2^39 + 2^23)) + lower` is the value.
 */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import type { VectorInst } from '../../lib/mir/instruction.ts';
import { X } from './forms.ts';
import type { SelectContext } from './select-context.ts';
import { vectorBytes } from './vector-lanes.ts';
import { binary, binaryI, binaryWord, constantWord, shiftI, unary, unaryFlexible, zero } from './vector-steps.ts';

/** Emits the conversion; false when it is none. */
export function lowerVectorConvert(s: SelectContext, i: VectorInst): boolean {
  const d = s.def(i.result), v = i.args[0], bytes = vectorBytes(s, i.lanes);
  switch (i.op) {
    case 'vcvt_f32_i32_s':
      s.flexible(v);
      unaryFlexible(s, X.cvtdq2ps, d, bytes);
      return true;
    case 'vcvt_f32_i32_u': unsignedToFloat(s, s.reg(v), d, bytes); return true;
    case 'vtrunc_sat_i32_f32_s': toSigned(s, s.reg(v), d, bytes); return true;
    case 'vtrunc_sat_i32_f32_u': toUnsigned(s, s.reg(v), d, bytes); return true;
    default: return false;
  }
}

/** `cmpps` predicates: less or equal, ordered. */
const CMP_LE = 2, CMP_ORDERED = 7;
/** 2^31 as f32. */
const TWO_31 = 0x4f000000;

function unsignedToFloat(s: SelectContext, x: VReg, d: VReg, bytes: number): void {
  const low = binaryWord(s, X.por, binaryWord(s, X.pand, x, 0xffff, -1, bytes), 0x4b000000, -1, bytes);
  const high = binaryWord(s, X.por, shiftI(s, X.psrld, x, 16, -1, bytes), 0x53000000, -1, bytes);
  binary(s, X.addps, binaryWord(s, X.subps, high, 0x53000080, -1, bytes), low, d, bytes);
}

function toSigned(s: SelectContext, x: VReg, d: VReg, bytes: number): void {
  const number = binary(s, X.andps, binaryI(s, X.cmpps, x, x, CMP_ORDERED, -1, bytes), x, -1, bytes);
  // Too large: all ones turn the most negative integer into the most positive.
  const large = binaryI(s, X.cmpps, constantWord(s, TWO_31, bytes), number, CMP_LE, -1, bytes);
  binary(s, X.pxor, unary(s, X.cvttps2dq, number, -1, bytes), large, d, bytes);
}

function toUnsigned(s: SelectContext, x: VReg, d: VReg, bytes: number): void {
  // With zero second: NaN, negative numbers and −0 become +0.
  const number = binary(s, X.maxps, x, zero(s, bytes), -1, bytes), limit = constantWord(s, TWO_31, bytes);
  const upper = binaryI(s, X.cmpps, limit, number, CMP_LE, -1, bytes), above = binary(s, X.subps, number, limit, -1, bytes);
  const over = binaryI(s, X.cmpps, limit, above, CMP_LE, -1, bytes);
  const rest = binary(s, X.pand, binary(s, X.pxor, unary(s, X.cvttps2dq, above, -1, bytes), over, -1, bytes), upper, -1, bytes);
  // From 2^31 on the first conversion gives 2^31.
  binary(s, X.paddd, unary(s, X.cvttps2dq, number, -1, bytes), rest, d, bytes);
}
