/** The threads of the tier `wasm`: ended, replaced, counted, and given up with all that they held. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { execFileSync } from 'node:child_process';
import { MessagePort } from 'node:worker_threads';
import { readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { fn, i32, i64, module, sandboxTarget, u8, unit } from '../../lib/index.ts';
import { Sandbox, type Outcome, type SandboxConfig } from '../../lib/sandbox/index.ts';
import type { JobEnd } from '../../lib/sandbox/job.ts';
import { collect } from '../../lib/sandbox/collect.ts';
import { NodeGuestThreads } from '../../lib/sandbox/node-guest-threads.ts';
import { WasmPool } from '../../lib/sandbox/wasm-pool.ts';
import type { WasmImage } from '../../lib/sandbox/wasm-protocol.ts';
import { wasmThreads } from '../../lib/sandbox/wasm-tier.ts';

const test = suite('threads of the wasm tier');
const PAGE = 65536, MIB = 1 << 20;

const forever = fn('forever', [], unit, (b) => b.loop(() => {}));
const answer = fn('answer', [], i64, (b) => b.ret(42n));
const spin = fn('spin', [i32], i32, (b, n) => {
  const x = b.var(i32, 0);
  b.for([0, n], (i) => x.update((v) => v.xor(i).mul(3)));
  b.ret(x.get());
});
const plain = module('plain').export({ forever, answer, spin }).build();

const sandboxWith = (config: Partial<SandboxConfig> = {}): Sandbox => new Sandbox(sandboxTarget(), { isolation: 'wasm', ...config });
const wait = (ms: number): Promise<void> => new Promise((r) => { setTimeout(r, ms); });

function ok<T>(o: Outcome<T>): T {
  if (o.status !== 'ok') throw o.error;
  return o.value;
}

test('a killed guest is replaced out of sight: the next run does not wait for a thread to start', async () => {
  await using sandbox = sandboxWith({ workers: 1, maxExecutionTime: 30 });
  await sandbox.warm();
  assert.ok(wasmThreads() > 0);
  await sandbox.run(plain, 'answer', []);
  // A busy machine may keep anything waiting: once in eight is proof that nothing waits by design.
  let timeout = Infinity, next = Infinity;
  for (let k = 0; k < 8 && (timeout > 60 || next > 20); k++) {
    await wait(200); // the spare is up
    const started = performance.now();
    assert.is((await sandbox.run(plain, 'forever', [])).status, 'timeout');
    const answered = performance.now();
    assert.is(ok(await sandbox.run(plain, 'answer', [], { maxExecutionTime: 2_000 })), 42n);
    timeout = Math.min(timeout, answered - started);
    next = Math.min(next, performance.now() - answered);
  }
  assert.ok(timeout < 60, `the timeout took ${timeout} ms`);
  assert.ok(next < 20, `the next run took ${next} ms`);
});

test('a sandbox disposed of while guests run; runs end as they would, new ones are refused', async () => {
  const sandbox = sandboxWith({ maxExecutionTime: 80 });
  const run = sandbox.run(plain, 'forever', []), waiting = sandbox.run(plain, 'answer', []);
  await wait(10);
  await sandbox.dispose();
  assert.is((await run).status, 'timeout');
  assert.is(ok(await waiting), 42n);
  try {
    await sandbox.run(plain, 'answer', []);
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /disposed/);
  }
});

test('a run that ends at its deadline has one end, and the next run is not hit by its kill', async () => {
  await using sandbox = sandboxWith({ workers: 1 });
  const ends = { ok: 0, timeout: 0 };
  const { value } = await sandbox.run(plain, 'spin', [1_000_000]).then((o) => (o.status === 'ok' ? o : assert.unreachable() as never));
  for (let k = 0; k < 80; k++) {
    // About as long as the limit; what is left of one run's alarm rings in the next.
    const o = await sandbox.run(plain, 'spin', [1_000_000], { maxExecutionTime: 0.5 + (k % 12) / 4 });
    assert.ok(o.status === 'ok' || o.status === 'timeout', o.status);
    if (o.status === 'ok') assert.is(o.value, value);
    ends[o.status]++;
    assert.is(ok(await sandbox.run(plain, 'answer', [])), 42n);
  }
  assert.ok(ends.ok > 0, JSON.stringify(ends));
});

test('when the supervisor ends, the runs it watched are crashed, and the next run gets a new one', async () => {
  const script = (name: string): URL => new URL(`../../lib/sandbox/${name}-main.js`, import.meta.url);
  const pool = new WasmPool(new NodeGuestThreads({ supervisor: script('wasm-supervisor'), guest: script('wasm-guest') }), 2), { wasm } = sandboxTarget();
  if (wasm === undefined) throw new Error('no wasm');
  const image: WasmImage = { compiled: wasm.compile(plain), engineModule: undefined, imports: [], locations: plain.locations, surface: undefined };
  let id = 1, over = 0;
  const run = (functionName: string): Promise<JobEnd> => pool.run({
    call: { id: id++, functionName, args: [], timeLimit: 5_000, inputs: [], outputs: [] }, signal: undefined, hostCall: () => [],
    key: 1, image, stackSize: MIB, compiled: () => {}, over: () => { over++; },
  });
  assert.is((await run('answer')).kind, 'done');
  const lost = run('forever');
  await wait(30);
  await pool.close();
  assert.is((await lost).kind, 'crashed');
  const after = await run('answer');
  assert.ok(after.kind === 'done' && after.reply.result.kind === 'ok' && after.reply.result.value === 42n, JSON.stringify(after.kind));
  assert.is(over, 3);
  await pool.close();
  assert.is(pool.size, 0);
});

test('a guest that cannot start, and a thread that dies by itself, are crashes of a run and not of the host', async () => {
  const script = (name: string): URL => new URL(`../../lib/sandbox/${name}.js`, import.meta.url);
  const pool = new WasmPool(new NodeGuestThreads({ supervisor: script('wasm-supervisor-main'), guest: script('there-is-no-such-script') }), 1);
  const image = { compiled: undefined as never, engineModule: undefined, imports: [], locations: [], surface: undefined };
  const end = await pool.run({
    call: { id: 1, functionName: 'f', args: [], timeLimit: 5_000, inputs: [], outputs: [] }, signal: undefined, hostCall: () => [], key: 1, image, stackSize: MIB, compiled: () => {}, over: () => {},
  });
  assert.ok(end.kind === 'crashed' && /there-is-no-such-script/.test(end.message), JSON.stringify(end));
  await pool.close();
});

/** Megabytes resident, after a collection. */
function resident(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage.rss() / MIB;
}
const threads = (): number => (process.platform === 'linux' ? readdirSync('/proc/self/task').length : 0);
const files = (): number => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);

