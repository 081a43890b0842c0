/** Vectors: every operation of every vector type against the same thing done lane by lane in JavaScript. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  array, f32, f32x4, f32x8, f64, f64x2, f64x4, fn, fnRef, global, i16x16, i16x8, i32, i32x4, i32x8, i64x2, i64x4, i8x16, i8x32, module, ptr, struct, table, u16x16, u16x8, u32, u32x4,
  u32x8, u64x2, u64x4, u8, u8x16, u8x32, unit, type MemoryType, type ValueType,
} from '../../dsl/index.ts';
import { Interpreter, assertValid, parseModule, printModule, type Module } from '../../lib/mir/index.ts';
import { load } from './run.ts';

const test = suite('dsl lanes');

type Lane = number | bigint;
type Lanes = readonly Lane[];
/** A vector value, with every method there may be. */
type AnyVector = { readonly [name: string]: (...args: readonly unknown[]) => AnyVector };
interface AnyType { readonly name: string; readonly length: number; readonly bits: number; splat(x: unknown): AnyVector; of(...x: readonly unknown[]): AnyVector }

const TYPES = [i8x16, u8x16, i16x8, u16x8, i32x4, u32x4, i64x2, u64x2, f32x4, f64x2, i8x32, u8x32, i16x16, u16x16, i32x8, u32x8, i64x4, u64x4, f32x8, f64x4] as unknown as readonly AnyType[];
const named = (name: string): AnyType => TYPES.find((t) => t.name === name)!;

/** Lanes of `letter` and `bits`, `count` of them. */
class Shape {
  readonly letter: string; readonly bits: number; readonly count: number;
  constructor(name: string) {
    const m = /^([iuf])(\d+)x(\d+)$/.exec(name)!;
    this.letter = m[1]; this.bits = Number(m[2]); this.count = Number(m[3]);
  }
  get float(): boolean { return this.letter === 'f'; }
  get low(): bigint { return this.letter === 'i' ? -(1n << BigInt(this.bits - 1)) : 0n; }
  get high(): bigint { return this.letter === 'i' ? (1n << BigInt(this.bits - 1)) - 1n : (1n << BigInt(this.bits)) - 1n; }
  wrap(x: bigint): bigint { return this.letter === 'i' ? BigInt.asIntN(this.bits, x) : BigInt.asUintN(this.bits, x); }
  clamp(x: bigint): bigint { return x < this.low ? this.low : x > this.high ? this.high : x; }
  round(x: number): number { return this.bits === 32 ? Math.fround(x) : x; }
  read(view: DataView, at: number): Lane {
    switch (`${this.letter}${this.bits}`) {
      case 'i8': return BigInt(view.getInt8(at)); case 'u8': return BigInt(view.getUint8(at));
      case 'i16': return BigInt(view.getInt16(at, true)); case 'u16': return BigInt(view.getUint16(at, true));
      case 'i32': return BigInt(view.getInt32(at, true)); case 'u32': return BigInt(view.getUint32(at, true));
      case 'i64': return view.getBigInt64(at, true); case 'u64': return view.getBigUint64(at, true);
      case 'f32': return view.getFloat32(at, true); default: return view.getFloat64(at, true);
    }
  }
  write(view: DataView, at: number, x: Lane): void {
    if (this.float) { if (this.bits === 32) view.setFloat32(at, Number(x), true); else view.setFloat64(at, Number(x), true); return; }
    for (let k = 0; k < this.bits / 8; k++) view.setUint8(at + k, Number(BigInt.asUintN(64, x as bigint) >> BigInt(8 * k) & 0xffn));
  }
  bytes(lanes: Lanes): Uint8Array {
    const view = new DataView(new ArrayBuffer(lanes.length * this.bits / 8));
    lanes.forEach((x, k) => this.write(view, k * this.bits / 8, x));
    return new Uint8Array(view.buffer);
  }
  lanesOf(bytes: Uint8Array): Lanes {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: bytes.length * 8 / this.bits }, (_, k) => this.read(view, k * this.bits / 8));
  }
}

