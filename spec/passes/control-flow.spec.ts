import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Interpreter, parseModule } from '../../lib/mir/index.ts';
import {
  Pipeline, compact, copyPropagation, deadCode, deadFunctions, globalValueNumbering, hoistInvariants, ifConvert, inlinePass, INLINE_O2, rotateLoops, simplifyControlFlow, tailRecursion,
} from '../../lib/passes/index.ts';
import { after, moduleOf, outcome, run } from './support.ts';

const test = suite('control-flow passes');

test('a swap of loop parameters survives every pass (phis are parallel)', () => {
  const m = moduleOf('(i32, i32, i32) -> (i32, i32)', `b0(v0: i32, v1: i32, v2: i32):
  jump b1(v0, v1, v2)
b1(v3: i32, v4: i32, v5: i32):
  v6 = const.i32 0
  v7 = eq.i32 v5, v6
  br v7, b3, b2
b2:
  v8 = const.i32 1
  v9 = sub.i32 v5, v8
  jump b1(v4, v3, v9)
b3:
  ret v3, v4`);
  for (const n of [0, 1, 2, 7]) assert.is(outcome(Pipeline.standard('O3').run(m, { verifyAfterEach: true }).module, [10, 20, n]), n % 2 === 0 ? '10 20' : '20 10');
});

test('empty blocks, constant conditions and one-sided merges disappear', () => {
  const m = moduleOf('(i32, i1) -> (i32)', `b0(v0: i32, v1: i1):
  v2 = const.i1 1
  br v2, b1, b2
b1:
  jump b3(v0)
b2:
  jump b3(v0)
b3(v3: i32):
  br v1, b4, b5
b4:
  jump b6(v3)
b5:
  jump b6(v0)
b6(v4: i32):
  ret v4`);
  assert.equal(after(m, simplifyControlFlow, copyPropagation, simplifyControlFlow, globalValueNumbering, deadCode, compact), ['b0(v0: i32, v1: i1):', 'ret v0']);
});

test('a condition decided by the incoming edge threads through', () => {
  const m = moduleOf('(i1, i32, i32) -> (i32)', `b0(v0: i1, v1: i32, v2: i32):
  br v0, b1, b2
b1:
  v3 = slt.i32 v1, v2
  jump b3(v3)
b2:
  v4 = const.i1 0
  jump b3(v4)
b3(v5: i1):
  br v5, b4, b5
b4:
  ret v1
b5:
  ret v2`);
  const text = after(m, simplifyControlFlow, deadCode, compact);
  assert.not.ok(text.some((l) => /\(v\d+: i1\):/.test(l) && !l.startsWith('b0')), text.join('\n'));
  for (const args of [[0, 1, 2], [1, 1, 2], [1, 2, 1]]) assert.is(outcome(run(m, simplifyControlFlow), args), outcome(m, args));
});

test('parameters of an empty block that others read keep the block', () => {
  // b3 reads v2 in its own terminator, b4 reads it too: the edge may not go around.
  const m = moduleOf('(i1, i32) -> (i32)', `b0(v0: i1, v1: i32):
  v9 = const.i32 5
  br v0, b1, b2
b1:
  v8 = add.i32 v1, v9
  jump b3(v8)
b2:
  jump b3(v9)
b3(v2: i32):
  br v0, b4, b5(v2)
b4:
  jump b5(v2)
b5(v3: i32):
  ret v3
unused v4: i32, v5: i32, v6: i32, v7: i32`);
  for (const args of [[0, 1], [1, 1]]) assert.is(outcome(run(m, simplifyControlFlow), args), outcome(m, args));
});

test('switches: one case becomes a branch, cases like the default go', () => {
  const m = moduleOf('(i32) -> (i32)', `b0(v0: i32):
  switch.i32 v0, 1 -> b1, 2 -> b2, else -> b2
b1:
  v1 = const.i32 10
  ret v1
b2:
  v2 = const.i32 20
  ret v2`);
  const n = run(m, simplifyControlFlow);
  assert.is(n.functions[0].blocks[0].terminator.kind, 'br');
  for (const x of [1, 2, 3]) assert.is(outcome(n, [x]), outcome(m, [x]));
});

test('an endless loop stays', () => {
  const m = moduleOf('() -> ()', 'b0:\n  jump b1\nb1:\n  jump b1');
  const n = run(m, simplifyControlFlow, deadCode, compact);
  assert.throws(() => new Interpreter(n, { maxSteps: 1000 }).call('f', []));
});

test('a condition known on one edge is used below it, not beside it', () => {
  const m = moduleOf('(i32, i32) -> (i32)', `b0(v0: i32, v1: i32):
  v2 = slt.i32 v0, v1
  br v2, b1, b2
b1:
  v3 = slt.i32 v0, v1
  v4 = select.i32 v3, v0, v1
  ret v4
b2:
  v5 = sgt.i32 v0, v1
  v6 = select.i32 v5, v0, v1
  ret v6`);
  const text = after(m, globalValueNumbering, deadCode, compact);
  assert.ok(text.includes('ret v0'));
  for (const args of [[1, 2], [2, 1], [1, 1]]) assert.is(outcome(run(m, globalValueNumbering), args), outcome(m, args));
});

