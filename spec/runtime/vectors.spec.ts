/** Vectors crossing between JavaScript and compiled code: typed arrays, natively and in WebAssembly. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasm } from '../../backends/wasm/index.ts';
import {
  f32, f32x4, f32x8, f64x2, f64x4, fn, host, i16x16, i16x8, i32, i32x4, i32x8, i64, i64x2, i64x4, i8x16, i8x32, module, u16x16, u16x8, u32x4, u32x8, u64x2, u64x4, u8x16, u8x32, type ValueType,
} from '../../dsl/index.ts';
import { compile } from '../../lib/index.ts';
import { surfaceOf, TrapError, UsageError, type Module } from '../../lib/mir/index.ts';
import { instantiateWasm, nativeAvailable } from '../../lib/runtime/index.ts';
import type { LaneArray } from '../../lib/runtime/vector-lanes.ts';

const test = suite('vectors at the boundary');
type Call = (...args: readonly unknown[]) => unknown;
type Functions = Readonly<Record<string, Call>>;

/** The exports of a module on every tier there is. */
function tiers(m: Module, imports: Functions = {}): readonly (readonly [string, Functions])[] {
  const surface = surfaceOf(m);
  const list: (readonly [string, Functions])[] = [['wasm', instantiateWasm(wasm.compile(m), { imports: imports as never, locations: m.locations, ...(surface === undefined ? {} : { surface }) }).exports]];
  if (nativeAvailable()) list.push(['native', compile(m, { imports } as never) as unknown as Functions]);
  return list;
}

const TYPES = { i8x16, u8x16, i16x8, u16x8, i32x4, u32x4, i64x2, u64x2, f32x4, f64x2, i8x32, u8x32, i16x16, u16x16, i32x8, u32x8, i64x4, u64x4, f32x8, f64x4 };
const CLASSES: Readonly<Record<string, { new (n: number): LaneArray; readonly name: string }>> = {
  i8: Int8Array, u8: Uint8Array, i16: Int16Array, u16: Uint16Array, i32: Int32Array, u32: Uint32Array, i64: BigInt64Array, u64: BigUint64Array, f32: Float32Array, f64: Float64Array,
};
/** An array with a different number in every lane. */
function sample(name: string, salt: number): LaneArray {
  const [, lane, count] = /^(\w\d+)x(\d+)$/.exec(name)!, a = new CLASSES[lane](Number(count));
  for (let k = 0; k < a.length; k++) (a as Int32Array)[k] = (/64/.test(lane) && lane !== 'f64' ? BigInt(k * 7 + salt) : k * 7 + salt + (lane[0] === 'f' ? 0.5 : 0)) as number;
  return a;
}

test('a vector of every type goes in and comes out, by itself and among others', () => {
  for (const [name, type] of Object.entries(TYPES)) {
    const t = type as unknown as ValueType;
    const same = fn('same', [t], t, (b, v) => b.ret(v as never));
    const swap = fn('swap', [i32, t, f32, t, i64], [t, i64, t, i32], (b, n, v, _x, w, k) => b.ret(w as never, k, v as never, n));
    const x = sample(name, 1), y = sample(name, -3);
    for (const [tier, f] of tiers(module('m').export({ same, swap }).build())) {
      const given = f['same'](x) as LaneArray;
      assert.equal(given, x, `${tier} ${name}`);
      assert.is.not(given, x);
      assert.is(given.buffer.byteLength, given.byteLength);
      assert.equal(f['swap'](5, x, 0.5, y, -9n), [y, -9n, x, 5], `${tier} ${name}`);
    }
  }
});

test('more vectors than registers, and a loop of calls', () => {
  const params = Array.from({ length: 20 }, (_, k) => (k % 3 === 0 ? f32x8 : f32x4));
  const f = fn('f', params, [f32x4, f32x8], (b, ...v) => b.ret((v[19] as unknown as import('../../dsl/index.ts').F32x4), v[18] as never));
  const args = params.map((t, k) => sample(t.name, k));
  for (const [tier, g] of tiers(module('m').export({ f }).build())) {
    for (let k = 0; k < 50; k++) assert.equal(g['f'](...args), [args[19], args[18]], tier);
  }
});

test('NaN payloads and -0 arrive as they are', () => {
  const f = fn('f', [f32x4, f64x2], [f32x4, f64x2], (b, v, w) => b.ret(v, w));
  const x = new Float32Array(Uint32Array.of(0x7fc12345, 0x80000000, 0x7f800001, 0xffffffff).buffer), y = new Float64Array(BigUint64Array.of(0x7ff8000000001234n, 0x8000000000000000n).buffer);
  for (const [tier, g] of tiers(module('m').export({ f }).build())) {
    const [v, w] = g['f'](x, y) as [Float32Array, Float64Array];
    assert.equal(new Uint8Array(v.buffer), new Uint8Array(x.buffer), tier);
    assert.equal(new Uint8Array(w.buffer), new Uint8Array(y.buffer), tier);
  }
});

