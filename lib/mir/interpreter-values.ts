/** Values crossing between JavaScript and interpreter registers: conversion and range checks. */
import { UsageError } from './errors.ts';
import type { Machine } from './interpreter-machine.ts';
import { show } from './show.ts';
import { bitWidth, type MemoryModel, type Type } from './types.ts';

/** The value of a register (word offset from the start of the register stack) in the form of `ConstInst`. */
export function readValue(m: Machine, type: Type, at: number, model: MemoryModel): number | bigint {
  switch (type) {
    case 'i1': case 'i8': case 'i16': case 'i32': return m.i32[at];
    case 'i64': return m.i64[at >> 1];
    case 'f32': return m.f32[at];
    case 'f64': return m.f64[at >> 1];
    case 'ptr': return model === 'linear' ? m.u32[at] : Number(m.u64[at >> 1]);
    case 'v128': return m.u64[at >> 1] | m.u64[(at >> 1) + 1] << 64n;
    case 'v256': { const w = m.u64, k = at >> 1; return w[k] | w[k + 1] << 64n | w[k + 2] << 128n | w[k + 3] << 192n; }
    default: return type satisfies never;
  }
}

/**
 * Writes a JavaScript value to a register. Integers may be given as signed or unsigned of their width; `i64`,
 * `v128` and `v256` as bigint (an `i64` also as a safe integer); `i1` also as boolean; `f32` is rounded.
 *
 * @param what - names the value in an error
 * @throws UsageError when the value is of the wrong kind or out of range
 */
export function writeValue(m: Machine, type: Type, at: number, value: unknown, model: MemoryModel, what: () => string): void {
  switch (type) {
    case 'i1':
      if (value === 0 || value === 1 || typeof value === 'boolean') { m.i32[at] = Number(value); return; }
      break;
    case 'i8': case 'i16': case 'i32': {
      const w = bitWidth(type, model);
      if (typeof value !== 'number' || !Number.isInteger(value) || value < -(2 ** (w - 1)) || value >= 2 ** w) break;
      m.i32[at] = value << 32 - w >> 32 - w;
      return;
    }
    case 'i64': {
      const n = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
      if (typeof n !== 'bigint' || n < -0x8000000000000000n || n > 0xffffffffffffffffn) break;
      m.u64[at >> 1] = n;
      return;
    }
    case 'f32': case 'f64':
      if (typeof value !== 'number') break;
      if (type === 'f32') m.f32[at] = value; else m.f64[at >> 1] = value;
      return;
    case 'ptr': {
      if (model === 'native') {
        const n = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
        if (typeof n !== 'bigint' || n < 0n || n > 0xffffffffffffffffn) break;
        m.u64[at >> 1] = n;
        return;
      }
      if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffffffff) break;
      m.u32[at] = value;
      return;
    }
    case 'v128':
      if (typeof value !== 'bigint' || value < 0n || value >> 128n !== 0n) break;
      m.u64[at >> 1] = value;
      m.u64[(at >> 1) + 1] = value >> 64n;
      return;
    case 'v256':
      if (typeof value !== 'bigint' || value < 0n || value >> 256n !== 0n) break;
      for (let k = 0; k < 4; k++) m.u64[(at >> 1) + k] = value >> BigInt(64 * k);
      return;
    default: (type satisfies never);
  }
  const text = typeof value === 'string' ? JSON.stringify(show(value)) : show(value);
  throw new UsageError(`${what()} is ${text}, which is not a value of type ${type}`, HINTS[type]);
}

const HINTS: Readonly<Record<Type, string>> = {
  i1: 'Give 0, 1, true or false.',
  i8: 'Give an integer from -128 to 255.',
  i16: 'Give an integer from -32768 to 65535.',
  i32: 'Give an integer from -2147483648 to 4294967295.',
  i64: 'Give a bigint from -2n**63n to 2n**64n - 1n.',
  f32: 'Give a number.',
  f64: 'Give a number.',
  ptr: 'Give an address: an integer of the pointer\'s width, not negative.',
  v128: 'Give a bigint from 0n to 2n**128n - 1n, lane 0 lowest.',
  v256: 'Give a bigint from 0n to 2n**256n - 1n, lane 0 lowest.',
};
