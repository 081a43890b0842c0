/** What is disposed of, taken away or not to be had while somebody still counts on it. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, fn, global, host, hostTarget, i32, i64, module } from '../../lib/index.ts';
import { UsageError } from '../../lib/mir/errors.ts';
import { GuestThread, RuntimeCompiler, nativeBridge, type NativeBridge } from '../../lib/runtime/index.ts';
import { NATIVE } from './native.ts';

const test = suite('lifetimes');

const deep = fn('deep', [i64], i64, (b, n) => b.ret(deep(n.add(1n)).add(1n)));
const answer = fn('answer', [], i64, (b) => b.ret(42n));
const m = module('m').export({ deep, answer }).build();

function refusal(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    assert.instance(error, UsageError);
    return (error as Error).message;
  }
  return 'was accepted';
}

if (NATIVE) {
  const { stubs } = hostTarget();

  test('a second guest thread of a JavaScript thread handles a stack overflow after the first is disposed of', () => {
    const first = new GuestThread({ stubs }), second = new GuestThread({ stubs });
    using compiler = new RuntimeCompiler({ target: hostTarget(), thread: second });
    const native = compiler.compile(m);
    assert.throws(() => native.deep(0n), /stack-overflow/);
    first.dispose();
    assert.throws(() => native.deep(0n), /stack-overflow/);
    compiler.dispose();
    second.dispose();
  });

  test('nothing runs on a guest thread that is disposed of', () => {
    const thread = new GuestThread({ stubs });
    const native = new RuntimeCompiler({ target: hostTarget(), thread }).compile(m);
    assert.is(native.answer(), 42n);
    thread.dispose();
    assert.match(refusal(() => native.answer()), /disposed/);
    assert.match(refusal(() => native.call('answer')), /disposed/);
    assert.match(refusal(() => { thread.resizeStack(1 << 22); }), /disposed/);
  });

  test('a guest stack stays as it is when there is no memory for another', () => {
    const real = nativeBridge();
    let refused = '';
    const bridge = new Proxy(real, {
      get: (target, key) => {
        const f = Reflect.get(target, key) as unknown;
        if (typeof f !== 'function') return f;
        return (...args: unknown[]): unknown => {
          if (key === refused) throw new Error(`no ${refused}`);
          return Reflect.apply(f, target, args);
        };
      },
    }) satisfies NativeBridge;
    const thread = new GuestThread({ stubs, bridge });
    using compiler = new RuntimeCompiler({ target: hostTarget(), thread });
    const native = compiler.compile(m), { stackLow, stackHigh } = thread;
    for (refused of ['mmap', 'mprotect']) {
      assert.throws(() => { thread.resizeStack(1 << 22); }, `no ${refused}`);
      assert.equal([thread.stackLow, thread.stackHigh], [stackLow, stackHigh]);
      assert.is(native.answer(), 42n);
      assert.throws(() => native.deep(0n), /stack-overflow/);
    }
    refused = '';
    thread.resizeStack(1 << 22);
    assert.is(thread.stackSize, 1 << 22);
    assert.throws(() => native.deep(0n), /stack-overflow/);
    compiler.dispose();
    thread.dispose();
  });

  test('memory is not taken from under a run, and nothing runs without it', () => {
    const counter = global('counter', i32, 7), ask = host('ask', [], i32);
    const f = fn('f', [], i32, (b) => {
      const x = ask();
      b.ret(x.add(counter.get()));
    });
    const said: string[] = [];
    const native = compile(module('held').export({ f }).import({ ask }).build(), {
      imports: {
        ask: () => {
          said.push(refusal(() => native.instance.memory?.dispose()), refusal(() => native.instance.memory?.reset()), refusal(() => { native.instance.dispose(); }));
          return 1;
        },
      },
    });
    assert.is(native.f(), 8);
    assert.is(said.length, 3);
    for (const s of said) assert.match(s, /while|during/);
    native.instance.memory?.dispose();
    assert.match(refusal(() => native.f()), /disposed/);
    assert.is(said.length, 3);
    native.instance.dispose();
  });

  test('a thread that a host function started is a thread like any other, also when the run and its guest thread are gone', async () => {
    const start = host('start', [], i64), f = fn('f', [], i64, (b) => b.ret(start()));
    const thread = new GuestThread({ stubs });
    let worker: Worker | undefined;
    const native = new RuntimeCompiler({ target: hostTarget(), thread }).compile(module('starts').export({ f, deep }).import({ start }).build(), {
      imports: {
        start: () => {
          worker = new Worker(new URL('./worker-cases.js', import.meta.url));
          return 1n;
        },
      },
    });
    assert.is(native.f(), 1n);
    const it = worker as Worker;
    await once(it, 'message');
    const many = async (): Promise<unknown> => {
      it.postMessage({ do: 'many', count: 50 });
      return (await once(it, 'message') as unknown[])[0];
    };
    const expected = { 'unreachable': 50, 'integer-divide-by-zero': 50, 'integer-overflow': 50, 'memory-out-of-bounds': 50, 'stack-overflow': 50, 'deadline': 50, 'ok 3': 50 };
    const here = many();
    for (let k = 0; k < 50; k++) assert.throws(() => native.deep(0n), /stack-overflow/);
    assert.equal(await here, expected);
    thread.dispose();
    assert.equal(await many(), expected);
    await it.terminate();
  });

  test('bytes that guest code goes on using cannot be moved to another buffer', () => {
    const counter = global('counter', i32, 7);
    const f = fn('f', [], i32, (b) => {
      counter.update((v) => v.add(1));
      b.ret(counter.get());
    });
    for (const memoryModel of ['linear', 'native'] as const) {
      const native = compile(module('kept', { memoryModel }).export({ f }).build()), bytes = native.instance.global('counter');
      try {
        structuredClone(bytes, { transfer: [bytes.buffer] });
      } catch { /* Newer versions of Node refuse, older ones copy. */ }
      assert.is(bytes.length, 4, memoryModel);
      assert.is(native.f(), 8);
      assert.is(bytes[0], 8);
      native.instance.dispose();
    }
  });

  test('a huge bigint is refused at once', () => {
    const native = compile(m), started = performance.now();
    assert.match(refusal(() => native.deep(2n ** 20_000_000n)), /a huge bigint/);
    assert.ok(performance.now() - started < 2_000);
    native.instance.dispose();
  });
} else test.skip('native code', () => {});

test.run();
