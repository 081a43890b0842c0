/** Globals in the native memory model: every instance has its own, at raw addresses, with their alignment and initial bytes. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Interpreter, parseModule, type Module } from '../../../lib/mir/index.ts';
import { Pipeline } from '../../../lib/passes/index.ts';
import { nativeCall, nativeInstance } from '../../support/native-executor.ts';

const test = suite('x86-64: globals of the native model');

/** `touch(k)` adds k to a counter and to the last element of a table, copies the table over itself shifted, and gives sums. */
const MODULE = parseModule(`module @g native
memory initial 0 maximum 0 stack 0
global @first mutable size 3 align 1 bytes "\\01\\02\\03"
global @counter mutable size 8 align 8
global @page mutable size 64 align 4096 bytes "\\09"
global @table mutable size 32 align 16 bytes "\\0a\\00\\00\\00\\14\\00\\00\\00"
export "touch" = @touch
export "place" = @place
func @touch(i64) -> (i64, i32) {
b0(v0: i64):
  v1 = global_addr @counter
  v2 = load.i64 v1
  v3 = add.i64 v2, v0
  store.i64 v3, v1
  v4 = global_addr @table
  v5 = load.i32 v4 + 4
  v6 = trunc.i64.i32 v0
  v7 = add.i32 v5, v6
  v8 = const.i64 1
  v9 = lea v4 + v8 * 4
  store.i32 v7, v9
  v10 = load.i32 v4 + 4
  v11 = global_addr @first
  v12 = load.i8 v11 + 2
  v13 = zext.i8.i32 v12
  v14 = add.i32 v10, v13
  ret v3, v14
}
func @place(i32) -> (ptr) {
b0(v0: i32):
  v1 = global_addr @page
  v2 = global_addr @first
  switch.i32 v0, 0 -> b1, else -> b2
b1:
  ret v1
b2:
  ret v2
}
`);

const calls: readonly bigint[] = [5n, -7n, 1n << 40n];

for (const [level, m] of [['as written', MODULE], ...(['O1', 'O2', 'O3'] as const).map((l): [string, Module] => [l, Pipeline.standard(l).run(MODULE).module])] as const) {
  test(`${level}: the interpreter's results; state lasts, is the instance's own, and is reset`, () => {
    const one = nativeInstance(m), two = nativeInstance(m), expected = new Interpreter(MODULE);
    const values = calls.map((k) => expected.call('touch', [k]).values);
    assert.equal(calls.map((k) => nativeCall(one, 'touch', [k])), values);
    assert.equal(calls.map((k) => nativeCall(two, 'touch', [k])), values, 'another instance begins anew');
    one.reset();
    assert.equal(nativeCall(one, 'touch', [calls[0]]), values[0]);
    assert.equal([...one.global('first')], [1, 2, 3]);
    assert.is(new DataView(one.global('counter').buffer, one.global('counter').byteOffset).getBigInt64(0, true), 5n);
    one.global('first')[2] = 100;
    assert.is((nativeCall(one, 'touch', [0n]) as readonly number[])[1], 125);
    assert.is(Number(nativeCall(one, 'place', [0])[0]) % 4096, 0, 'alignment');
    assert.not.equal(nativeCall(one, 'place', [1]), nativeCall(two, 'place', [1]));
    assert.throws(() => one.global('none'), /has no global "none"[\s\S]*first, counter, page, table/);
    one.dispose();
    two.dispose();
  });
}

test.run();
