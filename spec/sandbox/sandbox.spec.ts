import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readdirSync, readFileSync, writeFileSync, openSync, closeSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { array, f32, f64, fn, global, host, hostTarget, i32, i64, module, ptr, sandboxTarget, u8, unit } from '../../lib/index.ts';
import { TrapError, UsageError } from '../../lib/mir/errors.ts';
import type { Module, TrapCode } from '../../lib/mir/index.ts';
import { FunctionBuilder, ModuleBuilder } from '../../lib/mir/index.ts';
import { configure, Sandbox, type Outcome, type SandboxConfig } from '../../lib/sandbox/index.ts';
import { skipUnlessNative } from '../support/native.ts';
import { projectRoot } from '../support/project-root.ts';

const test = suite('sandbox');
const native = skipUnlessNative('sandbox');

const forever = fn('forever', [], unit, (b) => b.loop(() => {}));
const answer = fn('answer', [], i64, (b) => b.ret(42n));
const divide = fn('divide', [i32, i32], i32, (b, x, y) => b.ret(x.div(y)));
const recurse = fn('recurse', [i64], i64, (b, n) => b.ret(recurse(n.add(1n)).add(1n)));
const wild = fn('wild', [i32], i32, (b, address) => b.ret(address.toPtr(i32).get()));
const unreachable = fn('unreachable', [], unit, (b) => b.unreachable());
const convert = fn('convert', [f64], i32, (b, x) => b.ret(x.toI32()));
const grow = fn('grow', [i32], i32, (b, pages) => b.ret(b.memory.grow(pages)));
const misuse = module('misuse', { memory: { maximumPages: 65536 } }).export({ forever, answer, divide, recurse, wild, unreachable, convert, grow }).build();

function ok<T>(o: Outcome<T>): T {
  if (o.status !== 'ok') throw o.error;
  return o.value;
}
function trapOf(o: Outcome<unknown>): TrapCode | string {
  return o.status === 'trap' ? o.error.trap : o.status;
}

