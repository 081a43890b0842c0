/** Loads, stores, addresses, bulk memory. */
import { CTX } from '../../lib/codegen/run-context.ts';
import type { BinaryInst, LeaInst, LoadInst, MemoryCopyInst, MemoryFillInst, MemoryGrowInst, MemorySizeInst, StoreInst, Value } from '../../lib/mir/instruction.ts';
import { NO_VALUE } from '../../lib/mir/instruction.ts';
import type { Type } from '../../lib/mir/types.ts';
import { RAX, RDI, RDX, RSI } from './convention.ts';
import { clobbersFor } from './clobbers.ts';
import { pushExtra } from './integer-forms.ts';
import { lowerStoreLane } from './lower-lanes.ts';
import {
  ALU_ADD, ALU_AND, ALU_OR, ALU_SUB, ALU_XOR, LOAD_32, LOAD_64, LOAD_U16, LOAD_U8, MODE_BASE, MODE_CONTEXT, MODE_INDEX, OP_ALU_MEM,
  OP_ALU_MEM_IMM, OP_BULK, OP_FLOAD, OP_FSTORE, OP_LEA, OP_LOAD, OP_SHIFT_IMM, OP_STORE, OP_STORE_IMM, OP_STUB_CALL, SHIFT_SHR,
  pack, sizeLog,
} from './opcodes.ts';
import { DEF_REG, USE_REG, defFixed, defReuse, useFixed } from './operand-constraints.ts';
import { SelectContext } from './select-context.ts';

/** The zero-extending load of a type's width. */
export function loadKind(bytes: number): number {
  return bytes === 1 ? LOAD_U8 : bytes === 2 ? LOAD_U16 : bytes === 4 ? LOAD_32 : LOAD_64;
}

/** True for what lives in vector registers. */
export function isVectorType(t: Type): boolean { return t === 'f32' || t === 'f64' || t === 'v128' || t === 'v256'; }

export function lowerLoad(s: SelectContext, i: LoadInst): void {
  s.address(i);
  const bytes = s.bytesOf(i.type), vector = isVectorType(i.type);
  s.inst(vector ? OP_FLOAD : OP_LOAD, s.packed(vector ? 0 : loadKind(bytes), bytes), s.displacement);
  s.op(s.def(i.result), DEF_REG);
  s.memoryOperands();
}

export function lowerStore(s: SelectContext, i: StoreInst): void {
  const bytes = s.bytesOf(i.type), d = s.definition(i.value);
  if (d?.kind === 'extract_lane' && s.isFolded(i.value)) {
    lowerStoreLane(s, i, d);
    return;
  }
  if (isVectorType(i.type)) {
    // Float constants up to 8 bytes whose bits are few are better stored as integers; zero is the common one.
    if (d !== undefined && d.kind === 'const' && bytes <= 8 && Object.is(d.value, 0)) {
      s.address(i);
      s.inst(OP_STORE_IMM, s.packed(0, bytes), pushExtra(s, 0));
      s.memoryOperands();
      return;
    }
    const v = s.reg(i.value);
    s.address(i);
    s.inst(OP_FSTORE, s.packed(0, bytes), s.displacement);
    s.memoryOperands();
    s.op(v, USE_REG);
    return;
  }
  if (s.isImmediate(i.value)) {
    const value = s.immediate(i.value);
    s.address(i);
    s.inst(OP_STORE_IMM, s.packed(0, bytes), pushExtra(s, value));
    s.memoryOperands();
    return;
  }
  if (d !== undefined && d.kind === 'binary' && s.isFolded(i.value)) {
    lowerReadModifyWrite(s, i, d, bytes);
    return;
  }
  const v = s.reg(i.value);
  s.address(i);
  s.inst(OP_STORE, s.packed(0, bytes), s.displacement);
  s.memoryOperands();
  s.op(v, USE_REG);
}

/** The arithmetic a store's value may be folded from, or −1. */
export function memoryAlu(op: BinaryInst['op']): number {
  switch (op) {
    case 'add': return ALU_ADD;
    case 'sub': return ALU_SUB;
    case 'and': return ALU_AND;
    case 'or': return ALU_OR;
    case 'xor': return ALU_XOR;
    default: return -1;
  }
}

function lowerReadModifyWrite(s: SelectContext, i: StoreInst, d: BinaryInst, bytes: number): void {
  const sub = memoryAlu(d.op), first = s.isFoldedLoad(d.a), other = first ? d.b : d.a, load = s.definition(first ? d.a : d.b)!;
  if (s.isImmediate(other)) {
    const value = s.immediate(other);
    s.address(i);
    s.accessAt(load.loc);
    s.inst(OP_ALU_MEM_IMM, s.packed(sub, bytes), pushExtra(s, value));
    s.memoryOperands();
    return;
  }
  const v = s.reg(other);
  s.address(i);
  s.accessAt(load.loc);
  s.inst(OP_ALU_MEM, s.packed(sub, bytes), s.displacement);
  s.memoryOperands();
  s.op(v, USE_REG);
}

/** All of the address, modulo the pointer width. */
export function lowerLea(s: SelectContext, i: LeaInst): void {
  const size = s.linear ? 2 : 3;
  const base = s.reg(i.base), index = i.index === NO_VALUE ? -1 : s.reg(i.index);
  s.inst(OP_LEA, pack(0, size, index < 0 ? MODE_BASE : MODE_INDEX, index < 0 ? 0 : sizeLog(i.scale)), i.offset);
  s.op(s.def(i.result), DEF_REG);
  s.op(base, USE_REG);
  if (index >= 0) s.op(index, USE_REG);
}

export function lowerMemoryCopy(s: SelectContext, i: MemoryCopyInst): void { bulk(s, i.destination, i.source, i.size, CTX.copyThunk, 0); }
export function lowerMemoryFill(s: SelectContext, i: MemoryFillInst): void { bulk(s, i.destination, i.value, i.size, CTX.fillThunk, 1); }

function bulk(s: SelectContext, destination: Value, second: Value, size: Value, stub: number, sub: number): void {
  const a = s.reg(destination), b = s.reg(second), n = s.reg(size);
  s.calls = true;
  s.inst(OP_BULK, pack(sub, 3), stub, clobbersFor(0, 0));
  s.op(a, useFixed(RDI));
  s.op(b, useFixed(RSI));
  s.op(n, useFixed(RDX));
}

export function lowerMemorySize(s: SelectContext, i: MemorySizeInst): void {
  const bytes = s.newInt();
  s.inst(OP_LOAD, pack(LOAD_64, 3, MODE_CONTEXT), CTX.memorySize);
  s.op(bytes, DEF_REG);
  s.inst(OP_SHIFT_IMM, pack(SHIFT_SHR, 3), 16);
  s.op(s.def(i.result), defReuse(1));
  s.op(bytes, USE_REG);
}

export function lowerMemoryGrow(s: SelectContext, i: MemoryGrowInst): void {
  const n = s.reg(i.pages);
  s.calls = true;
  s.inst(OP_STUB_CALL, 0, CTX.growThunk, clobbersFor(1, 0));
  s.op(s.def(i.result), defFixed(RAX));
  s.op(n, useFixed(RDI));
}
