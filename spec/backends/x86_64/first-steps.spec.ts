/** Small whole programs: calls, loops, memory, traps. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FunctionBuilder, ModuleBuilder } from '../../../lib/mir/index.ts';
import { nativeCall, nativeInstance } from '../../support/native-executor.ts';

const test = suite('x86-64: programs');

test('recursion', () => {
  const b = new FunctionBuilder('fib', { params: ['i64'], results: ['i64'] });
  const n = b.params[0], small = b.createBlock(), big = b.createBlock();
  b.br(b.compare('slt', n, b.const('i64', 2n)), small, big);
  b.switchTo(small);
  b.ret([n]);
  b.switchTo(big);
  const [x] = b.call('fib', [b.binary('sub', n, b.const('i64', 1n))], ['i64']);
  const [y] = b.call('fib', [b.binary('sub', n, b.const('i64', 2n))], ['i64']);
  b.ret([b.binary('add', x, y)]);
  const it = nativeInstance(new ModuleBuilder('m').addFunction(b.finish(), 'fib').build());
  assert.equal(nativeCall(it, 'fib', [20n]), [6765n]);
});

test.run();