const min = (x: number, y: number): number => Math.min(x, y), max = (x: number, y: number): number => Math.max(x, y);
function nearest(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
  const r = Math.abs(x) + 2 ** 52 - 2 ** 52;
  return x < 0 || Object.is(x, -0) ? -r : r;
}

/** One operation: how the DSL writes it, what its result's type is called, and what it does to lanes; undefined: not for this type. */
interface Operation { readonly name: string; readonly result: (s: Shape) => string | undefined; readonly dsl: (a: AnyVector, b: AnyVector, c: AnyVector, s: Shape) => AnyVector; readonly js: (a: Lanes, b: Lanes, c: Lanes, s: Shape) => Lanes }

const same = (s: Shape): string => `${s.letter}${s.bits}x${s.count}`, mask = (s: Shape): string => `i${s.bits}x${s.count}`;
const when = (test: (s: Shape) => boolean, result: (s: Shape) => string = same) => (s: Shape): string | undefined => test(s) ? result(s) : undefined;
const isFloat = (s: Shape): boolean => s.float, isInteger = (s: Shape): boolean => !s.float, small = (s: Shape): boolean => !s.float && s.bits <= 16;

function lanewise(name: string, result: Operation['result'], integer: ((a: bigint, b: bigint, s: Shape) => bigint) | undefined, float?: (a: number, b: number, s: Shape) => number, arity = 2): Operation {
  return {
    name, result, dsl: (a, b) => arity === 1 ? a[name]() : a[name](b),
    js: (a, b, _, s) => a.map((x, k) => s.float ? s.round(float!(x as number, b[k] as number, s)) : s.wrap(integer!(x as bigint, b[k] as bigint, s))),
  };
}
function comparison(name: string, f: (x: Lane, y: Lane) => boolean): Operation {
  return { name, result: mask, dsl: (a, b) => a[name](b), js: (a, b) => a.map((x, k) => f(x, b[k]) ? -1n : 0n) };
}
const half = (s: Shape, letter: string): string => `${letter}${s.bits / 2}x${s.count * 2}`;

