/** Operands of operations that look at more bits than a narrow type has. */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import type { Value } from '../../lib/mir/instruction.ts';
import type { Type } from '../../lib/mir/types.ts';
import { LOAD_S16, LOAD_S8, LOAD_U16, LOAD_U8, OP_LOAD, pack } from './opcodes.ts';
import type { SelectContext } from './select-context.ts';

/** The operand extended to 32 bits when it is narrower and its upper bits matter. */
export function widened(s: SelectContext, v: Value, type: Type, signed: boolean): VReg {
  if (type !== 'i8' && type !== 'i16') return s.reg(v);
  return s.step(OP_LOAD, pack(type === 'i8' ? (signed ? LOAD_S8 : LOAD_U8) : signed ? LOAD_S16 : LOAD_U16, 2), 0, s.reg(v));
}