/** Waits until threads that were ended are gone, with what they had open. */
async function settle(most: { readonly threads: number; readonly files: number }): Promise<void> {
  for (let k = 0; k < 200 && (threads() > most.threads || files() > most.files); k++) await wait(20);
}

test('210 timeouts in a row: threads and files as before, memory levels off', async () => {
  await using sandbox = sandboxWith({ workers: 2 });
  const once = async (): Promise<void> => { assert.is((await sandbox.run(plain, 'forever', [], { maxExecutionTime: 1 })).status, 'timeout'); };
  // Two at a time: what takes long is starting threads.
  const rounds = async (count: number): Promise<void> => { for (let k = 0; k < count; k++) await Promise.all([once(), once()]); };
  await rounds(30);
  await wait(200);
  const before = { threads: threads(), files: files(), resident: resident() };
  await rounds(75);
  await wait(200);
  await settle(before);
  assert.ok(threads() <= before.threads, `threads grew from ${before.threads} to ${threads()}`);
  assert.ok(files() <= before.files, `files grew from ${before.files} to ${files()}`);
  assert.ok(wasmThreads() <= 4, `${wasmThreads()} guests`);
  // A thread of Node takes 8 to 10 MiB: a leak of each would be more than a gigabyte.
  assert.ok(resident() - before.resident < 150, `memory grew from ${before.resident} to ${resident()} MiB`);
  assert.is(ok(await sandbox.run(plain, 'answer', [])), 42n);
});

test('a worker holds one large memory at a time: that of a run is given back before the next begins', async () => {
  const fill = fn('fill', [i32], i32, (b, pages) => {
    const before = b.memory.grow(pages);
    b.memory.fill(before.mul(PAGE).toPtr(u8), 1, pages.mul(PAGE));
    b.ret(before);
  });
  const m = module('filler', { memory: { maximumPages: 1000 } }).export({ fill }).build();
  await using sandbox = sandboxWith({ workers: 1 });
  assert.ok(ok(await sandbox.run(m, 'fill', [1])) > 0);
  const before = resident();
  let most = 0;
  for (let k = 0; k < 30; k++) {
    assert.ok(ok(await sandbox.run(m, 'fill', [640])) > 0); // 40 MiB
    most = Math.max(most, process.memoryUsage.rss() / MIB - before);
  }
  // Two would be 80; the rest is what the heaps of the host and the engine may grow by.
  assert.ok(most < 75, `${most} MiB`);
});

