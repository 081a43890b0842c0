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

test('a slot is reached through any number of leas', () => {
  let body = '  slot s0 size 64 align 4\nb0(v0: i32):\n  v1 = slot_addr s0\n  store.i32 v0, v1 + 20\n';
  for (let k = 1; k <= 20; k++) body += `  v${k + 1} = lea v${k} + 1\n`;
  const read = moduleOf('(i32) -> (i32)', `${body}  v22 = load.i32 v21\n  ret v22`);
  assert.is(outcome(run(read, memoryToRegisters), [42]), '42');
  const written = moduleOf('(i32) -> (i32)', `${body}  v22 = const.i32 5\n  store.i32 v22, v21\n  v23 = load.i32 v1 + 20\n  ret v23`);
  assert.is(outcome(run(written, memoryToRegisters), [42]), '5');
  const indexed = moduleOf('(i32) -> (i32)', `${body}  v22 = lea v21 + v0*4\n  v23 = const.i32 5\n  store.i32 v23, v22\n  v24 = load.i32 v1 + 20\n  ret v24`);
  assert.is(outcome(run(indexed, memoryToRegisters), [0]), '5');
});

test('native addresses go around after 64 bits, and a constant index may take them there', () => {
  const m = parseModule(`module @t native
global @g mutable size 64 align 16
export "f" = @f
func @f(i64, i64) -> (i64) {
b0(v0: i64, v1: i64):
  v2 = global_addr @g
  v3 = const.i64 2305843009213693952
  v4 = const.i64 7
  store.i64 v0, v2 + 8
  store.i64 v4, v2 + v3*8 + 8
  v5 = load.i64 v2 + 8
  v6 = const.i64 9007199254740993
  v7 = const.i64 9007199254740994
  v8 = add.i64 v1, v6
  v9 = add.i64 v1, v7
  v10 = const.i16 257
  store.i16 v10, v2 + v8
  store.i64 v4, v2 + v9
  v11 = load.i16 v2 + v8
  v12 = zext.i16.i64 v11
  v13 = add.i64 v5, v12
  ret v13
}`);
  const args = [42n, -9007199254740992n];
  assert.is(outcome(m, args), String(7 + (1 + 7 * 256)));
  assert.is(outcome(run(m, forwardMemory), args), outcome(m, args));
});

test.run();