const OPERATIONS: readonly Operation[] = [
  lanewise('add', same, (a, b) => a + b, (a, b) => a + b), lanewise('sub', same, (a, b) => a - b, (a, b) => a - b),
  lanewise('mul', when((s) => s.bits > 8), (a, b) => a * b, (a, b) => a * b), lanewise('div', when(isFloat), undefined, (a, b) => a / b),
  lanewise('min', same, (a, b) => a < b ? a : b, min), lanewise('max', same, (a, b) => a > b ? a : b, max),
  lanewise('neg', same, (a) => -a, (a) => -a, 1), lanewise('abs', when((s) => s.letter !== 'u'), (a) => a < 0n ? -a : a, Math.abs, 1),
  lanewise('addSat', when(small), (a, b, s) => s.clamp(a + b)), lanewise('subSat', when(small), (a, b, s) => s.clamp(a - b)),
  lanewise('avg', when((s) => small(s) && s.letter === 'u'), (a, b) => a + b + 1n >> 1n),
  lanewise('sqrt', when(isFloat), undefined, Math.sqrt, 1), lanewise('floor', when(isFloat), undefined, Math.floor, 1), lanewise('ceil', when(isFloat), undefined, Math.ceil, 1),
  lanewise('trunc', when(isFloat), undefined, Math.trunc, 1), lanewise('nearest', when(isFloat), undefined, nearest, 1),
  lanewise('and', when(isInteger), (a, b) => a & b), lanewise('or', when(isInteger), (a, b) => a | b), lanewise('xor', when(isInteger), (a, b) => a ^ b),
  lanewise('andNot', when(isInteger), (a, b) => a & ~b), lanewise('not', when(isInteger), (a) => ~a, undefined, 1),
  lanewise('popcnt', when((s) => s.bits === 8), (a, _, s) => { let n = 0n; for (let x = BigInt.asUintN(s.bits, a); x > 0n; x >>= 1n) n += x & 1n; return n; }, undefined, 1),
  comparison('eq', (x, y) => x === y), comparison('ne', (x, y) => x !== y), comparison('lt', (x, y) => x < y), comparison('le', (x, y) => x <= y), comparison('gt', (x, y) => x > y), comparison('ge', (x, y) => x >= y),
  { name: 'shl', result: when(isInteger), dsl: (a) => a['shl'](5), js: (a, _b, _c, s) => a.map((x) => s.wrap((x as bigint) << BigInt(5 % s.bits))) },
  { name: 'shr', result: when(isInteger), dsl: (a, _b, _c, s) => a['shr'](s.bits + 3), js: (a) => a.map((x) => (x as bigint) >> 3n) },
  { name: 'clamp', result: same, dsl: (a, b, c) => a['clamp'](b, c), js: (a, b, c, s) => a.map((x, k) => s.float ? min(max(x as number, b[k] as number), c[k] as number) : ((x > b[k] ? x : b[k]) < c[k] ? (x > b[k] ? x : b[k]) : c[k])) },
  { name: 'select', result: when(isInteger), dsl: (a, b, c) => a['select'](b, c), js: (a, b, c, s) => a.map((m, k) => s.wrap(((b[k] as bigint) & (m as bigint)) | ((c[k] as bigint) & ~(m as bigint)))) },
  { name: 'compare and select', result: same, dsl: (a, b, c) => a['lt'](b)['select'](a, c), js: (a, b, c) => a.map((x, k) => x < b[k] ? x : c[k]) },
  { name: 'permute', result: same, dsl: (a, _b, _c, s) => a['permute'](Array.from({ length: s.count }, (_, k) => s.count - 1 - k)), js: (a) => [...a].reverse() },
  { name: 'shuffle', result: same, dsl: (a, b, _c, s) => a['shuffle'](b, Array.from({ length: s.count }, (_, k) => (k >> 1) + (k & 1) * s.count)), js: (a, b) => a.map((_, k) => k % 2 === 0 ? a[k >> 1] : b[k >> 1]) },
  { name: 'withLane', result: same, dsl: (a, b, _c, s) => a['withLane'](s.count - 1, b['lane'](1)), js: (a, b) => a.map((x, k) => k === a.length - 1 ? b[1] : x) },
  { name: 'literal operand', result: same, dsl: (a, _b, _c, s) => a['add'](s.bits === 64 && !s.float ? 3n : 3), js: (a, _b, _c, s) => a.map((x) => s.float ? s.round(x as number + 3) : s.wrap(x as bigint + 3n)) },
  { name: 'splat', result: same, dsl: (_a, b, _c, s) => named(same(s)).splat(b['lane'](0)), js: (a, b) => a.map(() => b[0]) },
  { name: 'of values', result: same, dsl: (a, b, _c, s) => named(same(s)).of(...Array.from({ length: s.count }, (_, k) => k % 3 === 0 ? a['lane'](k) : b['lane'](0))), js: (a, b) => a.map((x, k) => k % 3 === 0 ? x : b[0]) },
  { name: 'of literals and values', result: same, dsl: (a, _b, _c, s) => named(same(s)).of(...Array.from({ length: s.count }, (_, k) => k === 1 ? a['lane'](0) : s.bits === 64 && !s.float ? BigInt(k) : k)), js: (a, _b, _c, s) => a.map((_, k) => k === 1 ? a[0] : s.float ? k : BigInt(k)) },
  { name: 'extendLow', result: when((s) => !s.float && s.bits < 64, (s) => `${s.letter}${s.bits * 2}x${s.count / 2}`), dsl: (a) => a['extendLow'](), js: (a) => a.slice(0, a.length / 2) },
  { name: 'extendHigh', result: when((s) => !s.float && s.bits < 64, (s) => `${s.letter}${s.bits * 2}x${s.count / 2}`), dsl: (a) => a['extendHigh'](), js: (a) => a.slice(a.length / 2) },
  { name: 'narrow', result: when((s) => !s.float && (s.bits === 16 || s.bits === 32), (s) => half(s, s.letter)), dsl: (a, b) => a['narrow'](b), js: (a, b, _, s) => [...a, ...b].map((x) => new Shape(half(s, s.letter)).clamp(x as bigint)) },
  { name: 'narrowUnsigned', result: when((s) => s.letter === 'i' && (s.bits === 16 || s.bits === 32), (s) => half(s, 'u')), dsl: (a, b) => a['narrowUnsigned'](b), js: (a, b, _, s) => [...a, ...b].map((x) => new Shape(half(s, 'u')).clamp(x as bigint)) },
  { name: 'dot', result: when((s) => s.letter === 'i' && s.bits === 16, (s) => `i32x${s.count / 2}`), dsl: (a, b) => a['dot'](b), js: (a, b) => Array.from({ length: a.length / 2 }, (_, k) => BigInt.asIntN(32, (a[2 * k] as bigint) * (b[2 * k] as bigint) + (a[2 * k + 1] as bigint) * (b[2 * k + 1] as bigint))) },
  { name: 'swizzle', result: when((s) => s.bits === 8), dsl: (a, b, _c, s) => a['swizzle'](b['as'](named(`u8x${s.count}`))), js: (a, b) => b.map((i, k) => { const n = Number(BigInt.asUintN(8, i as bigint)); return n < 16 ? a[(k & 16) + n] : 0n; }) },
  { name: 'toF32', result: when((s) => !s.float && s.bits === 32, (s) => `f32x${s.count}`), dsl: (a, _b, _c, s) => a[`toF32x${s.count}`](), js: (a) => a.map((x) => Math.fround(Number(x))) },
  { name: 'toI32Sat', result: when((s) => s.float && s.bits === 32, (s) => `i32x${s.count}`), dsl: (a, _b, _c, s) => a[`toI32x${s.count}Sat`](), js: (a) => a.map((x) => Number.isNaN(x) ? 0n : BigInt(Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(x as number))))) },
  { name: 'toU32Sat', result: when((s) => s.float && s.bits === 32, (s) => `u32x${s.count}`), dsl: (a, _b, _c, s) => a[`toU32x${s.count}Sat`](), js: (a) => a.map((x) => Number.isNaN(x) ? 0n : BigInt(Math.max(0, Math.min(2 ** 32 - 1, Math.trunc(x as number))))) },
  { name: 'concat and halves', result: when((s) => s.bits * s.count === 128), dsl: (a, b) => { const both = a['concat'](b); return both['high']()['sub'](both['low']()); }, js: (a, b, _, s) => a.map((x, k) => s.float ? s.round((b[k] as number) - (x as number)) : s.wrap((b[k] as bigint) - (x as bigint))) },
  { name: 'withLow and withHigh', result: when((s) => s.bits * s.count === 256), dsl: (a, b, c) => a['withLow'](b['high']())['withHigh'](c['low']()), js: (_, b, c) => [...b.slice(b.length / 2), ...c.slice(0, c.length / 2)] },
];