for (const tier of native ? ['worker', 'wasm'] as const : ['wasm'] as const) {
  const sandboxWith = (config: Partial<SandboxConfig> = {}): Sandbox => new Sandbox(sandboxTarget(), { isolation: tier, ...config });

  test(`${tier}: runs with exact types at the boundary`, async () => {
    const mixed = fn('mixed', [i64, f32, i32, f64, u8, i64, i64, i64, i64, i64], f64, (b, a, x, c, y, d, ...rest) => {
      const ints = rest.reduce((sum, r) => sum.add(r), a.add(c.toI64()).add(d.toI64()));
      b.ret(ints.toF64().add(x.toF64()).add(y));
    });
    const two = fn('two', [i64], [i64, f64], (b, n) => b.ret(n.add(1n), n.toF64().div(2)));
    const m = module('types').export({ mixed, two }).build();
    await using sandbox = sandboxWith();
    assert.is(ok(await sandbox.run(m, 'mixed', [1n, 0.5, -3, 0.25, 255, 10n, 20n, 30n, 40n, -50n])), 1 - 3 + 255 + 50 + 0.75);
    assert.equal(ok(await sandbox.run(m, 'two', [2n ** 62n])), [2n ** 62n + 1n, 2 ** 61]);
    assert.is(await sandbox.runInt64(misuse, 'answer', []), 42n);
  });

  test(`${tier}: every way to misbehave has its outcome, and the same worker runs the next job`, async () => {
    await using sandbox = sandboxWith({ maxExecutionTime: 100, workers: 1, maxMemory: null });
    const timeout = await sandbox.run(misuse, 'forever', [], { maxExecutionTime: 20 });
    assert.is(timeout.status, 'timeout');
    assert.is(timeout.metrics.isolation, tier);
    assert.ok(timeout.metrics.wallTime >= 20);
    assert.is(ok(await sandbox.run(misuse, 'answer', [])), 42n);
    assert.is(trapOf(await sandbox.run(misuse, 'recurse', [0n])), 'stack-overflow');
    assert.is(trapOf(await sandbox.run(misuse, 'divide', [1, 0])), 'integer-divide-by-zero');
    assert.is(trapOf(await sandbox.run(misuse, 'divide', [-(2 ** 31), -1])), 'integer-overflow');
    assert.is(trapOf(await sandbox.run(misuse, 'wild', [-4])), 'memory-out-of-bounds');
    assert.is(trapOf(await sandbox.run(misuse, 'wild', [0x7fffffff])), 'memory-out-of-bounds');
    assert.is(trapOf(await sandbox.run(misuse, 'unreachable', [])), 'unreachable');
    assert.is(trapOf(await sandbox.run(misuse, 'convert', [Number.NaN])), 'invalid-conversion');
    assert.is(trapOf(await sandbox.run(misuse, 'convert', [2 ** 31])), 'integer-overflow');
    assert.is(ok(await sandbox.run(misuse, 'divide', [84, 2])), 42);
  });

  test(`${tier}: traps carry the function and the line of this file`, async () => {
    await using sandbox = sandboxWith();
    const o = await sandbox.run(misuse, 'divide', [1, 0]);
    assert.ok(o.status === 'trap' && o.error instanceof TrapError);
    assert.is(o.error.functionName, 'divide');
    assert.match(o.error.location?.file ?? '', /sandbox\.spec\.ts$/);
    assert.is(readFileSync(join(projectRoot(), 'spec/sandbox/sandbox.spec.ts'), 'utf8').split('\n')[(o.error.location?.line ?? 0) - 1].startsWith('const divide'), true);
  });

  test(`${tier}: a stopped deadline is kept while the main thread is blocked`, async () => {
    await using sandbox = sandboxWith({ maxExecutionTime: 30 });
    await sandbox.run(misuse, 'answer', []);
    // A busy machine may keep a thread waiting for once.
    let best = Infinity;
    for (let k = 0; k < 5 && best >= 120; k++) {
      const run = sandbox.run(misuse, 'forever', []);
      await new Promise((r) => setTimeout(r, 5));
      const until = performance.now() + 150;
      while (performance.now() < until);
      const o = await run;
      assert.is(o.status, 'timeout');
      best = Math.min(best, o.metrics.wallTime);
    }
    // Had it needed the event loop, it would have run until the loop was free again.
    assert.ok(best < 120, `ran for ${best} ms`);
  });

  test(`${tier}: an abort signal stops a run, and takes a queued one out`, async () => {
    await using sandbox = sandboxWith({ maxExecutionTime: null, workers: 1 });
    const running = new AbortController(), queued = new AbortController();
    const a = sandbox.run(misuse, 'forever', [], { signal: running.signal });
    const b = sandbox.run(misuse, 'forever', [], { signal: queued.signal });
    await new Promise((r) => setTimeout(r, 30));
    queued.abort('no longer wanted');
    running.abort('enough');
    const [first, second] = [await a, await b];
    assert.ok(first.status === 'cancelled' && first.error.reason === 'enough');
    assert.ok(second.status === 'cancelled' && second.error.reason === 'no longer wanted');
    assert.is(ok(await sandbox.run(misuse, 'answer', [])), 42n);
    const before = new AbortController();
    before.abort();
    assert.is((await sandbox.run(misuse, 'forever', [], { signal: before.signal })).status, 'cancelled');
  });

  test(`${tier}: an abort is never lost, whenever it comes`, async () => {
    await using sandbox = sandboxWith({ maxExecutionTime: null, workers: 1 });
    for (let k = 0; k < (tier === 'wasm' ? 25 : 100); k++) {
      const controller = new AbortController();
      const run = sandbox.run(misuse, 'forever', [], { signal: controller.signal });
      // At once, a few microtasks later, or some tenths of a millisecond later.
      if (k % 3 === 1) for (let n = 0; n < k % 7; n++) await null;
      if (k % 3 === 2) await new Promise((r) => setTimeout(r, (k % 10) / 10));
      controller.abort();
      assert.is((await run).status, 'cancelled');
    }
    assert.is(ok(await sandbox.run(misuse, 'answer', [])), 42n);
  });

  test(`${tier}: linear memory cannot grow past the cap, whatever the module asks`, async () => {
    await using sandbox = sandboxWith({ maxMemory: 8 * 1024 * 1024 });
    assert.is(ok(await sandbox.run(misuse, 'grow', [16])) >= 0, true);
    assert.is(ok(await sandbox.run(misuse, 'grow', [128])), -1);
    assert.is(ok(await sandbox.run(misuse, 'grow', [65535])), -1);
    const hungry = module('hungry', { memory: { initialPages: 256 } }).export({ answer }).build();
    const o = await sandbox.run(hungry, 'answer', []);
    assert.ok(o.status === 'memory' && o.error.estimate.linearMemory === 256 * 65536);
  });

  test(`${tier}: memory is zero again for the next tenant, and inputs and outputs cross by global`, async () => {
    const buffer = global('buffer', array(u8, 64));
    const fill = fn('fill', [], unit, (b) => b.for([0, 64], (i) => buffer.at(i).update((x) => x.add(1))));
    const m = module('tenants').export({ fill }).build();
    await using sandbox = sandboxWith({ workers: 1 });
    const first = await sandbox.run(m, 'fill', [], { inputs: { buffer: Uint8Array.of(9, 8) }, outputs: ['buffer'] });
    assert.ok(first.status === 'ok');
    assert.equal([...first.outputs['buffer'].subarray(0, 4)], [10, 9, 1, 1]);
    const second = await sandbox.run(m, 'fill', [], { outputs: ['buffer'] });
    assert.ok(second.status === 'ok' && second.outputs['buffer'].every((x) => x === 1));
    await rejects(() => sandbox.run(m, 'fill', [], { inputs: { nope: new Uint8Array(1) } }), /no global "nope"/);
    await rejects(() => sandbox.run(m, 'fill', [], { inputs: { buffer: new Uint8Array(65) } }), /65 bytes, the global 64/);
  });

  test(`${tier}: host functions: values, errors, promises, and the deadline while one is on`, async () => {
    const add = host('add', [i32, f64, i64], f64);
    const log = host('log', [i32], unit);
    const f = fn('f', [i32], f64, (b, n) => {
      log(n);
      b.ret(add(n, 0.5, -7n).add(1));
    });
    const m = module('hosts').export({ f }).import({ add, log }).build();
    await using sandbox = sandboxWith({ maxExecutionTime: 200 });
    const logged: number[] = [];
    const good = { add: (a: number, b: number, c: bigint): number => a + b + Number(c), log: (n: number): void => { logged.push(n); } };
    assert.is(ok(await sandbox.run(m, 'f', [5], { imports: good })), 5 + 0.5 - 7 + 1);
    assert.equal(logged, [5]);
    const boom = new Error('boom');
    const failed = await sandbox.run(m, 'f', [5], { imports: { ...good, add: () => { throw boom; } } });
    assert.ok(failed.status === 'host' && failed.error.cause === boom);
    const slow = await sandbox.run(m, 'f', [5], { maxExecutionTime: 40, imports: { ...good, log: () => new Promise<void>((r) => setTimeout(r, 400)) as unknown as void } });
    assert.is(slow.status, 'timeout');
    assert.is(ok(await sandbox.run(m, 'f', [6], { imports: good })), 0.5);
    const refused = await sandbox.run(m, 'f', [5], { imports: { add: good.add } as typeof good });
    assert.ok(refused.status === 'policy' && refused.error.violations[0].symbol === 'log');
  });

  test(`${tier}: hostile modules: proxies, getters, broken shapes`, async () => {
    await using sandbox = sandboxWith();
    // Says `add` to whoever asks first and `system` from then on.
    let reads = 0;
    const real = new ModuleBuilder('liar');
    real.addImport({ name: 'add', kind: 'js', capability: 'none', params: [], results: [] });
    const f = new FunctionBuilder('f', { params: [], results: [] });
    f.call('add', [], []);
    f.ret();
    const honest = real.addFunction(f.finish(), 'f').build();
    const liar = { ...honest, imports: [new Proxy({ ...honest.imports[0] }, { get: (t, k) => (k === 'name' ? (reads++ === 0 ? 'add' : 'system') : Reflect.get(t, k)) })] } as Module;
    assert.is((await sandbox.run(liar, 'f', [], { imports: { add: () => {} } })).status, 'ok');
    assert.is(reads, 1);
    for (const bad of [null, 7, 'module', {}, { functions: [] }, new Proxy({}, { get: () => { throw new Error('mine'); } }), { ...honest, functions: [{ ...honest.functions[0], blocks: new Array(3) }] }]) {
      const o = await sandbox.run(bad as unknown as Module, 'f', []);
      assert.is(o.status, 'compile', `${String(bad === null ? bad : typeof bad)} was ${o.status}`);
    }
    assert.is((await sandbox.run({ ...honest, functions: [{ ...honest.functions[0], results: ['i32'] }] } as Module, 'f', [], { imports: { add: () => {} } })).status, 'compile');
  });

  test(`${tier}: raw addresses are refused`, async () => {
    const poke = fn('poke', [ptr(i32)], unit, (b, p) => p.set(1));
    const m = module('poke', { memoryModel: 'native' }).export({ poke }).build();
    await using sandbox = sandboxWith();
    const o = await sandbox.run(m, 'poke', [4096]);
    assert.ok(o.status === 'compile' && /native memory model/.test(o.error.message));
    assert.throws(() => sandbox.validate(m), /native memory model/);
  });

  test(`${tier}: wrong use is a typed error that says what to do`, async () => {
    await using sandbox = sandboxWith();
    const run = sandbox.run.bind(sandbox) as (...a: unknown[]) => Promise<unknown>;
    await rejects(() => run(misuse, 'nope', []), /exports no function "nope"[\s\S]*forever/);
    await rejects(() => run(misuse, 'divide', [1]), /takes 2 arguments, got 1/);
    await rejects(() => run(misuse, 'divide', [1, 'x']), /argument 1 of divide is a string/);
    await rejects(() => run(misuse, 'divide', [1, 1.5]), /argument 1 of divide is 1.5/);
    await rejects(() => run(misuse, 'divide', [1, 2n]), /argument 1 of divide is 2n/);
    await rejects(() => run(misuse, 'divide', [2 ** 33, 1]), /argument 0 of divide/);
    assert.throws(() => new Sandbox(undefined as never), /needs a target/);
    const gone = sandboxWith();
    await gone.dispose();
    await rejects(() => gone.run(misuse, 'answer', []), /disposed/);
  });

  test(`${tier}: threads can be started ahead of need`, async () => {
    const sandbox = sandboxWith({ workers: 2 });
    await sandbox.warm();
    const o = await sandbox.run(misuse, 'answer', []);
    assert.is(ok(o), 42n);
    assert.is(o.metrics.isolation, tier);
    await sandbox.dispose();
    await rejects(() => sandbox.warm(), /disposed/);
  });

  test(`${tier}: many runs at once share the workers`, async () => {
    await using sandbox = sandboxWith(configure({ workers: 2, isolation: tier }));
    const results = await Promise.all(Array.from({ length: 50 }, (_, k) => sandbox.run(misuse, 'divide', [k * 3, 3])));
    assert.equal(results.map(ok), Array.from({ length: 50 }, (_, k) => k));
    assert.ok(readdirSync('/proc/self/task').length < 60);
  });
}

