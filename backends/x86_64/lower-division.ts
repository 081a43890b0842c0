/**
 * Division. The processor's instruction traps (#DE) on a zero divisor and on a quotient out of range, which are the
 * program's own traps; what it does not give is `MIN rem −1 = 0` and the overflow of narrow types.
 */
import type { BinaryInst } from '../../lib/mir/instruction.ts';
import { RAX, RDX } from './convention.ts';
import { divideByConstant } from './lower-constant-division.ts';
import { widened } from './lower-integer.ts';
import { DIV_REMAINDER, DIV_SAFE, DIV_SIGNED, OP_DIV, pack, sizeLog } from './opcodes.ts';
import { LATE_REG, SelectContext, defFixed, useFixed } from './select-context.ts';

export function lowerDivision(s: SelectContext, i: BinaryInst): void {
  const signed = i.op === 'sdiv' || i.op === 'srem', remainder = i.op === 'urem' || i.op === 'srem';
  const bytes = Math.max(4, s.bytesOf(i.type)), narrow = s.bytesOf(i.type) < 4, d = s.def(i.result);
  const constant = s.constant(i.b);
  let flags = (signed ? DIV_SIGNED : 0) | (remainder ? DIV_REMAINDER : 0);
  const a = widened(s, i.a, i.type, signed);
  if (constant !== undefined) {
    const bits = s.bytesOf(i.type) * 8, divisor = signed ? BigInt(constant) : BigInt.asUintN(bits, BigInt(constant));
    if (divideByConstant(s, d, a, divisor, bytes, signed, remainder)) return;
    if (divisor !== 0n && divisor !== -1n) flags |= DIV_SAFE;
  }
  const b = widened(s, i.b, i.type, signed);
  // A dividend that is also the divisor needs a second register, since rax is overwritten.
  s.inst(OP_DIV, pack(flags, sizeLog(bytes)) | (narrow && signed && !remainder ? 1 << 12 << s.bytesOf(i.type) : 0));
  s.op(remainder ? s.newInt() : d, defFixed(RAX));
  s.op(remainder ? d : s.newInt(), defFixed(RDX));
  s.op(a, useFixed(RAX));
  s.op(b, LATE_REG);
}
