/** Random control-flow graphs, most of them irreducible, with parallel moves on every edge, against the interpreter. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasm } from '../../../backends/wasm/index.ts';
import { FunctionBuilder, Interpreter, ModuleBuilder, printModule, verifyModule, type Module, type Type, type Value } from '../../../lib/mir/index.ts';
import { RandomChoices } from '../../fuzz/choices.ts';
import { wasmCall, wasmInstance } from '../../support/wasm-executor.ts';

const test = suite('wasm: control flow');
const FUEL = 2048;

/** Blocks that jump anywhere: each takes a step of fuel, computes a little, and leaves by a random terminator. */
function randomGraph(seed: number): Module {
  const c = new RandomChoices(seed), n = 2 + c.below(15);
  const b = new FunctionBuilder('f', { params: ['i32', 'i64'], results: ['i32', 'i64'] });
  const heads = Array.from({ length: n }, () => b.createBlock());
  const params = heads.map((h) => {
    const types: Type[] = ['i32', 'i64', ...Array.from({ length: c.below(4) }, (_, k): Type => (k % 2 === 0 ? 'i32' : 'i64'))];
    return types.map((t) => b.addBlockParam(h, t));
  });
  const pick = (from: readonly Value[], type: Type): Value => { const list = from.filter((v) => b.typeOf(v) === type); return list[c.below(list.length)]; };
  const edge = (to: number, from: readonly Value[]): Value[] => params[to].map((p) => pick(from, b.typeOf(p)));
  const leave = (values: Value[]): void => {
    for (let k = c.below(3); k > 0; k--) values.push(b.binary((['add', 'xor', 'mul'] as const)[c.below(3)], pick(values, 'i32'), pick(values, 'i32')));
    for (let k = c.below(2); k > 0; k--) values.push(b.binary((['add', 'sub', 'mul'] as const)[c.below(3)], pick(values, 'i64'), pick(values, 'i64')));
    const x = pick(values, 'i32'), low = (): Value => b.binary('and', x, b.const('i32', 7)), to = c.below(n), other = c.below(n);
    switch (c.below(8)) {
      case 0: case 1: b.jump(heads[to], edge(to, values)); return;
      case 6: {
        const values1 = new Set(Array.from({ length: 1 + c.below(6) }, (_, k) => (c.below(3) === 0 ? k * 1000 - 7 : k - 1)));
        const cases = [...values1].map((value) => { const k = c.below(n); return { value, block: heads[k], args: edge(k, values) }; });
        b.switch(low(), cases, heads[to], edge(to, values));
        return;
      }
      case 7: b.ret([x, pick(values, 'i64')]); return;
      default: b.br(b.compare('slt', low(), b.const('i32', 3)), heads[to], heads[other], edge(to, values), edge(other, values));
    }
  };
  leave([...b.params]);
  heads.forEach((h, k) => {
    b.switchTo(h);
    const p = b.const('ptr', FUEL), left = b.binary('sub', b.load('i32', { base: p }), b.const('i32', 1)), go = b.createBlock(), stop = b.createBlock();
    b.store({ base: p }, left);
    b.br(b.compare('sgt', left, b.const('i32', 0)), go, stop);
    b.switchTo(stop);
    b.ret([params[k][0], params[k][1]]);
    b.switchTo(go);
    leave([...params[k], left]);
  });
  const start = new FunctionBuilder('start', { params: ['i32', 'i64', 'i32'], results: ['i32', 'i64'] }), [x, y, fuel] = start.params;
  start.store({ base: start.const('ptr', FUEL) }, fuel);
  start.ret(start.call('f', [x, y], ['i32', 'i64']));
  return new ModuleBuilder('graph').addFunction(b.finish()).addFunction(start.finish(), 'start').build();
}

test('random graphs', () => {
  for (let seed = 0; seed < 500; seed++) {
    const m = randomGraph(seed);
    assert.is(verifyModule(m).length, 0);
    const it = new Interpreter(m), w = wasmInstance(m);
    for (const args of [[1, 2n, 30], [7, -3n, 100], [12345, 99n, 17]]) {
      const actual = wasmCall(w, 'start', args), expected = it.call('start', args).values;
      if (!Object.is(actual[0], expected[0]) || !Object.is(actual[1], expected[1])) assert.equal(actual, expected, `seed ${seed}, start(${args.join(', ')})\n${printModule(m)}`);
    }
  }
});

test('a table into the middle of a cycle', () => {
  const n = 40, b = new FunctionBuilder('f', { params: ['i32', 'i32'], results: ['i32'] });
  const heads = Array.from({ length: n }, () => b.createBlock()), ps = heads.map((h) => [b.addBlockParam(h, 'i32'), b.addBlockParam(h, 'i32')]);
  b.switch(b.params[0], heads.slice(1).map((block, k) => ({ value: k, block, args: [b.params[1], b.params[0]] })), heads[0], [b.params[1], b.params[0]]);
  heads.forEach((h, k) => {
    b.switchTo(h);
    const left = b.binary('sub', ps[k][0], b.const('i32', 1)), sum = b.binary('add', b.binary('mul', ps[k][1], b.const('i32', 3)), b.const('i32', k)), end = b.createBlock();
    b.br(b.compare('sgt', left, b.const('i32', 0)), heads[(k + 1) % n], end, [left, sum]);
    b.switchTo(end);
    b.ret([sum]);
  });
  const m = new ModuleBuilder('cycle').addFunction(b.finish(), 'f').build(), it = new Interpreter(m), w = wasmInstance(m);
  for (const args of [[0, 1], [5, 100], [39, 77], [100, 3], [-1, 41]]) assert.equal(wasmCall(w, 'f', args), it.call('f', args).values);
});

test('very deep and very long functions', () => {
  // One expression of 200,000 operations, and 20,000 early exits one after the other.
  const deep = new FunctionBuilder('deep', { params: ['i32'], results: ['i32'] });
  let v = deep.params[0];
  for (let k = 0; k < 200_000; k++) v = deep.binary(k % 2 === 0 ? 'add' : 'xor', v, deep.params[0]);
  deep.ret([v]);
  const exits = new FunctionBuilder('exits', { params: ['i32'], results: ['i32'] });
  for (let k = 0; k < 20_000; k++) {
    const out = exits.createBlock(), next = exits.createBlock();
    exits.br(exits.compare('eq', exits.params[0], exits.const('i32', k)), out, next);
    exits.switchTo(out);
    exits.ret([exits.const('i32', k * 2)]);
    exits.switchTo(next);
  }
  exits.ret([exits.const('i32', -1)]);
  const m = new ModuleBuilder('large').addFunction(deep.finish(), 'deep').addFunction(exits.finish(), 'exits').build();
  assert.ok(wasm.compile(m).bytes.length < 2_000_000);
  const w = wasmInstance(m), it = new Interpreter(m);
  assert.equal(wasmCall(w, 'deep', [123]), it.call('deep', [123]).values);
  for (const n of [0, 19_999, 20_000, 77]) assert.equal(wasmCall(w, 'exits', [n]), it.call('exits', [n]).values);
});

test.run();
