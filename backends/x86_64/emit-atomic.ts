/** Code of the atomic opcodes: the alignment check, then the access. */
import { R11, RAX } from './convention.ts';
import { TRAP_MISALIGNED, type EmitContext } from './emit-context.ts';
import { CC, FIXED, X } from './forms.ts';
import {
  ATOMIC_ADD, ATOMIC_AND, ATOMIC_CMPXCHG, ATOMIC_EXCHANGE, ATOMIC_LOAD, ATOMIC_OR, ATOMIC_STORE, ATOMIC_STORE_ORDERED, ATOMIC_SUB,
  sizeOfData, subOf,
} from './opcodes.ts';
import type { Mem } from './memory-operand.ts';

export function emitFence(e: EmitContext): void { e.asm.fixed(FIXED.mfence); }

export function emitAtomic(e: EmitContext): void {
  const { asm } = e, sub = subOf(e.data), bytes = 1 << sizeOfData(e.data);
  // The address registers follow the value: at operand 1 for loads and stores, else at operand 2.
  const first = sub === ATOMIC_LOAD || sub === ATOMIC_STORE || sub === ATOMIC_STORE_ORDERED ? 1 : 2;
  e.forgetFlags();
  if (bytes > 1) {
    // Memory begins at a page, so the host address is as aligned as the guest's.
    asm.rm(X.lea, 8, R11, e.flexible(first, e.word, false)!);
    asm.ri(X.test, 1, R11, bytes - 1);
    asm.jcc(CC.ne, e.trapLabel(TRAP_MISALIGNED));
  }
  switch (sub) {
    case ATOMIC_LOAD: load(e, e.reg(0), bytes, first); return;
    case ATOMIC_STORE: asm.mr(X.mov, bytes, place(e, first), e.reg(0)); return;
    case ATOMIC_STORE_ORDERED:
      asm.rr(X.mov, 8, R11, e.reg(0));
      asm.mr(X.xchg, bytes, place(e, first), R11);
      return;
    case ATOMIC_EXCHANGE: asm.mr(X.xchg, bytes, place(e, first), e.reg(0)); return;
    case ATOMIC_SUB: case ATOMIC_ADD: {
      if (sub === ATOMIC_SUB) asm.r(X.neg, bytes, e.reg(0));
      const m = place(e, first);
      asm.lock();
      asm.mr(X.xadd, bytes, m, e.reg(0));
      return;
    }
    case ATOMIC_CMPXCHG: {
      const m = place(e, first);
      asm.lock();
      asm.mr(X.cmpxchg, bytes, m, e.reg(1));
      return;
    }
    default: {
      const retry = asm.code.newLabel(), form = sub === ATOMIC_AND ? X.and : sub === ATOMIC_OR ? X.or : X.xor;
      load(e, RAX, bytes, first);
      asm.code.bind(retry);
      asm.rr(X.mov, 8, R11, RAX);
      asm.rr(form, bytes, R11, e.reg(1));
      const m = place(e, first);
      asm.lock();
      asm.mr(X.cmpxchg, bytes, m, R11);
      asm.jcc(CC.ne, retry);
    }
  }
}

/** The memory operand; the instruction written next may fault on it. */
function place(e: EmitContext, first: number): Mem { return e.flexible(first, e.word)!; }

function load(e: EmitContext, d: number, bytes: number, first: number): void {
  const m = place(e, first);
  if (bytes === 1) e.asm.rm(X.movzx8, 4, d, m);
  else if (bytes === 2) e.asm.rm(X.movzx16, 4, d, m);
  else e.asm.rm(X.mov, bytes, d, m);
}
