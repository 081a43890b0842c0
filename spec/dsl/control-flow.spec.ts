import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bool, fn, i32, i64, i8, module, u32, u64, u8, unit, type Loop } from '../../dsl/index.ts';
import { printFunction, verifyModule } from '../../lib/mir/index.ts';
import type { AnyFn } from '../../dsl/module.ts';
import { load, run } from './run.ts';

const test = suite('dsl control flow');

const text = (f: AnyFn): string => printFunction(module('m', { locations: false }).export({ f }).build().functions[0]);

test('if, else, both ending, nested', () => {
  const sign = run(fn('sign', [i32], i32, (b, n) => {
    b.if(n.lt(0), () => b.ret(-1), () => {
      b.if(n.eq(0), () => b.ret(0), () => b.ret(1));
    });
  }));
  assert.equal([-5, 0, 9].map((n) => sign(n)), [-1, 0, 1]);
  const collatz = run(fn('step', [i32], i32, (b, n) => {
    const r = b.var(i32, n);
    b.if(n.and(1).eq(0), () => r.set(n.shr(1)), () => r.set(n.mul(3).add(1)));
    b.ret(r.get());
  }));
  assert.equal([6, 7].map((n) => collatz(n)), [3, 22]);
});

test('literal conditions are allowed', () => {
  const f = run(fn('f', [], i32, (b) => {
    const x = b.var(i32, 0);
    b.if(true, () => x.set(1), () => x.set(2));
    b.while(() => false, () => x.set(3));
    b.ret(x.get());
  }));
  assert.is(f(), 1);
});

test('code after a return, break or trap is dropped', () => {
  const f = fn('f', [i32], i32, (b, n) => {
    b.loop(() => {
      b.if(n.gt(3), () => {
        b.break();
        b.ret(n.mul(100));
        b.while(() => n.lt(5), () => b.continue());
      });
      b.ret(n);
      b.for([0, n], (i) => b.if(i.gt(1), () => b.break()));
    });
    b.ret(7);
    b.unreachable();
    const late = b.var(i32, 1);
    b.if(n.eq(0), () => late.set(2));
    b.ret(late.get());
  });
  const r = run(f);
  assert.equal([1, 9].map((n) => r(n)), [1, 7]);
  assert.not.match(text(f), /mul/);
});

test('while: zero rounds, many rounds, break and continue', () => {
  const f = run(fn('f', [i32], [i32], (b, n) => {
    const i = b.var(i32, 0), sum = b.var(i32, 0);
    b.while(() => i.get().lt(n), () => {
      i.update((x) => x.add(1));
      b.if(i.get().rem(2).eq(0), () => b.continue());
      b.if(i.get().gt(9), () => b.break());
      sum.update((s) => s.add(i.get()));
    });
    b.ret(sum.get());
  }));
  assert.equal([0, -3, 5, 100].map((n) => f(n)), [0, 0, 9, 25]);
});

test('doWhile runs once at least; continue goes to the condition', () => {
  const f = run(fn('f', [i32], i32, (b, n) => {
    const i = b.var(i32, 0), seen = b.var(i32, 0);
    b.doWhile(() => {
      i.update((x) => x.add(1));
      b.if(i.get().eq(3), () => b.continue());
      seen.update((s) => s.mul(10).add(i.get()));
      b.if(i.get().eq(6), () => b.break());
    }, () => i.get().lt(n));
    b.ret(seen.get());
  }));
  assert.equal([0, 2, 4, 100].map((n) => f(n)), [1, 12, 124, 12456]);
});

test('for: counts of every form and type', () => {
  const list = fn('list', [i32, i32], i64, (b, from, to) => {
    const digits = b.var(i64, 0n);
    const note = (x: import('../../dsl/index.ts').I64): void => digits.update((d) => d.mul(10n).add(x));
    b.for(3, (i) => note(i.toI64()));
    b.for([from, to], (i) => note(i.toI64()));
    b.for([0, 7, 3], (i) => note(i.toI64()));
    b.for([4, 0, -2], (i) => note(i.toI64()));
    b.for(2n, (i) => note(i));
    b.for([5n, 7n], (i) => note(i));
    b.ret(digits.get());
  });
  assert.is(run(list)(7, 9), 12780364201n * 100n + 56n);
  assert.is(run(list)(9, 9), 120364201n * 100n + 56n);
});

