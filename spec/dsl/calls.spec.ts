import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bool, f32, f64, fn, fnRef, global, host, i32, i64, module, ptr, struct, table, u32, u8, unit } from '../../dsl/index.ts';
import { load, Running } from './run.ts';

const test = suite('dsl calls');

test('several results are a tuple', () => {
  const divmod = fn('divmod', [i32, i32], [i32, i32], (b, x, y) => b.ret(x.div(y), x.rem(y)));
  const one = fn('one', [], [i64], (b) => b.ret(1n));
  const digits = fn('digits', [i32], i32, (b, n) => {
    const [q, r] = divmod(n, 10), [o] = one();
    b.ret(q.mul(100).add(r).add(o.toI32()));
  });
  const r = load({ divmod, digits });
  assert.equal(r.all('divmod', -17, 5), [-3, -2]);
  assert.is(r.call('digits', 42), 403);
});

test('mutual recursion, by order and by declaration', () => {
  const isEven = fn('isEven', [u32], bool, (b, n) => {
    b.if(n.eq(0), () => b.ret(true));
    b.ret(isOdd(n.sub(1)));
  });
  const isOdd = fn('isOdd', [u32], bool, (b, n) => {
    b.if(n.eq(0), () => b.ret(false));
    b.ret(isEven(n.sub(1)));
  });
  assert.equal([6, 7].map((n) => load({ isEven }).call('isEven', n)), [true, false]);
  const ping = fn.declare('ping', [i32], i32);
  const pong = fn('pong', [i32], i32, (b, n) => b.ret(ping(n.sub(1))));
  ping.define((b, n) => {
    b.if(n.le(0), () => b.ret(n));
    b.ret(pong(n));
  });
  assert.is(load({ ping }).call('ping', 5), 0);
});

test('tail calls do not grow the stack', () => {
  const count = fn('count', [i64, i64], i64, (b, n, sum) => {
    b.if(n.eq(0n), () => b.ret(sum));
    b.tailCall(count, n.sub(1n), sum.add(n));
  });
  assert.is(load({ count }).call('count', 100000n, 0n), 5000050000n);
  const State = fnRef([i32], i32);
  const bounce = fn('bounce', [State, i32], i32, (b, next, n) => b.tailCall(next, n));
  const inc = fn('inc', [i32], i32, (b, n) => b.ret(n.add(1)));
  const start = fn('start', [i32], i32, (b, n) => b.ret(bounce(inc.ref(), n)));
  assert.is(load({ start }).call('start', 4), 5);
});

test('tables: calls by index, empty entries, indices outside, two tables side by side', () => {
  const add = fn('add', [i32, i32], i32, (b, x, y) => b.ret(x.add(y)));
  const sub = fn('sub', [i32, i32], i32, (b, x, y) => b.ret(x.sub(y)));
  const mul = fn('mul', [i32, i32], i32, (b, x, y) => b.ret(x.mul(y)));
  const ops = table('ops', [add, sub, null]), more = table('more', [mul, add]);
  const f = fn('f', [i32, i32, i32], i32, (b, op, x, y) => b.ret(b.callIndirect(ops, op, x, y)));
  const g = fn('g', [u32, i32, i32], i32, (b, op, x, y) => b.ret(b.callIndirect(more, op, x, y)));
  const r = load({ f, g });
  assert.equal([0, 1, 2, 3, -1].map((op) => r.outcome('f', op, 7, 5)), [12, 2, 'indirect-call-null', 'indirect-call-null', 'indirect-call-null']);
  assert.equal([0, 1, 2].map((op) => r.outcome('g', op, 7, 5)), [35, 12, 'indirect-call-null']);
  assert.equal(r.module.table, ['add', 'sub', null, 'mul', 'add']);
});

test('a body may take b apart, and parameter lists may change afterwards', () => {
  const params = [i32];
  const f = fn('f', params, i32, ({ ret, var: variable, if: when, memory }, n) => {
    const v = variable(i32, n), { size } = memory;
    when(n.lt(0), () => v.set(size().sub(2)));
    ret(v.get());
  });
  params.push(i32);
  assert.equal([5, -1].map((n) => load({ f }).call('f', n)), [5, 0]);
});

