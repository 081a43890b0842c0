/** Whole programs in the text form: what they return, where they trap, how their code is described. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { x86_64 } from '../../../backends/x86_64/index.ts';
import { UnsupportedError, type CompiledModule } from '../../../lib/codegen/backend.ts';
import { Interpreter, TRAP_CODES, parseModule, type Module } from '../../../lib/mir/index.ts';
import type { Instance } from '../../../lib/runtime/index.ts';
import type { Scalar } from '../../conformance/values.ts';
import { machineLevels, nativeCall, nativeInstance } from '../../support/native-executor.ts';
import { trapOf } from '../../support/trap-of.ts';

const test = suite('x86-64: whole programs');

const HEADER = 'module @m linear\nmemory initial 2 maximum 4 stack 65536\n';
function linear(text: string): Module { return parseModule(`${HEADER}${text}`); }

/** Native and interpreted results, which must agree. */
function both(m: Module, fn: string, args: readonly Scalar[]): readonly Scalar[] {
  const expected = new Interpreter(m).call(fn, args).values;
  assert.equal(nativeCall(instanceOf(m), fn, args), expected, `${fn}(${args.join(', ')})`);
  return expected;
}
const instances = new WeakMap<Module, Instance>();
function instanceOf(m: Module): Instance {
  let it = instances.get(m);
  if (it === undefined) instances.set(m, it = nativeInstance(m)); else it.reset();
  return it;
}
test('arguments and results past the registers, in every kind of call', () => {
  const params = Array.from({ length: 24 }, (_, k) => (k % 3 === 0 ? 'i64' : k % 3 === 1 ? 'f64' : 'i32'));
  const names = params.map((_, k) => `v${k}`), list = params.join(', ');
  const reversed = [...params].reverse().join(', ');
  const results = (first: number): string => [...params].reverse().map((t, k) => `v${first + k}: ${t}`).join(', ');
  const text = `
export "main" = @main
table [@turn, null]
func @turn(${list}) -> (${reversed}) {
b0(${names.map((n, k) => `${n}: ${params[k]}`).join(', ')}):
  ret ${[...names].reverse().join(', ')}
}
func @tail(${list}) -> (${reversed}) {
b0(${names.map((n, k) => `${n}: ${params[k]}`).join(', ')}):
  tail_call @turn(${names.join(', ')})
}
func @tail_indirect(${list}) -> (${reversed}) {
b0(${names.map((n, k) => `${n}: ${params[k]}`).join(', ')}):
  v24 = const.i32 0
  tail_call_indirect v24(${names.join(', ')}) : (${list}) -> (${reversed})
}
func @main(${list}) -> (${reversed}) {
b0(${names.map((n, k) => `${n}: ${params[k]}`).join(', ')}):
  ${results(24)} = call @tail(${names.join(', ')})
  v48 = const.i32 0
  ${results(49)} = call_indirect v48(${[...names].map((_, k) => `v${47 - k}`).join(', ')}) : (${list}) -> (${reversed})
  ${results(73)} = call @tail_indirect(${[...names].map((_, k) => `v${72 - k}`).join(', ')})
  ret ${names.map((_, k) => `v${73 + k}`).join(', ')}
}
`;
  const args = params.map((t, k) => (t === 'i64' ? BigInt(k) * -1000000007n : t === 'f64' ? k + 0.5 : k - 100));
  assert.equal(both(linear(text), 'main', args), [...args].reverse());
});

test('a tail call takes no stack', () => {
  const m = linear(`
table [@odd, @even]
func @even(i64) -> (i32) {
b0(v0: i64):
  v1 = const.i64 0
  v2 = eq.i64 v0, v1
  br v2, b1, b2
b1:
  v3 = const.i32 1
  ret v3
b2:
  v4 = const.i64 1
  v5 = sub.i64 v0, v4
  v6 = const.i32 0
  tail_call_indirect v6(v5) : (i64) -> (i32)
}
func @odd(i64) -> (i32) {
  slot s0 size 32 align 16
b0(v0: i64):
  v1 = const.i64 0
  v2 = eq.i64 v0, v1
  v3 = slot_addr s0
  store.i64 v0, v3
  br v2, b1, b2
b1:
  v4 = const.i32 0
  ret v4
b2:
  v5 = const.i64 1
  v6 = load.i64 v3
  v7 = sub.i64 v6, v5
  tail_call @even(v7)
}
`);
  assert.equal(nativeCall(nativeInstance(m), 'even', [3000001n]), [0]);
});