test('for: the counter has the type of its bound and compares by its sign', () => {
  const f = run(fn('f', [u32, i32, u8, u64], u64, (b, a, c, d, e) => {
    const n = b.var(u64, 0n);
    b.for([4294967290, a], (i) => n.update((x) => x.add(i.toU64().and(1n))));
    b.for(c, (i) => n.update((x) => x.add(i.toU64())));
    b.for([250, d], (i) => n.update((x) => x.add(i.toU64())));
    b.for([d, 250, -1], (i) => n.update((x) => x.add(i.toU64())));
    b.for([e, e.add(2n)], (i) => n.update((x) => x.add(i)));
    b.ret(n.get());
  }));
  assert.is(f(4294967295, -1, 253, 10n), BigInt(2 + (250 + 251 + 252) + (253 + 252 + 251)) + 10n + 11n);
});

test('for: the end is computed once; break, continue and a variable step', () => {
  const f = run(fn('f', [i32, i32], i32, (b, n, step) => {
    const end = b.var(i32, n), rounds = b.var(i32, 0);
    b.for([0, end.get(), step], (i, loop) => {
      end.set(0);
      b.if(i.eq(6), () => loop.continue());
      b.if(i.gt(10), () => loop.break());
      rounds.update((r) => r.mul(16).add(i));
    });
    b.ret(rounds.get());
  }));
  assert.is(f(9, 2), 0x0248);
  assert.is(f(100, 5), 0x5a);
});

test('breaking out of an outer loop', () => {
  const f = run(fn('f', [i32], i32, (b, n) => {
    const found = b.var(i32, -1);
    b.for(n, (i, outer) => {
      b.for(n, (j) => {
        b.if(j.gt(i), () => b.continue(outer));
        b.if(i.mul(j).eq(42), () => {
          found.set(i.mul(100).add(j));
          b.break(outer);
        });
      });
    });
    b.ret(found.get());
  }));
  assert.is(f(20), 706);
  assert.is(f(5), -1);
});

test('variables carried through loops: swaps and cycles are parallel', () => {
  const fibonacci = run(fn('f', [i32], i64, (b, n) => {
    const x = b.var(i64, 0n), y = b.var(i64, 1n);
    b.for(n, () => {
      const t = x.get();
      x.set(y.get());
      y.set(t.add(y.get()));
    });
    b.ret(x.get());
  }));
  assert.is(fibonacci(90), 2880067194370816120n);
  const rotate = run(fn('g', [i32], i32, (b, n) => {
    const v = [1, 2, 3, 4].map((k) => b.var(i32, k));
    b.for(n, () => {
      const [w, x, y, z] = v.map((a) => a.get());
      [x, y, z, w].forEach((a, k) => v[k].set(a));
    });
    b.ret(v.reduce((s, a) => s.mul(10).add(a.get()), b.const(i32, 0)));
  }));
  assert.equal([0, 1, 2, 3, 4].map((n) => rotate(n)), [1234, 2341, 3412, 4123, 1234]);
});

test('loop, nested three deep, with returns out of the middle', () => {
  const f = run(fn('f', [i32], i32, (b, n) => {
    const i = b.var(i32, 0);
    b.loop((a) => {
      b.loop((c) => {
        b.loop(() => {
          i.update((x) => x.add(1));
          b.if(i.get().gt(n), () => b.ret(i.get().neg()));
          b.if(i.get().rem(3).eq(0), () => c.continue());
          b.if(i.get().rem(7).eq(0), () => a.continue());
          b.if(i.get().eq(11), () => a.break());
        });
      });
    });
    b.ret(i.get());
  }));
  assert.equal([2, 10, 50].map((n) => f(n)), [-3, -11, 11]);
});

