/**
 * Shapes that make careless passes quadratic or recursive, through the whole pipeline. Sizes are such that a quadratic
 * step would take minutes; the bound on time is that the spec ends at all, and a generous one per shape.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FunctionBuilder, ModuleBuilder, verifyModule, type Module, type Value } from '../../lib/mir/index.ts';
import { Pipeline } from '../../lib/passes/index.ts';

const test = suite('hostile shapes through the whole pipeline');

const O2 = Pipeline.standard('O2');
/** Linear work on these sizes takes a second or two on a slow machine; quadratic work, many minutes. */
const GENEROUS_MS = 60_000;

function oneFunction(fill: (b: FunctionBuilder, n: Value, base: Value) => void): Module {
  const m = new ModuleBuilder('hostile', { memory: { initialPages: 2 } });
  const b = new FunctionBuilder('f', { params: ['i32', 'ptr'], results: ['i32'] });
  fill(b, b.params[0], b.params[1]);
  m.addFunction(b.finish(), 'f');
  return m.build();
}

function shape(name: string, make: () => Module): void {
  test(name, () => {
    const m = make(), started = performance.now();
    const out = O2.run(m).module;
    assert.ok(performance.now() - started < GENEROUS_MS, `${Math.round(performance.now() - started)} ms`);
    assert.equal(verifyModule(out).map((e) => e.message), []);
  });
}

shape('a nest of 20,000 loops', () => oneFunction((b, n) => {
  const DEPTH = 20_000, heads: number[] = [], ends: number[] = [];
  for (let k = 0; k < DEPTH; k++) {
    const head = b.createBlock(), body = b.createBlock(), done = b.createBlock();
    const i = b.addBlockParam(head, 'i32');
    b.jump(head, [n]);
    b.switchTo(head);
    b.br(b.compare('ne', i, n), body, done);
    b.switchTo(body);
    heads.push(head);
    ends.push(done);
  }
  for (let k = DEPTH - 1; k >= 0; k--) {
    b.jump(heads[k], [b.binary('add', n, n)]);
    b.switchTo(ends[k]);
  }
  b.ret([n]);
}));

shape('a switch of 50,000 cases that constants lead into from 50,000 blocks', () => oneFunction((b, n) => {
  const CASES = 50_000, hub = b.createBlock(), end = b.createBlock();
  const selector = b.addBlockParam(hub, 'i32'), result = b.addBlockParam(end, 'i32');
  const first = Array.from({ length: CASES }, () => b.createBlock());
  b.switch(n, first.map((block, value) => ({ value, block })), end, [n]);
  const leaves = Array.from({ length: CASES }, () => b.createBlock());
  first.forEach((block, k) => {
    b.switchTo(block);
    b.jump(hub, [b.const('i32', CASES - k)]);
  });
  b.switchTo(hub);
  b.switch(selector, leaves.map((block, value) => ({ value, block })), end, [selector]);
  leaves.forEach((block, k) => {
    b.switchTo(block);
    b.jump(end, [b.const('i32', k)]);
  });
  b.switchTo(end);
  b.ret([result]);
}));

shape('100,000 parameters of an empty block, and of a join', () => oneFunction((b, n) => {
  const WIDE = 100_000, yes = b.createBlock(), no = b.createBlock(), empty = b.createBlock(), join = b.createBlock();
  const passed = Array.from({ length: WIDE }, () => b.addBlockParam(empty, 'i32'));
  const joined = Array.from({ length: WIDE }, () => b.addBlockParam(join, 'i32'));
  b.br(b.compare('eq', n, b.const('i32', 3)), yes, no);
  b.switchTo(yes);
  const one = b.binary('add', n, n);
  b.jump(empty, passed.map((_, k) => (k % 2 === 0 ? n : one)));
  b.switchTo(no);
  const two = b.binary('mul', n, n);
  b.jump(empty, passed.map((_, k) => (k % 3 === 0 ? n : two)));
  b.switchTo(empty);
  b.jump(join, passed);
  b.switchTo(join);
  let sum = n;
  for (let k = 0; k < WIDE; k += 10) sum = b.binary('xor', sum, joined[k]);
  b.ret([sum]);
}));

shape('a ladder of 30,000 diamonds', () => oneFunction((b, n, base) => {
  let x = n;
  for (let k = 0; k < 30_000; k++) {
    const yes = b.createBlock(), no = b.createBlock(), join = b.createBlock(), merged = b.addBlockParam(join, 'i32');
    b.br(b.compare('ult', x, n), yes, no);
    b.switchTo(yes);
    b.jump(join, [b.load('i32', { base, offset: k * 4 })]);
    b.switchTo(no);
    b.store({ base, offset: k * 4 }, x);
    b.jump(join, [x]);
    b.switchTo(join);
    x = merged;
  }
  b.ret([x]);
}));

shape('a block of 500,000 instructions', () => oneFunction((b, n) => {
  let x = n, y = n;
  for (let k = 0; k < 250_000; k++) {
    x = b.binary('add', x, y);
    y = b.binary(k % 3 === 0 ? 'sub' : 'xor', y, x);
  }
  b.ret([y]);
}));

shape('200,000 loads and stores that may all alias, in a loop', () => oneFunction((b, n, base) => {
  const head = b.createBlock(), body = b.createBlock(), done = b.createBlock();
  const p = b.addBlockParam(head, 'ptr');
  b.jump(head, [base]);
  b.switchTo(head);
  b.br(b.compare('ne', n, b.load('i32', { base: p })), body, done);
  b.switchTo(body);
  let q = p;
  for (let k = 0; k < 100_000; k++) {
    q = b.lea({ base: q, index: n, scale: 4, offset: k & 255 });
    b.store({ base: q }, b.load('i32', { base: p, offset: k }));
  }
  b.jump(head, [q]);
  b.switchTo(done);
  b.ret([n]);
}));

