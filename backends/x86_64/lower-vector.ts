/** Operations of the vector table, by the type of their lanes. */
import type { VectorInst } from '../../lib/mir/instruction.ts';
import { lowerVectorFloat } from './lower-vector-float.ts';
import { lowerVectorInteger } from './lower-vector-integer.ts';
import type { SelectContext } from './select-context.ts';

/** Emits a vector operation; false when there is no code for it. */
export function lowerVector(s: SelectContext, i: VectorInst): boolean {
  return lowerVectorInteger(s, i) || lowerVectorFloat(s, i);
}
