/** Several runs at once in one memory: meetings, stacks, growth, ends, cancelling, letting go. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { execFile } from 'node:child_process';
import { array, fn, global, host, i32, i64, module, ptr, sandboxTarget, u8, unit } from '../../lib/index.ts';
import { UsageError } from '../../lib/mir/errors.ts';
import { JobDisposedError, MemoryBudgetError, PolicyError, Sandbox, SharedMemoryUnsupportedError, type Outcome } from '../../lib/sandbox/index.ts';
import { skipUnlessNative } from '../support/native.ts';


function ok<T>(o: Outcome<T>): T {
  if (o.status !== 'ok') throw o.error;
  return o.value;
}
function how(o: Outcome<unknown>): string { return o.status === 'trap' ? o.error.trap : o.status; }
const soon = (ms: number): Promise<void> => new Promise((r) => { setTimeout(r, ms); });

const arrived = global('arrived', i32, 0), flag = global('flag', i32, 0), count = global('count', i64, 7n), picture = global('picture', array(u8, 70_000));

/** Waits until `n` runs are here: only possible when they run at the same time. Gives the order of arrival. */
const meet = fn('meet', [i32], i32, (b, n) => {
  const order = arrived.atomic.add(1);
  b.while(() => arrived.atomic.load('acquire').lt(n), () => {});
  b.ret(order);
});
const forever = fn('forever', [], unit, (b) => b.loop(() => {}));
const untilFlag = fn('untilFlag', [], i32, (b) => {
  b.while(() => flag.atomic.load('acquire').eq(0), () => {});
  b.ret(flag.get());
});
const setFlag = fn('setFlag', [i32], unit, (b, n) => flag.atomic.store(n, 'release'));
const fail = fn('fail', [i32], i32, (b, n) => b.ret(b.const(i32, 1).div(n)));
const bump = fn('bump', [i32], i64, (b, n) => {
  b.for([0, n], () => { count.atomic.add(1n); });
  b.ret(count.atomic.load());
});
const fillPart = fn('fillPart', [i32, i32], unit, (b, part, value) => {
  b.memory.fill(picture.$ptr.add(part.mul(35_000)), value.toU8(), 35_000);
});

/** An activation with a slot that another function is told of, so that it stays in memory. */
const seen = global('seen', i32, 0);
const touch = fn('touch', [ptr(i32), i32], unit, (b, p, n) => {
  p.set(n);
  seen.atomic.store(p.toI32());
});
const depth = fn('depth', [i32], i32, (b, n) => {
  const slot = b.array(i32, 64);
  touch(slot.at(0).$ptr, n);
  b.if(n.eq(0), () => b.ret(slot.at(0).get()));
  const below = depth(n.sub(1));
  b.ret(below.add(slot.at(0).get()));
});
const meetThenDepth = fn('meetThenDepth', [i32, i32], i32, (b, runs, n) => {
  meet(runs);
  b.ret(depth(n));
});
const slotAddress = fn('slotAddress', [], i32, (b) => {
  const slot = b.array(i32, 4);
  touch(slot.at(0).$ptr, 1);
  b.ret(slot.at(0).$ptr.toI32());
});

/** Grows, then says so; the other sees the size, reaches the new pages, and fills them in bulk. */
const growThenTell = fn('growThenTell', [i32], i32, (b, pages) => {
  meet(2);
  const before = b.memory.grow(pages);
  flag.atomic.store(before, 'release');
  b.ret(before);
});
const useWhenTold = fn('useWhenTold', [], i32, (b) => {
  meet(2);
  b.while(() => flag.atomic.load('acquire').eq(0), () => {});
  const start = flag.get().shl(16), size = b.memory.size();
  b.memory.fill(start.toPtr(u8), 7, 65536);
  b.ret(size);
});
const growOften = fn('growOften', [i32], i32, (b, rounds) => {
  meet(2);
  const grown = b.var(i32, 0);
  b.for([0, rounds], () => b.if(b.memory.grow(1).ge(0), () => grown.update((g) => g.add(1))));
  b.ret(grown.get());
});

