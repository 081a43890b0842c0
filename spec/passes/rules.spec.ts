import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compact, deadCode, simplify } from '../../lib/passes/index.ts';
import { after, moduleOf, outcome, run } from './support.ts';

const test = suite('simplification rules');

/** What `v0 op ...` written in `body` (over v0, v1 of `type`) becomes, without dead code, numbers and terminator aside. */
function rule(type: string, body: string, result = type): string[] {
  const lines = after(moduleOf(`(${type}, ${type}) -> (${result})`, `b0(v0: ${type}, v1: ${type}):\n${body}`), simplify, deadCode, compact);
  return lines.slice(1);
}

/** [name, type, body, expected] */
const APPLIES: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['x + 0', 'i32', 'v2 = const.i32 0\nv3 = add.i32 v0, v2\nret v3', ['ret v0']],
  ['0 + x', 'i64', 'v2 = const.i64 0\nv3 = add.i64 v2, v0\nret v3', ['ret v0']],
  ['x - x', 'i8', 'v2 = sub.i8 v0, v0\nret v2', ['v2 = const.i8 0', 'ret v2']],
  ['x * 8', 'i32', 'v2 = const.i32 8\nv3 = mul.i32 v0, v2\nret v3', ['v2 = const.i32 3', 'v3 = shl.i32 v0, v2', 'ret v3']],
  ['x * MIN', 'i16', 'v2 = const.i16 -32768\nv3 = mul.i16 v0, v2\nret v3', ['v2 = const.i16 15', 'v3 = shl.i16 v0, v2', 'ret v3']],
  ['x * -1', 'i32', 'v2 = const.i32 -1\nv3 = mul.i32 v0, v2\nret v3', ['v2 = const.i32 0', 'v3 = sub.i32 v2, v0', 'ret v3']],
  ['x udiv 16', 'i64', 'v2 = const.i64 16\nv3 = udiv.i64 v0, v2\nret v3', ['v2 = const.i64 4', 'v3 = lshr.i64 v0, v2', 'ret v3']],
  ['x udiv MIN: unsigned power of two', 'i32', 'v2 = const.i32 -2147483648\nv3 = udiv.i32 v0, v2\nret v3', ['v2 = const.i32 31', 'v3 = lshr.i32 v0, v2', 'ret v3']],
  ['x urem 16', 'i32', 'v2 = const.i32 16\nv3 = urem.i32 v0, v2\nret v3', ['v2 = const.i32 15', 'v3 = and.i32 v0, v2', 'ret v3']],
  ['x srem -1', 'i32', 'v2 = const.i32 -1\nv3 = srem.i32 v0, v2\nret v3', ['v2 = const.i32 0', 'ret v2']],
  ['(x + 3) + 4', 'i32', 'v2 = const.i32 3\nv3 = add.i32 v0, v2\nv4 = const.i32 4\nv5 = add.i32 v3, v4\nret v5', ['v2 = const.i32 7', 'v3 = add.i32 v0, v2', 'ret v3']],
  ['(x + MAX) + 1 wraps', 'i8', 'v2 = const.i8 127\nv3 = add.i8 v0, v2\nv4 = const.i8 1\nv5 = add.i8 v3, v4\nret v5', ['v2 = const.i8 -128', 'v3 = add.i8 v0, v2', 'ret v3']],
  ['(x << 3) << 4', 'i32', 'v2 = const.i32 3\nv3 = shl.i32 v0, v2\nv4 = const.i32 4\nv5 = shl.i32 v3, v4\nret v5', ['v2 = const.i32 7', 'v3 = shl.i32 v0, v2', 'ret v3']],
  ['(x << 20) << 20', 'i32', 'v2 = const.i32 20\nv3 = shl.i32 v0, v2\nv4 = shl.i32 v3, v2\nret v4', ['v2 = const.i32 0', 'ret v2']],
  ['(x >> 20) >> 20 arithmetic', 'i32', 'v2 = const.i32 20\nv3 = ashr.i32 v0, v2\nv4 = ashr.i32 v3, v2\nret v4', ['v2 = const.i32 31', 'v3 = ashr.i32 v0, v2', 'ret v3']],
  ['a rotation', 'i32', 'v2 = const.i32 7\nv3 = shl.i32 v0, v2\nv4 = const.i32 25\nv5 = lshr.i32 v0, v4\nv6 = or.i32 v3, v5\nret v6', ['v2 = const.i32 7', 'v3 = rotl.i32 v0, v2', 'ret v3']],
  ['rotr by 2 is rotl by 30', 'i32', 'v2 = const.i32 2\nv3 = rotr.i32 v0, v2\nret v3', ['v2 = const.i32 30', 'v3 = rotl.i32 v0, v2', 'ret v3']],
  ['a masked shift count', 'i32', 'v2 = const.i32 31\nv3 = and.i32 v1, v2\nv4 = shl.i32 v0, v3\nret v4', ['v2 = shl.i32 v0, v1', 'ret v2']],
  ['x * 1 float', 'f64', 'v2 = const.f64 1\nv3 = fmul.f64 v0, v2\nret v3', ['ret v0']],
  ['x + -0', 'f64', 'v2 = const.f64 -0\nv3 = fadd.f64 v0, v2\nret v3', ['ret v0']],
  ['x - +0', 'f32', 'v2 = const.f32 0\nv3 = fsub.f32 v0, v2\nret v3', ['ret v0']],
  ['x / 4', 'f64', 'v2 = const.f64 4\nv3 = fdiv.f64 v0, v2\nret v3', ['v2 = const.f64 0.25', 'v3 = fmul.f64 v0, v2', 'ret v3']],
  ['- -x', 'f32', 'v2 = fneg.f32 v0\nv3 = fneg.f32 v2\nret v3', ['ret v0']],
  ['block-local common expression', 'i32', 'v2 = mul.i32 v0, v1\nv3 = mul.i32 v1, v0\nv4 = xor.i32 v2, v3\nret v4', ['v2 = const.i32 0', 'ret v2']],
];
for (const [name, type, body, expected] of APPLIES) test(`applies: ${name}`, () => assert.equal(rule(type, body), expected));

