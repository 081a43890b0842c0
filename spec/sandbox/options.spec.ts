/** What a host hands over that is not what it should be: refused before a thread has seen it, never a thread lost. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fn, host, i64, module, sandboxTarget, unit } from '../../lib/index.ts';
import { UsageError } from '../../lib/mir/errors.ts';
import { FunctionBuilder, ModuleBuilder } from '../../lib/mir/index.ts';
import { configure, Sandbox, type Outcome, type SandboxConfig } from '../../lib/sandbox/index.ts';
import { skipUnlessNative } from '../support/native.ts';

const test = suite('options of runs');

const forever = fn('forever', [], unit, (b) => b.loop(() => {}));
const answer = fn('answer', [], i64, (b) => b.ret(42n));
const plain = module('plain').export({ forever, answer }).build();

type AnyRun = (...args: unknown[]) => Promise<Outcome<unknown>>;
async function refusal(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
  } catch (error) {
    assert.instance(error, UsageError);
    return (error as Error).message;
  }
  return 'was accepted';
}

test('a configuration has its own fields and no inherited ones', () => {
  for (const wrong of [{ toString: 1 }, { constructor: 2 }, JSON.parse('{"__proto__": 5}') as object]) assert.throws(() => configure(wrong), /has no field/);
  for (const wrong of [{ grants: [5n] }, { maxMemory: { a: 1n } }, { isolation: Symbol('worker') }, { workers: Object.create(null) as number }]) {
    assert.throws(() => configure(wrong as unknown as Partial<SandboxConfig>), (e: unknown) => e instanceof UsageError);
  }
});

for (const tier of skipUnlessNative('options of runs') ? ['worker', 'wasm'] as const : ['wasm'] as const) {
  const sandboxWith = (config: Partial<SandboxConfig> = {}): Sandbox => new Sandbox(sandboxTarget(), { isolation: tier, ...config });

  test(`${tier}: wrong options are usage errors, and the threads go on`, async () => {
    await using sandbox = sandboxWith({ workers: 1 });
    const run = sandbox.run.bind(sandbox) as AnyRun;
    for (const signal of [5, null, 'abort', {}, { aborted: false }]) assert.match(await refusal(() => run(plain, 'answer', [], { signal })), /not an abort signal/);
    for (const inputs of [null, 5, 'bytes']) assert.match(await refusal(() => run(plain, 'answer', [], { inputs })), /not an object/);
    for (const outputs of [null, 5, {}]) assert.match(await refusal(() => run(plain, 'answer', [], { outputs })), /not a list/);
    for (const outputs of [[Symbol('x')], [{}], [null]]) assert.match(await refusal(() => run(plain, 'answer', [], { outputs })), /no global/);
    for (const name of [5n, Symbol('answer'), null, { toString: () => 'answer' }]) assert.match(await refusal(() => run(plain, name, [])), /exports no function/);
    assert.match(await refusal(() => run(plain, 'answer', new Array(1))), /argument 0 of answer is missing/);
    assert.match(await refusal(() => run(plain, 'answer', new Array(2 ** 31))), /no function has more than/);
    const job = sandbox.share(plain, { workers: 1 });
    assert.match(await refusal(() => (job.run.bind(job) as AnyRun)('answer', [], { signal: 5 })), /not an abort signal/);
    job.dispose();
    assert.is(await sandbox.runInt64(plain, 'answer', []), 42n);
  });

  test(`${tier}: a run that waits for a thread is cancelled when its signal fires`, async () => {
    await using sandbox = sandboxWith({ workers: 1, maxExecutionTime: null });
    await sandbox.warm();
    const first = new AbortController(), second = new AbortController();
    const on = sandbox.run(plain, 'forever', [], { signal: first.signal }), waiting = sandbox.run(plain, 'answer', [], { signal: second.signal });
    setTimeout(() => { second.abort(); }, 10);
    assert.is((await waiting).status, 'cancelled');
    const next = sandbox.run(plain, 'answer', []);
    first.abort();
    assert.is((await on).status, 'cancelled');
    assert.is((await next).status, 'ok');
  });

  test(`${tier}: so is one that waits for its place in a shared memory, and those that are on go on`, async () => {
    await using sandbox = sandboxWith({ workers: 2, maxExecutionTime: null });
    const job = sandbox.share(plain, { workers: 2 }), first = new AbortController(), second = new AbortController();
    const on = job.run('forever', [], { signal: first.signal }), waiting = job.runAll('answer', [[], []], { signal: second.signal });
    setTimeout(() => { second.abort(); }, 10);
    assert.equal((await waiting).map((o) => o.status), ['cancelled', 'cancelled']);
    assert.is(job.running, 1);
    assert.is((await job.run('answer', [])).status, 'ok');
    first.abort();
    assert.is((await on).status, 'cancelled');
    job.dispose();
  });

  test(`${tier}: whatever a host function throws, the outcome is data`, async () => {
    const ask = host('ask', [], i64), f = fn('f', [], i64, (b) => b.ret(ask()));
    const m = module('asks').export({ f }).import({ ask }).build();
    await using sandbox = sandboxWith();
    const hostile = new Proxy(new Error('x'), { get: () => { throw new Error('get'); }, getPrototypeOf: () => { throw new Error('prototype'); } });
    for (const thrown of [Object.create(null), hostile, Symbol('s'), undefined, { toString: () => { throw new Error('text'); } }] as unknown[]) {
      const o = await sandbox.run(m, 'f', [], { imports: { ask: () => { throw thrown; } } });
      assert.ok(o.status === 'host' && o.error.cause === thrown);
    }
    // A module that throws when it is looked at for being frozen.
    const odd = new Proxy({ ...plain }, { isExtensible: () => { throw Object.create(null); } });
    assert.is((await (sandbox.run.bind(sandbox) as AnyRun)(odd, 'answer', [])).status, 'compile');
  });
}

if (skipUnlessNative('one signal for many runs in tier worker')) {
  test('worker: one signal for many runs has one listener, all are stopped, and none is left behind', async () => {
    await using sandbox = new Sandbox(sandboxTarget(), { isolation: 'worker', workers: 1 });
    await using job = sandbox.share(plain);
    const control = new AbortController(), { signal } = control;
    let listening = 0, most = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: unknown[]) => { most = Math.max(most, ++listening); Reflect.apply(addEventListener, signal, args); };
    signal.removeEventListener = (...args: unknown[]) => { listening--; Reflect.apply(removeEventListener, signal, args); };
    for (let k = 0; k < 3; k++) assert.is((await sandbox.run(plain, 'answer', [], { signal })).status, 'ok');
    assert.is(listening, 0);
    const run = sandbox.run.bind(sandbox) as AnyRun, shared = job.run.bind(job) as AnyRun;
    const on = Array.from({ length: 15 }, () => [run(plain, 'forever', [], { signal }), shared('forever', [], { signal })]).flat();
    control.abort('enough');
    for (const o of await Promise.all(on)) assert.ok(o.status === 'cancelled' && o.error.reason === 'enough', o.status);
    assert.is(most, 1);
  });
}

test('a refusal does not spell out a million violations', async () => {
  const m = new ModuleBuilder('m');
  m.addImport({ name: 'system', kind: 'libc', capability: 'none', params: [], results: [], loc: 0 });
  const f = new FunctionBuilder('f', { params: [], results: [] });
  for (let k = 0; k < 10_000; k++) f.call('system', [], []);
  f.ret();
  await using sandbox = new Sandbox(sandboxTarget());
  const o = await (sandbox.run.bind(sandbox) as AnyRun)(m.addFunction(f.finish(), 'f').build(), 'f', []);
  assert.ok(o.status === 'policy' && o.error.violations.length === 10_000 && o.error.message.length < 4_000 && /and 9980 more/.test(o.error.message));
});

test.run();
