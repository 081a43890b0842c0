/**
 * Interpreter handlers of memory operations and atomics.
 *
 * Operands of an access: `code[p]` is the result or value register, `code[p+1]` the base, `code[p+2]` the index or
 * −1, `code[p+3]` log2 of the scale, `code[p+4]` the offset. Bytes move as integers, so float bits stay exact.
 *
 * The interpreter is one thread, so an atomic access is an ordinary one after its alignment check, which comes
 * before the bounds check (compiled code tests alignment first and leaves bounds to the memory's guard).
 */
import type { Handler, Machine } from './interpreter-machine.ts';
import { PAGE_SIZE, sizeOf, type MemoryModel, type Type } from './types.ts';
import type { RmwOp } from './ops.ts';

/** The effective address before the bounds check, see `Address`. Exact: at most 2^32 + 2^31 in the linear model. */
type AddressOf = (m: Machine, p: number) => number;

const linearAddress: AddressOf = (m, p) => {
  const c = m.code, f = m.fp, base = m.i32[f + c[p + 1]], index = c[p + 2];
  return (index < 0 ? base >>> 0 : base + (m.i32[f + index] << c[p + 3]) >>> 0) + c[p + 4];
};

/** Native addresses are exact below 2^53; anything above is far outside the memory and stays so when rounded. */
const nativeAddress: AddressOf = (m, p) => {
  const c = m.code, f = m.fp, base = m.u64[f + c[p + 1] >> 1], index = c[p + 2];
  const sum = index < 0 ? base : BigInt.asUintN(64, base + (m.u64[f + index >> 1] << BigInt(c[p + 3])));
  return Number(sum + BigInt(c[p + 4]));
};

function outOfBounds(m: Machine, address: number): never { m.trap('memory-out-of-bounds', address); }

function makeLoad(type: Type, model: MemoryModel): Handler {
  const address = model === 'linear' ? linearAddress : nativeAddress;
  switch (type) {
    case 'i1': return (m, p) => {
      const at = address(m, p);
      if (at + 1 > m.memorySize) outOfBounds(m, at);
      m.i32[m.fp + m.code[p]] = m.memory[at] & 1;
    };
    case 'i8': return (m, p) => {
      const at = address(m, p);
      if (at + 1 > m.memorySize) outOfBounds(m, at);
      m.i32[m.fp + m.code[p]] = m.view.getInt8(at);
    };
    case 'i16': return (m, p) => {
      const at = address(m, p);
      if (at + 2 > m.memorySize) outOfBounds(m, at);
      m.i32[m.fp + m.code[p]] = m.view.getInt16(at, true);
    };
    default: break;
  }
  const size = sizeOf(type, model), words = size >> 2;
  if (words === 1) {
    return (m, p) => {
      const at = address(m, p);
      if (at + 4 > m.memorySize) outOfBounds(m, at);
      m.i32[m.fp + m.code[p]] = m.view.getInt32(at, true);
    };
  }
  return (m, p) => {
    const at = address(m, p);
    if (at + size > m.memorySize) outOfBounds(m, at);
    const d = m.fp + m.code[p];
    for (let k = 0; k < words; k++) m.i32[d + k] = m.view.getInt32(at + 4 * k, true);
  };
}

function makeStore(type: Type, model: MemoryModel): Handler {
  const address = model === 'linear' ? linearAddress : nativeAddress;
  const size = sizeOf(type, model), words = size >> 2;
  if (words === 0) {
    const keep = type === 'i1' ? 1 : -1;
    return (m, p) => {
      const at = address(m, p);
      if (at + size > m.memorySize) outOfBounds(m, at);
      const v = m.i32[m.fp + m.code[p]] & keep;
      if (size === 1) m.view.setInt8(at, v); else m.view.setInt16(at, v, true);
    };
  }
  if (words === 1) {
    return (m, p) => {
      const at = address(m, p);
      if (at + 4 > m.memorySize) outOfBounds(m, at);
      m.view.setInt32(at, m.i32[m.fp + m.code[p]], true);
    };
  }
  return (m, p) => {
    const at = address(m, p);
    if (at + size > m.memorySize) outOfBounds(m, at);
    const v = m.fp + m.code[p];
    for (let k = 0; k < words; k++) m.view.setInt32(at + 4 * k, m.i32[v + k], true);
  };
}

const cache = new Map<string, Handler>();
function cached(key: string, make: () => Handler): Handler {
  let h = cache.get(key);
  if (h === undefined) cache.set(key, h = make());
  return h;
}

export function loadHandler(type: Type, model: MemoryModel): Handler { return cached(`load ${type} ${model}`, () => makeLoad(type, model)); }
export function storeHandler(type: Type, model: MemoryModel): Handler { return cached(`store ${type} ${model}`, () => makeStore(type, model)); }

/** All of the address modulo the pointer width; operands as for a load. */
export const leaLinear: Handler = (m, p) => { m.i32[m.fp + m.code[p]] = linearAddress(m, p); };
export const leaNative: Handler = (m, p) => {
  const c = m.code, f = m.fp, index = c[p + 2];
  const sum = m.u64[f + c[p + 1] >> 1] + (index < 0 ? 0n : m.u64[f + index >> 1] << BigInt(c[p + 3])) + BigInt(c[p + 4]);
  m.u64[f + c[p] >> 1] = sum; // the typed array keeps the low 64 bits
};
/** Operands: result, offset of the slot from the linear stack pointer. */
export const slotAddrLinear: Handler = (m, p) => { m.i32[m.fp + m.code[p]] = m.sp + m.code[p + 1]; };
export const slotAddrNative: Handler = (m, p) => { m.u64[m.fp + m.code[p] >> 1] = BigInt(m.sp + m.code[p + 1]); };