test('switches, dense and sparse, at every width', () => {
  const sparse = [-9223372036854775808n, -4294967297n, -5n, 0n, 7n, 1n << 40n, 9223372036854775807n];
  const cases = (type: string, values: readonly (number | bigint)[]): string => `
func @${type}(${type}) -> (i32) {
b0(v0: ${type}):
  switch.${type} v0, ${values.map((v, k) => `${v} -> b${2 + (k % 3)}`).join(', ')}, else -> b1
b1:
  v1 = const.i32 -1
  ret v1
b2:
  v2 = const.i32 2
  ret v2
b3:
  v3 = const.i32 3
  ret v3
b4:
  v4 = const.i32 4
  ret v4
}`;
  const dense8 = [-128, -127, -126, -125, -124, -123], dense16 = [-3, -2, -1, 0, 1, 2, 5], dense32 = [2147483640, 2147483641, 2147483642, 2147483643, 2147483647];
  const m = linear(cases('i8', dense8) + cases('i16', dense16) + cases('i32', dense32) + cases('i64', sparse));
  for (const v of [-128, -127, -123, -122, 127, 0]) both(m, 'i8', [v]);
  for (const v of [-4, -3, 0, 3, 4, 5, 6, -32768]) both(m, 'i16', [v]);
  for (const v of [0, -1, 2147483639, 2147483640, 2147483646, 2147483647, -2147483648]) both(m, 'i32', [v]);
  for (const v of [...sparse, ...sparse.map((s) => BigInt.asIntN(64, s + 1n)), ...sparse.map((s) => BigInt.asIntN(64, s - 1n))]) both(m, 'i64', [v]);
});

test('a swap of loop variables is a parallel move', () => {
  const m = linear(`
func @swap(i32, i64, i64) -> (i64, i64) {
b0(v0: i32, v1: i64, v2: i64):
  jump b1(v0, v1, v2)
b1(v3: i32, v4: i64, v5: i64):
  v6 = const.i32 0
  v7 = eq.i32 v3, v6
  v8 = const.i32 1
  v9 = sub.i32 v3, v8
  br v7, b2, b1(v9, v5, v4)
b2:
  ret v4, v5
}`);
  assert.equal(both(m, 'swap', [3, 10n, 20n]), [20n, 10n]);
  assert.equal(both(m, 'swap', [4, 10n, 20n]), [10n, 20n]);
});

test('a compare used by a dead select, a branch and as a value', () => {
  const m = linear(`
func @f(i32, i32) -> (i32) {
b0(v0: i32, v1: i32):
  v2 = slt.i32 v0, v1
  v3 = select.i32 v2, v0, v1
  br v2, b1, b2
b1:
  v4 = zext.i1.i32 v2
  ret v4
b2:
  v5 = zext.i1.i32 v2
  v6 = add.i32 v5, v1
  ret v6
}`);
  for (const a of [[1, 2], [2, 1], [3, 3]]) both(m, 'f', a);
});

test('selects of floats that are a minimum or maximum keep NaN, zeros and operand order', () => {
  const f = (name: string, op: string, order: string): string => `
func @${name}(f64, f64) -> (f64) {
b0(v0: f64, v1: f64):
  v2 = ${op}.f64 v0, v1
  v3 = select.f64 v2, ${order}
  ret v3
}`;
  const m = linear(f('a', 'flt', 'v0, v1') + f('b', 'flt', 'v1, v0') + f('c', 'fgt', 'v0, v1') + f('d', 'fgt', 'v1, v0') + f('e', 'fle', 'v0, v1') + f('f', 'feq', 'v0, v1') + f('g', 'fne', 'v0, v1'));
  const values = [NaN, 0, -0, 1, -1, Infinity, -Infinity];
  for (const name of 'abcdefg') for (const x of values) for (const y of values) both(m, name, [x, y]);
});

