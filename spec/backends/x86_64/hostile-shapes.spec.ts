/** Shapes that make a careless code generator quadratic. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { x86_64 } from '../../../backends/x86_64/index.ts';
import { FunctionBuilder, ModuleBuilder } from '../../../lib/mir/index.ts';

const test = suite('hostile shapes as machine code');

test('50,000 branches into an endless loop of empty blocks', () => {
  const b = new FunctionBuilder('f', { params: ['i1'], results: [] }), ping = b.createBlock(), pong = b.createBlock();
  for (let k = 0; k < 50_000; k++) {
    const next = b.createBlock();
    b.br(b.params[0], next, ping);
    b.switchTo(next);
  }
  b.ret();
  b.switchTo(ping);
  b.jump(pong);
  b.switchTo(pong);
  b.jump(ping);
  const m = new ModuleBuilder('m').addFunction(b.finish(), 'f').build(), started = process.cpuUsage().user;
  assert.is(x86_64.compile(m).functions.length, 1);
  assert.ok(process.cpuUsage().user - started < 10_000_000);
});

test.run();