test('switch: lists, several labels, objects, defaults, negative and 64-bit labels', () => {
  const f = run(fn('f', [i32], i32, (b, n) => {
    const r = b.var(i32, 0);
    b.switch(n, [[0, () => r.set(10)], [[1, 2], () => r.set(20)], [-1, () => b.ret(99)]], () => r.set(30));
    b.switch(n, { 2: () => r.update((x) => x.add(1)), 3: () => r.update((x) => x.add(2)) });
    b.ret(r.get());
  }));
  assert.equal([0, 1, 2, 3, -1, 7].map((n) => f(n)), [10, 20, 21, 32, 99, 30]);
  const g = run(fn('g', [u64, i8], i32, (b, n, m) => {
    b.switch(n, [[0n, () => b.ret(0)], [2n ** 64n - 1n, () => b.ret(1)]]);
    b.switch(m, { [-128]: () => b.ret(2), 127: () => b.ret(3) }, () => b.ret(4));
  }));
  assert.is(g(0n, 0), 0);
  assert.is(g(2n ** 64n - 1n, 0), 1);
  assert.equal([-128, 127, 5].map((m) => g(7n, m)), [2, 3, 4]);
  const h = run(fn('h', [u8], bool, (b, n) => {
    b.for(3, () => b.switch(n, { 200: () => b.break(), 255: () => b.ret(true) }));
    b.ret(false);
  }));
  assert.equal([200, 255, 1].map((n) => h(n)), [false, true, false]);
});

test('choose, and, or compute one side only', () => {
  const f = run(fn('f', [i32, i32], [i32], (b, n, d) => {
    const safe = b.and(d.ne(0), () => n.rem(d).eq(0));
    const odd = b.or(d.eq(0), () => n.div(d).and(1).eq(1));
    b.ret(b.choose(i32, safe, () => n.div(d), () => b.select(odd, -1, n)));
  }));
  assert.equal([f(6, 3), f(6, 0), f(7, 3), f(15, 4)], [2, -1, 7, -1]);
});

test('select takes a literal on either side', () => {
  const f = run(fn('f', [bool, i32], i32, (b, c, n) => b.ret(b.select(c, n, 7).add(b.select(c, 100, n)).add(b.select(c, n, n.mul(2))))));
  assert.is(f(true, 5), 110);
  assert.is(f(false, 5), 22);
});

test('bool operations', () => {
  const f = fn('f', [bool, bool], [bool, bool, bool, bool, bool, bool], (b, x, y) => b.ret(x.and(y), x.or(y), x.xor(y), x.not(), x.eq(y), x.ne(true)));
  const r = load({ f });
  for (const x of [false, true]) for (const y of [false, true]) assert.equal(r.all('f', x, y), [x && y, x || y, x !== y, !x, x === y, !x]);
});

test('an endless loop without a body is a program', () => {
  const f = fn('f', [], unit, (b) => b.loop(() => {}));
  assert.equal(verifyModule(module('m').export({ f }).build()), []);
  assert.match(text(f), /jump b\d/);
});

test('raw blocks: a state machine with parameters', () => {
  const gcd = run(fn('gcd', [u32, u32], u32, (b, x, y) => {
    const head = b.block(u32, u32), step = b.block(u32, u32), done = b.block(u32);
    b.jump(head, x, y);
    const [p, q] = b.enter(head);
    b.br(q.eq(0), done.with(p), step.with(p, q));
    const [r, s] = b.enter(step);
    b.jump(head, s, r.rem(s));
    const [result] = b.enter(done);
    b.ret(result);
  }));
  assert.is(gcd(48, 36), 12);
});

test('raw blocks: irreducible control flow, and variables through it', () => {
  const f = run(fn('f', [i32], i32, (b, n) => {
    const count = b.var(i32, 0), left = b.block(), right = b.block(), out = b.block();
    b.br(n.lt(0), left.with(), right.with());
    b.enter(left);
    count.update((c) => c.add(1));
    b.br(count.get().gt(20), out.with(), right.with());
    b.enter(right);
    count.update((c) => c.add(10));
    b.br(count.get().gt(20), out.with(), left.with());
    b.enter(out);
    b.ret(count.get());
  }));
  assert.equal([f(-1), f(1)], [22, 21]);
});

