import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bool, fn, i16, i32, i64, i8, u16, u32, u64, u8 } from '../../dsl/index.ts';
import type { AnyFn } from '../../dsl/module.ts';
import { load, type Scalar } from './run.ts';

const test = suite('dsl integers');

/** What each operation means, on mathematical integers; `wrap` brings the result back into the type. */
interface Kind { readonly name: string; readonly bits: number; readonly signed: boolean }
const wrap = (k: Kind, x: bigint): bigint => k.signed ? BigInt.asIntN(k.bits, x) : BigInt.asUintN(k.bits, x);
const unsigned = (k: Kind, x: bigint): bigint => BigInt.asUintN(k.bits, x);
const min = (k: Kind): bigint => k.signed ? -(1n << BigInt(k.bits - 1)) : 0n;
const count = (k: Kind, n: bigint): bigint => unsigned(k, n) % BigInt(k.bits);
const bitsOf = (k: Kind, x: bigint): string => unsigned(k, x).toString(2).padStart(k.bits, '0');
const abs = (x: bigint): bigint => x < 0n ? -x : x;

type Meaning = (k: Kind, a: bigint, b: bigint) => bigint | string | boolean;
const BINARY: Readonly<Record<string, Meaning>> = {
  add: (k, a, b) => wrap(k, a + b),
  sub: (k, a, b) => wrap(k, a - b),
  mul: (k, a, b) => wrap(k, a * b),
  div: (k, a, b) => b === 0n ? 'integer-divide-by-zero' : k.signed && a === min(k) && b === -1n ? 'integer-overflow' : a / b,
  rem: (_, a, b) => b === 0n ? 'integer-divide-by-zero' : a % b,
  and: (k, a, b) => wrap(k, a & b),
  or: (k, a, b) => wrap(k, a | b),
  xor: (k, a, b) => wrap(k, a ^ b),
  shl: (k, a, b) => wrap(k, a << count(k, b)),
  shr: (k, a, b) => wrap(k, a >> count(k, b)),
  rotl: (k, a, b) => { const n = count(k, b), u = unsigned(k, a); return wrap(k, (u << n) | (u >> (BigInt(k.bits) - n))); },
  rotr: (k, a, b) => { const n = count(k, b), u = unsigned(k, a); return wrap(k, (u >> n) | (u << (BigInt(k.bits) - n))); },
  min: (_, a, b) => a < b ? a : b,
  max: (_, a, b) => a > b ? a : b,
  eq: (_, a, b) => a === b,
  ne: (_, a, b) => a !== b,
  lt: (_, a, b) => a < b,
  le: (_, a, b) => a <= b,
  gt: (_, a, b) => a > b,
  ge: (_, a, b) => a >= b,
};
const UNARY: Readonly<Record<string, Meaning>> = {
  neg: (k, a) => wrap(k, -a),
  not: (k, a) => wrap(k, ~a),
  clz: (k, a) => BigInt(bitsOf(k, a).replace(/1.*/, '').length),
  ctz: (k, a) => BigInt(/0*$/.exec(bitsOf(k, a))![0].length),
  popcnt: (k, a) => BigInt(bitsOf(k, a).replaceAll('0', '').length),
  toBool: (_, a) => a !== 0n,
};
const PAIRS: Readonly<Record<string, (k: Kind, a: bigint, b: bigint) => readonly [bigint, bigint | boolean]>> = {
  addOverflow: (k, a, b) => [wrap(k, a + b), wrap(k, a + b) !== a + b],
  subOverflow: (k, a, b) => [wrap(k, a - b), wrap(k, a - b) !== a - b],
  mulOverflow: (k, a, b) => [wrap(k, a * b), wrap(k, a * b) !== a * b],
  mulWide: (k, a, b) => [wrap(k, a * b), wrap(k, (a * b) >> BigInt(k.bits))],
};

/** Boundary values of a type, and some without pattern. */
function samples(k: Kind): bigint[] {
  const top = 1n << BigInt(k.bits - 1);
  const list = [0n, 1n, 2n, 3n, 7n, 8n, 31n, 32n, 33n, 63n, 64n, 100n, -1n, -2n, -7n, top - 1n, top, top + 1n, (top << 1n) - 1n, 0x5555555555555555n, 0x123456789abcdef0n, 0x8000000000000001n, 0xffn, 0x80n];
  return [...new Set(list.map((x) => wrap(k, x)))];
}
const toJs = (k: Kind, x: bigint): Scalar => k.bits === 64 ? x : Number(x);
const meaningToJs = (k: Kind, x: bigint | string | boolean): Scalar | string => typeof x === 'bigint' ? toJs(k, x) : x;