const ask = host('ask', [i32], i32);
const askHost = fn('askHost', [i32], i32, (b, n) => b.ret(ask(n)));

const m = module('several', { memory: { initialPages: 4, maximumPages: 12, stackSize: 65536 } })
  .export({ meet, forever, untilFlag, setFlag, fail, bump, fillPart, depth, meetThenDepth, slotAddress, growThenTell, useWhenTold, growOften }).build();
const asking = module('asking').import({ ask }).export({ askHost, meet }).build();

for (const isolation of ['worker', 'wasm'] as const) {
  const test = suite(`shared memory, tier ${isolation}`);
  if (isolation === 'worker' && !skipUnlessNative('shared memory in machine code')) continue;
  const native = isolation === 'worker';
  // A thread of the tier `wasm` that is killed is replaced by one that has to start.
  const config = { maxExecutionTime: native ? 3_000 : 10_000, isolation };

  test('runs are on at the same time, and each adds to what all see', async () => {
    await using sandbox = new Sandbox(sandboxTarget(), config);
    using job = sandbox.share(m, { workers: 3 });
    const orders = (await job.runAll('meet', [[3], [3], [3]])).map(ok);
    assert.equal([...orders].sort(), [0, 1, 2]);
    const outcomes = await job.runAll('bump', [[20_000], [20_000], [20_000]]);
    assert.equal(outcomes.map(how), ['ok', 'ok', 'ok']);
    assert.is(new BigInt64Array(job.global('count').slice().buffer)[0], 60_007n);
    assert.ok(outcomes[0].metrics.isolation === isolation && outcomes[0].metrics.codeSize > 0 && outcomes[0].metrics.peakMemory === 4 * 65536);
  });

  test('JavaScript is one of those who share: it sees a run at work and answers it', async () => {
    await using sandbox = new Sandbox(sandboxTarget(), config);
    using job = sandbox.share(m, { workers: 1 });
    const run = job.run('meet', [2]);
    const words = new Int32Array(job.memory.buffer, job.global('arrived').byteOffset, 1);
    while (Atomics.load(words, 0) === 0) await soon(1);
    Atomics.add(words, 0, 1);
    assert.is(ok(await run), 0);
  });

  test('the memory begins as the module says, lives through runs, and is reset', async () => {
    await using sandbox = new Sandbox(sandboxTarget(), config);
    using job = sandbox.share(m);
    assert.is(job.workers, 2);
    assert.is(job.memory.length, 4 * 65536);
    assert.equal([...job.global('count')], [7, 0, 0, 0, 0, 0, 0, 0]);
    job.global('picture').set([1, 2, 3]);
    (await job.runAll('fillPart', [[0, 5], [1, 9]])).forEach(ok);
    const bytes = job.global('picture').slice();
    assert.ok(bytes.subarray(0, 35_000).every((x) => x === 5) && bytes.subarray(35_000).every((x) => x === 9));
    job.reset();
    assert.ok(job.global('picture').every((x) => x === 0));
    assert.equal([...job.global('count')], [7, 0, 0, 0, 0, 0, 0, 0]);
    // Another job of the same module sees nothing of it.
    ok(await job.run('setFlag', [5]));
    using other = sandbox.share(m);
    assert.is(other.global('flag')[0], 0);
  });

  test('each run has its part of the linear stack: as deep as it reaches, and a trap beyond, whatever the other does', async () => {
    await using sandbox = new Sandbox(sandboxTarget(), config);
    using job = sandbox.share(m, { workers: 2, cancelSiblings: false });
    // 64 KiB for two, 256 bytes an activation: 128 activations each.
    const [a, b] = (await job.runAll('meetThenDepth', [[2, 120], [2, 120]])).map(ok);
    assert.is(a, 120 * 121 / 2);
    assert.is(b, 120 * 121 / 2);
    job.reset();
    const [deep, flat] = await job.runAll('meetThenDepth', [[2, 200], [2, 120]]);
    assert.is(how(deep), 'stack-overflow');
    assert.is(ok(flat), 120 * 121 / 2);
    job.reset();
    const [both, too] = await job.runAll('meetThenDepth', [[2, 5_000], [2, 5_000]]);
    assert.equal([how(both), how(too)], ['stack-overflow', 'stack-overflow']);
    assert.is(how(await sandbox.run(m, 'depth', [200])), 'ok');
    // Places far apart, and inside the declared stack.
    const one = ok(await job.run('slotAddress', []));
    using alone = sandbox.share(m, { workers: 1 });
    assert.ok([0, 32_768].includes(ok(await alone.run('slotAddress', [])) - one));
  });

  test('a stack too small to be parted, a memory too small for the stacks, a policy: refused with the reason', async () => {
    await using sandbox = new Sandbox(sandboxTarget(), { ...config, maxMemory: 4 * 1024 * 1024 });
    const small = module('small', { memory: { stackSize: 2048 } }).export({ slotAddress }).build();
    assert.throws(() => sandbox.share(small, { workers: 4 }), (e: unknown) => e instanceof SharedMemoryUnsupportedError && /2048 bytes.*4 workers/s.test(e.message));
    sandbox.share(small, { workers: 2 }).dispose();
    // Machine stacks are memory of ours, those of the engine are not.
    if (native) assert.throws(() => sandbox.share(m, { workers: 8 }), (e: unknown) => e instanceof MemoryBudgetError);
    const libc = host('getpid', [], i32, { libc: true }), pid = fn('pid', [], i32, (b) => b.ret(libc()));
    assert.throws(() => sandbox.share(module('pid').import({ getpid: libc }).export({ pid }).build()), (e: unknown) => e instanceof PolicyError);
    assert.throws(() => sandbox.share(m, { workers: 0 }), (e: unknown) => e instanceof UsageError);
    assert.throws(() => sandbox.share(asking, {} as { imports: { ask: (n: number) => number } }), (e: unknown) => e instanceof PolicyError && /ask/.test(e.message));
  });

  test('growth is whole, and whoever learns of it has it', async () => {
    await using sandbox = new Sandbox(sandboxTarget(), config);
    for (let round = 0; round < 20; round++) {
      using job = sandbox.share(m);
      const [grower, user] = await Promise.all([job.run('growThenTell', [2]), job.run('useWhenTold', [])]);
      assert.is(ok(grower), 4);
      assert.is(ok(user), 6);
      assert.is(job.memory.length, 6 * 65536);
      assert.ok(job.memory.subarray(4 * 65536, 5 * 65536).every((x) => x === 7));
    }
    using job = sandbox.share(m);
    const [a, b] = (await job.runAll('growOften', [[100], [100]])).map(ok);
    assert.is(a + b, 8);
    assert.is(job.memory.length, 12 * 65536);
  });

  test('a run that fails cancels the others, unless asked not to; each has its own end', async () => {
    await using sandbox = new Sandbox(sandboxTarget(), config);
    using job = sandbox.share(m, { workers: 2 });
    const [stopped, failed] = await Promise.all([job.run('forever', []), soon(30).then(() => job.run('fail', [0]))]);
    assert.is(how(failed), 'integer-divide-by-zero');
    assert.ok(stopped.status === 'cancelled' && failed.status === 'trap' && stopped.error.reason === failed.error);
    // The job goes on.
    assert.is(ok(await job.run('fail', [1])), 1);

    using apart = sandbox.share(m, { workers: 3, cancelSiblings: false });
    const started = performance.now();
    const [slow, trapped, fine] = await Promise.all([apart.run('forever', [], { maxExecutionTime: 150 }), apart.run('fail', [0]), apart.run('fail', [1])]);
    assert.equal([how(slow), how(trapped), how(fine)], ['timeout', 'integer-divide-by-zero', 'ok']);
    assert.ok(performance.now() - started < 2_000);
    assert.ok(slow.metrics.wallTime >= 149 && slow.metrics.wallTime < 1_000);
  });

  test('a deadline ends one run at its time while the main thread is blocked', async () => {
    await using sandbox = new Sandbox(sandboxTarget(), config);
    using job = sandbox.share(m, { workers: 2, cancelSiblings: false });
    (await job.runAll('meet', [[2], [2]])).forEach(ok);
    const runs = job.runAll('forever', [[], []], { maxExecutionTime: 40 });
    await soon(5);
    const until = performance.now() + 200;
    while (performance.now() < until);
    for (const o of await runs) assert.ok(o.status === 'timeout' && o.metrics.wallTime < 150, `${how(o)} after ${o.metrics.wallTime} ms`);
  });

  test('a signal stops all of a call and those that wait; wrong arguments reject and end the others', async () => {
    await using sandbox = new Sandbox(sandboxTarget(), { ...config, maxExecutionTime: null });
    using job = sandbox.share(m, { workers: 2 });
    const control = new AbortController();
    const both = job.runAll('forever', [[], []], { signal: control.signal }), waiting = job.run('forever', [], { signal: control.signal });
    await soon(30);
    assert.is(job.running, 2);
    control.abort('enough');
    for (const o of [...await both, await waiting]) assert.ok(o.status === 'cancelled' && o.error.reason === 'enough');
    const endless = job.run('forever', []);
    await soon(20);
    await job.run('fail', ['x'] as unknown as [number]).then(() => assert.unreachable(), (e: unknown) => assert.instance(e, UsageError));
    await job.run('fail', [2.5]).then(() => assert.unreachable(), (e: unknown) => assert.ok(e instanceof UsageError && /2\.5/.test(e.message)));
    assert.is((await endless).status, 'cancelled');
    for (const wrong of [() => job.runAll('fail', [[1], [1], [1]]), () => job.run('nothing' as 'fail', [1]), () => job.runAll('fail', 3 as unknown as [number][])]) {
      await wrong().then(() => assert.unreachable(), (e: unknown) => assert.instance(e, UsageError));
    }
    assert.equal(await job.runAll('fail', []), []);
  });

  test('groups of runs never wait for each other half begun', async () => {
    await using sandbox = new Sandbox(sandboxTarget(), { ...config, workers: 2 });
    using a = sandbox.share(m), b = sandbox.share(m), c = sandbox.share(m);
    const rounds: Promise<readonly Outcome<number>[]>[] = [];
    for (const job of [a, b, c]) for (let k = 1; k <= 5; k++) rounds.push(job.runAll('meet', [[2 * k], [2 * k]]));
    // In each job the second pair meets when four have come, and so on.
    const orders = (await Promise.all(rounds)).map((r) => r.map(ok).sort((x, y) => x - y));
    assert.equal(orders.slice(0, 5), [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]);
    assert.equal(orders.slice(10), orders.slice(0, 5));
  });

  test('host functions are called from every run, and may be slow', async () => {
    await using sandbox = new Sandbox(sandboxTarget(), config);
    let on = 0, most = 0;
    using job = sandbox.share(asking, { workers: 2, imports: { ask: (async (n: number) => {
      most = Math.max(most, ++on);
      await soon(30);
      on--;
      return n * 2;
    }) as unknown as (n: number) => number } });
    assert.equal((await job.runAll('askHost', [[4], [5]])).map(ok), [8, 10]);
    assert.is(most, 2);
  });

  test('disposing ends what is on, and memory and code go when the last thread is out', async () => {
    const sandbox = new Sandbox(sandboxTarget(), { ...config, maxExecutionTime: null });
    const job = sandbox.share(m, { workers: 2 }), view = job.memory;
    view[70_000] = 9;
    const on = job.runAll('forever', [[], []]), waiting = job.run('fail', [1]);
    await soon(30);
    // Giving up the code while it runs frees nothing that is in use.
    const cleared = sandbox.clear();
    {
      await using leaving = job;
      void leaving;
    }
    for (const o of [...await on, await waiting]) assert.ok(o.status === 'cancelled' && o.error.reason instanceof JobDisposedError, how(o));
    await cleared;
    assert.is(view[70_000], 0);
    assert.throws(() => job.memory, (e: unknown) => e instanceof UsageError);
    await job.run('fail', [1]).then(() => assert.unreachable(), (e: unknown) => assert.instance(e, UsageError));
    await sandbox.dispose();
  });

  test('a hundred runs stopped in pairs leave every place and the memory as they should be', async () => {
    await using sandbox = new Sandbox(sandboxTarget(), { ...config, workers: 2 });
    using job = sandbox.share(m, { workers: 2, cancelSiblings: false });
    const times = native ? 50 : 5;
    for (let k = 0; k < times; k++) {
      const outcomes = await job.runAll('forever', [[], []], { maxExecutionTime: 3 });
      assert.equal(outcomes.map(how), ['timeout', 'timeout']);
    }
    ok(await job.run('setFlag', [3]));
    const [a, b] = (await job.runAll('meetThenDepth', [[2, 120], [2, 120]])).map(ok);
    assert.equal([a, b, job.global('flag')[0]], [7260, 7260, 3]);
  });

  if (native) test('text handed to the C library is what was checked, whatever another run makes of it meanwhile', async () => {
    await using sandbox = new Sandbox(sandboxTarget(), { ...config, grants: ['strlen'] });
    const text = global('text', array(u8, 4096)), stop = global('stop', i32), strlen = host('strlen', [ptr(u8)], i64, { libc: true, buffers: [{ pointer: 0, length: 'nul-terminated', access: 'read' }] });
    const measure = fn('measure', [i32], i32, (b, n) => {
      const short = b.var(i32, 0);
      b.for([0, n], () => {
        const length = strlen(text.at(0).$ptr);
        b.if(length.lt(0n).or(length.gt(4095n)), () => b.trap());
        b.if(length.lt(4095n), () => short.update((x) => x.add(1)));
      });
      stop.atomic.store(1);
      b.ret(short.get());
    });
    const flicker = fn('flicker', [], unit, (b) => {
      b.while(() => stop.atomic.load().eq(0), () => {
        text.at(100).atomic.store(0, 'relaxed');
        text.at(100).atomic.store(65, 'relaxed');
      });
      b.ret();
    });
    const lengths = module('lengths').import({ strlen }).export({ measure, flicker }).build();
    using job = sandbox.share(lengths, { workers: 2 });
    job.global('text').fill(65, 0, 4095);
    const [measured] = await Promise.all([job.run('measure', [3_000]), job.run('flicker', [])]);
    assert.ok((ok(measured) as number) >= 0);
  });

  if (native) test('an engine that leaves the guard around memories out is refused', async () => {
    const script = `import { hostTarget, fn, i32, module } from ${JSON.stringify(new URL('../../lib/index.js', import.meta.url).href)};
      import { Sandbox } from ${JSON.stringify(new URL('../../lib/sandbox/index.js', import.meta.url).href)};
      const m = module('m').export({ f: fn('f', [], i32, (b) => b.ret(42)) }).build();
      try { new Sandbox(hostTarget(), { isolation: 'worker' }).share(m); console.log('shared'); } catch (e) { console.log(e.code, e.message.includes('without a guard')); }`;
    const run = (flags: readonly string[]): Promise<string> => new Promise((resolve, reject) => {
      execFile(process.execPath, [...flags, '--input-type=module', '-e', script], (error, stdout) => { if (error === null) resolve(stdout.trim()); else reject(error); });
    });
    assert.is(await run([]), 'shared');
    assert.is(await run(['--disable-wasm-trap-handler']), 'unsupported-machine true');
  });

  if (native) test('memory goes back to the system with its job', async () => {
    await using sandbox = new Sandbox(sandboxTarget(), config);
    let before = 0;
    for (let k = 0; k < 600; k++) {
      using job = sandbox.share(m);
      job.memory.fill(1);
      if (k % 20 === 0) ok(await job.run('fail', [1]));
      if (k === 100) before = process.memoryUsage.rss();
    }
    const more = process.memoryUsage.rss() - before;
    assert.ok(more < 60e6, `500 jobs of 256 KiB left ${more} bytes`);
  });

  test.run();
}
