/** Bit counts on processors that lack the instruction for them. */
import { R11 } from './convention.ts';
import type { EmitContext } from './emit-context.ts';
import { CC, X } from './forms.ts';
import { COUNT_LZ, COUNT_ONES, sizeOfData, subOf } from './opcodes.ts';

/** `d <- rm` of {@link OP_COUNT}, 4 or 8 bytes. */
export function emitCountWithout(e: EmitContext): void {
  const { asm } = e, bytes = 1 << sizeOfData(e.data), bits = 8 * bytes, d = e.reg(0), sub = subOf(e.data);
  e.forgetFlags();
  if (sub === COUNT_ONES) {
    const m = e.flexible(1, e.word);
    if (m !== undefined) asm.rm(X.mov, bytes, d, m); else if (e.register !== d) asm.rr(X.mov, bytes, d, e.register);
    emitSumOfBits(e, d, bytes);
    return;
  }
  // The scan gives the number of the bit it finds, and for zero only the zero flag. Numbered from the top, the answer
  // for zero is 2·bits − 1: flipped like every other it becomes `bits`.
  const leading = sub === COUNT_LZ, form = leading ? X.bsr : X.bsf;
  asm.ri(X.mov, 4, R11, leading ? 2 * bits - 1 : bits);
  const m = e.flexible(1, e.word);
  if (m === undefined) asm.rr(form, bytes, d, e.register); else asm.rm(form, bytes, d, m);
  asm.cmov(CC.e, bytes, d, R11);
  if (leading) asm.ri(X.xor, bytes, d, bits - 1);
}

/** Sums of neighbouring bits, pairs, halves of bytes, then all bytes by a product (Warren, "Hacker's Delight", 2013, 5-1). */
function emitSumOfBits(e: EmitContext, d: number, bytes: number): void {
  const { asm } = e;
  const mask = (r: number, byte: number): void => {
    const word = Math.imul(byte, 0x01010101);
    if (bytes === 4) asm.ri(X.and, 4, r, word); else asm.rm(X.and, 8, r, asm.rip(asm.code.constant64(word, word)));
  };
  asm.rr(X.mov, bytes, R11, d);
  asm.ri(X.shr, bytes, R11, 1);
  mask(R11, 0x55);
  asm.rr(X.sub, bytes, d, R11);
  asm.rr(X.mov, bytes, R11, d);
  mask(d, 0x33);
  asm.ri(X.shr, bytes, R11, 2);
  mask(R11, 0x33);
  asm.rr(X.add, bytes, d, R11);
  asm.rr(X.mov, bytes, R11, d);
  asm.ri(X.shr, bytes, R11, 4);
  asm.rr(X.add, bytes, d, R11);
  mask(d, 0x0f);
  if (bytes === 4) asm.rri(X.imul3, 4, d, d, 0x01010101); else asm.rm(X.imul, 8, d, asm.rip(asm.code.constant64(0x01010101, 0x01010101)));
  asm.ri(X.shr, bytes, d, 8 * bytes - 8);
}