test('GVN: siblings do not see each other', () => {
  const m = moduleOf('(i1, i32, i32) -> (i32)', `b0(v0: i1, v1: i32, v2: i32):
  br v0, b1, b2
b1:
  v3 = mul.i32 v1, v2
  jump b3(v3)
b2:
  v4 = mul.i32 v1, v2
  jump b3(v4)
b3(v5: i32):
  v6 = mul.i32 v1, v2
  v7 = add.i32 v5, v6
  ret v7`);
  assert.is(after(m, globalValueNumbering).filter((l) => l.includes('mul')).length, 3);
});

test('rotation: break out of the middle, values read behind both exits', () => {
  const m = moduleOf('(i32, i32) -> (i32)', `b0(v0: i32, v1: i32):
  v2 = const.i32 0
  jump b1(v2, v2)
b1(v3: i32, v4: i32):
  v5 = slt.i32 v3, v0
  br v5, b2, b4(v4)
b2:
  v6 = eq.i32 v3, v1
  br v6, b4(v3), b3
b3:
  v7 = const.i32 1
  v8 = add.i32 v3, v7
  v9 = add.i32 v4, v8
  jump b1(v8, v9)
b4(v10: i32):
  ret v10`);
  const n = run(m, rotateLoops, simplifyControlFlow);
  for (const args of [[0, 0], [5, 9], [5, 3], [1, 0]]) assert.is(outcome(n, args), outcome(m, args));
});

const zeroTrip = (body: string): string => `b0(v0: i32, v1: i32, v2: ptr):
  v3 = const.i32 0
  jump b1(v3, v3)
b1(v4: i32, v5: i32):
  v6 = slt.i32 v4, v0
  br v6, b2, b3
b2:
${body}
  v8 = const.i32 1
  v9 = add.i32 v4, v8
  v10 = add.i32 v5, v7
  jump b1(v9, v10)
b3:
  ret v5`;

test('LICM: invariants leave the loop, divisions that may trap do not when the loop may not run', () => {
  const mul = moduleOf('(i32, i32, ptr) -> (i32)', zeroTrip('  v7 = mul.i32 v1, v0'));
  const n = run(mul, hoistInvariants);
  assert.ok(n.functions[0].blocks[0].instructions.some((i) => i.kind === 'binary' && i.op === 'mul'));
  const div = moduleOf('(i32, i32, ptr) -> (i32)', zeroTrip('  v7 = sdiv.i32 v0, v1'));
  assert.is(outcome(run(div, rotateLoops, hoistInvariants), [0, 0, 0]), '0');
  assert.is(outcome(run(div, rotateLoops, hoistInvariants), [1, 0, 0]), 'trap integer-divide-by-zero');
});

test('LICM: a load moves only when the loop runs, stores nothing there, and nothing can trap or be seen before it', () => {
  const load = moduleOf('(i32, i32, ptr) -> (i32)', zeroTrip('  v7 = load.i32 v2'));
  const hoisted = run(load, rotateLoops, simplifyControlFlow, hoistInvariants, simplifyControlFlow);
  assert.is(outcome(hoisted, [0, 0, 0xfffffff0]), '0');
  assert.is(outcome(hoisted, [1, 0, 0xfffffff0]), 'trap memory-out-of-bounds');
  const inLoop = (m: typeof load): number => after(m).findIndex((l) => l.includes('load'));
  assert.ok(inLoop(hoisted) >= 0 && inLoop(hoisted) < after(hoisted).findIndex((l) => l.includes('add')));
  const storing = moduleOf('(i32, i32, ptr) -> (i32)', zeroTrip('  v7 = load.i32 v2\n  store.i32 v4, v2'));
  for (const args of [[3, 0, 2048], [0, 0, 2048]]) assert.is(outcome(run(storing, rotateLoops, simplifyControlFlow, hoistInvariants), args), outcome(storing, args));
});

test('LICM: a variable with one assignment in the loop that differs on the first round is no invariant', () => {
  const m = moduleOf('(i32, i32) -> (i32)', `b0(v0: i32, v1: i32):
  v2 = const.i32 0
  jump b1(v2, v1, v2)
b1(v3: i32, v4: i32, v5: i32):
  v6 = const.i32 100
  v7 = add.i32 v4, v6
  v8 = add.i32 v5, v7
  v9 = const.i32 1
  v10 = add.i32 v3, v9
  v11 = slt.i32 v10, v0
  br v11, b1(v10, v0, v8), b2
b2:
  ret v8`);
  for (const args of [[1, 7], [2, 7], [5, 7]]) assert.is(outcome(run(m, copyPropagation, globalValueNumbering, hoistInvariants), args), outcome(m, args));
});

