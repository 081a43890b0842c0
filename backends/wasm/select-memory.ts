/** Selection of memory accesses, addresses, bulk operations and atomics. */
import type { Address, AtomicCmpxchgInst, AtomicLoadInst, AtomicRmwInst, AtomicStoreInst, LoadInst, StoreInst } from '../../lib/mir/instruction.ts';
import { NO_VALUE } from '../../lib/mir/instruction.ts';
import { sizeOf, type Type } from '../../lib/mir/types.ts';
import { I32, wasmType } from './nodes.ts';
import { ATOMIC, OP, prefixed } from './opcodes.ts';
import { S16, S8, Z16, Z8, type SelectContext } from './select-context.ts';
import { SITE, siteOf } from './sites.ts';

/** `(base + index * scale) mod 2^32`; the offset goes into the instruction, where it does not wrap either. */
function sumOf(c: SelectContext, i: Address): number {
  const base = c.use(i.base);
  if (i.index === NO_VALUE) return base;
  const index = c.use(i.index);
  return c.node2(OP.i32Add, I32, base, i.scale === 1 ? index : c.node2(OP.i32Shl, I32, index, c.i32(31 - Math.clz32(i.scale))));
}

export function selectLea(c: SelectContext, i: Address & { readonly result: number }): void {
  if (i.offset === 0 && i.index === NO_VALUE) { c.rename(i.result, c.use(i.base)); return; }
  const sum = sumOf(c, i);
  if (i.offset === 0) c.rename(i.result, sum); else c.node2(OP.i32Add, I32, sum, c.i32(i.offset), i.result);
}

/** The alignment hint as a power of two, never above the access's size. */
function alignment(i: { readonly align: number }, size: number): number { return 31 - Math.clz32(Math.min(i.align, size)); }

function loadOpcode(type: Type, signed: boolean): number {
  switch (type) {
    case 'i8': return signed ? 0x2c : 0x2d;
    case 'i16': return signed ? 0x2e : 0x2f;
    case 'i32': case 'ptr': return 0x28;
    case 'i64': return 0x29;
    case 'f32': return 0x2a;
    case 'f64': return 0x2b;
    default: return OP.v128Load;
  }
}
function storeOpcode(type: Type): number {
  switch (type) {
    case 'i8': return 0x3a;
    case 'i16': return 0x3b;
    case 'i32': case 'ptr': return 0x36;
    case 'i64': return 0x37;
    case 'f32': return 0x38;
    case 'f64': return 0x39;
    default: return OP.v128Store;
  }
}

/** @param signed - how a narrow value is wanted most */
export function selectLoad(c: SelectContext, i: LoadInst, signed: boolean): void {
  c.node1(loadOpcode(i.type, signed), wasmType(i.type), sumOf(c, i), i.result, SITE.memory, i.offset, alignment(i, sizeOf(i.type, 'linear')));
  if (i.type === 'i8') c.learn(i.result, signed ? S8 : Z8);
  if (i.type === 'i16') c.learn(i.result, signed ? S16 : Z16);
}
export function selectStore(c: SelectContext, i: StoreInst): void {
  c.effect(storeOpcode(i.type), [sumOf(c, i), c.use(i.value)], SITE.memory, i.offset, alignment(i, sizeOf(i.type, 'linear')));
}

// --- atomics: all are sequentially consistent, which is at least every ordering ---

function shapeOf(type: Type): number { return type === 'i64' ? 1 : type === 'i8' ? 2 : type === 'i16' ? 3 : 0; }

/** The address, after the check that MIR makes first: a misaligned address traps as that even out of bounds. */
function atomicAddress(c: SelectContext, i: Address & { readonly type: Type }): number {
  if (!c.plan.features.atomics) c.unsupported('an atomic instruction, which this WebAssembly engine lacks,');
  const sum = sumOf(c, i), size = sizeOf(i.type, 'linear');
  if (size > 1) {
    const low = i.offset % size === 0 ? sum : c.node2(OP.i32Add, I32, sum, c.i32(i.offset % size));
    c.trapIf(c.node2(OP.i32And, I32, low, c.i32(size - 1)), siteOf('misaligned-atomic'));
  }
  return sum;
}
function atomic(c: SelectContext, group: number, i: Address & { readonly type: Type }, operands: readonly number[], result: number): void {
  const size = sizeOf(i.type, 'linear'), address = atomicAddress(c, i);
  c.nodes.args.push(address);
  for (const v of operands) c.nodes.args.push(v);
  if (result !== NO_VALUE) c.nodes.results.push(result);
  c.nodes.end(prefixed(0xfe, group + shapeOf(i.type)), i.offset, 31 - Math.clz32(size), SITE.memory, c.loc);
  if (result !== NO_VALUE && i.type === 'i8') c.learn(result, Z8);
  if (result !== NO_VALUE && i.type === 'i16') c.learn(result, Z16);
}

export function selectAtomic(c: SelectContext, i: AtomicLoadInst | AtomicStoreInst | AtomicRmwInst | AtomicCmpxchgInst): void {
  switch (i.kind) {
    case 'atomic_load': atomic(c, ATOMIC.load, i, [], i.result); return;
    case 'atomic_store': atomic(c, ATOMIC.store, i, [c.use(i.value)], NO_VALUE); return;
    case 'atomic_rmw': atomic(c, ATOMIC[i.op], i, [c.use(i.value)], i.result); return;
    // The engine compares all bits of a narrow expected value with the zero-extended old one.
    case 'atomic_cmpxchg': atomic(c, ATOMIC.cmpxchg, i, [c.unsigned(c.use(i.expected), i.type), c.use(i.replacement)], i.result); return;
    default: i satisfies never;
  }
}
