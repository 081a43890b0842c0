import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Interpreter, parseModule, TrapError, type Module } from '../../lib/mir/index.ts';
import { Pipeline } from '../../lib/passes/index.ts';

const test = suite('inlining and the depth of the stack');

/** `@leaf` keeps 64 bytes that no pass can turn into values: the index is not known. */
const LEAF = `
func @leaf(i32) -> (i32) {
  slot s0 size 64 align 4
b0(v0: i32):
  v1 = slot_addr s0
  v2 = const.i32 15
  v3 = and.i32 v0, v2
  store.i32 v0, v1 + v3 * 4
  v4 = load.i32 v1 + v3 * 4
  ret v4
}`;

const slots = (m: Module, name: string): number => m.functions.find((f) => f.name === name)!.slots.length;
const optimised = (m: Module, level: 'O2' | 'O3'): Module => Pipeline.standard(level).run(m, { verifyAfterEach: true }).module;

function outcome(m: Module, args: readonly number[], imports: Record<string, (n: number) => number> = {}): string {
  const it: Interpreter = new Interpreter(m, { maxDepth: 100_000, imports: imports as never });
  try {
    return String(it.call('f', args).values[0]);
  } catch (error) {
    if (error instanceof TrapError) return `trap ${error.trap}`;
    throw error;
  }
}

for (const level of ['O2', 'O3'] as const) {
  test(`${level}: a recursive function is not given the slots of what it calls`, () => {
    const m = parseModule(`module @t linear
memory initial 1 maximum 1 stack 256
export "f" = @f
func @f(i32) -> (i32) {
b0(v0: i32):
  v1 = const.i32 0
  v2 = eq.i32 v0, v1
  br v2, b1, b2
b1:
  ret v1
b2:
  v3: i32 = call @leaf(v0)
  v4 = const.i32 1
  v5 = sub.i32 v0, v4
  v6: i32 = call @f(v5)
  v7: i32 = call @leaf(v6)
  v8 = add.i32 v3, v7
  ret v8
}${LEAF}`);
    const n = optimised(m, level);
    assert.is(slots(n, 'f'), 0);
    assert.is(outcome(m, [1000]), '500500');
    assert.is(outcome(n, [1000]), '500500', 'the linear stack holds one activation of @leaf, not a thousand');
  });

  test(`${level}: nor a function that may be entered again through the table or an import`, () => {
    for (const out of ['call_indirect v1(v5) : (i32) -> (i32)', 'call @host(v5)']) {
      const m = parseModule(`module @t linear
memory initial 1 maximum 1 stack 256
table [@f]
import js @host(i32) -> (i32) capability none
export "f" = @f
func @f(i32) -> (i32) {
b0(v0: i32):
  v1 = const.i32 0
  v2 = eq.i32 v0, v1
  br v2, b1, b2
b1:
  ret v1
b2:
  v3: i32 = call @leaf(v0)
  v4 = const.i32 1
  v5 = sub.i32 v0, v4
  v6: i32 = ${out}
  v7 = add.i32 v3, v6
  ret v7
}${LEAF}`);
      assert.is(slots(optimised(m, level), 'f'), 0, out);
      if (out.startsWith('call_indirect')) assert.is(outcome(optimised(m, level), [1000]), '500500');
    }
  });

  test(`${level}: a function with slots is not copied into itself`, () => {
    const m = parseModule(`module @t linear
export "f" = @f
func @f(i32) -> (i32) {
  slot s0 size 64 align 4
b0(v0: i32):
  v1 = slot_addr s0
  v2 = const.i32 15
  v3 = and.i32 v0, v2
  store.i32 v0, v1 + v3 * 4
  v4 = eq.i32 v0, v3
  br v4, b1, b2
b1:
  v5 = load.i32 v1 + v3 * 4
  ret v5
b2:
  v6 = const.i32 1
  v7 = sub.i32 v0, v6
  v8: i32 = call @f(v7)
  v9 = load.i32 v1 + v3 * 4
  v10 = add.i32 v8, v9
  ret v10
}`);
    assert.is(slots(optimised(m, level), 'f'), 1);
    assert.is(outcome(optimised(m, level), [700]), outcome(m, [700]));
  });

  test(`${level}: all copies together add few bytes to a frame`, () => {
    const calls = Array.from({ length: 40 }, (_, k) => `  v${k + 1}: i32 = call @leaf(v${k})`).join('\n');
    const m = parseModule(`module @t linear
memory initial 1 maximum 1 stack 2048
export "f" = @f
func @f(i32) -> (i32) {
b0(v0: i32):
${calls}
  ret v40
}${LEAF}`);
    const n = optimised(m, level), bytes = n.functions.find((f) => f.name === 'f')!.slots.reduce((sum, s) => sum + s.size, 0);
    assert.ok(bytes > 0 && bytes <= 512, `${bytes} bytes`);
    assert.is(outcome(n, [7]), '7');
  });
}

test.run();
