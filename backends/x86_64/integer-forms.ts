/** The machine instructions integer rules are made of. */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import type { Type } from '../../lib/mir/types.ts';
import { MODE_BASE, MODE_INDEX, OP_ALU, OP_ALU_IMM, OP_LEA, OP_MOV, OP_SHIFT_IMM, pack, sizeLog } from './opcodes.ts';
import { DEF_REG, USE_ANY, USE_REG, defReuse } from './operand-constraints.ts';
import type { SelectContext } from './select-context.ts';

/** The width arithmetic is done at: narrow types in 32 bits, their upper bits being unspecified. */
export function workBytes(s: SelectContext, type: Type): number { return type === 'i1' ? 4 : Math.max(4, s.bytesOf(type)); }

/** `d <- a, rm` with the flexible operand already set up. */
export function alu(s: SelectContext, sub: number, bytes: number, d: VReg, a: VReg): void {
  s.inst(OP_ALU, s.packed(sub, bytes), s.displacement);
  s.op(d, defReuse(1));
  s.op(a, USE_REG);
  s.flexibleOperands();
}
export function aluImmediate(s: SelectContext, sub: number, bytes: number, d: VReg, a: VReg, value: number): void {
  s.inst(OP_ALU_IMM, pack(sub, sizeLog(bytes)), value);
  s.op(d, defReuse(1));
  s.op(a, USE_REG);
}
export function leaBase(s: SelectContext, bytes: number, d: VReg, base: VReg, displacement: number): void {
  s.inst(OP_LEA, pack(0, sizeLog(bytes), MODE_BASE), displacement);
  s.op(d, DEF_REG);
  s.op(base, USE_REG);
}
export function leaIndex(s: SelectContext, bytes: number, d: VReg, base: VReg, index: VReg, scale: number): void {
  s.inst(OP_LEA, pack(0, sizeLog(bytes), MODE_INDEX, scale), 0);
  s.op(d, DEF_REG);
  s.op(base, USE_REG);
  s.op(index, USE_REG);
}
export function move(s: SelectContext, d: VReg, a: VReg): void {
  s.inst(OP_MOV);
  s.op(d, DEF_REG);
  s.op(a, USE_ANY);
}

export function shiftImmediate(s: SelectContext, sub: number, bytes: number, d: VReg, a: VReg, count: number): void {
  if (count === 0) {
    move(s, d, a);
    return;
  }
  s.inst(OP_SHIFT_IMM, pack(sub, sizeLog(bytes)), count);
  s.op(d, defReuse(1));
  s.op(a, USE_REG);
}

/** Index of `[displacement, value]` among the extra words. */
export function pushExtra(s: SelectContext, value: number): number {
  const at = s.extra.push(s.displacement);
  s.extra.push(value);
  return at;
}
