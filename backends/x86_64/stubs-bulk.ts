/**
 * Bulk memory of the guest: copy (as if through a temporary) and fill. Guest convention; bounds are already checked.
 *
 * Both may be interrupted at any instruction; a fault in them (possible in the native memory model only) is the
 * caller's. Up to 32 bytes everything is loaded before anything is stored, so overlap does not matter; beyond that,
 * blocks of 32 go in the direction in which overlap does no harm. Long disjoint copies use `rep movsb`, which the
 * processor does a cache line at a time.
 */
import { CTX } from '../../lib/codegen/run-context.ts';
import { R8, R9, RAX, RCX, RDI, RDX, RSI, XMM0 } from './convention.ts';
import type { Assembler } from './encoder.ts';
import { CC, FIXED, X } from './forms.ts';
import { Mem } from './memory-operand.ts';

/** From this many bytes on the string instructions win over a loop (their start costs about 30 cycles). */
const STRING_INSTRUCTION_FROM = 768;
/** `rep movsb` with source and destination closer than this goes byte by byte. */
const NEAR = 64;

/** In: rdi destination, rsi source, rdx length. Destroys rax, rcx, rdx, rdi, rsi, r8, r9, xmm0, xmm1. */
export function emitCopy(asm: Assembler): void {
  const { code } = asm, mem = new Mem();
  const large = code.newLabel(), small = code.newLabel(), from16 = code.newLabel(), from8 = code.newLabel(), from4 = code.newLabel(), none = code.newLabel();
  const backward = code.newLabel(), forward = code.newLabel(), forwardLoop = code.newLabel(), backwardLoop = code.newLabel();
  asm.rr(X.mov, 8, RCX, RDX);
  asm.rm(X.add, 8, RDI, asm.gs(CTX.memoryBase));
  asm.rm(X.add, 8, RSI, asm.gs(CTX.memoryBase));
  asm.ri(X.cmp, 8, RCX, 32);
  asm.jcc(CC.a, large);

  code.bind(small);
  asm.ri(X.cmp, 8, RCX, 16);
  asm.jcc(CC.ae, from16);
  asm.ri(X.cmp, 8, RCX, 8);
  asm.jcc(CC.ae, from8);
  asm.ri(X.cmp, 8, RCX, 4);
  asm.jcc(CC.ae, from4);
  asm.rr(X.test, 8, RCX, RCX);
  asm.jcc(CC.e, none);
  // One to three bytes: the first, the middle and the last.
  asm.rr(X.mov, 8, R8, RCX);
  asm.ri(X.shr, 8, R8, 1);
  asm.rm(X.movzx8, 4, RAX, asm.at(RSI));
  asm.rm(X.movzx8, 4, RDX, mem.indexed(RSI, RCX, 1, -1));
  asm.rm(X.movzx8, 4, R9, mem.indexed(RSI, R8, 1));
  asm.mr(X.mov, 1, asm.at(RDI), RAX);
  asm.mr(X.mov, 1, mem.indexed(RDI, R8, 1), R9);
  asm.mr(X.mov, 1, mem.indexed(RDI, RCX, 1, -1), RDX);
  code.bind(none);
  asm.fixed(FIXED.ret);
  for (const [entry, size] of [[from4, 4], [from8, 8]] as const) {
    code.bind(entry);
    asm.rm(X.mov, size, RAX, asm.at(RSI));
    asm.rm(X.mov, size, RDX, mem.indexed(RSI, RCX, 1, -size));
    asm.mr(X.mov, size, asm.at(RDI), RAX);
    asm.mr(X.mov, size, mem.indexed(RDI, RCX, 1, -size), RDX);
    asm.fixed(FIXED.ret);
  }
  code.bind(from16);
  asm.vm(X.movups, XMM0, asm.at(RSI));
  asm.vm(X.movups, XMM0 + 1, mem.indexed(RSI, RCX, 1, -16));
  asm.mv(X.movups, asm.at(RDI), XMM0);
  asm.mv(X.movups, mem.indexed(RDI, RCX, 1, -16), XMM0 + 1);
  asm.fixed(FIXED.ret);

  code.bind(large);
  asm.rr(X.mov, 8, RAX, RDI);
  asm.rr(X.sub, 8, RAX, RSI);
  asm.rr(X.cmp, 8, RAX, RCX);
  asm.jcc(CC.b, backward); // the destination starts inside the source
  asm.ri(X.cmp, 8, RCX, STRING_INSTRUCTION_FROM);
  asm.jcc(CC.b, forward);
  asm.r(X.neg, 8, RAX);
  asm.ri(X.cmp, 8, RAX, NEAR);
  asm.jcc(CC.b, forward);
  asm.fixed(FIXED.rep_movsb);
  asm.fixed(FIXED.ret);

  code.bind(forward);
  code.align(16);
  code.bind(forwardLoop);
  asm.vm(X.movups, XMM0, asm.at(RSI));
  asm.vm(X.movups, XMM0 + 1, asm.at(RSI, 16));
  asm.mv(X.movups, asm.at(RDI), XMM0);
  asm.mv(X.movups, asm.at(RDI, 16), XMM0 + 1);
  asm.ri(X.add, 8, RSI, 32);
  asm.ri(X.add, 8, RDI, 32);
  asm.ri(X.sub, 8, RCX, 32);
  asm.ri(X.cmp, 8, RCX, 32);
  asm.jcc(CC.a, forwardLoop);
  asm.jmp(small);

  code.bind(backward);
  code.align(16);
  code.bind(backwardLoop);
  asm.vm(X.movups, XMM0, mem.indexed(RSI, RCX, 1, -16));
  asm.vm(X.movups, XMM0 + 1, mem.indexed(RSI, RCX, 1, -32));
  asm.mv(X.movups, mem.indexed(RDI, RCX, 1, -16), XMM0);
  asm.mv(X.movups, mem.indexed(RDI, RCX, 1, -32), XMM0 + 1);
  asm.ri(X.sub, 8, RCX, 32);
  asm.ri(X.cmp, 8, RCX, 32);
  asm.jcc(CC.a, backwardLoop);
  asm.jmp(small);
}

