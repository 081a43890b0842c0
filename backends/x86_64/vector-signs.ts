/** Sign masks of 64-bit lanes. */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import { X } from './forms.ts';
import type { SelectContext } from './select-context.ts';
import { binary, shiftI, unaryI, zero } from './vector-steps.ts';

/** All ones in each 64-bit lane that is negative. */
export function signsOf64(s: SelectContext, a: VReg, bytes: number, d: VReg = -1): VReg {
  if (s.plan.features.sse4_2) return binary(s, X.pcmpgtq, zero(s, bytes), a, d, bytes);
  return unaryI(s, X.pshufd, shiftI(s, X.psrad, a, 31, -1, bytes), 0xf5, d, bytes);
}