test('a tail call of a host function', () => {
  const m = linear(`
import js @host(i32, f64) -> (f64) capability none
func @f(f64, i32) -> (f64) {
  slot s0 size 16 align 8
b0(v0: f64, v1: i32):
  v2 = slot_addr s0
  store.f64 v0, v2
  tail_call @host(v1, v0)
}`);
  const it = nativeInstance(m, { imports: { host: (n: number, x: number) => n * x } });
  for (let k = 0; k < 10_000; k++) assert.equal(nativeCall(it, 'f', [1.5, k]), [1.5 * k]);
});

test('a branch to the entry', () => {
  const m = linear(`
func @sum(i32, i32) -> (i32) {
  slot s0 size 8 align 8
b0(v0: i32, v1: i32):
  v2 = const.i32 1
  v3 = sub.i32 v0, v2
  v4 = add.i32 v1, v0
  v5 = slot_addr s0
  store.i32 v4, v5
  v6 = const.i32 0
  v7 = sgt.i32 v3, v6
  br v7, b0(v3, v4), b1
b1:
  v8 = load.i32 v5
  ret v8
}`);
  assert.equal(both(m, 'sum', [10, 0]), [55]);
});

test('an irreducible cycle', () => {
  const m = linear(`
func @f(i32, i32) -> (i32) {
b0(v0: i32, v1: i32):
  v2 = const.i32 1
  v3 = and.i32 v0, v2
  v4 = trunc.i32.i1 v3
  br v4, b1(v0), b2(v1)
b1(v5: i32):
  v6 = const.i32 3
  v7 = sub.i32 v5, v6
  v8 = const.i32 0
  v9 = sgt.i32 v7, v8
  br v9, b2(v7), b3(v7)
b2(v10: i32):
  v11 = const.i32 5
  v12 = sub.i32 v10, v11
  v13 = const.i32 0
  v14 = sgt.i32 v12, v13
  br v14, b1(v12), b3(v12)
b3(v15: i32):
  ret v15
}`);
  for (const a of [[1, 100], [2, 100], [101, 7], [0, 0]]) both(m, 'f', a);
});

