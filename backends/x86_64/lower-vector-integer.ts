/** Vector operations on integer lanes and on bits. */
import type { VectorInst } from '../../lib/mir/instruction.ts';
import { X } from './forms.ts';
import type { SelectContext } from './select-context.ts';
import { binaryFlexible } from './vector-steps.ts';

/** Emits the operation; false when it is not one of integers. */
export function lowerVectorInteger(s: SelectContext, i: VectorInst): boolean {
  if (i.op === 'vxor') {
    const a = s.reg(i.args[0]);
    s.flexible(i.args[1]);
    binaryFlexible(s, X.pxor, a, s.def(i.result));
    return true;
  }
  return false;
}