test('if-conversion takes pure arms and leaves those that can trap or write', () => {
  const arm = (i: string): string => `b0(v0: i32, v1: i32, v2: ptr):
  v3 = slt.i32 v0, v1
  br v3, b1, b2(v0)
b1:
  ${i}
  jump b2(v4)
b2(v5: i32):
  ret v5`;
  assert.ok(after(moduleOf('(i32, i32, ptr) -> (i32)', arm('v4 = sub.i32 v1, v0')), ifConvert).some((l) => l.includes('select')));
  assert.not.ok(after(moduleOf('(i32, i32, ptr) -> (i32)', arm('v4 = udiv.i32 v1, v0')), ifConvert).some((l) => l.includes('select')));
  assert.not.ok(after(moduleOf('(i32, i32, ptr) -> (i32)', arm('v4 = load.i32 v2')), ifConvert).some((l) => l.includes('select')));
});

const FIB = parseModule(`module @t linear
export "f" = @f
func @f(i64) -> (i64) {
b0(v0: i64):
  v1 = const.i64 2
  v2 = slt.i64 v0, v1
  br v2, b1, b2
b1:
  ret v0
b2:
  v3 = const.i64 1
  v4 = sub.i64 v0, v3
  v5: i64 = call @f(v4)
  v6 = sub.i64 v0, v1
  v7: i64 = call @f(v6)
  v8 = add.i64 v5, v7
  ret v8
}`);

test('tail recursion with an accumulator, then inlining into itself: far fewer calls, same numbers', () => {
  const n = run(FIB, simplifyControlFlow, tailRecursion, inlinePass(INLINE_O2));
  for (const k of [0n, 1n, 2n, 15n]) assert.is(outcome(n, [k]), outcome(FIB, [k]));
  const calls = (m: typeof FIB): number => m.functions[0].blocks.flatMap((b) => b.instructions).filter((i) => i.kind === 'call').length;
  assert.is(calls(FIB), 2);
  assert.is(calls(n), 1);
  // no base case: still a call that the stack limit stops
  const endless = moduleOf('(i32) -> (i32)', 'b0(v0: i32):\n  v1: i32 = call @f(v0)\n  v2 = add.i32 v1, v0\n  ret v2');
  assert.is(outcome(run(endless, tailRecursion), [1]), 'trap stack-overflow');
});

test('tail recursion does not reassociate floats or pass work that can trap', () => {
  const body = (op: string, type: string): string => `b0(v0: i32, v1: ${type}):
  v2 = const.i32 0
  v3 = eq.i32 v0, v2
  br v3, b1, b2
b1:
  ret v1
b2:
  v4 = const.i32 1
  v5 = sub.i32 v0, v4
  v6: ${type} = call @f(v5, v1)
  v7 = ${op}.${type} v6, v1
  ret v7`;
  const float = moduleOf('(i32, f64) -> (f64)', body('fadd', 'f64'));
  assert.is(run(float, tailRecursion), float);
  const div = moduleOf('(i32, i32) -> (i32)', body('sdiv', 'i32'));
  assert.is(run(div, tailRecursion), div);
});

test('inlining: a tail call inside the copy, traps, several results, slots, dead callee', () => {
  const m = parseModule(`module @t linear
export "f" = @f
func @f(i32) -> (i32) {
b0(v0: i32):
  v1: i32, v2: i32 = call @pair(v0)
  v3: i32 = call @last(v1)
  v4 = sub.i32 v2, v3
  ret v4
}
func @pair(i32) -> (i32, i32) {
  slot s0 size 4 align 4
b0(v0: i32):
  v1 = slot_addr s0
  store.i32 v0, v1
  v2 = load.i32 v1
  v3 = mul.i32 v2, v2
  ret v2, v3
}
func @last(i32) -> (i32) {
b0(v0: i32):
  v1 = const.i32 3
  v2 = eq.i32 v0, v1
  br v2, b1, b2
b1:
  trap user
b2:
  tail_call @twice(v0)
}
func @twice(i32) -> (i32) {
b0(v0: i32):
  v1 = add.i32 v0, v0
  ret v1
}`);
  const n = run(m, inlinePass(INLINE_O2), deadFunctions);
  assert.equal(n.functions.map((f) => f.name), ['f', 'twice']);
  for (const x of [5, 3]) assert.is(outcome(n, [x]), outcome(m, [x]));
  assert.is(outcome(Pipeline.standard('O2').run(m, { verifyAfterEach: true }).module, [3]), 'trap user');
});

test('functions in the table or exported are never removed', () => {
  const m = parseModule(`module @t linear
table [@g]
export "f" = @f
func @f() -> () {
b0:
  ret
}
func @g() -> () {
b0:
  ret
}
func @h() -> () {
b0:
  ret
}`);
  assert.equal(run(m, deadFunctions).functions.map((f) => f.name), ['f', 'g']);
});

test.run();