test('host functions take and give vectors', () => {
  const twist = host('twist', [f32x4, i32], f32x4), two = host('two', [u8x16], [i64x2, i32x4]);
  const f = fn('f', [f32x4], [f32x4, i64x2, i32x4], (b, v) => {
    const [x, y] = two(v.as(u8x16));
    b.ret(twist(v.add(1), 2), x, y);
  });
  const seen: unknown[] = [];
  const imports: Functions = {
    twist: (v, n) => { seen.push(v, n); return (v as Float32Array).map((x) => x * 2).reverse(); },
    two: (v) => { seen.push(v); return [BigInt64Array.of(1n, -2n), Int32Array.of(1, 2, 3, 4)]; },
  };
  for (const [tier, g] of tiers(module('m').import({ twist, two }).export({ f }).build(), imports)) {
    seen.length = 0;
    assert.equal(g['f'](Float32Array.of(0, 1, 2, 3)), [Float32Array.of(8, 6, 4, 2), BigInt64Array.of(1n, -2n), Int32Array.of(1, 2, 3, 4)], tier);
    assert.equal(seen, [new Uint8Array(Float32Array.of(0, 1, 2, 3).buffer), Float32Array.of(1, 2, 3, 4), 2], tier);
  }
  for (const [tier, g] of tiers(module('m').import({ twist, two }).export({ f }).build(), { ...imports, twist: () => 5 })) {
    assert.throws(() => g['f'](new Float32Array(4)), (e: Error) => e instanceof UsageError && /result of host function twist is 5, which is not a value of type f32x4[\s\S]*Float32Array of 4/.test(e.message), tier);
  }
});

test('what does not cross to host functions is said at the declaration', () => {
  assert.throws(() => host('wide', [i32, f64x4], i32), /host 'wide' takes or gives an f64x4[\s\S]*through memory/);
  assert.throws(() => host('cosf4', [f32x4], f32x4, { libc: true }), /host 'cosf4' of the C library takes or gives an f32x4[\s\S]*through memory/);
  assert.throws(() => host('wide', [], u8x32), /host 'wide' takes or gives a u8x32/);
});

test('what is no such vector is refused, and nothing of it but its lanes is looked at', () => {
  const f = fn('f', [f32x4], f32x4, (b, v) => b.ret(v));
  class Liar extends Float32Array { override get length(): number { throw new Error('asked'); } override get buffer(): ArrayBuffer { throw new Error('asked'); } override set(): void { throw new Error('asked'); } }
  const detached = Float32Array.of(1, 2, 3, 4);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  for (const [tier, g] of tiers(module('m').export({ f }).build())) {
    for (const wrong of [[1, 2, 3, 4], new Float32Array(3), new Float32Array(8), new Float64Array(4), new Uint8Array(16), new DataView(new ArrayBuffer(16)), 5n, null, undefined, {}, new Proxy(new Float32Array(4), {}), detached]) {
      assert.throws(() => g['f'](wrong), (e: Error) => e instanceof UsageError && /argument 0 of f is .*, which is not a value of type f32x4[\s\S]*Give a Float32Array of 4/.test(e.message), tier);
    }
    assert.equal(g['f'](new Liar([1, 2, 3, 4])), Float32Array.of(1, 2, 3, 4), tier);
    const shared = new Float32Array(new SharedArrayBuffer(64), 16, 4);
    shared[2] = 7;
    assert.equal(g['f'](shared), Float32Array.of(0, 0, 7, 0), tier);
  }
});

test('a trap in a function of vectors says where it was', () => {
  const f = fn('f', [f32x4, i32], f32x4, (b, v, n) => { b.if(v.lt(0).anyTrue(), () => b.trap()); b.ret(v.withLane(0, n.div(n).toF32())); });
  for (const [tier, g] of tiers(module('m').export({ f }).build())) {
    for (const [arg, trap] of [[Float32Array.of(1, -1, 1, 1), 'user'], [new Float32Array(4), 'integer-divide-by-zero']] as const) {
      try {
        g['f'](arg, 0);
        assert.unreachable();
      } catch (error) {
        assert.instance(error, TrapError, tier);
        assert.is((error as TrapError).trap, trap, tier);
        assert.is((error as TrapError).functionName, 'f', tier);
        assert.match((error as TrapError).location?.file ?? '', /vectors\.spec/, tier);
      }
    }
    assert.equal(g['f'](new Float32Array(4), 3), Float32Array.of(1, 0, 0, 0), tier);
  }
});

test.run();
