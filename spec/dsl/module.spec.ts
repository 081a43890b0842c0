import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fn, f64, host, i32, i64, module, ptr, struct, u8, unit, type ExportsOf, type ImportsOf, type JsArgs, type JsResult } from '../../dsl/index.ts';
import { interpret, printFunction, verifyModule } from '../../lib/mir/index.ts';

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
  const native = {} as ExportsOf<typeof demo>;
  const typed = (): bigint => native.fib(30n);
  const nothing = (): void => native.step(1024, 2, 0.5);
  assert.type(typed, 'function');
  assert.type(nothing, 'function');
});

test('imports are in the type and in the module', () => {
  const log = host('log', [i32, f64], i64);
  const write = host('write', [i32, ptr(u8), i32], i32, { libc: true, capability: 'file-io', buffers: [{ pointer: 1, length: 2, access: 'read' }] });
  const main = fn('main', [i32], i64, (b, n) => { b.ret(log(n, 1.5)); });
  const m = module('m').import({ log, write }).export({ main }).build();
  const imports: ImportsOf<typeof m> = { log: (a: number, x: number): bigint => BigInt(a) + BigInt(x * 2) };
  assert.equal(verifyModule(m), []);
  assert.equal(interpret(m, 'main', [4], { imports: imports as unknown as Record<string, (...args: (number | bigint)[]) => number | bigint> }).values, [7n]);
  assert.equal(m.imports.map((i) => [i.name, i.kind, i.capability, i.params, i.results, i.buffers]), [
    ['log', 'js', 'none', ['i32', 'f64'], ['i64'], undefined],
    ['write', 'libc', 'file-io', ['i32', 'ptr', 'i32'], ['i32'], [{ pointer: 1, length: 2, access: 'read' }]],
  ]);
});

test('prints clean MIR: no trivial parameters, no empty blocks', () => {
  const f = fn('f', [i32], i32, (b, n) => {
    const kept = b.var(i32, 7), sum = b.var(i32, 0);
    b.for([0, n], (i) => b.if(i.gt(3), () => sum.update((s) => s.add(i).add(kept.get()))));
    b.ret(sum.get());
  });
  assert.is(printFunction(module('m', { locations: false }).export({ f }).build().functions[0]).trimEnd(), `func @f(i32) -> (i32) {
b0 "entry"(v0 "n": i32):
  v1 = const.i32 7
  v2 = const.i32 0
  v3 = const.i32 0
  jump b1(v3, v2)
b1 "for"(v4: i32, v5: i32):
  v6 = slt.i32 v4, v0
  br v6, b2, b5
b2 "body":
  v7 = const.i32 3
  v8 = sgt.i32 v4, v7
  br v8, b3, b4(v5)
b3 "then":
  v9 = add.i32 v5, v4
  v10 = add.i32 v9, v1
  jump b4(v10)
b4 "join"(v11: i32):
  v12 = const.i32 1
  v13 = add.i32 v4, v12
  jump b1(v13, v11)
b5 "exit":
  ret v5
}`);
});

test.run();