/** All legal operations of a type in one function that stores every result in 32 bytes of its own. */
function moduleOf(type: AnyType, s: Shape): { readonly m: Module; readonly operations: readonly Operation[] } {
  const operations = OPERATIONS.filter((o) => o.result(s) !== undefined), t = type as unknown as ValueType;
  const all = fn('all', [ptr(t as unknown as MemoryType), ptr(u8)], unit, (b, p, out) => {
    const at = (k: number): AnyVector => (p.at(k) as unknown as { get(): AnyVector }).get();
    operations.forEach((o, k) => {
      const place = out.offset(32 * k).cast(named(o.result(s)!) as unknown as MemoryType).at() as unknown as { set(v: unknown): void };
      place.set(o.dsl(at(0), at(1), at(2), s));
    });
    b.ret();
  });
  const m = module('lanes', { locations: false, memory: { initialPages: 2 } }).export({ all }).build();
  assertValid(m);
  assert.is(printModule(parseModule(printModule(m))), printModule(m));
  return { m, operations };
}

const SPECIAL: readonly number[] = [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, NaN, Infinity, -Infinity, 2147483648, 4294967296, -2147483649, 1e30];
function laneOf(s: Shape): fc.Arbitrary<Lane> {
  if (s.float) return fc.oneof(fc.constantFrom(...SPECIAL), fc.double({ min: -1e6, max: 1e6 })).map((x) => s.round(x));
  return fc.oneof(fc.constantFrom(s.low, s.high, 0n, s.wrap(1n), s.wrap(-1n)), fc.bigInt({ min: s.low, max: s.high }));
}

