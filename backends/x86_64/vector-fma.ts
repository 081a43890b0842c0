/**
 * Fused multiply-add of vector lanes on processors without FMA.
 *
 * f32: the product of two f32 is exact in f64; the sum is rounded to odd there, after which rounding to f32 is exact
 * (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008). The error of the sum comes from Knuth's
 * two-sum; where it is not zero and the sum is even, the sum moves one unit towards the error. An infinite or NaN sum
 * has a NaN error and stays.
 */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import { X } from './forms.ts';
import type { SelectContext } from './select-context.ts';
import { binary, binaryConstant, binaryI, ones, unary, unaryI, zero } from './vector-steps.ts';

/** `d = a*b + c` in f32 lanes. */
export function emulateFma32(s: SelectContext, a: VReg, b: VReg, c: VReg, d: VReg): void {
  const low = emulateFmaLow(s, a, b, c), up = (v: VReg): VReg => unaryI(s, X.pshufd, v, 0xee), high = emulateFmaLow(s, up(a), up(b), up(c));
  binary(s, X.movlhps, low, high, d);
}

/** `cmppd` predicate. */
const CMP_LT = 1;

/** The two low lanes of the result: also the way to compute a scalar. */
export function emulateFmaLow(s: SelectContext, a: VReg, b: VReg, c: VReg, d: VReg = -1): VReg {
  const product = binary(s, X.mulpd, unary(s, X.cvtps2pd, a), unary(s, X.cvtps2pd, b)), addend = unary(s, X.cvtps2pd, c);
  const sum = binary(s, X.addpd, product, addend), t = binary(s, X.subpd, sum, product);
  const error = binary(s, X.addpd, binary(s, X.subpd, product, binary(s, X.subpd, sum, t)), binary(s, X.subpd, addend, t));
  const none = zero(s), above = binaryI(s, X.cmppd, none, error, CMP_LT), inexact = binary(s, X.orps, above, binaryI(s, X.cmppd, error, none, CMP_LT));
  // One unit away from zero when the signs agree, else towards it.
  const step = binaryConstant(s, X.por, binary(s, X.pxor, above, binaryI(s, X.cmppd, none, sum, CMP_LT)), 1, 0, 1, 0);
  const even = binary(s, X.paddq, binaryConstant(s, X.pand, sum, 1, 0, 1, 0), ones(s));
  const odd = binary(s, X.paddq, sum, binary(s, X.pand, binary(s, X.pand, step, inexact), even));
  return unary(s, X.cvtpd2ps, odd, d);
}