/** In: rdi destination, rsi the byte (its low 8 bits), rdx length. Destroys rax, rcx, rdi, r8, xmm0. */
export function emitFill(asm: Assembler): void {
  const { code } = asm, mem = new Mem();
  const large = code.newLabel(), small = code.newLabel(), from16 = code.newLabel(), from8 = code.newLabel(), from4 = code.newLabel(), none = code.newLabel();
  const loop = code.newLabel(), string = code.newLabel();
  asm.rr(X.mov, 8, RCX, RDX);
  asm.rm(X.add, 8, RDI, asm.gs(CTX.memoryBase));
  asm.rr(X.movzx8, 4, RAX, RSI);
  asm.movabs(R8, 0x01010101, 0x01010101);
  asm.rr(X.imul, 8, RAX, R8);
  asm.rr(X.movd, 8, XMM0, RAX);
  asm.vv(X.punpcklqdq, XMM0, XMM0);
  asm.ri(X.cmp, 8, RCX, 32);
  asm.jcc(CC.a, large);

  code.bind(small);
  asm.ri(X.cmp, 8, RCX, 16);
  asm.jcc(CC.ae, from16);
  asm.ri(X.cmp, 8, RCX, 8);
  asm.jcc(CC.ae, from8);
  asm.ri(X.cmp, 8, RCX, 4);
  asm.jcc(CC.ae, from4);
  asm.rr(X.test, 8, RCX, RCX);
  asm.jcc(CC.e, none);
  asm.rr(X.mov, 8, R8, RCX);
  asm.ri(X.shr, 8, R8, 1);
  asm.mr(X.mov, 1, asm.at(RDI), RAX);
  asm.mr(X.mov, 1, mem.indexed(RDI, R8, 1), RAX);
  asm.mr(X.mov, 1, mem.indexed(RDI, RCX, 1, -1), RAX);
  code.bind(none);
  asm.fixed(FIXED.ret);
  for (const [entry, size] of [[from4, 4], [from8, 8]] as const) {
    code.bind(entry);
    asm.mr(X.mov, size, asm.at(RDI), RAX);
    asm.mr(X.mov, size, mem.indexed(RDI, RCX, 1, -size), RAX);
    asm.fixed(FIXED.ret);
  }
  code.bind(from16);
  asm.mv(X.movups, asm.at(RDI), XMM0);
  asm.mv(X.movups, mem.indexed(RDI, RCX, 1, -16), XMM0);
  asm.fixed(FIXED.ret);

  code.bind(large);
  asm.ri(X.cmp, 8, RCX, STRING_INSTRUCTION_FROM);
  asm.jcc(CC.ae, string);
  code.align(16);
  code.bind(loop);
  asm.mv(X.movups, mem.indexed(RDI, RCX, 1, -16), XMM0);
  asm.mv(X.movups, mem.indexed(RDI, RCX, 1, -32), XMM0);
  asm.ri(X.sub, 8, RCX, 32);
  asm.ri(X.cmp, 8, RCX, 32);
  asm.jcc(CC.a, loop);
  asm.jmp(small);
  code.bind(string);
  asm.fixed(FIXED.rep_stosb);
  asm.fixed(FIXED.ret);
}
