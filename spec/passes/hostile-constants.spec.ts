/** Constants whose hashes are equal, by accident or by intent. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FunctionBuilder, ModuleBuilder, type Type } from '../../lib/mir/index.ts';
import { Pipeline, globalValueNumbering } from '../../lib/passes/index.ts';

const test = suite('hostile constants');

function numbered(type: Type, count: number, value: (k: number) => number | bigint): number {
  const b = new FunctionBuilder('f', { params: ['ptr'], results: [] });
  for (let k = 0; k < count; k++) b.store({ base: b.params[0], offset: 16 * k }, b.const(type, value(k)));
  b.ret();
  const m = new ModuleBuilder('m').addFunction(b.finish(), 'f').build();
  const out = new Pipeline([globalValueNumbering]).run(m).module.functions[0];
  return out.blocks[0].instructions.filter((i) => i.kind === 'const').length;
}

test('40,000 vectors that differ in their low halves, and as many tiny floats, take linear time', () => {
  const started = process.cpuUsage().user;
  assert.is(numbered('v128', 40_000, (k) => (0x40000000n << 96n) + BigInt(k)), 40_000);
  assert.is(numbered('f64', 40_000, (k) => (k + 1) * Number.MIN_VALUE), 40_000);
  assert.ok(process.cpuUsage().user - started < 5_000_000);
});

test('equal ones are still one', () => {
  assert.is(numbered('v128', 1000, (k) => (0x40000000n << 96n) + BigInt(k % 10)), 10);
  assert.is(numbered('i64', 1000, (k) => -(2n ** 63n) + BigInt(k % 10)), 10);
});

test.run();