test('every trap has its own code and source line', () => {
  const m = linear(`
table [@f, null]
func @f(i32, i32, i32, ptr) -> (i32) {
b0(v0: i32, v1: i32, v2: i32, v3: ptr):
  switch.i32 v0, 0 -> b1, 1 -> b2, 2 -> b3, 3 -> b4, 4 -> b5, 5 -> b6, 6 -> b7, 7 -> b8, 8 -> b9, 9 -> b10, else -> b11
b1:
  v4 = sdiv.i32 v1, v2 !1
  ret v4
b2:
  v5 = urem.i32 v1, v2 !2
  ret v5
b3:
  v6 = load.i32 v3 + 16 !3
  ret v6
b4:
  v7 = sitofp.i32.f64 v1
  v8 = const.f64 1000000000.0
  v9 = fmul.f64 v7, v8
  v10 = fptosi.f64.i32 v9 !4
  ret v10
b5:
  v11 = sitofp.i32.f64 v1
  v12 = const.f64 0.0
  v13 = fmul.f64 v11, v12
  v14 = fdiv.f64 v13, v13
  v15 = fptoui.f64.i64 v14 !5
  v16 = trunc.i64.i32 v15
  ret v16
b6:
  v17: i32 = call_indirect v1(v1) : (i32) -> (i32) !6
  ret v17
b7:
  memory_copy v3, v3, v1 !7
  ret v1
b8:
  trap user !8
b9:
  v18 = trunc.i32.i8 v1
  v19 = trunc.i32.i8 v2
  v20 = sdiv.i8 v18, v19 !9
  v21 = sext.i8.i32 v20
  ret v21
b10:
  v22 = load.i8 v3 + v1 * 4 + 3 !10
  v23 = zext.i8.i32 v22
  store.i32 v23, v3 !11
  ret v1
b11:
  ret v0
}
locations
${Array.from({ length: 11 }, (_, k) => `  !${k + 1} = "here.ts":${k + 1}:1`).join('\n')}
`);
  const it = nativeInstance(m), MIN = -2147483648;
  const cases: readonly [readonly number[], string, number][] = [
    [[0, 1, 0, 0], 'integer-divide-by-zero', 1], [[0, MIN, -1, 0], 'integer-overflow', 1], [[1, 1, 0, 0], 'integer-divide-by-zero', 2],
    [[2, 0, 0, 131072 - 19], 'memory-out-of-bounds', 3], [[2, 0, 0, 0xffffffff], 'memory-out-of-bounds', 3],
    [[3, 3, 0, 0], 'integer-overflow', 4], [[3, -3, 0, 0], 'integer-overflow', 4], [[4, 3, 0, 0], 'invalid-conversion', 5],
    [[5, 0, 0, 0], 'indirect-call-type', 6], [[5, 1, 0, 0], 'indirect-call-null', 6], [[5, 2, 0, 0], 'indirect-call-null', 6], [[5, -1, 0, 0], 'indirect-call-null', 6],
    [[6, 131073, 0, 0], 'memory-out-of-bounds', 7], [[6, 1, 0, 131072], 'memory-out-of-bounds', 7], [[6, -1, 0, 0xffffffff], 'memory-out-of-bounds', 7], [[7, 0, 0, 0], 'user', 8],
    [[8, 128, 255, 0], 'integer-overflow', 9], [[8, 128, 256, 0], 'integer-divide-by-zero', 9],
    [[9, 32768, 0, 0], 'memory-out-of-bounds', 10], [[9, 0x7fffffff, 0, 131069], 'memory-out-of-bounds', 11],
  ];
  for (const [args, code, line] of cases) {
    const a = args.map((v) => v);
    const error = trapOf(() => it.call('f', a));
    const reference = trapOf(() => new Interpreter(m).call('f', a));
    assert.is(error.trap, code, args.join());
    assert.is(error.trap, reference.trap, args.join());
    assert.is(error.functionName, 'f');
    assert.is(error.location?.line, line, args.join());
  }
  // Nothing is left behind: the instance still works.
  assert.equal(nativeCall(it, 'f', [0, 12, 4, 0]), [3]);
});

test('recursion without end overflows the stack, with and without stack slots', () => {
  const recursive = (slot: string): Module => linear(`
func @f(i32) -> (i32) {
${slot}
b0(v0: i32):
  v1 = const.i32 1
  v2 = add.i32 v0, v1
  v3: i32 = call @f(v2)
  v4 = add.i32 v3, v0
  ret v4
}`);
  for (const slot of ['', '  slot s0 size 64 align 16']) {
    const it = nativeInstance(recursive(slot));
    for (let k = 0; k < 3; k++) assert.is(trapOf(() => it.call('f', [0])).trap, 'stack-overflow');
  }
});

test('a slot of many pages lives on the linear stack', () => {
  const m = linear(`
func @f(i32) -> (i32) {
  slot s0 size 60000 align 16
b0(v0: i32):
  v1 = slot_addr s0
  store.i32 v0, v1 + 59996
  v2 = load.i32 v1 + 59996
  ret v2
}`);
  both(m, 'f', [77]);
});

test('memory grows and the new bytes are zero and usable', () => {
  const m = linear(`
func @f(i32) -> (i32, i32, i32) {
b0(v0: i32):
  v1 = memory_size
  v2 = memory_grow v0
  v3 = memory_size
  ret v1, v2, v3
}`);
  for (const n of [0, 1, 2, 3, -1]) both(m, 'f', [n]);
});