const OUT = 70000;
for (const type of TYPES) {
  test(`${type.name}: every operation does to lanes what it says`, () => {
    const s = new Shape(type.name), { m, operations } = moduleOf(type, s), machine = new Interpreter(m), size = s.bits * s.count / 8;
    const vector = fc.array(laneOf(s), { minLength: s.count, maxLength: s.count });
    fc.assert(fc.property(vector, vector, vector, (a, b, c) => {
      [a, b, c].forEach((v, k) => machine.memory.set(s.bytes(v), 65536 + k * size));
      machine.call('all', [65536, OUT]);
      operations.forEach((o, k) => {
        const result = new Shape(o.result(s)!), expected = o.js(a, b, c, s);
        const actual = result.lanesOf(machine.memory.slice(OUT + 32 * k, OUT + 32 * k + expected.length * result.bits / 8));
        // -0 and 0 differ, NaNs do not.
        assert.ok(expected.every((x, i) => Object.is(x, actual[i])), `${o.name}: ${actual.join(' ')} instead of ${expected.join(' ')} for ${a.join(' ')}; ${b.join(' ')}; ${c.join(' ')}`);
      });
    }), { numRuns: 60, seed: 7, includeErrorInReport: true });
  });
}

test('what a type lacks is said with its name, also to callers without types', () => {
  let checked = 0;
  for (const type of TYPES) {
    const s = new Shape(type.name);
    for (const o of OPERATIONS.filter((x) => x.result(s) === undefined && !/ |^to|^swizzle/.test(x.name))) {
      const f = fn('f', [type as unknown as ValueType], unit, (b, a) => { o.dsl(a as unknown as AnyVector, a as unknown as AnyVector, a as unknown as AnyVector, s); b.ret(); });
      assert.throws(() => module('m').export({ f }).build(), new RegExp(`${type.name} has no operation '${o.name}'`));
      checked++;
    }
  }
  assert.ok(checked > 100, `${checked}`);
});

test('masks: some, all, and bits of lanes', () => {
  const f = fn('f', [ptr(f32x4), f32], [u32, u32, u32], (b, p, limit) => {
    const m = p.get().gt(f32x4.splat(limit));
    b.ret(m.bitmask(), m.anyTrue().toU32(), m.allTrue().toU32());
  });
  const r = load({ f });
  [1, -2, 3, NaN].forEach((x, k) => r.view.setFloat32(1024 + 4 * k, x, true));
  assert.equal(r.all('f', 1024, 0), [0b101, 1, 0]);
  assert.equal(r.all('f', 1024, 3), [0, 0, 0]);
  r.view.setFloat32(1036, 9, true);
  assert.equal(r.all('f', 1024, -3), [0b1111, 1, 1]);
});

