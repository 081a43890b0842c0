import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FunctionBuilder, ModuleBuilder, UsageError, layoutModule, mapOperands, forEachOperand } from '../../lib/mir/index.ts';

const test = suite('mir builder');

test('builds frozen data with dense values', () => {
  const b = new FunctionBuilder('double', { params: ['i32'], results: ['i32'] });
  b.ret([b.binary('add', b.params[0], b.params[0])]);
  const m = new ModuleBuilder('demo').addFunction(b.finish(), 'double').build();
  assert.is(m.exports['double'], 'double');
  assert.equal(m.functions[0].valueTypes, ['i32', 'i32']);
  assert.ok(Object.isFrozen(m.functions[0].blocks[0].instructions[0]));
  assert.throws(() => { (m.functions as unknown[]).push(1); });
});

test('a module survives structuredClone', () => {
  const b = new FunctionBuilder('f', { params: [], results: ['i64'] });
  b.ret([b.const('i64', 5n)]);
  const m = new ModuleBuilder('demo').addFunction(b.finish(), 'f').addGlobal({ name: 'g', size: 3, align: 8, mutable: true, bytes: new Uint8Array([1, 2]) }).build();
  assert.equal(structuredClone(m), m);
});

test('layout places globals at their alignment and the stack only when slots need it', () => {
  const m = new ModuleBuilder('demo')
    .addGlobal({ name: 'a', size: 3, align: 1, mutable: true }).addGlobal({ name: 'b', size: 8, align: 8, mutable: true }).build();
  assert.equal(layoutModule(m).globals, [1024, 1032]);
  assert.is(layoutModule(m).heapBase, 1040);
  const f = new FunctionBuilder('f', { params: [], results: [] });
  f.addSlot(8);
  f.ret();
  assert.is(layoutModule(new ModuleBuilder('x').addFunction(f.finish()).build()).heapBase, 1024 + 65536);
});

test('operand walkers visit and map every operand once', () => {
  const b = new FunctionBuilder('f', { params: ['ptr', 'i32'], results: [] });
  b.store({ base: b.params[0], index: b.params[1], scale: 4 }, b.params[1]);
  const store = b.finish().blocks[0].instructions[0];
  const seen: number[] = [];
  forEachOperand(store, (v) => seen.push(v));
  assert.equal(seen, [0, 1, 1]);
  assert.is(mapOperands(store, (v) => v), store);
  const mapped = mapOperands(store, (v) => v + 10);
  assert.ok(mapped.kind === 'store' && mapped.base === 10 && mapped.index === 11 && mapped.value === 11);
});

test('signatures of indirect calls are frozen with the module, and the caller keeps its own', () => {
  const signature = { params: ['i32' as const], results: ['i32' as const] };
  const b = new FunctionBuilder('f', { params: ['i32'], results: ['i32'] });
  b.callIndirect(signature, b.params[0], b.params);
  b.tailCallIndirect(signature, b.params[0], b.params);
  const { instructions, terminator } = new ModuleBuilder('m').addFunction(b.finish()).build().functions[0].blocks[0];
  for (const i of [instructions[0], terminator]) {
    assert.ok((i.kind === 'call_indirect' || i.kind === 'tail_call_indirect') && Object.isFrozen(i.signature) && Object.isFrozen(i.signature.params) && Object.isFrozen(i.signature.results));
  }
  assert.not(Object.isFrozen(signature.params));
});

test('an export that would be lost is refused', () => {
  const f = new FunctionBuilder('f', { params: [], results: [] });
  f.ret();
  const m = new ModuleBuilder('m').addFunction(f.finish(), 'a');
  for (const name of ['__proto__', 'a']) assert.throws(() => m.addFunction(f.finish(), name), (e: unknown) => e instanceof UsageError);
  assert.is(m.addFunction(f.finish(), 'constructor').build().functions.length, 2);
});

test.run();
