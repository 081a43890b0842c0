/** Frames larger than what the guard below the stack catches: they must compare with the stack's limit before they leave it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { x86_64 } from '../../../backends/x86_64/index.ts';
import { STACK_GUARD, STACK_PROBE_LIMIT } from '../../../lib/codegen/run-context.ts';
import { FunctionBuilder, Interpreter, ModuleBuilder, parseModule, type Module } from '../../../lib/mir/index.ts';
import { nativeCall, nativeInstance } from '../../support/native-executor.ts';
import { binutilsMissing, disassemble } from '../../support/objdump.ts';
import { trapOf } from '../../support/trap-of.ts';

const test = suite('x86-64: large frames');

/** `f(n)` keeps n in both ends of its slot during `f(n − 1)`, and adds them up. */
function recursiveSlot(size: number): Module {
  return parseModule(`module @n native
memory initial 0 maximum 0 stack 0
func @f(i64) -> (i64) {
  slot s0 size ${size} align 16
b0(v0: i64):
  v1 = slot_addr s0
  store.i64 v0, v1
  store.i64 v0, v1 + ${size - 8}
  v2 = const.i64 0
  v3 = eq.i64 v0, v2
  br v3, b1, b2
b1:
  ret v2
b2:
  v4 = const.i64 1
  v5 = sub.i64 v0, v4
  v6: i64 = call @f(v5)
  v7 = load.i64 v1
  v8 = load.i64 v1 + ${size - 8}
  v9 = add.i64 v7, v8
  v10 = add.i64 v9, v6
  ret v10
}`);
}

test('native model: slots past the probe limit, shallow, deep, and deep again', () => {
  // The last size steps over the guard in one go: without the compare it would write whatever lies below.
  for (const size of [STACK_PROBE_LIMIT - 64, STACK_PROBE_LIMIT, STACK_PROBE_LIMIT + 16, 100_000, STACK_GUARD + 65536]) {
    const m = recursiveSlot(size), it = nativeInstance(m);
    assert.ok(x86_64.compile(m).functions[0].frameSize >= size);
    assert.equal(nativeCall(it, 'f', [2n]), [6n], `${size} bytes`);
    for (let k = 0; k < 3; k++) assert.is(trapOf(() => it.call('f', [1n << 40n])).trap, 'stack-overflow', `${size} bytes`);
    assert.equal(nativeCall(it, 'f', [2n]), [6n], `${size} bytes, after overflows`);
    it.dispose();
  }
});

test('native model: a frame larger than the whole stack', () => {
  for (const size of [1 << 26, 1 << 29]) {
    const it = nativeInstance(recursiveSlot(size));
    for (let k = 0; k < 3; k++) assert.is(trapOf(() => it.call('f', [0n])).trap, 'stack-overflow', `${size} bytes`);
    it.dispose();
  }
});

test('the trace of an overflow names the callers of a frame that was never made', () => {
  for (const size of [60_000, STACK_PROBE_LIMIT + 4096, STACK_GUARD + 65536]) {
    const m = recursiveSlot(size), it = nativeInstance(m), { frames } = trapOf(() => it.call('f', [1n << 40n]));
    assert.ok(frames.length > 2, `${size} bytes: ${frames.length} frames`);
    assert.ok(frames.every((f) => f.functionName === 'f'));
    it.dispose();
  }
});

test('native model: an address far outside the slot is computed, not made a displacement that wraps', () => {
  const m = parseModule(`module @m native
memory initial 0 maximum 0 stack 0
func @f() -> (i64) {
  slot s0 size 16 align 16
  slot s1 size 16 align 16
b0:
  v0 = slot_addr s1
  v1 = load.i64 v0 + 2147483647
  v2 = load.i64 v0 + 8
  v3 = add.i64 v1, v2
  ret v3
}`);
  const { code, functions } = x86_64.compile(m, { checkAllocation: true });
  if (binutilsMissing() !== undefined) return;
  const text = disassemble(code.subarray(0, functions[0].size)).map((i) => i.text).join('\n');
  assert.match(text, /\[r\w+\+0x7fffffff\]/);
  assert.not.match(text, /-0x7fff/);
});

test('linear model: tens of thousands of spilled values', () => {
  const values = 30_000, f = new FunctionBuilder('f', { params: ['i32'], results: ['i32'] });
  const [n] = f.params, again = f.createBlock(), done = f.createBlock();
  const kept = Array.from({ length: values }, (_, k) => f.binary('mul', n, f.const('i32', 2 * k + 3)));
  f.br(f.compare('eq', n, f.const('i32', 0)), done, again);
  f.switchTo(done);
  f.ret([n]);
  f.switchTo(again);
  let [sum] = f.call('f', [f.binary('sub', n, f.const('i32', 1))], ['i32']);
  for (let k = values - 1; k >= 0; k--) sum = f.binary('xor', f.binary('rotl', sum, n), kept[k]);
  f.ret([sum]);
  const m = new ModuleBuilder('m').addFunction(f.finish(), 'f').build(), compiled = x86_64.compile(m);
  assert.ok(compiled.functions[0].frameSize > STACK_PROBE_LIMIT, `a frame of ${compiled.functions[0].frameSize} bytes`);
  const it = nativeInstance(m, { compiled });
  assert.equal(nativeCall(it, 'f', [3]), new Interpreter(m).call('f', [3]).values);
  for (let k = 0; k < 3; k++) assert.is(trapOf(() => it.call('f', [1_000_000])).trap, 'stack-overflow');
  assert.equal(nativeCall(it, 'f', [3]), new Interpreter(m).call('f', [3]).values);
  it.dispose();
});

test('linear model: a stack that begins at the end of all addresses', () => {
  const f = new FunctionBuilder('f', { params: ['i32'], results: ['i32', 'ptr'] }), [n] = f.params;
  const slot = f.slotAddr(f.addSlot(16_384)), again = f.createBlock(), done = f.createBlock();
  f.store({ base: slot, offset: 16_380 }, n);
  f.br(f.compare('eq', n, f.const('i32', 0)), done, again);
  f.switchTo(done);
  f.ret([n, slot]);
  f.switchTo(again);
  const [sum, last] = f.call('f', [f.binary('sub', n, f.const('i32', 1))], ['i32', 'ptr']);
  f.ret([f.binary('add', sum, f.load('i32', { base: slot, offset: 16_380 })), last]);
  const m = new ModuleBuilder('m', { memory: { initialPages: 65_536, maximumPages: 65_536, stackSize: 65_536 } })
    .addGlobal({ name: 'g', size: 2 ** 32 - 1024 - 65_536, align: 1, mutable: true }).addFunction(f.finish(), 'f').build();
  const it = nativeInstance(m);
  for (const results of [[6, 2 ** 32 - 65_536], [6, 2 ** 32 - 65_536]]) {
    assert.equal(nativeCall(it, 'f', [3]), results);
    assert.is(trapOf(() => it.call('f', [4])).trap, 'stack-overflow');
  }
  it.dispose();
});

test.run();