// --- bulk: a range that ends past the memory traps before anything is written, also when it is empty ---

function rangeHandlers(model: MemoryModel): { readonly copy: Handler; readonly fill: Handler } {
  const value = model === 'linear' ? (m: Machine, r: number) => m.u32[m.fp + r] : (m: Machine, r: number) => Number(m.u64[m.fp + r >> 1]);
  return {
    copy: (m, p) => {
      const c = m.code, to = value(m, c[p]), from = value(m, c[p + 1]), size = value(m, c[p + 2]);
      if (to + size > m.memorySize) outOfBounds(m, to);
      if (from + size > m.memorySize) outOfBounds(m, from);
      m.memory.copyWithin(to, from, from + size);
    },
    fill: (m, p) => {
      const c = m.code, to = value(m, c[p]), byte = m.i32[m.fp + c[p + 1]] & 255, size = value(m, c[p + 2]);
      if (to + size > m.memorySize) outOfBounds(m, to);
      m.memory.fill(byte, to, to + size);
    },
  };
}
/** Operands: destination, source, size; and destination, byte, size. */
export const RANGE: Readonly<Record<MemoryModel, { readonly copy: Handler; readonly fill: Handler }>> = { linear: rangeHandlers('linear'), native: rangeHandlers('native') };

export const memorySize: Handler = (m, p) => { m.i32[m.fp + m.code[p]] = m.memorySize / PAGE_SIZE; };
/** Operands: result, pages. */
export const memoryGrow: Handler = (m, p) => { m.i32[m.fp + m.code[p]] = m.growMemory(m.u32[m.fp + m.code[p + 1]]); };

// --- atomics ---

/** From the low words alone: a native address past 2^53 is rounded, and would seem aligned. */
function misaligned(m: Machine, p: number, size: number): boolean {
  const c = m.code, f = m.fp, index = c[p + 2];
  return (m.i32[f + c[p + 1]] + (index < 0 ? 0 : m.i32[f + index] << c[p + 3]) + c[p + 4] & size - 1) !== 0;
}

function atomicAddress(m: Machine, p: number, size: number, address: AddressOf): number {
  const at = address(m, p);
  if (misaligned(m, p, size)) m.trap('misaligned-atomic', at);
  if (at + size > m.memorySize) outOfBounds(m, at);
  return at;
}

/** An aligned load or store after its alignment check. */
export function atomicAccessHandler(type: Type, model: MemoryModel, access: 'load' | 'store'): Handler {
  return cached(`atomic ${access} ${type} ${model}`, () => {
    const size = sizeOf(type, model), plain = access === 'load' ? loadHandler(type, model) : storeHandler(type, model);
    const address = model === 'linear' ? linearAddress : nativeAddress;
    return (m, p) => { atomicAddress(m, p, size, address); plain(m, p); };
  });
}

function readInteger(m: Machine, at: number, size: number): bigint {
  switch (size) {
    case 1: return BigInt(m.view.getInt8(at));
    case 2: return BigInt(m.view.getInt16(at, true));
    case 4: return BigInt(m.view.getInt32(at, true));
    default: return m.view.getBigInt64(at, true);
  }
}
function writeInteger(m: Machine, at: number, size: number, v: bigint): void {
  switch (size) {
    case 1: m.view.setInt8(at, Number(BigInt.asIntN(8, v))); return;
    case 2: m.view.setInt16(at, Number(BigInt.asIntN(16, v)), true); return;
    case 4: m.view.setInt32(at, Number(BigInt.asIntN(32, v)), true); return;
    default: m.view.setBigInt64(at, BigInt.asIntN(64, v), true);
  }
}
/** An integer register of any width as a signed bigint. */
function readRegister(m: Machine, r: number, size: number): bigint {
  return size === 8 ? m.i64[m.fp + r >> 1] : BigInt(m.i32[m.fp + r]);
}
function writeRegister(m: Machine, r: number, size: number, v: bigint): void {
  if (size === 8) m.i64[m.fp + r >> 1] = v; else m.i32[m.fp + r] = Number(v);
}

function combine(op: RmwOp, old: bigint, v: bigint): bigint {
  switch (op) {
    case 'add': return old + v;
    case 'sub': return old - v;
    case 'and': return old & v;
    case 'or': return old | v;
    case 'xor': return old ^ v;
    case 'xchg': return v;
    default: return op satisfies never;
  }
}

/** Operands: value and address as for a store, then the result in `code[p + 5]`. */
export function atomicRmwHandler(op: RmwOp, type: Type, model: MemoryModel): Handler {
  return cached(`rmw ${op} ${type} ${model}`, () => {
    const size = sizeOf(type, model), address = model === 'linear' ? linearAddress : nativeAddress;
    return (m, p) => {
      const at = atomicAddress(m, p, size, address), old = readInteger(m, at, size);
      writeInteger(m, at, size, combine(op, old, readRegister(m, m.code[p], size)));
      writeRegister(m, m.code[p + 5], size, old);
    };
  });
}

/** Operands: expected and address as for a store, then the result in `code[p + 5]`, the replacement in `code[p + 6]`. */
export function atomicCmpxchgHandler(type: Type, model: MemoryModel): Handler {
  return cached(`cmpxchg ${type} ${model}`, () => {
    const size = sizeOf(type, model), address = model === 'linear' ? linearAddress : nativeAddress;
    return (m, p) => {
      const at = atomicAddress(m, p, size, address), old = readInteger(m, at, size);
      if (old === readRegister(m, m.code[p], size)) writeInteger(m, at, size, readRegister(m, m.code[p + 6], size));
      writeRegister(m, m.code[p + 5], size, old);
    };
  });
}
