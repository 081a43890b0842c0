/**
 * Attacks on the runtime with code of our own compiler: deadlines at every moment, nesting, addresses and sizes at the
 * edges, and what is left for the next run.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FunctionBuilder, ModuleBuilder, type Import, type MemorySpec, type Module, type Signature } from '../../lib/mir/index.ts';
import { TrapError } from '../../lib/mir/errors.ts';
import { RunInterruptedError } from '../../lib/runtime/run-errors.ts';
import { CTX } from '../../lib/codegen/run-context.ts';
import type { Instance } from '../../lib/runtime/index.ts';
import { guestThread, nativeInstance } from '../support/native-executor.ts';
import { NATIVE } from './native.ts';

const test = suite('attacks on the runtime');

function one(signature: Signature, body: (f: FunctionBuilder, m: ModuleBuilder) => void, memory: Partial<MemorySpec> = {}): Module {
  const m = new ModuleBuilder('attack', { memory: { initialPages: 2, maximumPages: 2, stackSize: 65536, ...memory } });
  const f = new FunctionBuilder('f', signature);
  body(f, m);
  return m.addFunction(f.finish(), 'f').build();
}
const js = (name: string, params: Import['params'], results: Import['results']): Import => ({ name, kind: 'js', capability: 'none', params, results, loc: 0 });

/** `f(n)`: counts n down, so that it ends by itself after about n processor cycles. */
function countDown(before: (f: FunctionBuilder, m: ModuleBuilder) => void = () => {}, memory: Partial<MemorySpec> = {}): Module {
  return one({ params: ['i64'], results: ['i64'] }, (f, m) => {
    before(f, m);
    const loop = f.createBlock(), n = f.addBlockParam(loop, 'i64'), exit = f.createBlock();
    f.jump(loop, [f.params[0]]);
    f.current = loop;
    const less = f.binary('sub', n, f.const('i64', 1n));
    f.br(f.compare('sgt', less, f.const('i64', 0n)), loop, exit, [less]);
    f.current = exit;
    f.ret([less]);
  }, memory);
}

/** How a call ended: its value as text, `deadline`, `cancelled` or a trap code. */
function end(i: Instance, args: readonly unknown[], deadline?: number): string {
  try {
    return String(i.call('f', args, deadline === undefined ? {} : { deadline }));
  } catch (error) {
    if (error instanceof RunInterruptedError) return error.reason;
    if (error instanceof TrapError) return error.trap;
    throw error;
  }
}

