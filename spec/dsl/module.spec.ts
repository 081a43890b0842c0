import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fn, f64, host, i32, i64, module, ptr, struct, table, unit, type JsArgs, type JsResult } from '../../dsl/index.ts';
import { interpret, printModule, verifyModule } from '../../lib/mir/index.ts';

const test = suite('dsl module');

test('the example of the design works as written', () => {
  const fib = fn('fib', [i64], i64, (b, n) => {
    b.if(n.lt(2n), () => b.ret(n));
    b.ret(fib(n.sub(1n)).add(fib(n.sub(2n))));
  });

  const Particle = struct('Particle', { x: f64, v: f64, hits: i32 });
  const step = fn('step', [ptr(Particle), i32, f64], unit, (b, ps, count, dt) => {
    b.for([0, count], i => {
      const p = ps.at(i);
      p.x.set(p.x.get().add(p.v.get().mul(dt)));
    });
  });

  const demo = module('demo').export({ fib, step }).build();
  assert.equal(verifyModule(demo), []);
  assert.ok(Object.isFrozen(demo));
  assert.equal(interpret(demo, 'fib', [20n]).values, [6765n]);
  const args: JsArgs<typeof fib> = [30n];
  const result: JsResult<typeof fib> = 1n;
  assert.is(typeof args[0], typeof result);
  console.log(printModule(demo));
});

test.run();
