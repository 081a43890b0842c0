/** Atomics on typed places: what each operation gives and leaves, which ordering it carries, what is refused. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  array, f32, f32x4, fn, global, i16, i32, i64, i8, module, ptr, struct, u16, u32, u64, u8, unit, type Atomic, type I32, type I32OrNumber, type U32, type U32OrNumber, type ValueType,
} from '../../dsl/index.ts';
import { joinOrderings } from '../../dsl/atomic-place.ts';
import { MEMORY_ORDERINGS, printModule } from '../../lib/mir/index.ts';
import { load } from './run.ts';

const test = suite('dsl atomics');
const WIDTHS = [[i8, 8, true], [u8, 8, false], [i16, 16, true], [u16, 16, false], [i32, 32, true], [u32, 32, false], [i64, 64, true], [u64, 64, false]] as const;
const CHANGES: Readonly<Record<string, (old: bigint, x: bigint) => bigint>> = {
  add: (a, b) => a + b, sub: (a, b) => a - b, and: (a, b) => a & b, or: (a, b) => a | b, xor: (a, b) => a ^ b, exchange: (_, b) => b,
};
type Untyped = { readonly [name: string]: (...args: readonly unknown[]) => unknown };

test('every operation at every width gives the value before and leaves the value after', () => {
  for (const [type, bits, signed] of WIDTHS) {
    const wrap = (x: bigint): bigint => signed ? BigInt.asIntN(bits, x) : BigInt.asUintN(bits, x), js = (x: bigint): number | bigint => bits === 64 ? wrap(x) : Number(wrap(x));
    const t = type as unknown as ValueType;
    const functions = Object.fromEntries(Object.keys(CHANGES).map((name) => [name, fn(name, [ptr(t), t], t, (b, p, x) => {
      const place = p.at(1) as unknown as { readonly atomic: Untyped };
      b.ret(place.atomic[name](x) as never);
    })]));
    const load1 = fn('load1', [ptr(t)], t, (b, p) => b.ret((p.at(1) as unknown as { readonly atomic: Untyped }).atomic['load']() as never));
    const store1 = fn('store1', [ptr(t), t], unit, (b, p, x) => { (p.at(1) as unknown as { readonly atomic: Untyped }).atomic['store'](x); b.ret(); });
    const r = load({ ...functions, load1, store1 });
    for (const [name, f] of Object.entries(CHANGES)) {
      for (const [old, x] of [[5n, 3n], [-1n, 1n], [1n << BigInt(bits - 1), -7n], [0n, 1n]] as const) {
        r.call('store1', 1024, js(old));
        assert.is(r.call(name, 1024, js(x)), js(old), `${type.name} ${name}`);
        assert.is(r.call('load1', 1024), js(f(old, x)), `${type.name} ${name}`);
      }
    }
  }
});

test('fields, elements, globals and slots; an index moves the address', () => {
  const Counter = struct('Counter', { tag: u8, hits: u32, list: array(u64, 4) });
  const shared = global('shared', Counter);
  const f = fn('f', [u32], [u32, u64, i32], (b, i) => {
    const own = b.slot(i32);
    own.set(40);
    own.atomic.add(2, 'relaxed');
    const hits = shared.hits.atomic.add(1, 'acq_rel'), old = shared.list.at(i).atomic.exchange(7n);
    shared.list.at(i).atomic.or(8n);
    b.fence();
    b.ret(hits, old, own.atomic.load('acquire'));
  });
  const r = load({ f });
  assert.equal(r.all('f', 3), [0, 0n, 42]);
  assert.equal(r.all('f', 3), [1, 15n, 42]);
});

test('compare-exchange gives what was there, and whether it wrote', () => {
  const f = fn('f', [ptr(u8), u8, u8], [u8, u8], (b, p, expected, replacement) => {
    const [previous, exchanged] = p.at().atomic.compareExchange(expected, replacement, { success: 'acq_rel', failure: 'acquire' });
    b.ret(previous, exchanged.toU8());
  });
  const r = load({ f });
  assert.equal(r.all('f', 1025, 0, 250), [0, 1]);
  assert.equal(r.all('f', 1025, 0, 1), [250, 0]);
  assert.equal(r.all('f', 1025, 250, 1), [250, 1]);
});

test('orderings arrive in MIR; a compare-exchange has the weakest that covers both outcomes', () => {
  const f = fn('f', [ptr(i32)], unit, (b, p) => {
    const a: Atomic<I32, I32OrNumber> = p.at().atomic;
    a.load('relaxed'); a.load('acquire'); a.load();
    a.store(1, 'relaxed'); a.store(1, 'release'); a.store(1);
    a.add(1, 'relaxed'); a.xor(1, 'acq_rel');
    a.compareExchange(0, 1, { success: 'release', failure: 'acquire' });
    a.compareExchange(0, 1, { success: 'relaxed', failure: 'relaxed' });
    b.fence('acquire'); b.fence();
    b.ret();
  });
  const text = printModule(load({ f }).module), found = [...text.matchAll(/(atomic_\w+|fence)[^\n]*?\b(relaxed|acquire|release|acq_rel|seq_cst)\b/g)].map((m) => `${m[1]} ${m[2]}`);
  assert.equal(found.map((x) => x.split(' ')[1]), ['relaxed', 'acquire', 'seq_cst', 'relaxed', 'release', 'seq_cst', 'relaxed', 'acq_rel', 'acq_rel', 'relaxed', 'acquire', 'seq_cst']);
  assert.is(joinOrderings('release', 'seq_cst'), 'seq_cst');
  assert.is(joinOrderings('acquire', 'relaxed'), 'acquire');
  for (const a of MEMORY_ORDERINGS) assert.is(joinOrderings(a, 'relaxed'), a);
});

test('a misaligned address traps', () => {
  const f = fn('f', [ptr(u32)], u32, (b, p) => b.ret(p.at().atomic.add(1)));
  const r = load({ f });
  assert.is(r.outcome('f', 1026), 'misaligned-atomic');
  assert.is(r.outcome('f', 1028), 0);
});

test('a lock built of a compare-exchange', () => {
  const lock = global('lock', u32), total = global('total', i32);
  const withLock = fn('withLock', [i32], i32, (b, x) => {
    b.loop((loop) => {
      const [, taken] = lock.atomic.compareExchange(0, 1, { success: 'acquire', failure: 'relaxed' });
      b.if(taken, () => loop.break());
    });
    total.update((t) => t.add(x));
    const result = total.get();
    lock.atomic.store(0, 'release');
    b.ret(result);
  });
  const r = load({ withLock });
  assert.is(r.call('withLock', 5), 5);
  assert.is(r.call('withLock', 6), 11);
});

test('what types rule out is refused at run time too, with the remedy', () => {
  const constant = global('constant', u32, 1, { mutable: false });
  const failing = (body: (p: { readonly atomic: Atomic<U32, U32OrNumber> }, q: { readonly atomic: Untyped }, v: { readonly atomic: Untyped }) => void, message: RegExp): void => {
    const f = fn('f', [ptr(u32), ptr(f32), ptr(f32x4)], unit, (b, p, q, v) => { body(p.at(), q.at() as never, v.at() as never); b.ret(); });
    assert.throws(() => module('m').export({ f }).build(), message);
  };
  failing((_, q) => { q.atomic['add'](1); }, /a place of an f32 is not atomic[\s\S]*Only integers of 8 to 64 bits/);
  failing((_p, _q, v) => { v.atomic['load'](); }, /a place of an f32x4 is not atomic/);
  failing((p) => { p.atomic.load('release' as never); }, /an atomic load cannot be ordered "release"[\s\S]*relaxed, acquire, seq_cst/);
  failing((p) => { p.atomic.store(1, 'acquire' as never); }, /an atomic store cannot be ordered "acquire"/);
  failing((p) => { p.atomic.compareExchange(0, 1, { failure: 'release' as never }); }, /compare-exchange that fails cannot be ordered "release"/);
  failing((p) => { p.atomic.add(-1); }, /out of range for u32/);
  failing(() => { constant.atomic.add(1); }, /global 'constant' is constant/);
  const fence = fn('fence', [], unit, (b) => { b.fence('relaxed' as never); b.ret(); });
  assert.throws(() => module('m').export({ fence }).build(), /a fence cannot be ordered "relaxed"/);
  const reads = fn('reads', [], u32, (b) => b.ret(constant.atomic.load()));
  assert.is(load({ reads }).call('reads'), 1);
});

test.run();
