/** Calls, traps, deadlines and interrupts of hand-written machine code, on the main thread. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CTX } from '../../lib/codegen/run-context.ts';
import { TrapError, UsageError } from '../../lib/mir/errors.ts';
import type { TrapCode } from '../../lib/mir/types.ts';
import { GuestFaultError, RunInterruptedError } from '../../lib/runtime/run-errors.ts';
import { bench, footprint, type Bench } from './hand-code.ts';
import { NATIVE } from './native.ts';
import { trapOf } from '../support/trap-of.ts';

const runs = suite('runs');
let b: Bench;
runs.before(() => { b = bench(); });
runs.after(() => { b.close(); });

function expectTrap(f: () => unknown, code: TrapCode): TrapError {
  const e = trapOf(f);
  assert.is(e.trap, code);
  return e;
}

if (NATIVE) {
  runs('calls with integers, floats, pointers, several results', () => {
    const i = b.instance();
    assert.is(i.call('add', [40n, 2n]), 42n);
    assert.is(i.call('add', [2n ** 63n - 1n, 1n]), -(2n ** 63n));
    assert.is(i.call('nothing'), undefined);
    assert.equal(i.call('mixed', [-7, 2.5, -(2n ** 63n), 1.1, -128, true, 0xffffffff]), [Math.fround(1.1), 2.5, 1, -128, -(2n ** 63n), -7, 0xffffffff]);
    assert.equal(i.call('nineIntegers', [1n, 2n, 3n, 4n, 5n, 6n, 7n, -8, 9n]), [1n, 2n, 3n, 4n, 5n, 6n, 7n, -8, 9n]);
    assert.is(i.exports['add'](1n, 2n), 3n);
    assert.is(i.exports['add'].name, 'add');
    i.dispose();
  });

  runs('wrong names, counts and values are refused with what, where and what next', () => {
    const i = b.instance();
    const message = (f: () => unknown): string => {
      try { f(); } catch (e) { assert.instance(e, UsageError); return (e as Error).message; }
      throw new Error('was accepted');
    };
    assert.match(message(() => i.call('fob')), /module "hand" has no function "fob"[\s\S]*It exports: add,/);
    assert.match(message(() => i.call('add', [1n])), /add takes 2 arguments, got 1\n  Its type is \(i64, i64\) -> \(i64\)/);
    assert.match(message(() => i.exports['add'](1n)), /takes 2 arguments, got 1/);
    assert.match(message(() => i.exports['add'](1n, 2n, 3n)), /got 3/);
    assert.match(message(() => i.call('add', [1n, 2])), /argument 1 of add is 2, which is not a value of type i64\n  Give a bigint from/);
    assert.match(message(() => i.call('add', [1n, 2n ** 64n])), /not a value of type i64/);
    for (const bad of [1.5, NaN, 2 ** 32, -(2 ** 31) - 1, '1', null, undefined, {}, 1n, Infinity]) assert.match(message(() => i.call('load', [0, bad].slice(1))), /argument 0 of load is .*not a value of type ptr/);
    assert.match(message(() => i.call('sdiv', [1, 2 ** 32])), /type i32\n  Give an integer from -2147483648 to 4294967295/);
    assert.is(i.call('sdiv', [2 ** 32 - 1, 1]), -1);
    assert.match(message(() => i.call('add', [1n, 1n], { deadline: -1 })), /deadline of -1 ms/);
    i.dispose();
    assert.match(message(() => i.call('nothing')), /disposed/);
  });

  runs('every kind of trap, with function, place and address', () => {
    const i = b.instance();
    assert.is(expectTrap(() => i.call('unreachable'), 'unreachable').functionName, 'unreachable');
    assert.is(expectTrap(() => i.call('unreachable'), 'unreachable').location?.line, 1);
    expectTrap(() => i.call('sdiv', [1, 0]), 'integer-divide-by-zero');
    expectTrap(() => i.call('sdiv', [-(2 ** 31), -1]), 'integer-overflow');
    expectTrap(() => i.call('sdiv64', [1n, 0n]), 'integer-divide-by-zero');
    expectTrap(() => i.call('sdiv64', [-(2n ** 63n), -1n]), 'integer-overflow');
    assert.is(i.call('sdiv', [7, -2]), -3);
    assert.is(expectTrap(() => i.call('load', [65536]), 'memory-out-of-bounds').address, 65536);
    assert.is(expectTrap(() => i.call('load', [65533]), 'memory-out-of-bounds').address, 65536);
    assert.is(expectTrap(() => i.call('load', [0xffffffff]), 'memory-out-of-bounds').address, 0xffffffff);
    assert.is(expectTrap(() => i.call('loadFar', [0xffffffff]), 'memory-out-of-bounds').address, 0xffffffff + 0x7fffffff);
    expectTrap(() => i.call('store', [65536, 1]), 'memory-out-of-bounds');
    const deep = expectTrap(() => i.call('recurse'), 'stack-overflow');
    assert.is(deep.functionName, 'recurse');
    assert.is(deep.frames.length, 64);
    assert.ok(deep.frames.every((f) => f.functionName === 'recurse'));
    assert.is(i.call('load', [65532]), 0);
    i.dispose();
  });

  runs('a fault where nothing traps is reported as a defect, and the host lives', () => {
    const i = b.instance();
    try {
      i.call('wild');
      assert.unreachable();
    } catch (e) {
      assert.instance(e, GuestFaultError);
      assert.is((e as GuestFaultError).functionName, 'wild');
      assert.is((e as GuestFaultError).address, 8);
    }
    assert.is(i.call('add', [1n, 1n]), 2n);
    i.dispose();
  });

  runs('an endless loop stops at its deadline', () => {
    const i = b.instance();
    for (const ms of [0, 0.05, 1, 5]) {
      const before = performance.now();
      try {
        i.call('spin', [], { deadline: ms });
        assert.unreachable();
      } catch (e) {
        assert.instance(e, RunInterruptedError);
        assert.is((e as RunInterruptedError).reason, 'deadline');
        assert.is((e as RunInterruptedError).code, 'timeout');
      }
      assert.ok(performance.now() - before >= ms);
    }
    assert.is(i.call('sumTo', [1000n], { deadline: 1000 }), 500500n);
    i.dispose();
  });

  runs('a deadline also breaks bulk memory operations', () => {
    const i = b.instance({}, { initialPages: 1024, maximumPages: 1024 });
    assert.throws(() => i.call('fillForever', [0, 1, 1024 * 65536], { deadline: 20 }), (e: unknown) => e instanceof RunInterruptedError);
    i.dispose();
  });

  runs('a deadline that is not reached leaves no late tick behind', () => {
    const i = b.instance();
    for (let k = 0; k < 20_000; k++) {
      // On a busy machine a thread may well be put off for 0.1 ms.
      try { i.call('add', [1n, 2n], { deadline: 0.1 }); } catch (e) { assert.instance(e, RunInterruptedError); }
      assert.is(i.call('add', [1n, 2n]), 3n);
    }
    const until = performance.now() + 5;
    while (performance.now() < until) i.call('add', [1n, 2n]);
    i.dispose();
  });

  runs('an instance-wide deadline holds for direct calls', () => {
    const i = b.instance({ deadline: 2 });
    assert.throws(() => i.exports['spin'](), (e: unknown) => e instanceof RunInterruptedError);
    i.dispose();
  });

  runs('the processor state survives traps: GS, direction flag, MXCSR, x87', () => {
    const i = b.instance();
    assert.is(i.call('gsbase'), BigInt(b.thread.contextAddress));
    // Flush-to-zero and a rounding mode are set by the guest before it traps.
    expectTrap(() => i.call('roughen'), 'user');
    const tiny = Number.MIN_VALUE;
    assert.is(tiny / 1, tiny, 'denormals are not flushed');
    assert.is(0.1 + 0.2, 0.30000000000000004);
    assert.is(1 / 3, 0.3333333333333333);
    assert.is(b.thread.getAddress(CTX.outerGsBase), 0);
    assert.is(b.thread.u32[CTX.active >> 2], 0);
    i.dispose();
  });

  runs('memory grows up to its maximum, is seen by both sides, and resets to zero and its first size', () => {
    const i = b.instance();
    const { memory } = i;
    assert.ok(memory);
    i.call('store', [65532, 0x01020304]);
    const early = memory.bytes();
    assert.equal([...early.subarray(65532)], [4, 3, 2, 1]);
    assert.is(i.call('grow', [2]), 1);
    assert.is(i.call('grow', [2]), -1);
    assert.is(i.call('grow', [0xffffffff]), -1);
    assert.is(i.call('grow', [0]), 3);
    i.call('store', [3 * 65536 - 4, 7]);
    assert.is(memory.bytes()[3 * 65536 - 4], 7);
    assert.is(early.length, 65536);
    early[0] = 9;
    assert.is(memory.bytes()[0], 9);
    assert.is(memory.grow(1), 3);
    assert.is(i.call('load', [4 * 65536 - 4]), 0);
    i.reset();
    assert.is(memory.size, 65536);
    assert.is(memory.bytes().length, 65536);
    assert.is(i.call('load', [65532]), 0);
    expectTrap(() => i.call('load', [65536]), 'memory-out-of-bounds');
    assert.is(early[0], 0, 'an old view is still readable');
    i.dispose();
    assert.is(early[1], 0);
    assert.throws(() => memory.bytes(), /disposed/);
  });

  runs('bulk copy and fill agree with JavaScript for all lengths and overlaps', () => {
    const i = b.instance();
    const bytes = i.memory?.bytes() ?? new Uint8Array();
    const model = new Uint8Array(8192);
    const lengths = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 95, 96, 97, 200, 767, 768, 769, 1500];
    for (const n of lengths) {
      for (const distance of [-1600, -97, -64, -63, -32, -17, -16, -8, -5, -1, 0, 1, 3, 8, 15, 16, 31, 32, 40, 63, 64, 100, 1600]) {
        for (let k = 0; k < 8192; k++) bytes[k] = model[k] = (k * 31 + n) & 255;
        i.call('copy', [3000 + distance, 3000, n]);
        model.copyWithin(3000 + distance, 3000, 3000 + n);
        assert.is(Buffer.compare(bytes.subarray(0, 8192), model), 0, `copy of ${n} by ${distance}`);
      }
      i.call('fill', [100, 0x1ab, n]);
      model.fill(0xab, 100, 100 + n);
      assert.is(Buffer.compare(bytes.subarray(0, 8192), model), 0, `fill of ${n}`);
    }
    i.dispose();
  });

  runs('the stack can have another size', () => {
    const i = b.instance();
    const before = b.thread.stackSize;
    b.thread.resizeStack(65536);
    expectTrap(() => i.call('recurse'), 'stack-overflow');
    b.thread.resizeStack(before);
    expectTrap(() => i.call('recurse'), 'stack-overflow');
    i.dispose();
  });

  runs('1,000 of each trap and 1,000 timeouts in a row leave maps, descriptors and threads as they were', async () => {
    const i = b.instance();
    const round = (n: number): void => {
      for (let k = 0; k < n; k++) {
        trapOf(() => i.call('unreachable'));
        trapOf(() => i.call('sdiv', [1, 0]));
        trapOf(() => i.call('load', [1 << 30]));
        trapOf(() => i.call('recurse'));
        try { i.call('spin', [], { deadline: 0.01 }); } catch (e) { assert.instance(e, RunInterruptedError); }
      }
    };
    round(10);
    const before = await footprint();
    round(1000);
    const after = await footprint();
    assert.is(after.fds, before.fds);
    assert.is(after.threads, before.threads);
    // V8 maps and unmaps pages of its own heap meanwhile.
    assert.ok(after.maps <= before.maps + 5, `${before.maps} -> ${after.maps} maps`);
    assert.is(i.call('add', [20n, 22n]), 42n);
    i.dispose();
  });

  runs('instances come and go without growth', async () => {
    const make = (n: number): void => { for (let k = 0; k < n; k++) b.instance().dispose(); };
    make(1000); // V8's own heap grows at first
    const before = await footprint();
    make(1000);
    const after = await footprint();
    assert.ok(after.maps <= before.maps + 5, `${before.maps} -> ${after.maps} maps`);
  });
} else runs.skip('native code', () => {});

runs.run();
