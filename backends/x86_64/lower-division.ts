/**
 * Division. The processor's instruction traps (#DE) on a zero divisor and on a quotient out of range, which are the
 * program's own traps; what it does not give is `MIN rem −1 = 0` and the overflow of narrow types.
 */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import type { BinaryInst } from '../../lib/mir/instruction.ts';
import { RAX, RDX } from './convention.ts';
import { widened } from './lower-integer.ts';
import { DIV_REMAINDER, DIV_SAFE, DIV_SIGNED, LOAD_32, OP_ALU_IMM, OP_CONST, OP_DIV, OP_LOAD, OP_SHIFT_IMM, ALU_AND, SHIFT_SHR, pack, sizeLog } from './opcodes.ts';
import { DEF_REG, LATE_REG, SelectContext, USE_ANY, USE_REG, defFixed, defReuse, useFixed } from './select-context.ts';

export function lowerDivision(s: SelectContext, i: BinaryInst): void {
  const signed = i.op === 'sdiv' || i.op === 'srem', remainder = i.op === 'urem' || i.op === 'srem';
  const bytes = Math.max(4, s.bytesOf(i.type)), narrow = s.bytesOf(i.type) < 4, d = s.def(i.result);
  const constant = s.constant(i.b);
  if (constant !== undefined && !signed) {
    const value = BigInt.asUintN(s.bytesOf(i.type) * 8, BigInt(constant));
    if (value !== 0n && (value & (value - 1n)) === 0n && unsignedPower(s, i, value, bytes, remainder, d)) return;
  }
  let flags = (signed ? DIV_SIGNED : 0) | (remainder ? DIV_REMAINDER : 0);
  if (constant !== undefined && BigInt(constant) !== 0n && BigInt(constant) !== -1n) flags |= DIV_SAFE;
  const a = widened(s, i.a, i.type, signed), b = widened(s, i.b, i.type, signed);
  // A dividend that is also the divisor needs a second register, since rax is overwritten.
  s.inst(OP_DIV, pack(flags, sizeLog(bytes)) | (narrow && signed && !remainder ? 1 << 12 << s.bytesOf(i.type) : 0));
  s.op(remainder ? s.newInt() : d, defFixed(RAX));
  s.op(remainder ? d : s.newInt(), defFixed(RDX));
  s.op(a, useFixed(RAX));
  s.op(b, LATE_REG);
}

/** Unsigned division by a power of two, as a shift or a mask. False when the mask has no short form. */
function unsignedPower(s: SelectContext, i: BinaryInst, value: bigint, bytes: number, remainder: boolean, d: VReg): boolean {
  const shift = value.toString(2).length - 1;
  if (remainder) {
    if (shift > 31 && !(shift === 32)) return false;
    const a = s.reg(i.a);
    if (shift === 0) {
      s.b.setRemat(d, s.inst(OP_CONST));
      s.op(d, DEF_REG);
    } else if (shift === 32) {
      s.inst(OP_LOAD, pack(LOAD_32, 2));
      s.op(d, DEF_REG);
      s.op(a, USE_ANY);
    } else {
      // Zero-extending masks: the result's upper half is clear, so 32 bits of arithmetic do.
      s.inst(OP_ALU_IMM, pack(ALU_AND, 2), shift === 31 ? 0x7fffffff : (1 << shift) - 1);
      s.op(d, defReuse(1));
      s.op(a, USE_REG);
    }
    return true;
  }
  const a = widened(s, i.a, i.type, false);
  s.inst(OP_SHIFT_IMM, pack(SHIFT_SHR, sizeLog(bytes)), shift);
  s.op(d, defReuse(1));
  s.op(a, USE_REG);
  return true;
}