test('a process ends while a guest runs for ever, and is not kept alive by idle guests', () => {
  const lib = (name: string): string => JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../lib', name)).href);
  const script = (end: string): string => `
const { fn, module, unit, i64, sandboxTarget } = await import(${lib('index.js')});
const { Sandbox } = await import(${lib('sandbox/index.js')});
const forever = fn('forever', [], unit, (b) => b.loop(() => {}));
const answer = fn('answer', [], i64, (b) => b.ret(42n));
const m = module('m').export({ forever, answer }).build();
const sandbox = new Sandbox(sandboxTarget(), { isolation: 'wasm', maxExecutionTime: null });
console.log((await sandbox.run(m, 'answer', [])).value);
${end}`;
  const run = (end: string): string => execFileSync(process.execPath, ['--input-type=module', '-e', script(end)], { encoding: 'utf8', timeout: 30_000 });
  assert.is(run(''), '42n\n');
  assert.is(run('void sandbox.run(m, \'forever\', []); setTimeout(() => process.exit(0), 50);'), '42n\n');
});

test('a run cancelled while the engine compiles: the engine\'s flags are put back', () => {
  const lib = (name: string): string => JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../lib', name)).href);
  // The quick compiler is asked about a module of its own, in a process that lets us ask.
  const script = `
import { setTimeout as wait } from 'node:timers/promises';
const { fn, module, f64, i64, sandboxTarget } = await import(${lib('index.js')});
const { Sandbox } = await import(${lib('sandbox/index.js')});
const sandbox = new Sandbox(sandboxTarget(), { isolation: 'wasm', workers: 1 });
const answer = fn('answer', [], i64, (b) => b.ret(42n));
await sandbox.run(module('m').export({ answer }).build(), 'answer', []);
// Some milliseconds after the guest was asked: it compiles for a hundred. On a busy machine the signal may come too late.
const post = MessagePort.prototype.postMessage;
let control, status;
MessagePort.prototype.postMessage = function (...args) { if (args[0]?.functionName === 'g') setTimeout(() => control.abort(), 5); return post.apply(this, args); };
for (let n = 0; n < 10 && status !== 'cancelled'; n++) {
  const g = fn('g', [f64], f64, (b, x) => { let y = x; for (let k = 0; k < 2200; k++) y = y.mul(y.add(k + n)).sub(x.div(y)); b.ret(y); });
  control = new AbortController();
  ({ status } = await sandbox.run(module('big').export({ g }).build(), 'g', [1], { signal: control.signal }));
}
// The thread ends when the engine has compiled; no other is started meanwhile that would put the flags back.
let quick = false;
for (let n = 0; n < 60 && !quick; n++) {
  await wait(50);
  const bytes = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 7, 5, 1, 1, 0x66, 0, 0, 10, 6, 1, 4, 0, 0x41, n, 0x0b);
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  f();
  quick = %IsLiftoffFunction(f);
}
console.log(status, quick);`;
  assert.is(execFileSync(process.execPath, ['--allow-natives-syntax', '--input-type=module', '-e', script], { encoding: 'utf8', timeout: 30_000 }), 'cancelled true\n');
});

test('guests forget the programs of a sandbox that was dropped', async () => {
  const forgotten: unknown[] = [], prototype = MessagePort.prototype, post = prototype.postMessage;
  prototype.postMessage = function (this: MessagePort, ...args: Parameters<typeof post>): void {
    const message = args[0] as { readonly type?: string; readonly key?: number } | undefined;
    if (message?.type === 'forget') forgotten.push(message.key);
    post.apply(this, args);
  };
  try {
    await (async () => { assert.is(ok(await sandboxWith().run(plain, 'answer', [])), 42n); })();
    for (let k = 0; k < 100 && forgotten.length === 0; k++) {
      collect();
      await wait(10);
    }
    assert.is(forgotten.length, 1);
  } finally {
    prototype.postMessage = post;
  }
});

test('warming starts threads of the stack that is wanted, whatever others idle', async () => {
  await using sandbox = sandboxWith({ workers: 2 });
  await sandbox.warm();
  const idle = wasmThreads();
  sandbox.setConfig({ stackSize: 9 * MIB });
  await sandbox.warm();
  assert.ok(wasmThreads() <= Math.max(idle, 3), `${wasmThreads()}`);
  const outcomes = await Promise.all([sandbox.run(plain, 'spin', [1_000]), sandbox.run(plain, 'spin', [1_000])]), waited = Math.max(...outcomes.map((o) => o.metrics.queueTime));
  assert.ok(waited < 20, `a run waited ${waited} ms for a thread`);
});

test.run();
