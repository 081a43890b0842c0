/** Threads and processes that end with guests on or kept, and what of them is left. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { FunctionBuilder, ModuleBuilder } from '../../lib/mir/index.ts';
import { array, fn, global, hostTarget, module, sandboxTarget, u8, unit } from '../../lib/index.ts';
import { Sandbox } from '../../lib/sandbox/index.ts';
import { WorkerPool } from '../../lib/sandbox/worker-pool.ts';
import { footprint } from '../runtime/hand-code.ts';
import { skipUnlessNative } from '../support/native.ts';

const test = suite('ends');
const LIB = new URL('../../lib/', import.meta.url).href;
const PROGRAM = `
  import { fn, hostTarget, i64, module, unit } from '${LIB}index.js';
  import { Sandbox } from '${LIB}sandbox/index.js';
  const answer = fn('answer', [], i64, (b) => b.ret(42n)), forever = fn('forever', [], unit, (b) => b.loop(() => {}));
  const m = module('plain').export({ answer, forever }).build(), sandbox = new Sandbox(hostTarget(), { isolation: 'worker', maxExecutionTime: null });
`;

if (skipUnlessNative('ends')) {
  test('a process exits although guests without a limit are about to begin', async () => {
    const exits = await Promise.all([0, 3, 8, 20].map((turns) => new Promise((resolve) => {
      // As a flag that is for the main program alone: guest threads do not inherit it.
      const script = `${PROGRAM}
        await sandbox.warm();
        void sandbox.run(m, 'forever', []);
        void sandbox.run(m, 'forever', []);
        for (let k = 0; k < ${turns}; k++) await null;
        process.exit(7);`;
      execFile(process.execPath, ['--input-type=module', '-e', script], { timeout: 30_000, killSignal: 'SIGKILL' }, (error) => { resolve(error?.code); });
    })));
    assert.equal(exits, [7, 7, 7, 7]);
  });

  test('a thread that used a sandbox leaves nothing behind', async () => {
    const timers = (): number => (readFileSync('/proc/self/timers', 'latin1').match(/^ID/gm) ?? []).length;
    const reserved = (): number => Number(/VmSize:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]) / 2 ** 20;
    const code = (): number => readFileSync('/proc/self/maps', 'latin1').split('\n').filter((l) => l.includes('lamella-code')).length;
    const cycle = async (): Promise<void> => {
      await once(new Worker(new URL(`data:text/javascript,${encodeURIComponent(`${PROGRAM} await sandbox.run(m, 'answer', []);`)}`)), 'exit');
    };
    await cycle();
    const before = { timers: timers(), code: code(), reserved: reserved(), ...(await footprint()) };
    for (let k = 0; k < 4; k++) await cycle();
    assert.is(timers(), before.timers);
    assert.is(code(), before.code);
    assert.ok(reserved() < before.reserved + 5, `${before.reserved} -> ${reserved()} GiB of address space`);
    const after = await footprint();
    assert.ok(after.fds <= before.fds);
    // koffi keeps a few mappings for each thread that ever was: there are two a cycle.
    assert.ok(after.maps <= before.maps + 4 * 2 * 5, `${before.maps} -> ${after.maps} maps`);
  });

  test('a thread that cannot be started is an outcome, and the next run starts another', async () => {
    const scripts = [new URL('file:///nowhere/at-all.js'), './relative' as unknown as URL];
    for (const script of scripts) {
      const pool = new WorkerPool(script, hostTarget().stubs, () => {}, 1);
      for (let k = 0; k < 3; k++) {
        let over = 0;
        const end = await pool.run({
          request: { type: 'run', key: 1, image: undefined, memoryPages: 1, stackSize: 65536, id: 1, functionName: 'f', args: [], timeLimit: null, inputs: [], outputs: [] },
          signal: undefined, hostCall: () => [], over: () => { over++; },
        });
        assert.is(end.kind, 'crashed');
        assert.is(over, 1);
      }
      let said: unknown;
      await pool.warm(1).catch((e: unknown) => { said = e; });
      assert.instance(said, Error);
      assert.is(pool.size, 0);
    }
  });

  test('the deadline is for guest code: copying a module to the thread is not its time', async () => {
    const m = new ModuleBuilder('large', { memory: { initialPages: 1700, maximumPages: 1700, stackSize: 0 } });
    m.addGlobal({ name: 'g', size: 96 << 20, align: 1, bytes: new Uint8Array(96 << 20).fill(1), mutable: true });
    const f = new FunctionBuilder('f', { params: [], results: [] });
    f.ret();
    await using sandbox = new Sandbox(hostTarget(), { isolation: 'worker', maxExecutionTime: 5, maxMemory: null, workers: 1 });
    const o = await (sandbox.run as (...a: unknown[]) => Promise<{ status: string }>).call(sandbox, m.addFunction(f.finish(), 'f').build(), 'f', []);
    assert.is(o.status, 'ok');
  });

  test('a sandbox that is dropped gives its code back', async () => {
    const code = (): number => readFileSync('/proc/self/maps', 'latin1').split('\n').filter((l) => l.includes('lamella-code')).length;
    const answer = module('answers').export({ paint: fn('paint', [], unit, () => {}) }).build();
    const use = async (): Promise<void> => { assert.is((await new Sandbox(hostTarget(), { isolation: 'worker', workers: 1 }).run(answer, 'paint', [])).status, 'ok'); };
    const before = code();
    for (let k = 0; k < 5; k++) await use();
    for (let k = 0; k < 20 && code() > before + 2; k++) {
      globalThis.gc?.();
      await new Promise((r) => { setTimeout(r, 10); });
    }
    // The last one may be held by what is still on this stack.
    assert.ok(code() <= before + 2, `${before} -> ${code()} mappings of code`);
  });

  test('programs count with their data, so that it does not pile up', async () => {
    await using sandbox = new Sandbox(hostTarget(), { isolation: 'worker', workers: 1, maxCachedCode: 1 << 20 });
    const run = async (k: number): Promise<void> => {
      const m = new ModuleBuilder('m', { memory: { initialPages: 160, maximumPages: 160, stackSize: 0 } });
      m.addGlobal({ name: 'g', size: 8 << 20, align: 1, bytes: new Uint8Array(8 << 20).fill(k), mutable: true });
      const f = new FunctionBuilder('f', { params: [], results: [] });
      f.ret();
      assert.is((await (sandbox.run as (...a: unknown[]) => Promise<{ status: string }>).call(sandbox, m.addFunction(f.finish(), 'f').build(), 'f', [])).status, 'ok');
    };
    const collected = async (): Promise<number> => {
      for (let k = 0; k < 3; k++) {
        globalThis.gc?.();
        await new Promise((r) => { setTimeout(r, 10); });
      }
      return process.memoryUsage().arrayBuffers;
    };
    await run(1);
    const before = await collected();
    for (let k = 2; k < 12; k++) await run(k);
    const after = await collected();
    assert.ok(after < before + (40 << 20), `${before} -> ${after} bytes`);
  });
}

test('what the runs of a job wrote stays in views that outlive the job', async () => {
  const picture = global('picture', array(u8, 64)), paint = fn('paint', [], unit, () => { picture.at(0).set(5); });
  const m = module('painter').export({ paint }).build();
  for (const isolation of skipUnlessNative('a job of the tier worker') ? ['worker', 'wasm'] as const : ['wasm'] as const) {
    await using sandbox = new Sandbox(sandboxTarget(), { isolation });
    const draw = async (): Promise<Uint8Array> => {
      const job = sandbox.share(m, { workers: 1 });
      assert.is((await job.run('paint', [])).status, 'ok');
      return job.global('picture');
    };
    const view = await draw();
    for (let k = 0; k < 6; k++) {
      await sandbox.run(m, 'paint', []);
      globalThis.gc?.();
      await new Promise((r) => { setTimeout(r, 10); });
    }
    assert.is(view[0], 5);
  }
});

test.run();
