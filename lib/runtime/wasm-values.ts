/** Values crossing between JavaScript and WebAssembly: the same rules as `boundary.ts`, in the engine's terms. */
import type { SurfaceType } from '../mir/surface.ts';
import type { Type } from '../mir/types.ts';
import type { BoundaryValue } from './boundary.ts';

/** The engine's form of a value, or undefined when it is not of the type. */
export type ToWasm = (value: unknown) => number | bigint | undefined;
export type FromWasm = (value: number | bigint) => BoundaryValue;

function range(low: number, high: number, toSigned: (n: number) => number): ToWasm {
  return (v) => (typeof v === 'number' && v >= low && v <= high && Math.floor(v) === v ? toSigned(v) : undefined);
}

export function toWasm(type: Type, surface: SurfaceType | undefined): ToWasm {
  const unsigned = surface === 'u8' || surface === 'u16' || surface === 'u32' || surface === 'u64', any = surface === undefined;
  switch (type) {
    case 'i1': return (v) => (v === 0 || v === 1 || typeof v === 'boolean' ? Number(v) : undefined);
    case 'i8': return range(unsigned ? 0 : -0x80, unsigned || any ? 0xff : 0x7f, (n) => n << 24 >> 24);
    case 'i16': return range(unsigned ? 0 : -0x8000, unsigned || any ? 0xffff : 0x7fff, (n) => n << 16 >> 16);
    case 'i32': return range(unsigned ? 0 : -0x80000000, unsigned || any ? 0xffffffff : 0x7fffffff, (n) => n | 0);
    case 'ptr': return range(0, 0xffffffff, (n) => n | 0);
    case 'i64': {
      const low = unsigned ? 0n : -0x8000000000000000n, high = unsigned || any ? 0xffffffffffffffffn : 0x7fffffffffffffffn;
      return (v) => (typeof v === 'bigint' && v >= low && v <= high ? v : undefined);
    }
    case 'f32': case 'f64': return (v) => (typeof v === 'number' ? v : undefined);
    case 'v128': case 'v256': return () => undefined;
    default: return type satisfies never;
  }
}

const same: FromWasm = (v) => v;

export function fromWasm(type: Type, surface: SurfaceType | undefined): FromWasm {
  switch (type) {
    case 'i1': return surface === 'bool' ? (v) => v !== 0 : same;
    case 'i8': return surface === 'u8' ? (v) => Number(v) & 0xff : same;
    case 'i16': return surface === 'u16' ? (v) => Number(v) & 0xffff : same;
    case 'i32': return surface === 'u32' ? (v) => Number(v) >>> 0 : same;
    case 'ptr': return (v) => Number(v) >>> 0;
    case 'i64': return surface === 'u64' ? (v) => BigInt.asUintN(64, BigInt(v)) : same;
    case 'f32': case 'f64': case 'v128': case 'v256': return same;
    default: return type satisfies never;
  }
}
