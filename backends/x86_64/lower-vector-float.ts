/** Vector operations on float lanes, and conversions. */
import type { VectorInst } from '../../lib/mir/instruction.ts';
import type { SelectContext } from './select-context.ts';

/** Emits the operation; false when there is no code for it. */
export function lowerVectorFloat(_s: SelectContext, _i: VectorInst): boolean { return false; }
