import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bool, f32, f64, fn } from '../../dsl/index.ts';
import type { AnyFn } from '../../dsl/module.ts';
import { load } from './run.ts';

const test = suite('dsl floats');

const nearest = (x: number): number => {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
  const f = Math.floor(x), d = x - f;
  const r = d < 0.5 ? f : d > 0.5 ? f + 1 : f % 2 === 0 ? f : f + 1;
  return r === 0 && (x < 0 || Object.is(x, -0)) ? -0 : r;
};
const sign = (x: number): boolean => x < 0 || Object.is(x, -0);

const BINARY: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b, sub: (a, b) => a - b, mul: (a, b) => a * b, div: (a, b) => a / b,
  min: (a, b) => Math.min(a, b), max: (a, b) => Math.max(a, b),
  copysign: (a, b) => sign(a) === sign(b) ? a : -a,
};
const UNARY: Readonly<Record<string, (a: number) => number>> = {
  neg: (a) => -a, abs: Math.abs, sqrt: Math.sqrt, floor: Math.floor, ceil: Math.ceil, trunc: Math.trunc, nearest,
};
const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  eq: (a, b) => a === b, ne: (a, b) => a !== b, lt: (a, b) => a < b, le: (a, b) => a <= b, gt: (a, b) => a > b, ge: (a, b) => a >= b,
};
const VALUES = [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3.7, -3.7, 0.1, 1e-310, 5e-324, 1e300, -1e300, 16777217, 2 ** 52 + 1, Infinity, -Infinity, NaN];

for (const [name, type] of [['f32', f32], ['f64', f64]] as const) {
  test(`${name}: every operation on boundary values`, () => {
    const t = type as typeof f64, round = name === 'f32' ? Math.fround : (x: number): number => x;
    const functions: Record<string, AnyFn> = {};
    for (const op of Object.keys(BINARY)) functions[op] = fn(op, [t, t], t, (b, x, y) => b.ret(x[op as 'add'](y)));
    for (const op of Object.keys(UNARY)) functions[op] = fn(op, [t], t, (b, x) => b.ret(x[op as 'neg']()));
    for (const op of Object.keys(COMPARE)) functions[op] = fn(op, [t, t], bool, (b, x, y) => b.ret(x[op as 'eq'](y)));
    functions['isNaN'] = fn('isNaN', [t], bool, (b, x) => b.ret(x.isNaN()));
    functions['clamp'] = fn('clamp', [t], t, (b, x) => b.ret(x.clamp(-1, 2)));
    const r = load(functions);
    const same = (got: unknown, want: unknown, what: string): void => { assert.ok(Object.is(got, want), `${what}: got ${String(got)}, want ${String(want)}`); };
    for (const raw of VALUES) {
      const a = round(raw);
      for (const [op, meaning] of Object.entries(UNARY)) same(r.call(op, a), round(meaning(a)), `${name}.${op}(${a})`);
      same(r.call('isNaN', a), Number.isNaN(a), `isNaN(${a})`);
      same(r.call('clamp', a), Number.isNaN(a) ? NaN : Math.min(Math.max(a, -1), 2), `clamp(${a})`);
      for (const other of VALUES) {
        const b = round(other);
        for (const [op, meaning] of Object.entries(BINARY)) {
          if (op === 'copysign' && Number.isNaN(b)) continue; // The sign of a NaN argument cannot be told from JavaScript.
          same(r.call(op, a, b), round(meaning(a, b)), `${name}.${op}(${a}, ${b})`);
        }
        for (const [op, meaning] of Object.entries(COMPARE)) same(r.call(op, a, b), meaning(a, b), `${name}.${op}(${a}, ${b})`);
      }
    }
  });
}

test('fma rounds once; literals are rounded to the type', () => {
  const f = fn('f', [f64, f64, f64], [f64, f32], (b, x, y, z) => b.ret(x.fma(y, z), b.const(f32, 0.1).add(0.2)));
  assert.equal(load({ f }).all('f', 1 + 2 ** -52, 1 + 2 ** -52, -1), [2 ** -51 + 2 ** -104, Math.fround(Math.fround(0.1) + Math.fround(0.2))]);
});

test.run();