test('native model: slots, scaled addressing and bulk memory on raw addresses', () => {
  const m = parseModule(`module @n native
memory initial 0 maximum 0 stack 0
func @f(i64, i64) -> (i64, i64) {
  slot s0 size 80 align 16
  slot s1 size 80 align 8
b0(v0: i64, v1: i64):
  v2 = slot_addr s0
  v3 = slot_addr s1
  v4 = const.i32 255
  v5 = const.i64 80
  memory_fill v2, v4, v5
  store.i64 v0, v2 + v1 * 8 + 8
  memory_copy v3, v2, v5
  v6 = load.i64 v3 + v1 * 8 + 8
  v7 = load.i64 v3 + v1 * 8
  v8: i64 = call @g(v3)
  v9 = add.i64 v7, v8
  ret v6, v9
}
func @g(ptr) -> (i64) {
b0(v0: ptr):
  v1 = load.i32 v0 + 4
  v2 = zext.i32.i64 v1
  ret v2
}`);
  assert.equal(nativeCall(nativeInstance(m), 'f', [1234567890123n, 3n]), [1234567890123n, 4294967294n]);
});

function compile(m: Module): CompiledModule { return x86_64.compile(m, { checkAllocation: true }); }

test('stack maps tell where values are, patch points leave their bytes', () => {
  const m = linear(`
func @f(i64, i64) -> (i64) {
b0(v0: i64, v1: i64):
  stack_map 7, [v0, v1]
  patch_point 9, 12, [v0]
  safepoint
  v2 = add.i64 v0, v1
  ret v2
}`);
  const c = compile(m);
  assert.equal(c.stackMaps.map((s) => [s.id, s.bytes, s.live.length]), [[7, 0, 2], [9, 12, 1]]);
  assert.equal(c.stackMaps[0].live, [{ register: 7 }, { register: 6 }]);
  assert.is(c.stackMaps[1].offset + 12 < c.code.length, true);
  both(m, 'f', [40n, 2n]);
});

test('the same module gives the same bytes', () => {
  const m = linear(`
func @f(f64, i32) -> (f64) {
b0(v0: f64, v1: i32):
  v2 = const.f64 1.5
  v3 = fmul.f64 v0, v2
  v4 = sitofp.i32.f64 v1
  v5 = fmin.f64 v3, v4
  ret v5
}`);
  assert.equal(compile(m), compile(m));
});

test('tables are sorted and name existing trap codes', () => {
  const m = linear(`
func @f(ptr, i32) -> (i32) {
b0(v0: ptr, v1: i32):
  v2 = load.i32 v0
  v3 = srem.i32 v2, v1
  v4 = load.i32 v0 + v3 * 4
  ret v4
}`);
  const c = compile(m);
  assert.is(c.trapSites.length, 3);
  for (let k = 1; k < c.trapSites.length; k++) assert.ok(c.trapSites[k].offset > c.trapSites[k - 1].offset);
  for (const s of c.trapSites) assert.ok(s.trap >= 0 && s.trap < TRAP_CODES.length);
  for (let k = 3; k < c.lines.length; k += 3) assert.ok(c.lines[k] >= c.lines[k - 3]);
});

test('an endless loop of nothing ends at its deadline', () => {
  const m = linear(`
func @f() -> () {
b0:
  jump b1
b1:
  jump b2
b2:
  jump b1
}`);
  const it: Instance = nativeInstance(m);
  assert.throws(() => it.call('f', [], { deadline: 5 }), (e: Error) => e.name === 'RunInterruptedError');
});

test('what there is no code for is named', () => {
  const m = parseModule(`module @m native
func @f() -> (ptr) {
  slot s0 size 2147483647 align 16
b0:
  v0 = slot_addr s0
  ret v0
}`);
  assert.throws(() => compile(m), (e: unknown) => e instanceof UnsupportedError && e.functionName === 'f' && e.instruction.includes('a frame of'));
});

