/**
 * Atomics. Aligned loads and stores are atomic and ordered as acquire and release by the processor's memory model
 * (Intel SDM vol. 3A, 9.2); only a sequentially consistent store needs a locked instruction, which is an exchange. A
 * read-modify-write is a locked instruction whatever its ordering, the plain arithmetic one when nobody wants the value
 * before. Nothing is moved across an atomic by selection, since each has a side effect.
 */
import type { AtomicCmpxchgInst, AtomicLoadInst, AtomicRmwInst, AtomicStoreInst, FenceInst } from '../../lib/mir/instruction.ts';
import type { RmwOp } from '../../lib/mir/ops.ts';
import { pushExtra } from './integer-forms.ts';
import { operandInfo, CONSTRAINT_REG, ROLE_LATE_USE } from '../../lib/codegen/machine-function.ts';
import { RAX } from './convention.ts';
import {
  ATOMIC_ADD, ATOMIC_AND, ATOMIC_CMPXCHG, ATOMIC_EXCHANGE, ATOMIC_IMMEDIATE, ATOMIC_LOAD, ATOMIC_ONLY_ADD, ATOMIC_ONLY_AND, ATOMIC_ONLY_OR,
  ATOMIC_ONLY_SUB, ATOMIC_ONLY_XOR, ATOMIC_OR, ATOMIC_STORE, ATOMIC_STORE_IMMEDIATE, ATOMIC_STORE_ORDERED, ATOMIC_SUB, ATOMIC_XOR, OP_ATOMIC,
  OP_FENCE, modeRegisters,
} from './opcodes.ts';
import { DEF_REG, LATE_REG, USE_REG, defFixed, defReuse, useFixed } from './operand-constraints.ts';
import { SelectContext } from './select-context.ts';

const ADDRESS = operandInfo(ROLE_LATE_USE, CONSTRAINT_REG);

/** Address registers live to the end: the steps before the access may write the result's register. */
function addressOperands(s: SelectContext): void {
  const n = modeRegisters(s.mode);
  if (n > 0) s.op(s.first, ADDRESS);
  if (n > 1) s.op(s.second, ADDRESS);
}

export function lowerAtomicLoad(s: SelectContext, i: AtomicLoadInst): void {
  s.address(i);
  s.inst(OP_ATOMIC, s.packed(ATOMIC_LOAD, s.bytesOf(i.type)), s.displacement);
  s.op(s.def(i.result), DEF_REG);
  addressOperands(s);
}

export function lowerAtomicStore(s: SelectContext, i: AtomicStoreInst): void {
  if (i.ordering !== 'seq_cst' && s.isImmediate(i.value)) {
    const value = s.immediate(i.value);
    s.address(i);
    s.inst(OP_ATOMIC, s.packed(ATOMIC_STORE_IMMEDIATE, s.bytesOf(i.type)), pushExtra(s, value));
    addressOperands(s);
    return;
  }
  const v = s.reg(i.value);
  s.address(i);
  s.inst(OP_ATOMIC, s.packed(i.ordering === 'seq_cst' ? ATOMIC_STORE_ORDERED : ATOMIC_STORE, s.bytesOf(i.type)), s.displacement);
  s.op(v, LATE_REG);
  addressOperands(s);
}

/** The arithmetic on memory alone that does what `op` does, −1 for none. */
function onlyForm(op: RmwOp): number {
  switch (op) {
    case 'add': return ATOMIC_ONLY_ADD;
    case 'sub': return ATOMIC_ONLY_SUB;
    case 'and': return ATOMIC_ONLY_AND;
    case 'or': return ATOMIC_ONLY_OR;
    case 'xor': return ATOMIC_ONLY_XOR;
    case 'xchg': return -1;
    default: return op satisfies never;
  }
}

export function lowerAtomicRmw(s: SelectContext, i: AtomicRmwInst): void {
  const only = s.useCount(i.result) === 0 ? onlyForm(i.op) : -1;
  if (only >= 0) {
    const immediate = s.isImmediate(i.value), value = immediate ? s.immediate(i.value) : s.reg(i.value);
    s.address(i);
    s.inst(OP_ATOMIC, s.packed(immediate ? only + ATOMIC_IMMEDIATE : only, s.bytesOf(i.type)), immediate ? pushExtra(s, value) : s.displacement);
    if (!immediate) s.op(value, LATE_REG);
    addressOperands(s);
    return;
  }
  const v = s.reg(i.value), bytes = s.bytesOf(i.type), d = s.def(i.result);
  s.address(i);
  switch (i.op) {
    case 'add': case 'sub': case 'xchg':
      s.inst(OP_ATOMIC, s.packed(i.op === 'add' ? ATOMIC_ADD : i.op === 'sub' ? ATOMIC_SUB : ATOMIC_EXCHANGE, bytes), s.displacement);
      s.op(d, defReuse(1));
      s.op(v, USE_REG);
      break;
    default:
      s.inst(OP_ATOMIC, s.packed(i.op === 'and' ? ATOMIC_AND : i.op === 'or' ? ATOMIC_OR : ATOMIC_XOR, bytes), s.displacement);
      s.op(d, defFixed(RAX));
      s.op(v, LATE_REG);
  }
  addressOperands(s);
}

export function lowerAtomicCmpxchg(s: SelectContext, i: AtomicCmpxchgInst): void {
  const expected = s.reg(i.expected), replacement = s.reg(i.replacement), d = s.def(i.result);
  s.address(i);
  s.inst(OP_ATOMIC, s.packed(ATOMIC_CMPXCHG, s.bytesOf(i.type)), s.displacement);
  s.op(d, defFixed(RAX));
  s.op(replacement, LATE_REG);
  addressOperands(s);
  s.op(expected, useFixed(RAX));
}

/** Weaker fences only keep the compiler from moving accesses, which it does not do anyway. */
export function lowerFence(s: SelectContext, i: FenceInst): void {
  if (i.ordering === 'seq_cst') s.inst(OP_FENCE);
}
