/** Modules made by hand to break out, to break the host, or to get more than was granted. */
import { readdirSync, readlinkSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { array, fn, global, host, hostTarget, i32, i64, module, ptr, sandboxTarget, u8, unit } from '../../lib/index.ts';
import { UsageError } from '../../lib/mir/errors.ts';
import { FunctionBuilder, ModuleBuilder, type Import, type Module } from '../../lib/mir/index.ts';
import { Sandbox, type SandboxConfig } from '../../lib/sandbox/index.ts';
import { skipUnlessNative } from '../support/native.ts';

const test = suite('attacks on the sandbox');

const forever = fn('forever', [], unit, (b) => b.loop(() => {}));
const answer = fn('answer', [], i64, (b) => b.ret(42n));
const plain = module('plain').export({ forever, answer }).build();

async function refusal(f: () => Promise<unknown>): Promise<string> {
  try {
    await f();
  } catch (error) {
    assert.instance(error, UsageError);
    return (error as Error).message;
  }
  return 'was accepted';
}

const native = skipUnlessNative('attacks on the sandbox');

for (const tier of native ? ['worker', 'wasm'] as const : ['wasm'] as const) {
  const sandboxWith = (config: Partial<SandboxConfig> = {}): Sandbox => new Sandbox(sandboxTarget(), { isolation: tier, ...config });

  test(`${tier}: an indirect call with more values than the run context has places is refused`, async () => {
    // The caller stores what exceeds the registers behind the context's overflow area before the callee is checked:
    // 2,000 parameters were 28 KiB of chosen bytes over the host's heap.
    await using sandbox = sandboxWith();
    for (const tail of [false, true]) {
      for (const [params, results] of [[251, 0], [2_000, 0], [100_000, 0], [0, 251], [0, 5_000]]) {
        const signature = { params: new Array<'i64'>(params).fill('i64'), results: new Array<'i64'>(results).fill('i64') };
        const f = new FunctionBuilder('f', { params: ['i32', 'i64'], results: tail ? signature.results : [] });
        const args = signature.params.map(() => f.params[1]);
        if (tail) f.tailCallIndirect(signature, f.params[0], args);
        else {
          f.callIndirect(signature, f.params[0], args);
          f.ret();
        }
        const o = await sandbox.run(new ModuleBuilder('wide').addFunction(f.finish(), 'f').build(), 'f', [0, 0x4141_4141_4141_4141n]);
        assert.ok(o.status === 'compile' && /at most 250 are possible/.test(o.error.message), `${params} parameters, ${results} results: ${o.status}`);
      }
    }
  });

  test(`${tier}: a time limit longer than any timer is a limit, not an instant`, async () => {
    await using sandbox = sandboxWith();
    const f = fn('f', [i32], i32, (b, n) => {
      const x = b.var(i32, 0);
      b.for([0, n], (i) => x.update((v) => v.xor(i).mul(3)));
      b.ret(x.get());
    });
    const m = module('slow').export({ f }).build();
    for (const maxExecutionTime of [2 ** 31, 1e12, Number.MAX_SAFE_INTEGER, Number.MAX_VALUE]) {
      assert.is((await sandbox.run(m, 'f', [10_000_000], { maxExecutionTime })).status, 'ok', `${maxExecutionTime} ms`);
    }
  });

  test(`${tier}: names that every object inherits are names like any other`, async () => {
    await using sandbox = sandboxWith();
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', 'a\0b', '\u{1F600}', '../x']) {
      const helper = fn(name, [i64], i64, (b, x) => b.ret(x.add(1n)));
      const imported = host(`${name}`, [i64], i64);
      const bytes = global(name, array(u8, 8));
      const f = fn('f', [], i64, (b) => {
        bytes.at(1).set(5);
        b.ret(helper(1n));
      });
      const g = fn('g', [], i64, (b) => b.ret(imported(21n)));
      const own = await sandbox.run(module('own').export({ f, helper }).build(), 'f', [], { inputs: { [name]: Uint8Array.of(9) }, outputs: [name] });
      assert.ok(own.status === 'ok' && own.value === 2n, `${name}: ${own.status}`);
      assert.equal(Object.keys(own.outputs), [name]);
      assert.equal([...own.outputs[name].subarray(0, 3)], [9, 5, 0]);
      const m = module('imports').export({ g }).import({ [name]: imported }).build();
      const called = await (sandbox.run as (...a: unknown[]) => Promise<{ status: string; value?: unknown }>).call(sandbox, m, 'g', [], { imports: { [name]: (x: bigint) => x * 2n } });
      assert.ok(called.status === 'ok' && called.value === 42n, `${name}: ${called.status}`);
      // Not handed over: inherited properties of the imports object grant nothing.
      assert.is((await (sandbox.run as (...a: unknown[]) => Promise<{ status: string }>).call(sandbox, m, 'g', [], { imports: {} })).status, 'policy');
    }
  });

  test(`${tier}: a host function that answers wrongly is an error of this run, never an answer to an earlier question`, async () => {
    await using sandbox = sandboxWith({ workers: 1, maxExecutionTime: 500 });
    const secret = host('secret', [], i64), ask = host('ask', [], i64), pair = host('pair', [], [i64, i32]);
    const first = fn('first', [], i64, (b) => b.ret(secret()));
    const second = fn('second', [], i64, (b) => b.ret(ask()));
    const third = fn('third', [], i64, (b) => {
      const [x] = pair();
      b.ret(x);
    });
    const a = module('a').export({ first }).import({ secret }).build(), c = module('c').export({ second }).import({ ask }).build(), d = module('d').export({ third }).import({ pair }).build();
    const run = async (m: unknown, name: string, imports: object): Promise<string> => {
      try {
        const o = await (sandbox.run as (...x: unknown[]) => Promise<{ status: string; value?: unknown }>).call(sandbox, m, name, [], { imports });
        return o.status === 'ok' ? String(o.value) : o.status;
      } catch (error) {
        return (error as Error).constructor.name;
      }
    };
    assert.is(await run(a, 'first', { secret: () => 0x5ec7e7n }), String(0x5ec7e7n));
    for (const nothing of [undefined, [], null, {}, 'text', new Array(300).fill(1n), [1n, 2n], 2n ** 128n]) assert.is(await run(c, 'second', { ask: () => nothing }), 'host');
    // Of a kind that crosses, but not a value of the type: no bits are dropped to make it fit.
    for (const wrong of [2n ** 64n, 2n ** 63n, -(2n ** 63n) - 1n, 5, true]) assert.is(await run(c, 'second', { ask: () => wrong }), 'UsageError');
    assert.is(await run(c, 'second', { ask: () => -(2n ** 63n) }), String(-(2n ** 63n)));
    for (const few of [[1n], [1n, 2, 3], 1n, undefined]) assert.is(await run(d, 'third', { pair: () => few }), 'host');
    let reads = 0;
    const changing = new Proxy([1n, 2], { get: (t, k) => (k === '0' ? (reads++ === 0 ? 1n : 'second') : Reflect.get(t, k) as unknown) });
    assert.is(await run(d, 'third', { pair: () => changing }), '1');
  });

  test(`${tier}: inputs are the bytes at the time of the call, however they are made`, async () => {
    const bytes = global('bytes', array(u8, 8)), behind = global('behind', array(u8, 8));
    const f = fn('f', [], i64, (b) => {
      behind.at(0).set(behind.at(0).get().add(bytes.at(0).get()));
      b.ret(0n);
    });
    const m = module('inputs').export({ f }).build();
    await using sandbox = sandboxWith();
    const detached = new Uint8Array(4);
    structuredClone(detached, { transfer: [detached.buffer] });
    assert.match(await refusal(() => sandbox.run(m, 'f', [], { inputs: { bytes: detached } })), /not bytes/);
    const lying = new Uint8Array(16).fill(7);
    Object.defineProperty(lying, 'length', { value: 1 });
    assert.match(await refusal(() => sandbox.run(m, 'f', [], { inputs: { bytes: lying } })), /16 bytes, the global 8/);
    const changed = Uint8Array.of(1), run = sandbox.run(m, 'f', [], { inputs: { bytes: changed }, outputs: ['behind'] });
    changed[0] = 200;
    structuredClone(changed, { transfer: [changed.buffer] });
    const o = await run;
    assert.ok(o.status === 'ok' && o.outputs['behind'][0] === 1);
  });

  test(`${tier}: runs aborted at any moment end at once and leave the worker free`, async () => {
    await using sandbox = sandboxWith({ maxExecutionTime: null, workers: 1 });
    await sandbox.run(plain, 'answer', []);
    let late = 0;
    for (let k = 0; k < (tier === 'wasm' ? 40 : 400); k++) {
      const abort = new AbortController(), started = performance.now();
      const run = sandbox.run(plain, 'forever', [], { signal: abort.signal });
      for (let n = k % 4; n > 0; n--) await null;
      if (k % 3 === 1) await new Promise((r) => setImmediate(r));
      const until = performance.now() + (k % 17) * 0.02;
      while (performance.now() < until);
      abort.abort();
      assert.is((await run).status, 'cancelled');
      if (performance.now() - started > 150) late++;
      if (k % 5 === 0) assert.is(await sandbox.runInt64(plain, 'answer', []), 42n);
    }
    assert.ok(late <= 2, `${late} aborts were late`);
  });

  test(`${tier}: shadowing, doubling and exporting imports grants nothing`, async () => {
    await using sandbox = sandboxWith();
    const system = (kind: 'js' | 'libc'): Import => ({ name: 'system', kind, capability: 'none', params: [], results: [], loc: 0 });
    const f = new FunctionBuilder('f', { params: [], results: [] });
    f.tailCall('system', []);
    const m = new ModuleBuilder('m').addImport(system('libc')).addFunction(f.finish(), 'f').build();
    const own = new FunctionBuilder('system', { params: [], results: [] });
    own.ret();
    const statusOf = async (x: Module, imports?: object): Promise<string> => (await (sandbox.run as (...a: unknown[]) => Promise<{ status: string }>).call(sandbox, x, 'f', [], imports === undefined ? {} : { imports })).status;
    assert.is(await statusOf(m), 'policy');
    assert.is(await statusOf(m, { system: () => {} }), 'policy');
    assert.is(await statusOf({ ...m, functions: [...m.functions, own.finish()] }), 'compile');
    assert.is(await statusOf({ ...m, imports: [system('js'), system('libc')] }, { system: () => {} }), 'compile');
    assert.is(await statusOf({ ...m, imports: [system('libc'), system('js')] }, { system: () => {} }), 'compile');
    assert.is(await statusOf({ ...m, table: ['system'] }), 'compile');
    assert.is(await statusOf({ ...m, exports: { f: 'system' } }), 'compile');
    for (const capability of ['none', 'symbol', 'file-io'] as const) assert.is(await statusOf({ ...m, imports: [{ ...system('libc'), capability }] }), 'policy');
  });

  test(`${tier}: a smaller budget holds for code that was compiled under a larger one`, async () => {
    await using sandbox = sandboxWith({ maxMemory: null });
    const grow = fn('grow', [i32], i32, (b, n) => b.ret(b.memory.grow(n)));
    const m = module('grow', { memory: { maximumPages: 65536 } }).export({ grow }).build();
    const large = await sandbox.run(m, 'grow', [1000]);
    assert.ok(large.status === 'ok' && large.value > 0);
    sandbox.setConfig({ maxMemory: 2 * 1024 * 1024 });
    const small = await sandbox.run(m, 'grow', [64]);
    assert.ok(small.status === 'ok' && small.value === -1);
    sandbox.setConfig({ maxMemory: 100_000 });
    assert.is((await sandbox.run(m, 'grow', [1])).status, 'memory');
  });
}