/** Bodies that must stay as they are (constants aside): what looks foldable and is not. */
const STAYS: readonly (readonly [string, string, string, string])[] = [
  ['x + 0 on floats (-0)', 'f64', 'v2 = const.f64 0\nv3 = fadd.f64 v0, v2\nret v3', 'fadd.f64'],
  ['x - -0 on floats', 'f64', 'v2 = const.f64 -0\nv3 = fsub.f64 v0, v2\nret v3', 'fsub.f64'],
  ['x * 0 on floats (NaN, -0, inf)', 'f64', 'v2 = const.f64 0\nv3 = fmul.f64 v0, v2\nret v3', 'fmul.f64'],
  ['x - x on floats', 'f32', 'v2 = fsub.f32 v0, v0\nret v2', 'fsub.f32'],
  ['x / 3 on floats', 'f64', 'v2 = const.f64 3\nv3 = fdiv.f64 v0, v2\nret v3', 'fdiv.f64'],
  ['x / 2^-1023 (subnormal)', 'f64', 'v2 = const.f64 1.1125369292536007e-308\nv3 = fdiv.f64 v0, v2\nret v3', 'fdiv.f64'],
  ['(x + a) + b on floats', 'f64', 'v2 = const.f64 0.1\nv3 = fadd.f64 v0, v2\nv4 = const.f64 0.2\nv5 = fadd.f64 v3, v4\nret v5', 'fadd.f64'],
  ['0 / x may trap', 'i32', 'v2 = const.i32 0\nv3 = udiv.i32 v2, v0\nret v3', 'udiv.i32'],
  ['x / x may trap', 'i32', 'v2 = sdiv.i32 v0, v0\nret v2', 'sdiv.i32'],
  ['x sdiv -1 may trap', 'i32', 'v2 = const.i32 -1\nv3 = sdiv.i32 v0, v2\nret v3', 'sdiv.i32'],
  ['x / 0 traps', 'i64', 'v2 = const.i64 0\nv3 = udiv.i64 v0, v2\nret v3', 'udiv.i64'],
];
for (const [name, type, body, kept] of STAYS) test(`does not apply: ${name}`, () => assert.ok(rule(type, body).some((l) => l.includes(kept)), rule(type, body).join('\n')));