// One typed definition per type keeps the test honest about what compiles; a table keeps it short.
type AnyInt = typeof i32;
const TYPES: readonly (readonly [Kind, AnyInt])[] = ([[i8, 8], [i16, 16], [i32, 32], [i64, 64], [u8, 8], [u16, 16], [u32, 32], [u64, 64]] as const)
  .map(([type, bits]) => [{ name: type.name, bits, signed: type.name.startsWith('i') }, type as unknown as AnyInt]);

for (const [kind, type] of TYPES) {
  test(`${kind.name}: every operation on boundary values`, () => {
    const functions: Record<string, AnyFn> = {};
    for (const name of Object.keys(BINARY)) {
      const op = name as 'add';
      const result = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'].includes(name) ? bool as unknown as AnyInt : type;
      functions[name] = fn(name, [type, type], result, (b, x, y) => b.ret(x[op](y)));
    }
    for (const name of Object.keys(UNARY)) functions[name] = fn(name, [type], name === 'toBool' ? bool as unknown as AnyInt : type, (b, x) => b.ret(x[name as 'neg']()));
    for (const name of Object.keys(PAIRS)) {
      functions[name] = fn(name, [type, type], [type, name === 'mulWide' ? type : bool as unknown as AnyInt], (b, x, y) => {
        const [v, w] = x[name as 'mulWide'](y);
        b.ret(v, w);
      });
    }
    if (kind.signed) functions['abs'] = fn('abs', [type], type, (b, x) => b.ret(x.abs()));
    if (kind.bits > 8) functions['bswap'] = fn('bswap', [type], type, (b, x) => b.ret(x.bswap()));
    functions['clamp'] = fn('clamp', [type, type, type], type, (b, x, lo, hi) => b.ret(x.clamp(lo, hi)));
    const r = load(functions);

    const values = samples(kind);
    for (const a of values) {
      for (const [name, meaning] of Object.entries(UNARY)) assert.is(r.outcome(name, toJs(kind, a)), meaningToJs(kind, meaning(kind, a, 0n)), `${kind.name}.${name}(${a})`);
      if (kind.signed) assert.is(r.outcome('abs', toJs(kind, a)), toJs(kind, wrap(kind, abs(a))), `abs(${a})`);
      if (kind.bits > 8) {
        const bytes = unsigned(kind, a).toString(16).padStart(kind.bits / 4, '0').match(/../g)!.reverse().join('');
        assert.is(r.outcome('bswap', toJs(kind, a)), toJs(kind, wrap(kind, BigInt(`0x${bytes}`))), `bswap(${a})`);
      }
      for (const b of values) {
        for (const [name, meaning] of Object.entries(BINARY)) {
          assert.is(r.outcome(name, toJs(kind, a), toJs(kind, b)), meaningToJs(kind, meaning(kind, a, b)), `${kind.name}.${name}(${a}, ${b})`);
        }
        for (const [name, meaning] of Object.entries(PAIRS)) {
          assert.equal(r.all(name, toJs(kind, a), toJs(kind, b)), meaning(kind, a, b).map((x) => meaningToJs(kind, x)), `${kind.name}.${name}(${a}, ${b})`);
        }
      }
    }
    const low = toJs(kind, wrap(kind, 10n)), high = toJs(kind, wrap(kind, 20n));
    for (const [x, y] of [[5n, 10n], [10n, 10n], [15n, 15n], [20n, 20n], [21n, 20n]]) assert.is(r.call('clamp', toJs(kind, x), low, high), toJs(kind, y));
  });
}

test('literals stand for constants of every type, at both ends of the range', () => {
  const f = fn('f', [], [i8, i8, i16, i32, i64, u8, u16, u32, u64, i32], (b) => b.ret(-128, 127, -32768, -2147483648, -(2n ** 63n), 255, 65535, 4294967295, 2n ** 64n - 1n, b.const(i32, 7).add(-1)));
  assert.equal(load({ f }).all('f'), [-128, 127, -32768, -2147483648, -(2n ** 63n), 255, 65535, 4294967295, 2n ** 64n - 1n, 6]);
});

test('64-bit shifts take a number as count', () => {
  const f = fn('f', [i64, u64], [i64, u64, i64], (b, x, y) => b.ret(x.shl(3), y.shr(60), x.rotl(8)));
  assert.equal(load({ f }).all('f', -1n, 2n ** 63n), [-8n, 8n, -1n]);
});

test.run();
