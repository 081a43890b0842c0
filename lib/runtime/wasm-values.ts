/** Values crossing between JavaScript and WebAssembly: the same rules as `boundary.ts`, in the engine's terms. */
import type { SurfaceType } from '../mir/surface.ts';
import type { Type } from '../mir/types.ts';
import type { BoundaryValue } from './boundary.ts';
import { hasShape, laneShapeOf, setLanes, wordsOfLanes, type LaneShape } from './vector-lanes.ts';

/** The engine's form of a scalar, or undefined when it is not of the type. */
type ToWasm = (value: unknown) => number | bigint | undefined;
type FromWasm = (value: number | bigint) => BoundaryValue;

function range(low: number, high: number, toSigned: (n: number) => number): ToWasm {
  return (v) => (typeof v === 'number' && v >= low && v <= high && Math.floor(v) === v ? toSigned(v) : undefined);
}

function toWasm(type: Type, surface: SurfaceType | undefined): ToWasm {
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

function fromWasm(type: Type, surface: SurfaceType | undefined): FromWasm {
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

/** One argument or result of a function: a scalar is one of the engine's values, a vector two 64-bit words or four. */
export interface WasmSlot {
  readonly type: Type;
  readonly surface: SurfaceType | undefined;
  /** How many values of the engine it is. */
  readonly count: number;
  /** Appends the engine's form; false when the value is not of the type. */
  readonly write: (value: unknown, to: (number | bigint)[]) => boolean;
  /** The value whose engine's form starts at `at`. */
  readonly read: (values: readonly (number | bigint)[], at: number) => BoundaryValue;
}

/** The slots of a parameter or result list. */
export function slotsOf(types: readonly Type[], surfaces: readonly SurfaceType[] | undefined): readonly WasmSlot[] {
  return types.map((type, k) => {
    const surface = surfaces?.[k], shape = laneShapeOf(surface);
    return shape !== undefined ? laneSlot(type, shape, surface) : type === 'v128' || type === 'v256' ? wordSlot(type) : scalarSlot(type, surface);
  });
}

function scalarSlot(type: Type, surface: SurfaceType | undefined): WasmSlot {
  const store = toWasm(type, surface), load = fromWasm(type, surface);
  return {
    type, surface, count: 1,
    write: (v, to) => {
      const n = store(v);
      if (n === undefined) return false;
      to.push(n);
      return true;
    },
    read: (values, at) => load(values[at]),
  };
}

function laneSlot(type: Type, shape: LaneShape, surface: SurfaceType | undefined): WasmSlot {
  const count = shape.bytes / 8, scratch = new shape.array(shape.length), words = wordsOfLanes(scratch);
  return {
    type, surface, count,
    write: (v, to) => {
      if (!hasShape(v, shape)) return false;
      setLanes(scratch, v);
      for (const w of words) to.push(w);
      return true;
    },
    read: (values, at) => {
      for (let k = 0; k < count; k++) words[k] = values[at + k] as bigint;
      const given = new shape.array(shape.length);
      setLanes(given, scratch);
      return given;
    },
  };
}

/** A vector whose lanes nobody declared: a bigint. */
function wordSlot(type: 'v128' | 'v256'): WasmSlot {
  const count = type === 'v256' ? 4 : 2;
  return {
    type, surface: undefined, count,
    write: (v, to) => {
      if (typeof v !== 'bigint' || v < 0n || v >> BigInt(64 * count) !== 0n) return false;
      for (let k = 0; k < count; k++) to.push(BigInt.asIntN(64, v >> BigInt(64 * k)));
      return true;
    },
    read: (values, at) => {
      let v = 0n;
      for (let k = count - 1; k >= 0; k--) v = v << 64n | BigInt.asUintN(64, values[at + k] as bigint);
      return v;
    },
  };
}