if (NATIVE) {
  test('deadlines of 1 ns to 100 µs, mixed with runs that end: none is lost, none hits the next run', () => {
    const i = nativeInstance(countDown());
    let stopped = 0;
    for (let k = 0; k < 40_000; k++) {
      const how = end(i, [2n ** 62n], 1e-6 + (k % 101) / 1000);
      assert.is(how, 'deadline');
      stopped++;
      assert.is(end(i, [10n]), '0');
      // About as long as its deadline: either end is right, and nothing in between.
      if (k % 4 === 0) assert.ok(['0', 'deadline'].includes(end(i, [BigInt(k % 60_000)], 0.01)));
      assert.is(end(i, [10n], 1000), '0');
    }
    assert.is(stopped, 40_000);
    i.dispose();
  });

  test('deadlines during bulk memory, host calls and growth', () => {
    const pages = 4096, bytes = pages * 65536;
    const bulk = nativeInstance(one({ params: ['ptr', 'ptr', 'i32', 'i1'], results: [] }, (f) => {
      const copy = f.createBlock(), fill = f.createBlock();
      f.br(f.params[3], copy, fill);
      f.current = copy;
      f.memoryCopy(f.params[0], f.params[1], f.params[2]);
      f.jump(copy);
      f.current = fill;
      f.memoryFill(f.params[0], f.const('i32', 0), f.params[2]);
      f.jump(fill);
    }, { initialPages: pages, maximumPages: pages }));
    for (let k = 0; k < 200; k++) {
      const [to, from] = [[0, 0], [1, 0], [0, 1], [0, bytes / 2]][k % 4];
      assert.is(end(bulk, [to, from, k % 8 < 4 ? bytes / 2 - 1 : 1 + (k * 37) % 3000, k % 3 !== 0], (k % 20) / 20), 'deadline');
    }
    bulk.reset();
    bulk.dispose();

    const calls = one({ params: ['i64'], results: ['i64'] }, (f, m) => {
      m.addImport(js('host', ['i64'], ['i64']));
      const loop = f.createBlock();
      f.jump(loop);
      f.current = loop;
      f.call('host', [f.params[0]], ['i64']);
      f.memoryGrow(f.const('i32', 1));
      f.jump(loop);
    }, { initialPages: 1, maximumPages: 1, stackSize: 0 });
    let asked = 0;
    const i = nativeInstance(calls, { imports: { host: (n: bigint) => { asked++; return n; } } });
    for (let k = 0; k < 3_000; k++) assert.is(end(i, [1n], (k % 50) / 1000), 'deadline');
    assert.ok(asked > 100);
    // The tick that finds the host is only noted, and counts as soon as the guest is back.
    const late = nativeInstance(calls, { imports: { host: (n: bigint) => { const until = performance.now() + 3; while (performance.now() < until); return n; } } });
    for (let k = 0; k < 20; k++) assert.is(end(late, [1n], 0.5), 'deadline');
    i.dispose();
    late.dispose();
  });

  test('a run nested in a run: what ends it leaves stacks, memory and deadline of the outer one as they were', () => {
    const module = one({ params: ['i32', 'i32'], results: ['i32'] }, (f, m) => {
      m.addImport(js('host', ['i32', 'i32'], ['i32']));
      // A slot of the linear stack, filled before the host call and read after it.
      const slot = f.slotAddr(f.addSlot(1024, 16));
      f.store({ base: slot, offset: 512 }, f.params[0], { volatile: true });
      const [got] = f.call('host', [f.params[0], f.params[1]], ['i32']);
      const kept = f.load('i32', { base: slot, offset: 512 }, { volatile: true });
      f.ret([f.binary('add', f.binary('mul', kept, f.const('i32', 1000)), got)]);
    });
    const spin = nativeInstance(countDown());
    const trap = nativeInstance(one({ params: ['i64'], results: ['i64'] }, (f) => { f.trap('user'); }));
    const ends: string[] = [];
    const i: Instance = nativeInstance(module, {
      imports: {
        host: (n: number, kind: number): number => {
          if (n > 0) return (i.call('f', [n - 1, kind]) as number) % 1000 + 1;
          switch (kind) {
            case 0: ends.push(end(spin, [100n])); break;
            case 1: ends.push(end(trap, [1n])); break;
            case 2: ends.push(end(spin, [2n ** 62n], 0.05)); break;
            default: throw new RangeError('from the innermost host function');
          }
          return 1;
        },
      },
    });
    const thread = guestThread(), pointer = (): number => thread.u32[CTX.linearStackPointer >> 2];
    for (let k = 0; k < 400; k++) {
      ends.length = 0;
      const depth = k % 20, kind = k % 4;
      if (kind < 3) {
        assert.is(i.call('f', [depth, kind], k % 5 === 0 ? { deadline: 10_000 } : {}), depth * 1000 + 1 + depth);
        assert.equal(ends, [['0'], ['user'], ['deadline']][kind]);
      } else assert.throws(() => i.call('f', [depth, kind]), (e: unknown) => e instanceof RangeError);
      // The next run starts at the top again, whatever ended the last one.
      assert.is(end(spin, [5n]), '0');
      assert.is(i.call('f', [0, 0]), 1);
      assert.is(pointer(), i.linearStackTop);
    }
    // The outer deadline ends everything, however deep, although no nested call has one.
    const swallow: Instance = nativeInstance(module, { imports: { host: (n: number, kind: number): number => { if (n > 0) { try { swallow.call('f', [n - 1, kind]); } catch { /* swallowed */ } } else end(spin, [2n ** 62n]); return 0; } } });
    for (let k = 0; k < 20; k++) assert.is(end(swallow, [k, 0], 0.5), 'deadline');
    for (const x of [i, swallow, spin, trap]) x.dispose();
  });

  test('recursion through host functions ends in an error, not in a crash', () => {
    const module = one({ params: ['i32'], results: ['i32'] }, (f, m) => {
      m.addImport(js('host', ['i32'], ['i32']));
      f.ret(f.call('host', [f.params[0]], ['i32']));
    });
    let deepest = 0;
    const i: Instance = nativeInstance(module, { imports: { host: (n: number): number => { deepest = n; return i.call('f', [n + 1]) as number; } } });
    for (let k = 0; k < 3; k++) {
      let error: unknown;
      try { i.call('f', [0]); } catch (e) { error = e; }
      assert.ok(error instanceof Error, 'it ended');
    }
    assert.ok(deepest > 10);
    const add = nativeInstance(countDown());
    assert.is(end(add, [5n]), '0');
    i.dispose();
    add.dispose();
  });

  test('frames of every size meet the guard or the limit', () => {
    for (const values of [4, 100, 5_000, 8_200, 30_000]) {
      const i = nativeInstance(one({ params: ['i32'], results: ['i32'] }, (f) => {
        const kept = Array.from({ length: values }, (_, k) => f.binary('mul', f.params[0], f.const('i32', 2 * k + 3)));
        const again = f.createBlock(), done = f.createBlock();
        f.br(f.compare('eq', f.params[0], f.const('i32', 0)), done, again);
        f.current = done;
        f.ret([f.params[0]]);
        f.current = again;
        const [below] = f.call('f', [f.binary('sub', f.params[0], f.const('i32', 1))], ['i32']);
        let sum = below;
        for (let k = values - 1; k >= 0; k--) sum = f.binary('xor', f.binary('rotl', sum, f.params[0]), kept[k]);
        f.ret([sum]);
      }), { check: false });
      assert.is(end(i, [0]), '0');
      for (let k = 0; k < 5; k++) assert.is(end(i, [1_000_000]), 'stack-overflow', `${values} live values`);
      assert.not.match(end(i, [1]), /overflow/);
      i.dispose();
    }
  });

  test('slots larger than the linear stack, and than any memory, overflow it', () => {
    const frames: readonly (readonly number[])[] = [
      [65552], [2 ** 31 - 1], [2 ** 31 - 1, 2 ** 31 - 1], [2 ** 31 - 8, 2 ** 31 - 8, 32], [2 ** 30, 2 ** 30, 2 ** 30, 2 ** 30, 16], new Array<number>(9).fill(2 ** 31 - 1),
    ];
    for (const sizes of frames) {
      const i = nativeInstance(one({ params: ['i32'], results: ['i32'] }, (f) => {
        for (const s of sizes) f.addSlot(s, 1);
        for (let k = 0; k < sizes.length; k++) f.store({ base: f.slotAddr(k), index: f.params[0] }, f.params[0], { volatile: true });
        f.ret([f.params[0]]);
      }));
      assert.is(end(i, [0]), 'stack-overflow', sizes.join());
      assert.is(guestThread().u32[CTX.linearStackPointer >> 2] <= i.linearStackTop, true);
      i.dispose();
    }
  });

  test('every address at the edges of 4 GiB: the last byte is in, the next is out, nothing wraps', () => {
    const sizes = { i8: 1, i16: 2, i32: 4, i64: 8, f32: 4, f64: 8, v128: 16 } as const, LAST = 2 ** 32;
    for (const type of Object.keys(sizes) as (keyof typeof sizes)[]) {
      for (const store of [false, true]) {
        for (const offset of [0, 1, 15, 2 ** 31 - 1]) {
          const i = nativeInstance(one({ params: ['ptr', 'i32'], results: [] }, (f) => {
            const at = { base: f.params[0], index: f.params[1], scale: 8 as const, offset };
            if (store) f.store(at, f.load(type, { base: f.const('ptr', 64) }), { volatile: true });
            else f.load(type, at, { volatile: true });
            f.ret();
          }, { initialPages: 65536, maximumPages: 65536, stackSize: 0 }));
          const last = LAST - sizes[type] - offset;
          assert.is(end(i, [last, 0]), 'undefined', `${type} at ${last} + ${offset}`);
          if (last + 1 < LAST) assert.is(end(i, [last + 1, 0]), 'memory-out-of-bounds', `${type} at ${last + 1} + ${offset}`);
          // base + index * 8 wraps at 2^32, the offset does not.
          assert.is(end(i, [8, -1]), 'undefined');
          assert.is(end(i, [LAST - 1, 0]), type === 'i8' && offset === 0 ? 'undefined' : 'memory-out-of-bounds');
          assert.is(end(i, [7, -1]), type === 'i8' && offset === 0 ? 'undefined' : 'memory-out-of-bounds');
          i.dispose();
        }
      }
    }
  });

  test('bulk sizes and table indices at the edges', () => {
    const bulk = (copy: boolean): Instance => nativeInstance(one({ params: ['ptr', 'ptr', 'i32'], results: ['i32'] }, (f) => {
      if (copy) f.memoryCopy(f.params[0], f.params[1], f.params[2]);
      else f.memoryFill(f.params[0], f.const('i32', 7), f.params[2]);
      f.ret([f.memorySize()]);
    }, { initialPages: 65536, maximumPages: 65536, stackSize: 0 }));
    for (const copy of [true, false]) {
      const i = bulk(copy), top = 2 ** 32;
      for (const [to, n] of [[top - 1, 1], [top - 1, 0], [0, 0], [top - 100, 100]]) assert.is(end(i, [to, 0, n]), '65536');
      for (const [to, n] of [[top - 1, 2], [top - 1, -1], [2, -1], [top - 100, 101], [2 ** 31, -(2 ** 31) + 1]]) assert.is(end(i, [to, 0, n]), 'memory-out-of-bounds', `${to} ${n}`);
      if (copy) for (const [from, n] of [[top - 1, 2], [2, -1], [top - 100, 101]]) assert.is(end(i, [0, from, n]), 'memory-out-of-bounds');
      i.dispose();
    }
    const table = nativeInstance(one({ params: ['i32'], results: ['i64'] }, (f, m) => {
      const own = new FunctionBuilder('own', { params: ['i32'], results: ['i64'] });
      own.ret([own.convert('zext', own.params[0], 'i64')]);
      // The same parameters in registers, another type.
      const other = new FunctionBuilder('other', { params: ['i32'], results: ['i32'] });
      other.ret([other.params[0]]);
      m.addFunction(own.finish()).addFunction(other.finish());
      m.table.push('own', 'other', null);
      f.ret(f.callIndirect({ params: ['i32'], results: ['i64'] }, f.params[0], [f.params[0]]));
    }));
    assert.is(end(table, [0]), '0');
    assert.is(end(table, [1]), 'indirect-call-type');
    for (const index of [2, 3, 0x0fff_ffff, 0x1000_0000, 0x1000_0001, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, -1]) assert.is(end(table, [index]), 'indirect-call-null', `index ${index}`);
    table.dispose();
  });

  test('250 parameters and results, nested until the stack is full', () => {
    const types = Array.from({ length: 250 }, (_, k) => (['i64', 'f64', 'i32', 'v128', 'i8'] as const)[k % 5]);
    const i = nativeInstance(one({ params: ['i64'], results: ['i64'] }, (f, m) => {
      const g = new FunctionBuilder('g', { params: types, results: types });
      const stop = g.createBlock(), on = g.createBlock();
      g.br(g.compare('eq', g.params[0], g.const('i64', 0n)), stop, on);
      g.current = stop;
      g.ret([...g.params]);
      g.current = on;
      const args = [g.binary('sub', g.params[0], g.const('i64', 1n)), ...g.params.slice(1)];
      const r = g.call('g', args, types);
      g.ret([g.binary('add', r[0], g.const('i64', 1n)), ...r.slice(1)]);
      m.addFunction(g.finish());
      const first = types.map((t, k) => (t === 'i64' ? (k === 0 ? f.params[0] : f.const('i64', BigInt(k))) : t === 'f64' ? f.const('f64', k) : t === 'v128' ? f.const('v128', BigInt(k) << 64n) : f.const(t, k % 100)));
      const got = f.call('g', first, types);
      let sum = got[0];
      types.forEach((t, k) => { if (t === 'i64' && k > 0) sum = f.binary('add', sum, got[k]); });
      f.ret([sum]);
    }), { check: false });
    const expected = types.reduce((s, t, k) => (t === 'i64' && k > 0 ? s + k : s), 0);
    for (const depth of [0, 1, 20]) assert.is(end(i, [BigInt(depth)]), String(expected + depth));
    assert.is(end(i, [1n << 40n]), 'stack-overflow');
    assert.is(end(i, [3n]), String(expected + 3));
    i.dispose();
  });

  test('no mapping of ours is writable and executable', () => {
    const i = nativeInstance(countDown());
    const ours = readFileSync('/proc/self/maps', 'utf8').split('\n').filter((line) => line.includes('memfd:lamella'));
    assert.ok(ours.some((line) => line.includes('r-x')));
    assert.equal(ours.filter((line) => /^\S+ .w.?x/.test(line) || /^\S+ rwx/.test(line)), []);
    i.dispose();
  });
}

test.run();
