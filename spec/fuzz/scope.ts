/** The values a generated function may use at one point, by type, and the interesting constants of each type. */
import type { FunctionBuilder, Type, Value } from '../../lib/mir/index.ts';
import type { Choices } from './choices.ts';

/** An address that may be accessed, but whose number must never be observed when it may be a stack slot's. */
export interface Pointer {
  readonly value: Value;
  /** Bytes from the address on that accesses may touch. */
  readonly size: number;
  /** Points into this activation, so it must not outlive it. */
  readonly local: boolean;
}

/** A module-independent choice of types; `ptr` values here are plain numbers that are never accessed as they are. */
export const SCALARS = ['i32', 'i64', 'i8', 'i16', 'i1', 'f64', 'f32', 'ptr'] as const satisfies readonly Type[];

const INTERESTING = {
  i1: [0, 1],
  i8: [0, 1, -1, 2, 7, 8, 15, 127, -128, 64, -127, 85],
  i16: [0, 1, -1, 2, 15, 16, 127, 128, 255, 256, -128, -129, 32767, -32768],
  i32: [0, 1, -1, 2, 3, 4, 7, 8, 10, 31, 32, 63, 100, 127, 128, 255, 256, 4095, 32767, 32768, 65535, 65536, -128, -129, 0x01020304, 2147483647, -2147483648, 0x55555555],
  i64: [0n, 1n, -1n, 2n, 3n, 7n, 8n, 10n, 63n, 64n, 127n, 128n, 255n, 65535n, 65536n, 2147483647n, 2147483648n, 4294967295n, 4294967296n, -2147483648n, -2147483649n, 9223372036854775807n, -9223372036854775808n, 0x0102030405060708n],
  f32: [0, 1, -1, -0, 0.5, 2, 1.5, 3, 10, NaN, Infinity, -Infinity, 1.401298464324817e-45, 3.4028234663852886e38, 16777216, 2147483648, 0.10000000149011612],
  f64: [0, 1, -1, -0, 0.5, 2, 1.5, 3, 10, 0.1, NaN, Infinity, -Infinity, 5e-324, 1.7976931348623157e308, 2147483647, 2147483648, 4294967296, 9007199254740993, 9223372036854775808],
  ptr: [0, 1, 1024, 65535, 4294967295, 2147483648],
  v128: [0n, 1n, (1n << 128n) - 1n, 0x80000000000000000000000000000000n, 0x0f0e0d0c0b0a09080706050403020100n, 0x7f800000ff8000003f800000bf800000n, 0x7fff8000ffff00017f80ff0100017fffn],
  v256: [0n, 1n, (1n << 256n) - 1n, 1n << 255n | 1n << 127n, 0x1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100n, 0x7f800000ff8000003f800000bf8000007fff8000ffff00017f80ff0100017fffn, 0x80000000000000007fffffffffffffff00000000000000010fffffffffffffffn],
} as const satisfies Readonly<Record<Type, readonly (number | bigint)[]>>;

/** A constant in the form of `ConstInst`: mostly a boundary value, sometimes any. */
export function constantOf(c: Choices, type: Type): number | bigint {
  const list: readonly (number | bigint)[] = INTERESTING[type];
  if (c.below(8) !== 7 && (bitsOf(type) < 128 || c.below(2) === 0)) return list[c.below(list.length)];
  switch (type) {
    case 'i1': return c.below(2);
    case 'i8': return c.below(256) - 128;
    case 'i16': return c.below(65536) - 32768;
    case 'i32': return c.below(4294967296) | 0;
    case 'i64': return BigInt.asIntN(64, BigInt(c.below(4294967296)) << 32n | BigInt(c.below(4294967296)));
    case 'f32': return Math.fround((c.below(2000001) - 1000000) / 128);
    case 'f64': return (c.below(2000001) - 1000000) / 1000;
    case 'ptr': return c.below(4294967296);
    case 'v128': return vectorOf(c, 128);
    case 'v256': return vectorOf(c, 256);
    default: return type satisfies never;
  }
}

function bitsOf(type: Type): number { return type === 'v128' ? 128 : type === 'v256' ? 256 : 64; }

const bits = new DataView(new ArrayBuffer(8));

/** Lanes of one type, each with a value of its own or all with the same. */
function vectorOf(c: Choices, width: number): bigint {
  const [type, size] = ([['i8', 8], ['i16', 16], ['i32', 32], ['i64', 64], ['f32', 32], ['f64', 64]] as const)[c.below(6)], same = c.below(3) === 0 ? constantOf(c, type) : undefined;
  let all = 0n;
  for (let at = 0; at < width; at += size) {
    const v = same ?? constantOf(c, type);
    if (type === 'f32') bits.setFloat32(4, Number(v)); else if (type === 'f64') bits.setFloat64(0, Number(v)); else bits.setBigInt64(0, BigInt(v));
    all |= BigInt.asUintN(size, bits.getBigUint64(0)) << BigInt(at);
  }
  return all;
}

export class Scope {
  readonly #pools: Record<Type, Value[]> = { i1: [], i8: [], i16: [], i32: [], i64: [], f32: [], f64: [], ptr: [], v128: [], v256: [] };
  readonly #pointers: Pointer[] = [];

  add(type: Type, v: Value): Value { this.#pools[type].push(v); return v; }
  addPointer(p: Pointer): Pointer { this.#pointers.push(p); return p; }

  /** How far every list reaches, to come back to on leaving a block. */
  mark(): readonly number[] {
    const p = this.#pools;
    return [p.i1.length, p.i8.length, p.i16.length, p.i32.length, p.i64.length, p.f32.length, p.f64.length, p.ptr.length, p.v128.length, this.#pointers.length, p.v256.length];
  }
  release(mark: readonly number[]): void {
    const p = this.#pools;
    p.i1.length = mark[0]; p.i8.length = mark[1]; p.i16.length = mark[2]; p.i32.length = mark[3]; p.i64.length = mark[4];
    p.f32.length = mark[5]; p.f64.length = mark[6]; p.ptr.length = mark[7]; p.v128.length = mark[8];
    this.#pointers.length = mark[9]; p.v256.length = mark[10];
  }

  /** A value of the type: one in scope (later ones more often) or a new constant. */
  pick(b: FunctionBuilder, c: Choices, type: Type): Value {
    const pool = this.#pools[type], n = pool.length;
    const way = c.below(6);
    if (n === 0 || way === 0) return this.add(type, b.const(type, constantOf(c, type)));
    if (way < 4) return pool[n - 1 - c.below(Math.min(n, 4))];
    return pool[c.below(n)];
  }
  /** Types that have values. */
  types(): readonly Type[] { return (Object.keys(this.#pools) as Type[]).filter((t) => this.has(t)); }
  has(type: Type): boolean { return this.#pools[type].length > 0; }

  /** A pointer with at least `size` bytes behind it, or undefined. */
  pickPointer(c: Choices, size: number, allowLocal: boolean): Pointer | undefined {
    const list = this.#pointers;
    let k = list.length === 0 ? 0 : c.below(list.length);
    for (let tries = 0; tries < list.length; tries++, k = (k + 1) % list.length) {
      if (list[k].size >= size && (allowLocal || !list[k].local)) return list[k];
    }
    return undefined;
  }
}
