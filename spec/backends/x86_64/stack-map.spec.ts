import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { x86_64 } from '../../../backends/index.ts';
import { FunctionBuilder, ModuleBuilder } from '../../../lib/mir/index.ts';

const test = suite('x86-64 stack maps');

test('list any number of values, constants among them', () => {
  const b = new FunctionBuilder('f', { params: ['i32'], results: ['i32'] });
  const live = [b.params[0]];
  for (let k = 0; k < 40; k++) live.push(b.const('i32', 1000 + k), b.const('f64', k + 0.5));
  b.stackMap(7, live);
  b.ret([b.params[0]]);
  const m = new ModuleBuilder('maps');
  m.addFunction(b.finish(), 'f');
  const { stackMaps } = x86_64.compile(m.build(), { checkAllocation: true });
  assert.equal(stackMaps.map((s) => [s.id, s.live.length]), [[7, 81]]);
});

test.run();