test('a dead division that may trap stays, one that cannot goes', () => {
  const m = (k: number): string[] => after(moduleOf('(i32) -> (i32)', `b0(v0: i32):\n  v1 = const.i32 ${k}\n  v2 = sdiv.i32 v0, v1\n  ret v0`), deadCode);
  assert.ok(m(0).some((l) => l.includes('sdiv')));
  assert.ok(m(-1).some((l) => l.includes('sdiv')));
  assert.not.ok(m(3).some((l) => l.includes('sdiv')));
});

test('feq x, x is a test for NaN, not true', () => {
  const m = moduleOf('(f64) -> (i1)', 'b0(v0: f64):\n  v1 = feq.f64 v0, v0\n  ret v1');
  assert.is(outcome(run(m, simplify), [NaN]), '0');
  assert.is(outcome(run(m, simplify), [1]), '1');
});

test('not (x < y) on floats is not x >= y', () => {
  const m = moduleOf('(f64, f64) -> (i1)', 'b0(v0: f64, v1: f64):\n  v2 = flt.f64 v0, v1\n  v3 = const.i1 1\n  v4 = xor.i1 v2, v3\n  ret v4');
  assert.is(outcome(run(m, simplify), [NaN, 1]), '1');
  const n = after(moduleOf('(i32, i32) -> (i1)', 'b0(v0: i32, v1: i32):\n  v2 = slt.i32 v0, v1\n  v3 = const.i1 1\n  v4 = xor.i1 v2, v3\n  ret v4'), simplify, deadCode, compact);
  assert.equal(n, ['b0(v0: i32, v1: i32):', 'v2 = sge.i32 v0, v1', 'ret v2']);
});

test('narrowed compares keep their meaning at the edges', () => {
  for (const op of ['slt', 'sge', 'ult', 'ugt', 'eq', 'ne']) {
    for (const ext of ['sext', 'zext']) {
      for (const k of [-129, -128, -1, 0, 1, 127, 128, 255, 256]) {
        const m = moduleOf('(i8) -> (i1)', `b0(v0: i8):\n  v1 = ${ext}.i8.i32 v0\n  v2 = const.i32 ${k}\n  v3 = ${op}.i32 v1, v2\n  ret v3`);
        const n = run(m, simplify);
        for (const x of [-128, -1, 0, 1, 127]) assert.is(outcome(n, [x]), outcome(m, [x]), `${ext} ${op} ${k} at ${x}`);
      }
    }
  }
});

test('an access: lea without offset folds into base and index, one with an offset does not', () => {
  const folded = after(moduleOf('(ptr, i32) -> (i32)', 'b0(v0: ptr, v1: i32):\n  v2 = lea v0 + v1*4\n  v3 = load.i32 v2 + 8\n  ret v3'), simplify, deadCode, compact);
  assert.equal(folded, ['b0(v0: ptr, v1: i32):', 'v2 = load.i32 v0 + v1*4 + 8', 'ret v2']);
  // 0xffffffff + 1 wraps to 0 in the lea and is a good address; in the load's offset it would trap.
  const m = moduleOf('(ptr) -> (i32)', 'b0(v0: ptr):\n  v1 = lea v0 + 1\n  v2 = load.i32 v1\n  ret v2');
  assert.is(outcome(m, [0xffffffff]), '0');
  assert.is(outcome(run(m, simplify), [0xffffffff]), '0');
});

test('an index shifted past the largest scale stays', () => {
  const m = moduleOf('(ptr, i32) -> (i32)', 'b0(v0: ptr, v1: i32):\n  v2 = const.i32 2\n  v3 = shl.i32 v1, v2\n  v4 = load.i32 v0 + v3*4\n  ret v4');
  assert.ok(after(m, simplify).some((l) => l.includes('shl')));
});

test('64-bit shift counts are masked on their low bits', () => {
  const m = moduleOf('(i64) -> (i64)', 'b0(v0: i64):\n  v1 = const.i64 9007199254740993\n  v2 = shl.i64 v0, v1\n  ret v2');
  assert.is(outcome(run(m, simplify), [3n]), '6');
});

test.run();