test('memory of zeros holds null references', () => {
  const Callback = fnRef([i32], i32), Node = struct('Node', { call: Callback, next: ptr(unit) });
  const inc = fn('inc', [i32], i32, (b, n) => b.ret(n.add(1)));
  const ops = table('ops', [inc]), node = global('node', Node), fresh = global('fresh', Callback);
  const f = fn('f', [i32], i32, (b, n) => b.ret(b.callIndirect(ops, 0, n)));
  const isNull = fn('isNull', [], [bool, bool, bool], (b) => b.ret(node.call.get().isNull(), fresh.get().isNull(), inc.ref().isNull()));
  const call = fn('call', [], i32, (b) => b.ret(node.call.get().call(1)));
  const set = fn('set', [], i32, (b) => {
    node.call.set(inc.ref());
    b.ret(node.call.get().call(1));
  });
  const r = load({ f, isNull, call, set });
  assert.equal(r.all('isNull'), [true, true, false]);
  assert.is(r.outcome('call'), 'indirect-call-null');
  assert.equal([r.call('f', 1), r.call('set')], [2, 2]);
  assert.equal(r.module.table, [null, 'inc', 'inc']);
});

test('function references: passed, stored, compared, null, wrong signature', () => {
  const Compare = fnRef([i32, i32], bool);
  const less = fn('less', [i32, i32], bool, (b, x, y) => b.ret(x.lt(y)));
  const more = fn('more', [i32, i32], bool, (b, x, y) => b.ret(x.gt(y)));
  const sort = fn('sort', [ptr(i32), i32, Compare], unit, (b, xs, n, before) => {
    b.for([1, n], (i) => {
      const x = xs.at(i).get(), j = b.var(i32, i);
      b.while(() => b.and(j.get().gt(0), () => before.call(x, xs.at(j.get().sub(1)).get())), () => {
        xs.at(j.get()).set(xs.at(j.get().sub(1)).get());
        j.update((k) => k.sub(1));
      });
      xs.at(j.get()).set(x);
    });
  });
  const Handler = struct('Handler', { call: Compare });
  const main = fn('main', [ptr(i32), i32, bool], [bool, bool], (b, xs, n, up) => {
    const h = b.slot(Handler);
    h.call.set(b.select(up, less.ref(), more.ref()));
    sort(xs, n, h.call.get());
    b.ret(h.call.get().eq(less.ref()), h.call.get().isNull());
  });
  const broken = fn('broken', [i32], bool, (b, k) => {
    const f = b.var(Compare, null);
    b.if(k.eq(1), () => f.set(fn('other', [f64], f64, (c, x) => c.ret(x)).ref() as never));
    b.ret(f.get().call(1, 2));
  });
  const r = load({ main });
  const sorted = (up: boolean): readonly number[] => {
    [5, -1, 9, 3].forEach((x, i) => r.view.setInt32(70000 + 4 * i, x, true));
    assert.equal(r.all('main', 70000, 4, up), [up, false]);
    return [0, 1, 2, 3].map((i) => r.view.getInt32(70000 + 4 * i, true));
  };
  assert.equal(sorted(true), [-1, 3, 5, 9]);
  assert.equal(sorted(false), [9, 5, 3, -1]);
  assert.throws(() => load({ broken }), /wants an fnRef/);
  const missing = fn('missing', [], bool, (b) => b.ret(b.var(Compare, null).get().call(1, 2)));
  assert.is(load({ missing }).outcome('missing'), 'indirect-call-null');
});

test('imports: JavaScript functions called with values, giving values', () => {
  const seen: unknown[] = [];
  const log = host('log', [i32, f32], unit), twice = host('twice', [i64], i64), unused = host('unused', [], unit);
  const main = fn('main', [i32], i64, (b, n) => {
    log(n, 0.5);
    b.ret(twice(n.toI64()));
  });
  const m = module('m').import({ log, twice }).import({ unused }).export({ main }).build();
  const r = new Running(m, { log: (...args) => { seen.push(args); return undefined as never; }, twice: (x) => (x as bigint) * 2n, unused: () => undefined as never });
  assert.is(r.call('main', 21), 42n);
  assert.equal(seen, [[21, 0.5]]);
  assert.equal(m.imports.map((i) => i.name), ['log', 'twice', 'unused']);
});

test('a function is traced once per build, in the order of use, and only when used', () => {
  let traced = 0;
  const leaf = fn('leaf', [u8], u8, (b, x) => { traced++; b.ret(x.add(1)); });
  fn('unused', [], unit, () => { throw new Error('traced'); });
  const a = fn('a', [u8], u8, (b, x) => b.ret(leaf(leaf(x))));
  const m = module('m').export({ first: a, second: a }).build();
  assert.is(traced, 1);
  assert.equal(m.functions.map((f) => f.name), ['a', 'leaf']);
  assert.equal(m.exports, { first: 'a', second: 'a' });
});

test('the same module builds to equal data, again and again', () => {
  const f = fn('f', [i32], i32, (b, n) => b.ret(n.mul(3)));
  const draft = module('m').export({ f });
  assert.equal(draft.build(), draft.build());
  assert.equal(structuredClone(draft.build()), draft.build());
});

test.run();
