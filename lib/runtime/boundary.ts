/**
 * Values crossing between JavaScript and compiled code: conversion and range checks, both ways.
 *
 * | type | accepted | given back |
 * |---|---|---|
 * | `i1` | `true false 0 1` | 0 or 1; declared `bool`: a boolean |
 * | `i8 i16 i32` | an integer in the signed or unsigned range; declared signed or unsigned: in that range only | signed unless declared unsigned |
 * | `i64` | a bigint in the signed or unsigned range, or as declared; never a number | signed bigint unless declared unsigned |
 * | `f32 f64` | a number (`f32` is rounded to nearest) | a number |
 * | `ptr` | an integer from 0 to the pointer's largest (native: also a bigint) | a number |
 * | `v128` | a bigint from 0 to 2^128 − 1, lane 0 lowest; declared `f32x4`: a `Float32Array` of 4, and so on | the same; the array is a copy |
 * | `v256` | a bigint from 0 to 2^256 − 1, lane 0 lowest; declared `f32x8`: a `Float32Array` of 8, and so on | the same; the array is a copy |
 *
 * "Declared" is what the source language knew (`surface.ts`); MIR alone has no signedness.
 */
import { CTX } from '../codegen/run-context.ts';
import { show } from '../mir/show.ts';
import type { SurfaceType } from '../mir/surface.ts';
import type { MemoryModel, Type } from '../mir/types.ts';
import type { GuestThread } from './guest-thread.ts';
import { hasShape, laneHint, laneShapeOf, setLanes, type LaneArray, type LaneShape } from './vector-lanes.ts';

/** What a call takes and gives. */
export type BoundaryValue = number | bigint | boolean | LaneArray;
/** Puts a value in its place; false when it is not of the type (nothing is stored then). */
export type Store = (value: unknown) => boolean;
export type Load = () => BoundaryValue;

type View = 'any' | 'signed' | 'unsigned' | 'bool';

/** How many values of each class cross in registers. */
export interface RegisterCounts { readonly int: number; readonly vector: number }

function viewOf(surface: SurfaceType | undefined): View {
  switch (surface) {
    case undefined: return 'any';
    case 'bool': return 'bool';
    case 'u8': case 'u16': case 'u32': case 'u64': return 'unsigned';
    default: return 'signed';
  }
}

/**
 * Byte offset in the context of each value of a parameter or result list. A `v256` crosses as two `v128`, whatever
 * holds it inside: its number has the low half's place in the lower 16 bits and the high half's in the upper.
 */
export function assignContextPlaces(types: readonly Type[], registers: RegisterCounts): number[] {
  let int = 0, vector = 0, overflow = 0;
  const nextVector = (): number => vector < registers.vector ? CTX.vectorRegisters + 16 * vector++ : CTX.overflow + 16 * overflow++;
  return types.map((t) => {
    if (t === 'v256') { const low = nextVector(); return low | nextVector() << 16; }
    if (t === 'f32' || t === 'f64' || t === 'v128') return nextVector();
    if (int < registers.int) return CTX.intRegisters + 8 * int++;
    return CTX.overflow + 16 * overflow++;
  });
}

/** A store for a value of `type` at byte `place` of the context. */
export function storeFor(thread: GuestThread, type: Type, surface: SurfaceType | undefined, place: number, model: MemoryModel): Store {
  const { u32, i64, f32, f64 } = thread, at = place >> 2, at8 = place >> 3, view = viewOf(surface), shape = laneShapeOf(surface);
  if (shape !== undefined) return laneStore(thread, shape, place);
  switch (type) {
    case 'i1':
      return (v) => {
        if (v !== 0 && v !== 1 && typeof v !== 'boolean') return false;
        u32[at] = Number(v);
        u32[at + 1] = 0;
        return true;
      };
    case 'i8': return smallInteger(u32, at, view === 'unsigned' ? 0 : -0x80, view === 'signed' ? 0x7f : 0xff);
    case 'i16': return smallInteger(u32, at, view === 'unsigned' ? 0 : -0x8000, view === 'signed' ? 0x7fff : 0xffff);
    case 'i32': return smallInteger(u32, at, view === 'unsigned' ? 0 : -0x80000000, view === 'signed' ? 0x7fffffff : 0xffffffff);
    case 'i64': {
      const low = view === 'unsigned' ? 0n : -0x8000000000000000n, high = view === 'signed' ? 0x7fffffffffffffffn : 0xffffffffffffffffn;
      return (v) => {
        if (typeof v !== 'bigint' || v < low || v > high) return false;
        i64[at8] = v;
        return true;
      };
    }
    case 'f32':
      return (v) => {
        if (typeof v !== 'number') return false;
        f32[at] = v;
        return true;
      };
    case 'f64':
      return (v) => {
        if (typeof v !== 'number') return false;
        f64[at8] = v;
        return true;
      };
    case 'ptr':
      if (model === 'linear') return smallInteger(u32, at, 0, 0xffffffff);
      return (v) => {
        const n = typeof v === 'number' && Number.isSafeInteger(v) ? BigInt(v) : v;
        if (typeof n !== 'bigint' || n < 0n || n > 0xffffffffffffffffn) return false;
        i64[at8] = n;
        return true;
      };
    case 'v128':
      return (v) => {
        if (typeof v !== 'bigint' || v < 0n || v >> 128n !== 0n) return false;
        i64[at8] = v;
        i64[at8 + 1] = v >> 64n;
        return true;
      };
    case 'v256': {
      const low8 = (place & 0xffff) >> 3, high8 = place >> 19;
      return (v) => {
        if (typeof v !== 'bigint' || v < 0n || v >> 256n !== 0n) return false;
        i64[low8] = v;
        i64[low8 + 1] = v >> 64n;
        i64[high8] = v >> 128n;
        i64[high8 + 1] = v >> 192n;
        return true;
      };
    }
    default: return type satisfies never;
  }
}