test('all lanes of a compare, tested at the same and at other widths, as a value and as a condition', () => {
  const compares = ['veq.i8x16', 'vlt_s.i16x8', 'vge_u.i32x4', 'veq.i64x2', 'vfle.f32x4', 'vflt.f64x2'], tests = ['i8x16', 'i16x8', 'i32x4', 'i64x2'];
  const wide = [['veq.i8x32', 'i8x32'], ['vgt_s.i32x8', 'i16x16'], ['vfge.f64x4', 'i64x4'], ['vle_s.i16x16', 'i32x8']];
  const one = (type: string, compare: string, lanes: string): string => `
func @"${compare} ${lanes}"(${type === 'v256' ? 'v128, v128, v128, v128' : 'v128, v128'}) -> (i1, i32) {
b0(${type === 'v256' ? 'v0: v128, v1: v128, v2: v128, v3: v128' : 'v0: v128, v1: v128'}):
${type === 'v256' ? '  v4 = vconcat.i8x32 v0, v0\n  v5 = vconcat.i8x32 v1, v3' : '  v4 = vand.i8x16 v0, v0\n  v5 = vor.i8x16 v1, v1'}
  v6 = ${compare} v4, v5
  v7 = vall_true.${lanes} v6
  v8 = ${compare} v5, v4
  v9 = ${lanes.startsWith('i8') ? 'vany_true' : 'vall_true'}.${lanes} v8
  v10 = const.i32 10
  v11 = const.i32 20
  br v9, b1, b2
b1:
  ret v7, v10
b2:
  ret v7, v11
}`;
  const renumbered = (text: string): string => (text.includes('v2: v128') ? text : text.replace(/\bv(4|5|6|7|8|9|10|11)\b/g, (_, n: string) => `v${Number(n) - 2}`));
  const pairs = [...compares.flatMap((c) => tests.map((t) => ['v128', c, t] as const)), ...wide.map(([c, t]) => ['v256', c, t] as const)];
  const m = linear(pairs.map(([type, c, t]) => renumbered(one(type, c, t))).join(''));
  const reference = new Interpreter(m);
  const vectors = [0n, (1n << 128n) - 1n, 1n, 1n << 127n, 0x3f8000003f8000003f8000003f800000n, 0x3ff00000000000003ff0000000000000n, 0x0102030405060708090a0b0c0d0e0f10n];
  for (const level of machineLevels()) {
    const it = nativeInstance(m, { features: level });
    for (const [type, c, t] of pairs) {
      for (const a of vectors) for (const b of vectors) {
        const args = type === 'v256' ? [a, b, a, a ^ (b & 0xffn)] : [a, b];
        assert.equal(nativeCall(it, `${c} ${t}`, args), reference.call(`${c} ${t}`, args).values, `${level} ${c} ${t} ${a} ${b}`);
      }
    }
    it.dispose();
  }
});

test('a vector load whose bytes nobody wants still traps', () => {
  const m = linear(`
func @shuffled(ptr, v128) -> (v128) {
b0(v0: ptr, v1: v128):
  v2 = load.v128 v0
  v3 = shuffle v2, v1, [16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31]
  ret v3
}
func @looked_up(ptr, v128) -> (v128) {
b0(v0: ptr, v1: v128):
  v2 = load.v128 v0
  v3 = const.v128 0xffffffffffffffffffffffffffffffff
  v4 = vswizzle.i8x16 v2, v3
  v5 = vor.i8x16 v4, v1
  ret v5
}`);
  for (const fn of ['shuffled', 'looked_up']) {
    assert.equal(both(m, fn, [0, 5n]), [5n]);
    const e = trapOf(() => instanceOf(m).call(fn, [131072 - 8, 5n]));
    assert.is(e.trap, 'memory-out-of-bounds', fn);
  }
});

