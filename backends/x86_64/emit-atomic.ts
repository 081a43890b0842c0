/** Code of the atomic opcodes: the alignment check, then the access. */
import { R11, RAX, RSP } from './convention.ts';
import { TRAP_MISALIGNED, type EmitContext } from './emit-context.ts';
import { CC, X } from './forms.ts';
import {
  ATOMIC_ADD, ATOMIC_AND, ATOMIC_CMPXCHG, ATOMIC_EXCHANGE, ATOMIC_IMMEDIATE, ATOMIC_LOAD, ATOMIC_ONLY_ADD, ATOMIC_ONLY_AND, ATOMIC_ONLY_OR,
  ATOMIC_ONLY_SUB, ATOMIC_ONLY_XOR, ATOMIC_OR, ATOMIC_STORE, ATOMIC_STORE_IMMEDIATE, ATOMIC_STORE_ORDERED, ATOMIC_SUB, MODE_ABSOLUTE, modeOf,
  sizeOfData, subOf,
} from './opcodes.ts';
import type { Mem } from './memory-operand.ts';

/** Any locked instruction is a full fence (Intel SDM vol. 3A, 9.2.3), and a shorter one than `mfence`. */
export function emitFence(e: EmitContext): void {
  const m = e.asm.at(RSP, 0);
  e.asm.lock();
  e.asm.mi(X.or, 4, m, 0);
  e.forgetFlags();
}

export function emitAtomic(e: EmitContext): void {
  const { asm } = e, sub = subOf(e.data), bytes = 1 << sizeOfData(e.data);
  const immediate = sub >= ATOMIC_ONLY_ADD + ATOMIC_IMMEDIATE, displacement = immediate ? e.selected.extra[e.word] : e.word;
  const first = firstAddress(sub, immediate);
  e.forgetFlags();
  // Memory begins at a page, so the host address is as aligned as the guest's; one that is constant may be seen to be.
  if (bytes > 1 && !(modeOf(e.data) === MODE_ABSOLUTE && displacement % bytes === 0)) {
    asm.rm(X.lea, 8, R11, e.flexible(first, displacement, false)!);
    asm.ri(X.test, 1, R11, bytes - 1);
    asm.jcc(CC.ne, e.trapLabel(TRAP_MISALIGNED));
  }
  switch (sub) {
    case ATOMIC_LOAD: load(e, e.reg(0), bytes, place(e, first, displacement)); return;
    case ATOMIC_STORE: asm.mr(X.mov, bytes, place(e, first, displacement), e.reg(0)); return;
    case ATOMIC_STORE_ORDERED:
      asm.rr(X.mov, 8, R11, e.reg(0));
      asm.mr(X.xchg, bytes, place(e, first, displacement), R11);
      return;
    case ATOMIC_EXCHANGE: asm.mr(X.xchg, bytes, place(e, first, displacement), e.reg(0)); return;
    case ATOMIC_SUB: case ATOMIC_ADD: {
      if (sub === ATOMIC_SUB) asm.r(X.neg, bytes, e.reg(0));
      const m = place(e, first, displacement);
      asm.lock();
      asm.mr(X.xadd, bytes, m, e.reg(0));
      return;
    }
    case ATOMIC_CMPXCHG: {
      const m = place(e, first, displacement);
      asm.lock();
      asm.mr(X.cmpxchg, bytes, m, e.reg(1));
      return;
    }
    case ATOMIC_STORE_IMMEDIATE: asm.mi(X.mov, bytes, place(e, first, displacement), narrowed(e.selected.extra[e.word + 1], bytes)); return;
    case ATOMIC_ONLY_ADD: case ATOMIC_ONLY_SUB: case ATOMIC_ONLY_AND: case ATOMIC_ONLY_OR: case ATOMIC_ONLY_XOR: {
      const m = place(e, first, displacement);
      asm.lock();
      asm.mr(onlyForm(sub), bytes, m, e.reg(0));
      return;
    }
    case ATOMIC_ONLY_ADD + ATOMIC_IMMEDIATE: case ATOMIC_ONLY_SUB + ATOMIC_IMMEDIATE: case ATOMIC_ONLY_AND + ATOMIC_IMMEDIATE:
    case ATOMIC_ONLY_OR + ATOMIC_IMMEDIATE: case ATOMIC_ONLY_XOR + ATOMIC_IMMEDIATE: {
      const m = place(e, first, displacement);
      asm.lock();
      asm.mi(onlyForm(sub - ATOMIC_IMMEDIATE), bytes, m, narrowed(e.selected.extra[e.word + 1], bytes));
      return;
    }
    default: {
      const retry = asm.code.newLabel(), form = sub === ATOMIC_AND ? X.and : sub === ATOMIC_OR ? X.or : X.xor;
      load(e, RAX, bytes, place(e, first, displacement));
      asm.code.bind(retry);
      asm.rr(X.mov, 8, R11, RAX);
      asm.rr(form, bytes, R11, e.reg(1));
      const m = place(e, first, displacement);
      asm.lock();
      asm.mr(X.cmpxchg, bytes, m, R11);
      asm.jcc(CC.ne, retry);
    }
  }
}

/** Number of the operand where the address registers begin: they follow the value, and the result if there is one. */
function firstAddress(sub: number, immediate: boolean): number {
  if (immediate) return 0;
  return sub === ATOMIC_LOAD || sub === ATOMIC_STORE || sub === ATOMIC_STORE_ORDERED || sub >= ATOMIC_ONLY_ADD ? 1 : 2;
}

/** The instruction on memory of an `ATOMIC_ONLY_*`. */
function onlyForm(sub: number): typeof X.add {
  switch (sub) {
    case ATOMIC_ONLY_ADD: return X.add;
    case ATOMIC_ONLY_SUB: return X.sub;
    case ATOMIC_ONLY_AND: return X.and;
    case ATOMIC_ONLY_OR: return X.or;
    default: return X.xor;
  }
}

/** The memory operand; the instruction written next may fault on it. */
function place(e: EmitContext, first: number, displacement: number): Mem { return e.flexible(first, displacement)!; }

/** An immediate as an instruction of the width takes it. */
function narrowed(value: number, bytes: number): number { return bytes === 1 ? (value << 24) >> 24 : bytes === 2 ? (value << 16) >> 16 : value; }

function load(e: EmitContext, d: number, bytes: number, m: Mem): void {
  if (bytes === 1) e.asm.rm(X.movzx8, 4, d, m);
  else if (bytes === 2) e.asm.rm(X.movzx16, 4, d, m);
  else e.asm.rm(X.mov, bytes, d, m);
}