test('variables, parameters, results, calls, choices and loops carry vectors', () => {
  const double = fn('double', [f32x4], f32x4, (b, v) => b.ret(v.add(v)));
  const sum = fn('sum', [ptr(f32), i32], f32, (b, xs, n) => {
    const total = b.var(f32x4, 0);
    b.for([0, n, 4], (i) => total.update((t) => t.add(xs.at(i).vector(f32x4).get())));
    const d = double(b.select(n.gt(8), total.get(), total.get().neg()));
    const e = b.choose(f32x4, n.gt(100), () => d.mul(2), () => d);
    b.ret(e.lane(0).add(e.lane(1)).add(e.lane(2)).add(e.lane(3)));
  });
  const r = load({ sum });
  for (let k = 0; k < 16; k++) r.view.setFloat32(1025 + 4 * k, k, true); // an odd address
  assert.is(r.call('sum', 1025, 8), -56);
  assert.is(r.call('sum', 1025, 12), 132);
});

test('fields, arrays and globals of vectors: layout, initial data, access', () => {
  const Ray = struct('Ray', { hit: u8, origin: f32x4, colour: u8x16, wide: i32x8 });
  const rays = global('rays', array(Ray, 2), [{ hit: 1, origin: [1, 2, 3, 4] }, { origin: 0.5, colour: Uint8Array.from({ length: 16 }, (_, k) => k), wide: Int32Array.of(1, 2, 3, 4, 5, 6, 7, -8) }]);
  const one = global('one', u64x2, [1n, 2n ** 64n - 1n], { mutable: false });
  const f = fn('f', [u32], f32, (b, i) => {
    const ray = rays.at(i);
    ray.origin.update((o) => o.mul(2));
    ray.wide.set(ray.wide.get().add(1));
    b.ret(ray.origin.get().lane(3).add(ray.colour.get().lane(15).toF32()).add(ray.wide.get().lane(7).toF32()).add(one.get().lane(0).toF32()));
  });
  const r = load({ f });
  assert.is(r.call('f', 0), 8 + 0 + 1 + 1);
  assert.is(r.call('f', 1), 1 + 15 - 7 + 1);
  const g = r.module.globals[0];
  assert.is(g.size, 2 * 96);
  assert.is(g.align, 32);
});

test('constants: lists, typed arrays, splats; NaN and -0 keep their bits', () => {
  const f = fn('f', [ptr(u32x4)], unit, (b, p) => {
    p.at(0).set(b.const(f32x4, Float32Array.of(-0, NaN, Infinity, 1)).as(u32x4));
    p.at(1).set(b.const(i32x4, Int32Array.of(-1, 2, 3, 4)).as(u32x4));
    p.at(2).set(f32x4.of(1, 2, 3, -0).as(u32x4));
    p.at(3).set(i64x2.splat(-2n).as(u32x4));
    b.ret();
  });
  const r = load({ f });
  r.call('f', 1024);
  assert.equal(Array.from({ length: 16 }, (_, k) => r.view.getUint32(1024 + 4 * k, true)),
    [0x80000000, 0x7fc00000, 0x7f800000, 0x3f800000, 0xffffffff, 2, 3, 4, 0x3f800000, 0x40000000, 0x40400000, 0x80000000, 0xfffffffe, 0xffffffff, 0xfffffffe, 0xffffffff]);
});

test('fma rounds once', () => {
  const near = 1 + 2 ** -13;
  const f = fn('f', [f32x4, f64x2], [f32, f32, f64, f64], (b, v, w) => {
    const x = v.fma(2 - near, -1), y = w.fma(1 + 2 ** -27, -(1 + 2 ** -26));
    b.ret(x.lane(0), v.mul(2 - near).sub(1).lane(0), y.lane(0), w.mul(1 + 2 ** -27).sub(1 + 2 ** -26).lane(0));
  });
  const one = fn('one', [], [f32, f32, f64, f64], (b) => { const [p, q, r, s] = f(f32x4.splat(near), f64x2.splat(1 + 2 ** -27)); b.ret(p, q, r, s); });
  assert.equal(load({ one }).all('one'), [-(2 ** -26), 0, 2 ** -54, 0]);
});