test('v128 values move whole: parameters past the registers, constants, selects, loops, spills', () => {
  const many = Array.from({ length: 12 }, (_, k) => `v${k}: v128`).join(', ');
  const m = linear(`
func @pass(${Array.from({ length: 12 }, () => 'v128').join(', ')}, i32) -> (v128, v128) {
b0(${many}, v12: i32):
  v13 = const.i32 0
  v14 = ne.i32 v12, v13
  v15 = select.v128 v14, v10, v11
  jump b1(v12, v9, v15)
b1(v16: i32, v17: v128, v18: v128):
  v19 = const.i32 1
  v20 = sub.i32 v16, v19
  v21 = const.i32 0
  v22 = sgt.i32 v20, v21
  br v22, b1(v20, v18, v17), b2
b2:
  ret v17, v18
}
func @nothing() -> () {
b0:
  ret
}
func @f(ptr, i32) -> (i64, i64, i64, i64) {
b0(v0: ptr, v1: i32):
  v2 = const.i64 0x1122334455667788
  v3 = const.i64 0x99aabbccddeeff
  store.i64 v2, v0
  store.i64 v3, v0 + 8
  v4 = load.v128 v0
  v5 = const.v128 0x0123456789abcdef0011223344556677
  call @nothing()
  v6: v128, v7: v128 = call @pass(v4, v5, v4, v5, v4, v5, v4, v5, v4, v4, v5, v4, v1)
  call @nothing()
  store.v128 v6, v0 + 16
  store.v128 v7, v0 + 32
  v8 = load.i64 v0 + 16
  v9 = load.i64 v0 + 24
  v10 = load.i64 v0 + 32
  v11 = load.i64 v0 + 40
  ret v8, v9, v10, v11
}`);
  for (const n of [0, 1, 2, 5]) both(m, 'f', [64, n]);
});

test('atomics: every operation and width, alignment checked before bounds', () => {
  const ops = ['add', 'sub', 'and', 'or', 'xor', 'xchg'];
  let text = '';
  for (const type of ['i8', 'i16', 'i32', 'i64']) {
    for (const op of ops) {
      text += `
func @${op}_${type}(ptr, ${type}, ${type}) -> (${type}, ${type}) {
b0(v0: ptr, v1: ${type}, v2: ${type}):
  atomic_store.${type}.seq_cst v1, v0 + 8
  v3 = atomic_rmw.${op}.${type}.seq_cst v2, v0 + 8
  fence.seq_cst
  v4 = atomic_load.${type}.acquire v0 + 8
  atomic_store.${type}.release v2, v0 + 16
  ret v3, v4
}`;
    }
    text += `
func @cmpxchg_${type}(ptr, ${type}, ${type}) -> (${type}, ${type}) {
b0(v0: ptr, v1: ${type}, v2: ${type}):
  v3 = atomic_cmpxchg.${type}.seq_cst v1, v2, v0 + 8
  v4 = atomic_load.${type}.relaxed v0 + 8
  ret v3, v4
}`;
  }
  const m = linear(`${text}
func @same(ptr) -> (i32, i32) {
b0(v0: ptr):
  v1 = ptrtoint.ptr.i32 v0
  v2 = atomic_rmw.sub.i32.seq_cst v1, v0
  v3 = load.i32 v0
  ret v2, v3
}`);
  for (const [type, values] of [['i8', [-128, 3]], ['i16', [-32768, 3]], ['i32', [-2147483648, 5]], ['i64', [-9223372036854775808n, 7n]]] as const) {
    for (const op of ops) for (const x of values) for (const y of values) both(m, `${op}_${type}`, [64, x, y]);
    const zero = type === 'i64' ? 0n : 0;
    both(m, `cmpxchg_${type}`, [64, zero, values[0]]);
    both(m, `cmpxchg_${type}`, [64, values[1], values[0]]);
    for (const [at, code] of [[131072 - 8, 'memory-out-of-bounds'], [131071, type === 'i8' ? 'memory-out-of-bounds' : 'misaligned-atomic']] as const) {
      for (const fn of [`add_${type}`, `cmpxchg_${type}`]) {
        assert.is(trapOf(() => instanceOf(m).call(fn, [at, zero, zero])).trap, code);
        assert.is(trapOf(() => new Interpreter(m).call(fn, [at, zero, zero])).trap, code);
      }
    }
  }
  both(m, 'same', [128]);
});

test.run();
