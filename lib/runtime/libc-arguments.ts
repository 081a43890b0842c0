/**
 * Arguments of C functions as they lie in the run context: integers as C sees them, and buffers and text of guest memory,
 * checked to lie inside it and translated to host addresses.
 */
import type { Import } from '../mir/module.ts';
import type { Type } from '../mir/types.ts';
import type { Instance } from './instance.ts';
import type { GuestMemory } from './linear-memory.ts';
import { ImportError } from './run-errors.ts';
import { trapInHostCall } from './traps.ts';

export type Scalar = number | bigint;
/** The value of a parameter as the C function gets it; reads it from the context. */
export type Fetch = () => Scalar;

const SEARCH_CHUNK = 256;
/** Longest NUL-terminated text that is looked for. */
const MAX_TEXT = 1 << 20;

export function isInt(t: Type): boolean { return t === 'i8' || t === 'i16' || t === 'i32' || t === 'i64' || t === 'i1'; }

/** An integer of MIR type `t` as C's `int`, `uint`, `long` or `size`. */
export function integerFetch(instance: Instance, t: Type, place: number, kind: string): Fetch {
  const { i32, u32, i64 } = instance.thread, at = place >> 2, unsigned = kind === 'uint' || kind === 'size';
  switch (t) {
    case 'i1': return () => i32[at] & 1;
    case 'i8': return unsigned ? () => u32[at] & 0xff : () => (i32[at] << 24) >> 24;
    case 'i16': return unsigned ? () => u32[at] & 0xffff : () => (i32[at] << 16) >> 16;
    case 'i32': return unsigned ? () => u32[at] : () => i32[at];
    default:
      switch (kind) {
        case 'int': return () => Number(BigInt.asIntN(32, i64[place >> 3]));
        case 'uint': return () => Number(BigInt.asUintN(32, i64[place >> 3]));
        case 'size': return () => BigInt.asUintN(64, i64[place >> 3]);
        default: return () => i64[place >> 3];
      }
  }
}

/** Length in bytes of a buffer of a known kind (see `libc-functions.ts`). */
export function knownLength(instance: Instance, imported: Import, kind: string, places: readonly number[]): () => number {
  const fixed = /=(\d+)$/.exec(kind);
  if (fixed !== null) return () => Number(fixed[1]);
  const [, first, second, scale] = /:(\d+)(?:,(\d+))?(?:\*(\d+))?$/.exec(kind) ?? [];
  const a = lengthFetch(instance, imported, Number(first), places);
  if (second !== undefined) {
    const b = lengthFetch(instance, imported, Number(second), places);
    return () => a() * b();
  }
  const n = scale === undefined ? 1 : Number(scale);
  return () => a() * n;
}

export function lengthFetch(instance: Instance, imported: Import, k: number, places: readonly number[]): () => number {
  const t = imported.params[k];
  if (t === undefined || !isInt(t)) throw new ImportError(imported.name, `parameter ${k} of import ${imported.name} is to hold a buffer's length, but is no integer`, 'Name a parameter of an integer type as the length.');
  const fetch = integerFetch(instance, t, places[k], 'size');
  return () => Number(fetch());
}

/** The buffer is not inside the memory; the trap's address is its first byte that is not. */
function outside(instance: Instance, address: number): Error {
  return trapInHostCall(instance.thread, instance.image, 'memory-out-of-bounds', Math.max(address, instance.guestMemory?.size ?? 0));
}

export function bufferAt(instance: Instance, place: number, length: () => number): Fetch {
  const { u32 } = instance.thread, at = place >> 2;
  return () => {
    const address = u32[at], bytes = length(), { guestMemory: memory } = instance;
    if (memory === undefined || !memory.contains(address, bytes)) throw outside(instance, address);
    return memory.base + address;
  };
}

export function textAt(instance: Instance, place: number): Fetch {
  const { u32 } = instance.thread, at = place >> 2, chunk = new Uint8Array(new ArrayBuffer(SEARCH_CHUNK));
  return () => {
    const address = u32[at], { guestMemory: memory } = instance, size = memory?.size ?? 0;
    if (memory === undefined) throw outside(instance, address);
    const end = Math.min(size, address + MAX_TEXT);
    for (let from = address; from < end; from += SEARCH_CHUNK) {
      const part = chunk.subarray(0, Math.min(SEARCH_CHUNK, end - from));
      memory.read(from, part);
      const nul = part.indexOf(0);
      if (nul >= 0) return memory.shared ? privateText(instance, memory, address, from + nul + 1 - address) : memory.base + address;
    }
    throw outside(instance, address);
  };
}

/** A copy, since another thread could take the NUL away between the check and the call. */
function privateText(instance: Instance, memory: GuestMemory, address: number, length: number): number {
  // Not on the JavaScript heap, where it could move.
  const copy = new Uint8Array(new ArrayBuffer(Math.max(SEARCH_CHUNK, length)));
  memory.read(address, copy.subarray(0, length));
  copy[length - 1] = 0;
  const copies = textCopies.get(instance);
  if (copies === undefined) textCopies.set(instance, [copy]); else copies.push(copy);
  return instance.thread.bridge.addressOf(copy);
}
/** Copies that a C call in progress knows by their addresses alone; let go of when it has returned. */
const textCopies = new WeakMap<Instance, Uint8Array[]>();
/** The C call has returned. */
export function dropTextCopies(instance: Instance): void { textCopies.delete(instance); }

export function nullAt(instance: Instance, imported: Import, place: number, k: number): Fetch {
  const { u32 } = instance.thread, at = place >> 2;
  return () => {
    if (u32[at] !== 0) throw new ImportError(imported.name, `parameter ${k} of ${imported.name} must be null here`, 'Pass a null pointer: what it would point to cannot be checked.');
    return 0;
  };
}