test('references, tables, tail calls, raw blocks and stack slots carry vectors', () => {
  const double = fn('double', [f32x4], f32x4, (b, v) => b.ret(v.mul(2))), square = fn('square', [f32x4], f32x4, (b, v) => b.ret(v.mul(v)));
  const apply = fn('apply', [fnRef([f32x4], f32x4), f32x4], f32x4, (b, g, v) => b.ret(g.call(v)));
  const both = table('both', [double, square]);
  const last = fn('last', [f32x4], f32x4, (b, v) => b.tailCall(square, v));
  const all = fn('all', [i32], f32, (b, n) => {
    const slot = b.slot(struct('Pair', { k: u8, v: f32x4 })), list = b.array(f32x4, 3);
    slot.v.set(last(apply(double.ref(), b.callIndirect(both, n, f32x4.of(1, 2, 3, 4)))));
    list.at(n).set(slot.v.get());
    const done = b.block(f32x4, i32), again = b.block(f32x4, i32);
    b.jump(again, list.at(n).get(), 3);
    const [v, left] = b.enter(again);
    b.br(left.eq(0), done.with(v, left), again.with(v.add(1), left.sub(1)));
    const [w] = b.enter(done);
    b.ret(w.lane(3));
  });
  const r = load({ all });
  assert.is(r.call('all', 0), (4 * 2 * 2) ** 2 + 3);
  assert.is(r.call('all', 1), (4 * 4 * 2) ** 2 + 3);
});

test('mistakes that types cannot rule out say what and how to mend it', () => {
  const failing = (body: (v: import('../../dsl/index.ts').F32x4, m: import('../../dsl/index.ts').I32x4) => unknown, message: RegExp): void => {
    const f = fn('f', [f32x4, i32x4], unit, (b, v, m) => { body(v, m); b.ret(); });
    assert.throws(() => module('m').export({ f }).build(), message);
  };
  failing((v) => v.lane(4), /lane 4 of f32x4 is not a number from 0 to 3/);
  failing((v) => v.withLane(-1, 0), /lane -1/);
  failing((v) => v.permute([0, 1, 2, 4]), /lane 4 of f32x4 is not a number from 0 to 3/);
  failing((v) => v.permute((k) => k + 1), /lane 4 of f32x4 is not a number from 0 to 3/);
  const chosen = fn('chosen', [], [f32, f32], (b) => {
    const v = f32x4.of(0, 1, 2, 3), w = v.shuffle(v.add(4), (k) => 7 - 2 * k).permute((k) => 3 - k); // 7 5 3 1, reversed
    b.ret(w.lane(0), w.lane(3));
  });
  assert.equal(load({ chosen }).all('chosen'), [1, 7]);
  failing((v) => v.shuffle(v, [0, 1, 2, 8]), /lane 8 of f32x4 is not a number from 0 to 7/);
  failing((v) => v.shuffle(v, [0, 1] as never), /a list of 4 lane numbers, not 2/);
  failing((v, m) => v.add(m as never), /wants a f32x4, not an i32x4[\s\S]*the same bits are \.as\(f32x4\)|wants an f32x4, not an i32x4/i);
  failing((v) => v.as(f32x8 as never), /not of the same width/);
  failing((_, m) => m.shl(f32x4.splat(1) as never), /count of i32x4.shl/);
  failing((_, m) => m.add(2 ** 31), /out of range for i32/);
  failing(() => f32x4.of(...([1, 2] as unknown as [1, 2, 3, 4])), /takes 4 lanes, not 2/);
  const numbers = global('numbers', array(f32, 10));
  failing(() => numbers.at(7).vector(f32x4), /4 lanes go beyond the end of the array, 3 elements on/);
  failing(() => numbers.at(6).vector(f32x8), /8 lanes go beyond/);
  const fits = fn('fits', [], f32, (b) => b.ret(numbers.at(6).vector(f32x4).get().lane(3)));
  assert.is(load({ fits }).call('fits'), 0);
  assert.throws(() => f32x4.splat(1), /outside of a function body/);
});

test.run();
