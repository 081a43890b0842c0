import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseModule } from '../../lib/mir/index.ts';
import { forwardMemory, globalValueNumbering, memoryToRegisters, simplifyControlFlow } from '../../lib/passes/index.ts';
import { after, moduleOf, outcome, run } from './support.ts';

const test = suite('memory passes');

/** Loads left in a straight-line body after forwarding. */
function loads(body: string, before = ''): number {
  const m = moduleOf('(ptr, ptr, i32, i32) -> (i32)', `b0(v0: ptr, v1: ptr, v2: i32, v3: i32):\n${body}`, before);
  const n = run(m, globalValueNumbering, forwardMemory);
  for (const args of [[2048, 2048, 0, 1], [2048, 2050, 1, 0], [2048, 4096, 1, 1], [2048, 2048, 3, 2]]) assert.is(outcome(n, args), outcome(m, args));
  return after(n).filter((l) => l.includes('load')).length;
}

test('a load of what was just stored or loaded is that value', () => {
  assert.is(loads('  store.i32 v2, v0 + 4\n  v4 = load.i32 v0 + 4\n  ret v4'), 0);
  assert.is(loads('  v4 = load.i32 v0\n  v5 = load.i32 v0\n  v6 = add.i32 v4, v5\n  ret v6'), 1);
});

test('a store that may alias in between blocks it: other pointer, partial overlap, other index', () => {
  assert.is(loads('  store.i32 v2, v0\n  store.i32 v3, v1\n  v4 = load.i32 v0\n  ret v4'), 1);
  assert.is(loads('  store.i32 v2, v0\n  store.i32 v3, v0 + 2\n  v4 = load.i32 v0\n  ret v4'), 1);
  assert.is(loads('  store.i32 v2, v0 + v2*4\n  store.i32 v3, v0 + v3*4\n  v4 = load.i32 v0 + v2*4\n  ret v4'), 1);
  assert.is(loads('  store.i32 v2, v0\n  v5 = trunc.i32.i8 v3\n  store.i8 v5, v0 + 3\n  v4 = load.i32 v0\n  ret v4'), 1);
});

test('a store elsewhere on the same base, or to another global, does not block it', () => {
  assert.is(loads('  store.i32 v2, v0\n  store.i32 v3, v0 + 4\n  v4 = load.i32 v0\n  ret v4'), 0);
  assert.is(loads('  v5 = const.i32 1\n  v6 = add.i32 v2, v5\n  store.i32 v3, v0 + v2*4\n  store.i32 v2, v0 + v6*4\n  v4 = load.i32 v0 + v2*4\n  ret v4'), 0);
  const globals = 'global @a mutable size 4 align 4\nglobal @b mutable size 4 align 4';
  assert.is(loads('  v5 = global_addr @a\n  v6 = global_addr @b\n  store.i32 v2, v5\n  store.i32 v3, v6\n  v4 = load.i32 v5\n  ret v4', globals), 0);
  // past the end of a lies b: nothing says an access stays in its object
  assert.is(loads('  v5 = global_addr @a\n  v6 = global_addr @b\n  store.i32 v2, v6\n  store.i32 v3, v5 + 4\n  v4 = load.i32 v6\n  ret v4', globals), 1);
});

test('native addresses wrap at 64 bits, and indices that no double holds are not compared as doubles', () => {
  const nativeLoads = (first: bigint, second: bigint, scale: number): number => {
    const m = parseModule(`module @t native\nfunc @f(ptr, i64) -> (i64) {\nb0(v0: ptr, v1: i64):\n  v2 = const.i64 ${first}\n  v3 = const.i64 ${second}\n  v4 = const.i64 5
  store.i64 v4, v0 + v2*${scale}\n  store.i64 v1, v0 + v3*${scale}\n  v5 = load.i64 v0 + v2*${scale}\n  ret v5\n}\n`);
    return after(run(m, forwardMemory)).filter((l) => l.includes('load')).length;
  };
  assert.is(nativeLoads(-1n, 2n ** 61n - 1n, 8), 1, 'one place, once around');
  assert.is(nativeLoads(2n ** 62n + 511n, 2n ** 62n + 513n, 1), 1, 'two bytes apart, 1,024 as doubles');
  assert.is(nativeLoads(-1n, 1n, 8), 0);
  assert.is(nativeLoads(-(2n ** 39n), 2n ** 39n, 8), 0);
});

test('narrow stores forward to loads of their own width only', () => {
  assert.is(loads('  v4 = trunc.i32.i8 v2\n  store.i8 v4, v0\n  v5 = load.i32 v0\n  ret v5'), 1);
  assert.is(loads('  v4 = trunc.i32.i8 v2\n  store.i8 v4, v0\n  v5 = load.i8 v0\n  v6 = sext.i8.i32 v5\n  ret v6'), 0);
});