if (native) {
  test('a granted libc call is really made, with its buffer checked', async () => {
    const write = host('write', [i32, ptr(u8), i64], i64, { libc: true, capability: 'file-io', buffers: [{ pointer: 1, length: 2, access: 'read' }] });
    const text = global.bytes('text', 'hello from the guest\n');
    const f = fn('f', [i32, i64], i64, (b, fd, n) => b.ret(write(fd, text.$ptr, n)));
    const m = module('writer').export({ f }).import({ write }).build();
    const path = join(mkdtempSync(join(tmpdir(), 'lamella-')), 'out');
    writeFileSync(path, '');
    const fd = openSync(path, 'w');
    try {
      await using strict = new Sandbox(hostTarget());
      assert.is((await strict.run(m, 'f', [fd, 21n])).status, 'policy');
      await using sandbox = new Sandbox(hostTarget(), { allowFileIo: true });
      assert.is(ok(await sandbox.run(m, 'f', [fd, 21n])), 21n);
      assert.is(readFileSync(path, 'utf8'), 'hello from the guest\n');
      // A length that reaches past the memory never gets to the C library.
      assert.is.not((await sandbox.run(m, 'f', [fd, 2n ** 40n])).status, 'ok');
      assert.is(readFileSync(path, 'utf8'), 'hello from the guest\n');
    } finally {
      closeSync(fd);
    }
  });

  test('a blocking libc call does not keep the caller past its deadline', async () => {
    const usleep = host('usleep', [i32], i32, { libc: true });
    const f = fn('f', [], i32, (b) => b.ret(usleep(900_000)));
    const m = module('sleeper').export({ f }).import({ usleep }).build();
    await using sandbox = new Sandbox(hostTarget(), { maxExecutionTime: 30, grants: ['usleep'] });
    const started = performance.now();
    const o = await sandbox.run(m, 'f', []);
    assert.is(o.status, 'timeout');
    assert.ok(performance.now() - started < 700, 'the caller waited for the call');
  });

  test('code is given up only when no worker can be inside it', async () => {
    const sandbox = new Sandbox(hostTarget(), { maxExecutionTime: 60 });
    const run = sandbox.run(misuse, 'forever', []);
    await new Promise((r) => setTimeout(r, 20));
    let cleared = false;
    const clear = sandbox.clear().then(() => { cleared = true; });
    await new Promise((r) => setTimeout(r, 5));
    assert.is(cleared, false);
    assert.is((await run).status, 'timeout');
    await clear;
    assert.is(ok(await sandbox.run(misuse, 'answer', [])), 42n);
    await sandbox.dispose();
  });
}

async function rejects(f: () => Promise<unknown>, pattern: RegExp): Promise<void> {
  try {
    await f();
  } catch (e) {
    assert.instance(e, UsageError);
    assert.match((e as Error).message, pattern);
    return;
  }
  assert.unreachable(`expected a rejection like ${pattern}`);
}

test.run();
