/** Operations of the vector table: those on halves of 256 bits, then by the type of their lanes. */
import type { VectorInst } from '../../lib/mir/instruction.ts';
import { X } from './forms.ts';
import { lowerVectorFloat } from './lower-vector-float.ts';
import { lowerVectorInteger } from './lower-vector-integer.ts';
import type { SelectContext } from './select-context.ts';
import { binaryIFlexible, copyVector, unaryI } from './vector-steps.ts';

/** Emits a vector operation; false when there is no code for it. */
export function lowerVector(s: SelectContext, i: VectorInst): boolean {
  return lowerHalves(s, i) || lowerVectorInteger(s, i) || lowerVectorFloat(s, i);
}

/** Bits of the immediate of `vpblendd`: the low and the high four words from the second source. */
const LOW_WORDS = 0x0f;

/** Joins and parts 256 bits. The low half of a register is the 128-bit register of the same number. */
function lowerHalves(s: SelectContext, i: VectorInst): boolean {
  const { op, args } = i;
  switch (op) {
    case 'vlow': copyVector(s, s.reg(args[0]), s.def(i.result)); return true;
    case 'vhigh': unaryI(s, X.vextracti128, s.reg(args[0]), 1, s.def(i.result), 32, 16); return true;
    case 'vconcat': case 'vinsert_high': {
      const a = s.reg(args[0]);
      s.flexible(args[1]);
      binaryIFlexible(s, X.vinserti128, a, 1, s.def(i.result), 32, 16);
      return true;
    }
    case 'vinsert_low': {
      // A blend is one cycle, an insertion three; what is above the 128 bits of the second source does not count.
      const a = s.reg(args[0]);
      s.register(s.reg(args[1]));
      binaryIFlexible(s, X.vpblendd, a, LOW_WORDS, s.def(i.result), 32);
      return true;
    }
    default: return false;
  }
}