test('volatile accesses stay, calls forget', () => {
  assert.is(loads('  store.i32 v2, v0\n  v4 = load.i32 v0 volatile\n  ret v4'), 1);
  assert.is(loads('  store.i32 v2, v0\n  call @g(v0)\n  v4 = load.i32 v0\n  ret v4', 'func @g(ptr) -> () {\nb0(v0: ptr):\n  v1 = const.i32 77\n  store.i32 v1, v0\n  ret\n}'), 1);
});

test('the store of what is there goes, a load out of bounds still traps', () => {
  const m = moduleOf('(ptr) -> (i32)', 'b0(v0: ptr):\n  v1 = load.i32 v0\n  store.i32 v1, v0\n  v2 = load.i32 v0\n  ret v2');
  assert.is(after(m, forwardMemory).filter((l) => l.includes('store')).length, 0);
  assert.is(outcome(run(m, forwardMemory), [0xfffffffe]), 'trap memory-out-of-bounds');
});

test('at a loop head only what the loop leaves alone is known', () => {
  const m = moduleOf('(ptr, ptr, i32) -> (i32)', `b0(v0: ptr, v1: ptr, v2: i32):
  v3 = load.i32 v0
  v4 = load.i32 v1
  v5 = const.i32 0
  jump b1(v5, v5)
b1(v6: i32, v7: i32):
  v8 = load.i32 v0
  v9 = load.i32 v0 + 8
  v10 = add.i32 v7, v8
  v11 = const.i32 1
  v12 = add.i32 v10, v11
  store.i32 v12, v0
  v13 = add.i32 v6, v11
  v14 = slt.i32 v13, v2
  br v14, b1(v13, v12), b2
b2:
  v15 = add.i32 v12, v9
  ret v15
unused v16: i32`);
  for (const args of [[2048, 2048, 1], [2048, 2056, 5]]) assert.is(outcome(run(m, globalValueNumbering, forwardMemory), args), outcome(m, args));
});

test('mem2reg: slots become values through loops and casts; unwritten ones read zero', () => {
  const m = moduleOf('(i32) -> (i32, f32)', `  slot s0 size 8 align 8
  slot s1 size 4 align 4
b0(v0: i32):
  v1 = slot_addr s0
  v2 = slot_addr s1
  v3 = const.i32 1
  store.i32 v3, v1 + 4
  store.i32 v0, v2
  jump b1
b1:
  v4 = load.i32 v2
  v5 = const.i32 0
  v6 = eq.i32 v4, v5
  br v6, b3, b2
b2:
  v7 = load.i32 v1 + 4
  v8 = mul.i32 v7, v4
  store.i32 v8, v1 + 4
  v9 = sub.i32 v4, v3
  store.i32 v9, v2
  jump b1
b3:
  v10 = load.i32 v1 + 4
  v11 = load.f32 v1 + 4
  ret v10, v11`);
  const n = run(m, memoryToRegisters);
  assert.not.ok(after(n).some((l) => l.includes('load') || l.includes('store')));
  for (const x of [0, 1, 5, 10]) assert.is(outcome(n, [x]), outcome(m, [x]));
});

test('mem2reg leaves slots that escape, overlap, are indexed, or are left', () => {
  const kept = (body: string): void => {
    const m = moduleOf('(i32, i1) -> (i32)', `  slot s0 size 8 align 8\nb0(v0: i32, v1: i1):\n  v2 = slot_addr s0\n  store.i32 v0, v2\n  store.i32 v0, v2 + 4\n${body}`, 'func @g(ptr) -> () {\nb0(v0: ptr):\n  v1 = const.i32 9\n  store.i32 v1, v0\n  ret\n}');
    const n = run(m, memoryToRegisters);
    assert.ok(after(n).some((l) => l.includes('load')), body);
    for (const args of [[0, 0], [1, 1], [0x01020304, 0]]) assert.is(outcome(n, args), outcome(m, args));
  };
  kept('  call @g(v2)\n  v3 = load.i32 v2\n  ret v3');
  kept('  v3 = load.i32 v2 + 2\n  ret v3');
  kept('  v3 = const.i32 1\n  v4 = and.i32 v0, v3\n  v5 = load.i32 v2 + v4*4\n  ret v5');
  kept('  jump b1(v2)\nb1(v3: ptr):\n  v4 = load.i32 v3\n  ret v4');
});

test('a 10-byte slot next to another: no write reaches the neighbour', () => {
  const m = moduleOf('(i64) -> (i64, i64)', `  slot s0 size 10 align 1
  slot s1 size 8 align 1
b0(v0: i64):
  v1 = slot_addr s0
  v2 = slot_addr s1
  v3 = const.i64 -1
  store.i64 v3, v2
  store.i64 v0, v1 + 2
  v4 = load.i64 v1 + 2
  v5 = load.i64 v2
  ret v4, v5`);
  assert.is(outcome(run(m, memoryToRegisters), [5n]), '5 -1');
  assert.is(outcome(run(m, forwardMemory, simplifyControlFlow), [5n]), '5 -1');
});

test.run();