shape('20,000 exits of one loop to one block', () => oneFunction((b, n) => {
  const head = b.createBlock(), out = b.createBlock();
  const i = b.addBlockParam(head, 'i32'), result = b.addBlockParam(out, 'i32');
  b.jump(head, [n]);
  b.switchTo(head);
  let x = i;
  for (let k = 0; k < 20_000; k++) {
    const next = b.createBlock();
    x = b.binary('add', x, i);
    b.br(b.compare('slt', x, n), next, out, [], [x]);
    b.switchTo(next);
  }
  b.jump(head, [x]);
  b.switchTo(out);
  b.ret([result]);
}));

/** Functions `f0` .. that each call the next one `sites` times. */
function chain(count: number, sites: number): Module {
  const m = new ModuleBuilder('chain');
  for (let k = 0; k < count; k++) {
    const b = new FunctionBuilder(`f${k}`, { params: ['i32'], results: ['i32'] });
    let x = b.binary('add', b.params[0], b.const('i32', k));
    if (k + 1 < count) for (let c = 0; c < sites; c++) x = b.call(`f${k + 1}`, [x], ['i32'])[0];
    b.ret([x]);
    m.addFunction(b.finish(), k === 0 ? 'f' : undefined);
  }
  return m.build();
}
shape('a chain of 40,000 calls', () => chain(40_000, 1));
shape('a chain of 20,000 functions that each call the next twice', () => chain(20_000, 2));

shape('60,000 tiny functions', () => {
  const m = new ModuleBuilder('tiny');
  for (let k = 0; k < 60_000; k++) {
    const b = new FunctionBuilder(`f${k}`, { params: ['i32'], results: ['i32'] });
    b.ret([b.binary('add', b.params[0], b.params[0])]);
    m.addFunction(b.finish(), `f${k}`);
  }
  return m.build();
});

shape('100,000 calls of one function from one block', () => {
  const m = new ModuleBuilder('calls');
  const g = new FunctionBuilder('g', { params: ['i32'], results: ['i32'] });
  g.ret([g.binary('mul', g.params[0], g.params[0])]);
  m.addFunction(g.finish());
  const b = new FunctionBuilder('f', { params: ['i32'], results: ['i32'] });
  let x = b.params[0];
  for (let k = 0; k < 100_000; k++) x = b.call('g', [x], ['i32'])[0];
  b.ret([x]);
  m.addFunction(b.finish(), 'f');
  return m.build();
});

shape('20,000 jumps to an empty block that passes 20,000 arguments on', () => oneFunction((b, n, base) => {
  const WIDE = 20_000, hub = b.createBlock(), join = b.createBlock(), joined = Array.from({ length: WIDE }, () => b.addBlockParam(join, 'i32'));
  const from = Array.from({ length: WIDE }, () => b.createBlock());
  const other = b.load('i32', { base });
  b.switch(n, from.map((block, value) => ({ value, block })), from[0]);
  for (const block of from) {
    b.switchTo(block);
    b.store({ base }, b.const('i32', block));
    b.jump(hub);
  }
  b.switchTo(hub);
  b.jump(join, joined.map((_, k) => (k % 2 === 0 ? n : other)));
  b.switchTo(join);
  b.ret([joined.reduce((x, y) => b.binary('xor', x, y))]);
}));

shape('20,000 edges into a block that reads 2,000 stack slots', () => oneFunction((b, n) => {
  const join = b.createBlock(), slots = Array.from({ length: 2000 }, () => b.slotAddr(b.addSlot(4)));
  for (const base of slots) b.store({ base }, n);
  b.switch(n, Array.from({ length: 20_000 }, (_, value) => ({ value, block: join })), join);
  b.switchTo(join);
  b.ret([slots.reduce((x, base) => b.binary('xor', x, b.load('i32', { base })), n)]);
}));

shape('900 calls of a function of 50,000 constants', () => {
  const m = new ModuleBuilder('constants'), g = new FunctionBuilder('g', { params: ['i32'], results: ['i32'] });
  for (let k = 0; k < 50_000; k++) g.const('i32', k);
  g.ret(g.params);
  m.addFunction(g.finish());
  const b = new FunctionBuilder('f', { params: ['i32'], results: ['i32'] });
  let x = b.params[0];
  for (let k = 0; k < 900; k++) x = b.call('g', [x], ['i32'])[0];
  b.ret([x]);
  return m.addFunction(b.finish(), 'f').build();
});

shape('20,000 self-calls in tail position beside 20,000 others', () => oneFunction((b, n, base) => {
  const COUNT = 20_000, end = b.createBlock(), blocks = Array.from({ length: 2 * COUNT }, () => b.createBlock());
  b.switch(n, blocks.map((block, value) => ({ value, block })), end);
  blocks.forEach((block, k) => {
    b.switchTo(block);
    const results = b.call('f', [n, base], ['i32']);
    if (k < COUNT) b.ret(results); else b.jump(end);
  });
  b.switchTo(end);
  b.ret([n]);
}));

shape('a nest of 50,000 branches around 50,000 constants', () => oneFunction((b, n) => {
  const join = b.createBlock(), conditions = Array.from({ length: 50_000 }, (_, k) => b.compare('ne', n, b.const('i32', k)));
  for (const condition of conditions) {
    const inner = b.createBlock();
    b.br(condition, inner, join);
    b.switchTo(inner);
  }
  for (let k = 0; k < 50_000; k++) b.const('i32', k);
  b.jump(join);
  b.switchTo(join);
  b.ret([n]);
}));

test.run();
