import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bool, f32, f64, fn, i16, i32, i64, i8, u16, u32, u64, u8 } from '../../dsl/index.ts';
import type { AnyFn } from '../../dsl/module.ts';
import { load, type Scalar } from './run.ts';

const test = suite('dsl conversions');

const INTEGERS = [['i8', i8, 8], ['i16', i16, 16], ['i32', i32, 32], ['i64', i64, 64], ['u8', u8, 8], ['u16', u16, 16], ['u32', u32, 32], ['u64', u64, 64]] as const;
const FLOATS = [['f32', f32], ['f64', f64]] as const;
type AnyNumber = typeof f64;
const wrap = (name: string, bits: number, x: bigint): bigint => name.startsWith('i') ? BigInt.asIntN(bits, x) : BigInt.asUintN(bits, x);
const toJs = (bits: number, x: bigint): Scalar => bits === 64 ? x : Number(x);
const method = (to: string): 'toI32' => `to${to.toUpperCase()}` as 'toI32';

test('integer to integer wraps or extends by the source\'s signedness', () => {
  for (const [from, fromType, fromBits] of INTEGERS) {
    const functions: Record<string, AnyFn> = {};
    for (const [to, toType] of INTEGERS) functions[to] = fn(to, [fromType as unknown as AnyNumber], toType as unknown as typeof i32, (b, x) => b.ret(x[method(to)]()));
    const r = load(functions);
    for (const raw of [0n, 1n, 127n, 128n, 255n, 256n, 32767n, 32768n, 65535n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 63n - 1n, 2n ** 63n, -1n, -2n]) {
      const x = wrap(from, fromBits, raw);
      for (const [to, , toBits] of INTEGERS) assert.is(r.call(to, toJs(fromBits, x)), toJs(toBits, wrap(to, toBits, x)), `${from} ${x} to ${to}`);
    }
  }
});

test('integer to float rounds to nearest even', () => {
  for (const [from, fromType, fromBits] of INTEGERS) {
    const functions: Record<string, AnyFn> = {};
    for (const [to, toType] of FLOATS) functions[to] = fn(to, [fromType as unknown as AnyNumber], toType as unknown as typeof i32, (b, x) => b.ret(x[method(to)]()));
    const r = load(functions);
    for (const raw of [0n, 1n, -1n, 127n, 200n, 16777217n, 16777219n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, -(2n ** 31n)]) {
      const x = wrap(from, fromBits, raw);
      assert.is(r.call('f64', toJs(fromBits, x)), Number(x), `${from} ${x} to f64`);
      // Number(x) rounds once to 53 bits; where that is exact, fround gives the right f32.
      if (BigInt(Number(x)) === x) assert.is(r.call('f32', toJs(fromBits, x)), Math.fround(Number(x)), `${from} ${x} to f32`);
    }
  }
});

const LIMITS: Readonly<Record<string, readonly [bigint, bigint]>> = {
  i8: [-128n, 127n], i16: [-32768n, 32767n], i32: [-(2n ** 31n), 2n ** 31n - 1n], i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u8: [0n, 255n], u16: [0n, 65535n], u32: [0n, 2n ** 32n - 1n], u64: [0n, 2n ** 64n - 1n],
};

test('float to integer truncates; traps or saturates outside', () => {
  const inputs = [0, -0, 0.5, -0.5, 0.999, -0.999, 1, -1, 1.5, -1.5, 127, 127.9, 128, -128, -128.9, -129, 255, 255.9, 256, 32767.5, 32768, -32768.5, -32769, 65535.5, 65536,
    2147483647, 2147483648, -2147483648, -2147483649, 4294967295, 4294967296, 2 ** 63, -(2 ** 63), 2 ** 64, 1e300, -1e300, Infinity, -Infinity, NaN];
  for (const [from, fromType] of FLOATS) {
    const functions: Record<string, AnyFn> = {};
    for (const [to, toType] of INTEGERS) {
      functions[to] = fn(to, [fromType as AnyNumber], toType as unknown as typeof i32, (b, x) => b.ret(x[method(to)]()));
      functions[`${to}Sat`] = fn(`${to}Sat`, [fromType as AnyNumber], toType as unknown as typeof i32, (b, x) => b.ret(x[`${method(to)}Sat`]()));
    }
    const r = load(functions);
    for (const raw of inputs) {
      const x = from === 'f32' ? Math.fround(raw) : raw;
      for (const [to, , bits] of INTEGERS) {
        const [lo, hi] = LIMITS[to];
        const whole = Number.isFinite(x) ? BigInt(Math.trunc(x)) : undefined;
        const inside = whole !== undefined && whole >= lo && whole <= hi;
        const trapping = Number.isNaN(x) ? 'invalid-conversion' : inside ? toJs(bits, whole) : 'integer-overflow';
        const saturated = Number.isNaN(x) ? 0n : inside ? whole : x < 0 ? lo : hi;
        assert.is(r.outcome(to, x), trapping, `${from} ${x} to ${to}`);
        assert.is(r.outcome(`${to}Sat`, x), toJs(bits, saturated), `${from} ${x} to ${to}, saturating`);
      }
    }
  }
});

test('float to float, bitcasts and truth values', () => {
  const f = fn('f', [f32, f64, i32, i64, bool], [f64, f32, i32, u32, i64, u64, f32, f64, i32, u8, f64, i64], (b, x, y, i, j, t) =>
    b.ret(x.toF64(), y.toF32(), x.bitcastI32(), x.bitcastU32(), y.bitcastI64(), y.bitcastU64(), i.bitcastF32(), j.bitcastF64(), t.toI32(), t.toU8(), t.toF64(), t.toI64()));
  const r = load({ f });
  assert.equal(r.all('f', -1.5, -0.1, 0x3f800000, 0x3ff0000000000000n, true), [-1.5, Math.fround(-0.1), -1077936128, 3217031168, -4631501856787818086n, 13815242216921733530n, 1, 1, 1, 1, 1, 1n]);
  assert.equal(r.all('f', -1.5, -0.1, 0x3f800000, 0x3ff0000000000000n, false).slice(8), [0, 0, 0, 0n]);
});

test.run();
