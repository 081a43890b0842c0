/**
 * Division. The processor's instruction traps (#DE) on a zero divisor and on a quotient out of range, which are the
 * program's own traps; what it does not give is `MIN rem −1 = 0` and the overflow of narrow types.
 */
import type { BinaryInst } from '../../lib/mir/instruction.ts';
import { RAX, RDX } from './convention.ts';
import { NOT_DIVIDED, divideByConstant } from './lower-constant-division.ts';
import { DIV_REMAINDER, DIV_SAFE, DIV_SIGNED, OP_DIV, OP_MOV, pack, sizeLog } from './opcodes.ts';
import { DEF_REG, LATE_REG, USE_ANY, defFixed, useFixed } from './operand-constraints.ts';
import { SelectContext } from './select-context.ts';
import { widened } from './widen.ts';

export function lowerDivision(s: SelectContext, i: BinaryInst): void {
  const signed = i.op === 'sdiv' || i.op === 'srem', remainder = i.op === 'urem' || i.op === 'srem';
  const bytes = Math.max(4, s.bytesOf(i.type)), narrow = s.bytesOf(i.type) < 4, d = s.def(i.result);
  const constant = s.constant(i.b);
  let flags = (signed ? DIV_SIGNED : 0) | (remainder ? DIV_REMAINDER : 0);
  const a = widened(s, i.a, i.type, signed);
  if (constant !== undefined) {
    const bits = s.bytesOf(i.type) * 8, divisor = signed ? BigInt(constant) : BigInt.asUintN(bits, BigInt(constant));
    const known = s.division, again = known.a === a && known.b < 0 && known.constant === divisor && known.signed === signed && known.bytes === bytes;
    const quotient = divideByConstant(s, d, a, divisor, bytes, signed, remainder, again ? known.quotient : -1);
    if (quotient !== NOT_DIVIDED) {
      Object.assign(known, { a, b: -1, constant: divisor, signed, bytes, quotient, remainder: -1 });
      return;
    }
    if (divisor !== 0n && divisor !== -1n) flags |= DIV_SAFE;
  }
  const b = widened(s, i.b, i.type, signed);
  const known = s.division;
  if (known.a === a && known.b === b && known.signed === signed && known.bytes === bytes && !narrow) {
    const other = remainder ? known.remainder : known.quotient;
    if (other >= 0) {
      s.inst(OP_MOV);
      s.op(d, DEF_REG);
      s.op(other, USE_ANY);
      return;
    }
  }
  // A dividend that is also the divisor needs a second register, since rax is overwritten.
  s.inst(OP_DIV, pack(flags, sizeLog(bytes)) | (narrow && signed && !remainder ? 1 << 12 << s.bytesOf(i.type) : 0));
  const other = s.newInt();
  s.op(remainder ? other : d, defFixed(RAX));
  s.op(remainder ? d : other, defFixed(RDX));
  // After a signed remainder the quotient is not known: for -1 nothing was divided.
  if (!narrow) Object.assign(known, { a, b, signed, bytes, quotient: !remainder ? d : signed ? -1 : other, remainder: remainder ? d : other });
  s.op(a, useFixed(RAX));
  s.op(b, LATE_REG);
}