if (native) {
  test('code stays while a worker is inside it, although its caller has been answered', async () => {
    const usleep = host('usleep', [i32], i32, { libc: true });
    const f = fn('f', [], i64, (b) => {
      const x = b.var(i64, 0n);
      b.loop(() => x.update((v) => v.add(usleep(1000).toI64())));
      b.ret(x.get());
    });
    const m = module('dozer').export({ f }).import({ usleep }).build();
    const sandbox = new Sandbox(hostTarget(), { maxExecutionTime: null, grants: ['usleep'] });
    const abort = new AbortController(), run = sandbox.run(m, 'f', [], { signal: abort.signal });
    const cleared = sandbox.clear(); // before any worker knows the module
    setTimeout(() => abort.abort(), 40);
    await cleared;
    assert.is((await run).status, 'cancelled');
    await sandbox.dispose();
    await using after = new Sandbox(hostTarget());
    assert.is(await after.runInt64(plain, 'answer', []), 42n);
  });

  test('files a run left open are closed, and their handles mean nothing to the next run', async () => {
    const path = global.bytes('path', '/proc/self/maps\0'), mode = global.bytes('mode', 'r\0');
    const fopen = host('fopen', [ptr(u8), ptr(u8)], i64, { libc: true, capability: 'file-io' });
    const ftell = host('ftell', [i64], i64, { libc: true, capability: 'file-io' });
    const open = fn('open', [], i64, (b) => b.ret(fopen(path.$ptr, mode.$ptr)));
    const tell = fn('tell', [i64], i64, (b, handle) => b.ret(ftell(handle)));
    const both = fn('both', [], i64, (b) => b.ret(ftell(fopen(path.$ptr, mode.$ptr))));
    const m = module('files').export({ open, tell, both }).import({ fopen, ftell }).build();
    await using sandbox = new Sandbox(hostTarget(), { allowFileIo: true, workers: 1 });
    const first = await sandbox.run(m, 'open', []);
    assert.ok(first.status === 'ok' && first.value > 0n);
    // Only these: threads of the other tier that come up meanwhile open files of their own.
    const opened = (): number => readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).endsWith('/maps');
      } catch {
        return false; // the one of the list itself
      }
    }).length;
    const before = opened();
    for (let k = 0; k < 50; k++) {
      const o = await sandbox.run(m, 'open', []);
      assert.ok(o.status === 'ok' && o.value > 0n);
    }
    assert.is(opened(), before);
    // The host is unharmed, and the caller learns what was wrong.
    for (const handle of [first.value, 1n, 0n, -1n, 2n ** 40n, 0x7fff_0000_0000n]) {
      const o = await sandbox.run(m, 'tell', [handle]);
      assert.ok(o.status === 'host' && /not open/.test(o.error.message), `${handle}: ${o.status}`);
    }
    const within = await sandbox.run(m, 'both', []);
    assert.ok(within.status === 'ok' && within.value === 0n);
  });

  test('descriptors a run left open are closed, whatever opened them and whether or not it looked', async () => {
    await using sandbox = new Sandbox(hostTarget(), { allowFileIo: true, allowNetwork: true, grants: ['pipe', 'dup', 'dup2'], workers: 1 });
    const imports: Record<string, Pick<Import, 'params' | 'results'> & { args: number[] }> = {
      open: { params: ['ptr', 'i32'], results: ['i32'], args: [1024, 0] }, openat: { params: ['i32', 'ptr', 'i64'], results: [], args: [-100, 1024, 0] },
      socket: { params: ['i32', 'i32', 'i32'], results: ['i64'], args: [2, 1, 0] }, dup: { params: ['i32'], results: [], args: [0] }, dup2: { params: ['i32', 'i32'], results: ['i32'], args: [0, 777] },
      pipe: { params: ['ptr'], results: [], args: [1040] }, epoll_create: { params: ['i32'], results: ['i32'], args: [1] },
      fopen: { params: ['ptr', 'ptr'], results: [], args: [1024, 1032] }, opendir: { params: ['ptr'], results: [], args: [1036] },
    };
    const statusOf = async (m: Module): Promise<string> => (await (sandbox.run as (...a: unknown[]) => Promise<{ status: string }>).call(sandbox, m, 'f', [])).status;
    const build = (names: readonly string[], after: (f: FunctionBuilder, results: readonly number[]) => void = () => {}): Module => {
      const m = new ModuleBuilder('opens', { memory: { initialPages: 1, maximumPages: 1, stackSize: 0 } });
      m.addGlobal({ name: 'texts', size: 64, align: 1024, bytes: new TextEncoder().encode('/proc/\0\0r\0\0\0/\0'), mutable: true });
      const f = new FunctionBuilder('f', { params: [], results: [] }), results: number[] = [];
      m.addImport({ name: 'close', kind: 'libc', capability: 'none', params: ['i32'], results: ['i32'], loc: 0 });
      for (const name of names) {
        const { params, results: types, args } = imports[name];
        m.addImport({ name, kind: 'libc', capability: 'none', params, results: types, loc: 0 });
        results.push(...f.call(name, params.map((t, k) => f.const(t, t === 'i64' ? BigInt(args[k]) : args[k])), types));
      }
      after(f, results);
      f.ret();
      return m.addFunction(f.finish(), 'f').build();
    };
    const all = build(Object.keys(imports));
    assert.is(await statusOf(all), 'ok');
    const opened = (): number => readdirSync('/proc/self/fd').length, before = opened();
    for (let k = 0; k < 20; k++) assert.is(await statusOf(all), 'ok');
    assert.ok(opened() < before + 10, `${before} -> ${opened()}`);
    // What the guest closed itself is not closed again: the number may be somebody else's by then.
    const closing = build(['open'], (f, [fd]) => { f.call('close', [fd], ['i32']); });
    assert.is(await statusOf(closing), 'ok');
  });

  test('a length means the same to the check and to the C function, however narrow it is declared', async () => {
    await using sandbox = new Sandbox(hostTarget(), { grants: ['explicit_bzero'], maxMemory: null });
    const wipe = async (type: 'i8' | 'i16' | 'i32' | 'i64', length: number | bigint, at: number): Promise<string> => {
      const m = new ModuleBuilder('wipe', { memory: { initialPages: 2, maximumPages: 2, stackSize: 0 } });
      m.addImport({ name: 'explicit_bzero', kind: 'libc', capability: 'none', params: ['ptr', type], results: [], buffers: [{ pointer: 0, length: 1, access: 'write' }], loc: 0 });
      const f = new FunctionBuilder('f', { params: [], results: [] });
      f.call('explicit_bzero', [f.const('ptr', at), f.const(type, length)], []);
      f.ret();
      const o = await sandbox.run(m.addFunction(f.finish(), 'f').build(), 'f', []);
      return o.status === 'trap' ? o.error.trap : o.status;
    };
    assert.is(await wipe('i8', -1, 0), 'ok'); // 255 bytes, not 2^64 - 1
    assert.is(await wipe('i16', -1, 0), 'ok');
    assert.is(await wipe('i8', -1, 2 * 65536 - 254), 'memory-out-of-bounds');
    assert.is(await wipe('i32', -1, 0), 'memory-out-of-bounds');
    assert.is(await wipe('i64', -1n, 0), 'memory-out-of-bounds');
    assert.is(await wipe('i64', 1n << 32n, 0), 'memory-out-of-bounds');
    assert.is(await wipe('i64', 131072n, 0), 'ok');
    assert.is(await wipe('i64', 1n, 131072), 'memory-out-of-bounds');
  });
}

test.run();
