/** Shifts and rotations of integers. */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import type { BinaryInst } from '../../lib/mir/instruction.ts';
import { RCX } from './convention.ts';
import { aluImmediate, move, shiftImmediate, workBytes } from './integer-forms.ts';
import {
  ALU_AND, OP_RORX, OP_SHIFT_CL, OP_SHIFT_X, SHIFT_ROL, SHIFT_ROR, SHIFT_SAR, SHIFT_SHL, SHIFT_SHR, pack, sizeLog,
} from './opcodes.ts';
import { DEF_REG, USE_REG, defReuse, useFixed } from './operand-constraints.ts';
import type { SelectContext } from './select-context.ts';
import { widened } from './widen.ts';

export function lowerShift(s: SelectContext, i: BinaryInst): void {
  const bits = s.bytesOf(i.type) * 8, bytes = workBytes(s, i.type);
  const sub = i.op === 'shl' ? SHIFT_SHL : i.op === 'lshr' ? SHIFT_SHR : SHIFT_SAR;
  const count = s.constant(i.b);
  if (count !== undefined) {
    const x = i.op === 'shl' ? s.reg(i.a) : widened(s, i.a, i.type, i.op === 'ashr');
    shiftImmediate(s, sub, bytes, s.def(i.result), x, Number(BigInt.asUintN(8, BigInt(count))) & (bits - 1));
    return;
  }
  let n = s.reg(i.b);
  if (bits < 32) {
    // The processor would mask the count to 5 bits.
    const masked = s.newInt();
    aluImmediate(s, ALU_AND, 4, masked, n, bits - 1);
    n = masked;
  }
  if (!s.plan.features.bmi2) {
    byCl(s, sub, bytes, s.def(i.result), i.op === 'shl' ? s.reg(i.a) : widened(s, i.a, i.type, i.op === 'ashr'), n);
    return;
  }
  if (bits >= 32) s.flexible(i.a);
  else s.register(i.op === 'shl' ? s.reg(i.a) : widened(s, i.a, i.type, i.op === 'ashr'));
  s.inst(OP_SHIFT_X, s.packed(sub, bytes), s.displacement);
  s.op(s.def(i.result), DEF_REG);
  s.flexibleOperands();
  s.op(n, USE_REG);
}

export function lowerRotate(s: SelectContext, i: BinaryInst): void {
  const bytes = s.bytesOf(i.type), bits = bytes * 8, left = i.op === 'rotl', constant = s.constant(i.b);
  if (constant !== undefined) {
    const n = Number(BigInt.asUintN(8, BigInt(constant))) & (bits - 1), right = left ? (bits - n) & (bits - 1) : n;
    if (right === 0) { move(s, s.def(i.result), s.reg(i.a)); return; }
    if (bytes >= 4 && s.plan.features.bmi2) {
      s.register(s.reg(i.a));
      s.inst(OP_RORX, s.packed(0, bytes), right);
      s.op(s.def(i.result), DEF_REG);
      s.flexibleOperands();
      return;
    }
    shiftImmediate(s, SHIFT_ROR, bytes, s.def(i.result), s.reg(i.a), right);
    return;
  }
  const n = s.reg(i.b);
  byCl(s, left ? SHIFT_ROL : SHIFT_ROR, bytes, s.def(i.result), s.reg(i.a), n);
}

function byCl(s: SelectContext, sub: number, bytes: number, d: VReg, x: VReg, n: VReg): void {
  if (x === n) {
    // The value and the count in one register: the value needs another one than rcx.
    const copy = s.newInt();
    move(s, copy, x);
    x = copy;
  }
  s.inst(OP_SHIFT_CL, pack(sub, sizeLog(bytes)));
  s.op(d, defReuse(1));
  s.op(x, USE_REG);
  s.op(n, useFixed(RCX));
}