/** The places of a vector in the context as arrays of its lanes: one, or the halves of 256 bits, which are apart. */
function lanePlaces(thread: GuestThread, shape: LaneShape, place: number): readonly LaneArray[] {
  const { buffer, byteOffset } = thread.u32, count = shape.length / (shape.bytes / 16);
  const at = (offset: number): LaneArray => new shape.array(buffer, byteOffset + offset, count);
  return shape.bytes === 32 ? [at(place & 0xffff), at(place >> 16)] : [at(place)];
}
function laneStore(thread: GuestThread, shape: LaneShape, place: number): Store {
  const [low, high] = lanePlaces(thread, shape, place);
  if (shape.bytes === 16) {
    return (v) => {
      if (!hasShape(v, shape)) return false;
      setLanes(low, v);
      return true;
    };
  }
  const own = new shape.array(shape.length), lower = own.subarray(0, low.length), upper = own.subarray(low.length);
  return (v) => {
    if (!hasShape(v, shape)) return false;
    setLanes(own, v);
    setLanes(low, lower);
    setLanes(high, upper);
    return true;
  };
}
function laneLoad(thread: GuestThread, shape: LaneShape, place: number): Load {
  const places = lanePlaces(thread, shape, place);
  return () => {
    const given = new shape.array(shape.length);
    for (let k = 0; k < places.length; k++) setLanes(given, places[k], k * places[k].length);
    return given;
  };
}

function smallInteger(u32: Uint32Array, at: number, low: number, high: number): Store {
  return (v) => {
    if (typeof v !== 'number' || !(v >= low && v <= high) || Math.floor(v) !== v) return false;
    u32[at] = v;
    u32[at + 1] = 0;
    return true;
  };
}

/** A load of a value of `type` from byte `place` of the context. Bits above a narrow integer's width are ignored. */
export function loadFor(thread: GuestThread, type: Type, surface: SurfaceType | undefined, place: number, model: MemoryModel): Load {
  const { u32, i32, i64, f32, f64 } = thread, at = place >> 2, at8 = place >> 3, view = viewOf(surface);
  const unsigned = view === 'unsigned', shape = laneShapeOf(surface);
  if (shape !== undefined) return laneLoad(thread, shape, place);
  switch (type) {
    case 'i1': return view === 'bool' ? () => (u32[at] & 1) === 1 : () => u32[at] & 1;
    case 'i8': return unsigned ? () => u32[at] & 0xff : () => (i32[at] << 24) >> 24;
    case 'i16': return unsigned ? () => u32[at] & 0xffff : () => (i32[at] << 16) >> 16;
    case 'i32': return unsigned ? () => u32[at] : () => i32[at];
    case 'i64': return unsigned ? () => BigInt.asUintN(64, i64[at8]) : () => i64[at8];
    case 'f32': return () => f32[at];
    case 'f64': return () => f64[at8];
    case 'ptr': return model === 'linear' ? () => u32[at] : () => Number(BigInt.asUintN(64, i64[at8]));
    case 'v128': return () => BigInt.asUintN(64, i64[at8]) | (BigInt.asUintN(64, i64[at8 + 1]) << 64n);
    case 'v256': {
      const low8 = (place & 0xffff) >> 3, high8 = place >> 19;
      return () => BigInt.asUintN(64, i64[low8]) | BigInt.asUintN(64, i64[low8 + 1]) << 64n | BigInt.asUintN(64, i64[high8]) << 128n | BigInt.asUintN(64, i64[high8 + 1]) << 192n;
    }
    default: return type satisfies never;
  }
}

/** What a value of the type looks like, for an error. */
export function hintFor(type: Type, surface: SurfaceType | undefined): string {
  const view = viewOf(surface), shape = laneShapeOf(surface);
  if (shape !== undefined) return laneHint(shape);
  const range = (bits: number, suffix: string): string => {
    const low = view === 'unsigned' ? '0' : `-${(1n << BigInt(bits - 1)).toString()}`;
    const high = ((1n << BigInt(view === 'signed' ? bits - 1 : bits)) - 1n).toString();
    return `from ${low}${suffix} to ${high}${suffix}`;
  };
  switch (type) {
    case 'i1': return 'Give true, false, 0 or 1.';
    case 'i8': return `Give an integer ${range(8, '')}.`;
    case 'i16': return `Give an integer ${range(16, '')}.`;
    case 'i32': return `Give an integer ${range(32, '')}.`;
    case 'i64': return `Give a bigint ${range(64, 'n')}, for example 30n.`;
    case 'f32': case 'f64': return 'Give a number.';
    case 'ptr': return 'Give an address: a whole number, not negative, of the pointer\'s width.';
    case 'v128': return 'Give a bigint from 0n to 2n**128n - 1n, lane 0 lowest.';
    case 'v256': return 'Give a bigint from 0n to 2n**256n - 1n, lane 0 lowest.';
    default: return type satisfies never;
  }
}

/** A value as an error message shows it. */
export function showValue(v: unknown): string {
  switch (typeof v) {
    case 'bigint': return show(v); // a huge one takes seconds to be written out
    case 'string': return JSON.stringify(v.length > 40 ? `${v.slice(0, 40)}…` : v);
    case 'number': return Object.is(v, -0) ? '-0' : String(v);
    case 'boolean': case 'undefined': return String(v);
    case 'function': return 'a function';
    case 'symbol': return 'a symbol';
    default: return v === null ? 'null' : Array.isArray(v) ? 'an array' : v instanceof Promise ? 'a promise (host functions must answer at once)' : 'an object';
  }
}