test('raw blocks may be written before they are jumped to', () => {
  const f = run(fn('f', [i32], i32, (b, n) => {
    const target = b.block(i32), start = b.block(), x = b.var(i32, 5);
    b.jump(start);
    const [v] = b.enter(target);
    b.ret(v.add(x.get()));
    b.enter(start);
    x.set(n);
    b.jump(target, 1);
  }));
  assert.is(f(41), 42);
});

test('a loop handle works in a helper', () => {
  const f = run(fn('f', [i32], i32, (b, n) => {
    const leave = (loop: Loop): void => loop.break();
    const i = b.var(i32, 0);
    b.loop((loop) => {
      i.update((x) => x.add(1));
      b.if(i.get().eq(n), () => leave(loop));
    });
    b.ret(i.get());
  }));
  assert.is(f(4), 4);
});

test('loops have a header with the condition, a body, one latch and one exit', () => {
  const f = fn('f', [i32], i32, (b, n) => {
    const sum = b.var(i32, 0), unchanged = b.var(i32, 3);
    b.for(n, (i) => {
      b.if(i.gt(2), () => sum.update((s) => s.add(i).add(unchanged.get())), () => b.continue());
    });
    b.ret(sum.get());
  });
  assert.is(text(f), `func @f(i32) -> (i32) {
b0 "entry"(v0 "n": i32):
  v1 = const.i32 0
  v2 = const.i32 3
  v3 = const.i32 0
  jump b1(v3, v1)
b1 "for"(v4: i32, v5: i32):
  v6 = slt.i32 v4, v0
  br v6, b2, b5
b2 "body":
  v7 = const.i32 2
  v8 = sgt.i32 v4, v7
  br v8, b3, b4(v5)
b3 "then":
  v9 = add.i32 v5, v4
  v10 = add.i32 v9, v2
  jump b4(v10)
b4 "latch"(v11: i32):
  v12 = const.i32 1
  v13 = add.i32 v4, v12
  jump b1(v13, v11)
b5 "exit":
  ret v5
}
`);
});

test('building is linear and needs no deep stack', () => {
  const blocks = 6000;
  const f = fn('f', [i32], i32, (b, n) => {
    const x = b.var(i32, n), unchanged = b.var(i32, 1);
    for (let k = 0; k < blocks; k++) b.if(x.get().eq(k), () => x.set(k + 1));
    b.ret(x.get().add(unchanged.get()));
  });
  const started = performance.now();
  const m = module('m', { locations: false }).export({ f }).build();
  assert.ok(m.functions[0].blocks.length > blocks);
  assert.ok(performance.now() - started < 20000);
  const deep = fn('deep', [i32], i32, (b, n) => {
    const first = b.var(i32, n), steps = b.var(i32, 0);
    for (let k = 0; k < blocks; k++) b.while(() => steps.get().lt(k), () => steps.update((s) => s.add(1)));
    b.ret(first.get().add(steps.get()));
  });
  assert.is(load({ deep }, { locations: false }).call('deep', 1), blocks);
});

test('a label may be sealed before it is entered, once its last jump is written', () => {
  const f = fn('f', [i32], i32, (b, n) => {
    const count = b.var(i32, 0), left = b.block(i32), right = b.block(i32), join = b.block();
    b.br(n.gt(0), left.with(n), right.with(1));
    left.seal();
    right.seal();
    const [x] = b.enter(left);
    count.update((c) => c.add(x));
    b.jump(join);
    const [y] = b.enter(right);
    count.update((c) => c.sub(y));
    b.jump(join);
    join.seal();
    b.enter(join);
    b.ret(count.get());
  });
  assert.equal([5, -5].map((n) => run(f)(n)), [5, -1]);
});

test.run();
