/** The tier `wasm`: what it stops and what it reports. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { array, fn, global, host, i32, i64, module, ptr, sandboxTarget, u8, unit } from '../../lib/index.ts';
import { UsageError } from '../../lib/mir/errors.ts';
import { FunctionBuilder, ModuleBuilder, type Module } from '../../lib/mir/index.ts';
import { Pipeline } from '../../lib/passes/index.ts';
import { Sandbox, type Outcome, type SandboxConfig } from '../../lib/sandbox/index.ts';
import { skipUnlessNative } from '../support/native.ts';

const test = suite('wasm tier');
const PAGE = 65536, MIB = 1 << 20;

const forever = fn('forever', [], unit, (b) => b.loop(() => {}));
const answer = fn('answer', [], i64, (b) => b.ret(42n));
const read = fn('read', [i32], i32, (b, address) => b.ret(address.toPtr(i32).get()));
const outer = fn('outer', [i32], i32, (b, address) => {
  b.ret(read(address).add(1));
});
const grow = fn('grow', [i32], i32, (b, pages) => b.ret(b.memory.grow(pages)));
const growAll = fn('growAll', [], i32, (b) => {
  b.while(() => b.memory.grow(1).ge(0), () => {});
  b.ret(b.memory.size());
});
const spin = fn('spin', [i32], i32, (b, n) => {
  const x = b.var(i32, 0);
  b.for([0, n], (i) => x.update((v) => v.xor(i).mul(3)));
  b.ret(x.get());
});
const plain = module('plain', { memory: { maximumPages: 65536 } }).export({ forever, answer, read, outer, grow, growAll, spin }).build();

const sandboxWith = (config: Partial<SandboxConfig> = {}): Sandbox => new Sandbox(sandboxTarget(), { isolation: 'wasm', ...config });
const wait = (ms: number): Promise<void> => new Promise((r) => { setTimeout(r, ms); });

function ok<T>(o: Outcome<T>): T {
  if (o.status !== 'ok') throw o.error;
  return o.value;
}
function trapOf(o: Outcome<unknown>): string { return o.status === 'trap' ? o.error.trap : o.status; }

test('which tier runs is the caller\'s choice, and the outcome says it', async () => {
  const native = skipUnlessNative('a run in the tier worker');
  await using sandbox = new Sandbox(sandboxTarget());
  assert.is((await sandbox.run(plain, 'answer', [])).metrics.isolation, native ? 'worker' : 'wasm');
  assert.is((await sandbox.run(plain, 'answer', [], { isolation: 'wasm' })).metrics.isolation, 'wasm');
  sandbox.setConfig({ isolation: 'wasm' });
  assert.is((await sandbox.run(plain, 'answer', [])).metrics.isolation, 'wasm');
  // A target without machine code, as on another machine: `auto` runs it all the same, `worker` cannot.
  const { wasm } = sandboxTarget();
  if (wasm === undefined) throw new Error('no wasm');
  await using portable = new Sandbox({ wasm });
  assert.is((await portable.run(plain, 'answer', [])).metrics.isolation, 'wasm');
  try {
    await portable.run(plain, 'answer', [], { isolation: 'worker' });
    assert.unreachable();
  } catch (error) {
    if (native) assert.instance(error, UsageError);
    assert.match((error as Error).message, native ? /has no native backend/ : /native code cannot/);
  }
  assert.throws(() => sandbox.setConfig({ isolation: 'process' as never }), /isolation is "worker", "wasm" or "auto"/);
  const nothing = await sandbox.run({} as Module, 'f' as never, [] as never);
  assert.is(nothing.metrics.isolation, null);
});

test('metrics: time, processor time, queue, compilation, memory', async () => {
  await using sandbox = sandboxWith();
  const first = await sandbox.run(plain, 'spin', [300_000_000]);
  assert.ok(first.status === 'ok');
  const { metrics } = first;
  assert.ok(metrics.wallTime > 20 && metrics.cpuTime > 0 && metrics.cpuTime <= metrics.wallTime, JSON.stringify(metrics));
  assert.ok(metrics.compileTime > 0 && metrics.queueTime >= 0 && metrics.codeSize > 50);
  assert.is(metrics.peakMemory, plain.memory.initialPages * PAGE);
  const grown = await sandbox.run(plain, 'grow', [10]);
  assert.is(grown.metrics.peakMemory, (plain.memory.initialPages + 10) * PAGE);
  // A host function that takes its time costs the guest no processor time.
  const ask = host('ask', [], i32), f = fn('f', [], i32, (b) => b.ret(ask()));
  const asking = await sandbox.run(module('asking').export({ f }).import({ ask }).build(), 'f', [], { imports: { ask: () => wait(120).then(() => 7) as unknown as number } });
  assert.is(ok(asking), 7);
  assert.ok(asking.metrics.wallTime >= 115 && asking.metrics.cpuTime < 100, JSON.stringify(asking.metrics));
  const late = await sandbox.run(plain, 'forever', [], { maxExecutionTime: 60 });
  assert.ok(late.status === 'timeout' && late.metrics.wallTime >= 60 && late.metrics.cpuTime > 0 && late.metrics.cpuTime <= late.metrics.wallTime, JSON.stringify(late.metrics));
});

test('no address leaves the memory', async () => {
  await using sandbox = sandboxWith();
  const bytes = plain.memory.initialPages * PAGE;
  assert.is(ok(await sandbox.run(plain, 'read', [bytes - 4])), 0);
  for (const address of [bytes - 3, bytes, bytes + PAGE, 0x7fff_fffc, 0x7fff_ffff, -(2 ** 31), -65536, -4, -1]) {
    assert.is(trapOf(await sandbox.run(plain, 'read', [address])), 'memory-out-of-bounds', `${address}`);
  }
});

test('an access that the engine knows to be out of bounds is no other trap, although it gives the place of one', async () => {
  // V8's optimising compiler reports the place of the check before it.
  const f = new FunctionBuilder('f', { params: ['i1'], results: ['i32'] });
  const checked = f.createBlock(), wrong = f.createBlock();
  f.br(f.params[0], wrong, checked);
  f.switchTo(wrong);
  f.trap('user');
  f.switchTo(checked);
  f.ret([f.atomicLoad('i32', { base: f.const('ptr', 0x7fff_0000) }, 'seq_cst')]);
  const m = new ModuleBuilder('far', { memory: { initialPages: 1, maximumPages: 2 } }).addFunction(f.finish(), 'f').build();
  await using sandbox = new Sandbox(sandboxTarget(), { isolation: 'wasm' }, { pipeline: Pipeline.standard('O0') });
  const run = sandbox.run.bind(sandbox) as (...a: unknown[]) => Promise<Outcome<unknown>>;
  assert.is(trapOf(await run(m, 'f', [0])), 'memory-out-of-bounds');
  assert.is(trapOf(await run(m, 'f', [1])), 'user');
});

if (skipUnlessNative('a comparison of traces')) {
  test('a trap has the function, the place and the trace that native code gives', async () => {
    // Without optimisation, which would put the one function into the other.
    await using sandbox = new Sandbox(sandboxTarget(), { isolation: 'wasm' }, { pipeline: Pipeline.standard('O0') });
    const [there, here] = [await sandbox.run(plain, 'outer', [-8], { isolation: 'worker' }), await sandbox.run(plain, 'outer', [-8])];
    assert.ok(there.status === 'trap' && here.status === 'trap');
    assert.is(here.error.trap, there.error.trap);
    assert.is(here.error.functionName, there.error.functionName);
    assert.equal(here.error.location, there.error.location);
    assert.equal(here.error.frames, there.error.frames);
    assert.is(here.error.frames.length, 2);
  });
}

test('memory grows to the cap and no further, and the cap is the configuration\'s', async () => {
  await using sandbox = sandboxWith({ maxMemory: 8 * MIB });
  const pages = ok(await sandbox.run(plain, 'growAll', []));
  assert.ok(pages * PAGE <= 8 * MIB && pages * PAGE > 6 * MIB, `${pages} pages`);
  const all = await sandbox.run(plain, 'growAll', []);
  assert.is(all.metrics.peakMemory, pages * PAGE);
  assert.is(ok(await sandbox.run(plain, 'grow', [pages - plain.memory.initialPages])), plain.memory.initialPages);
  assert.is(ok(await sandbox.run(plain, 'grow', [pages - plain.memory.initialPages + 1])), -1);
  assert.is(ok(await sandbox.run(plain, 'grow', [-1])), -1);
  sandbox.setConfig({ maxMemory: 4 * MIB });
  assert.ok(ok(await sandbox.run(plain, 'growAll', [])) * PAGE <= 4 * MIB);
  const hungry = module('hungry', { memory: { initialPages: 100, maximumPages: 200 } }).export({ answer }).build();
  assert.is((await sandbox.run(hungry, 'answer', [])).status, 'memory');
});

test('what one run leaves in memory, grown or not, the next does not find', async () => {
  const page = global('page', array(u8, 4096));
  const dirty = fn('dirty', [i32, i32], i32, (b, from, to) => {
    b.for([from, to], (i) => i.toPtr(u8).set(0xa5));
    page.at(0).set(1);
    b.ret(b.memory.grow(3));
  });
  const sum = fn('sum', [i32, i32], i32, (b, from, to) => {
    const s = b.var(i32, 0);
    b.for([from, to], (i) => s.update((x) => x.or(i.toPtr(u8).get().toI32())));
    b.ret(s.get());
  });
  for (const initialPages of [2, 40]) {
    const m = module('tenant', { memory: { initialPages, maximumPages: 100 } }).export({ dirty, sum }).build();
    await using sandbox = sandboxWith({ workers: 1 });
    for (let k = 0; k < 3; k++) {
      assert.is(ok(await sandbox.run(m, 'dirty', [0, initialPages * PAGE])), initialPages);
      assert.is(ok(await sandbox.run(m, 'sum', [0, initialPages * PAGE])), 0);
      assert.is(trapOf(await sandbox.run(m, 'sum', [0, initialPages * PAGE + 1])), 'memory-out-of-bounds');
    }
  }
});

test('a stack used up is a trap, in guest code and on the way to a host function', async () => {
  const ask = host('ask', [], i32);
  const f = fn('f', [i32], i32, (b, n) => b.ret(f(n.add(ask())).add(1)));
  const m = module('deep').export({ f }).import({ ask }).build();
  const g = fn('g', [i32], i32, (b, n) => {
    b.if(n.eq(0), () => b.ret(0));
    b.ret(g(n.sub(1)).add(1));
  });
  const depth = module('depth').export({ g }).build();
  await using sandbox = sandboxWith();
  // Each level asks the host, so this takes a while; in the end the stack is gone within the host function's wrapper or before.
  const o = await sandbox.run(m, 'f', [0], { imports: { ask: () => 1 }, maxExecutionTime: 60_000 });
  assert.is(trapOf(o), 'stack-overflow');
  assert.is(ok(await sandbox.run(depth, 'g', [5_000])), 5_000);
  assert.is(trapOf(await sandbox.run(depth, 'g', [10_000_000])), 'stack-overflow');
  // A larger stack goes deeper.
  sandbox.setConfig({ stackSize: 16 * MIB });
  assert.is(ok(await sandbox.run(depth, 'g', [100_000])), 100_000);
});

test('imports: nothing that was not granted, and never the C library', async () => {
  const call = host('call', [i32], i32), f = fn('f', [], i32, (b) => b.ret(call(1)));
  const m = module('caller').export({ f }).import({ call }).build();
  await using sandbox = sandboxWith();
  assert.is((await (sandbox.run as (...a: unknown[]) => Promise<Outcome<unknown>>).call(sandbox, m, 'f', [], { imports: {} })).status, 'policy');
  const write = host('write', [i32, ptr(u8), i64], i64, { libc: true, capability: 'file-io', buffers: [{ pointer: 1, length: 2, access: 'read' }] });
  const w = fn('w', [], i64, (b) => b.ret(write(1, b.const(i32, 0).toPtr(u8), 1n)));
  const library = module('library').export({ w }).import({ write }).build();
  assert.is((await sandbox.run(library, 'w', [])).status, 'policy');
  const granted = await sandbox.run(library, 'w', [], { isolation: 'wasm' });
  assert.is(granted.status, 'policy');
  sandbox.setConfig({ allowFileIo: true });
  assert.throws(() => sandbox.validate(library), /imports the C library function write/);
  const refused = await sandbox.run(library, 'w', []);
  assert.ok(refused.status === 'compile' && /imports the C library function write, which the tier "wasm" cannot call/.test(refused.error.message), refused.status);
  // Names that every object inherits are names like any other.
  for (const name of ['__proto__', 'constructor', 'toString', 'memory', 'lamella.trap', 'a\0b', '\u{1F600}']) {
    const imported = host(name, [i64], i64), g = fn('g', [], i64, (b) => b.ret(imported(21n)));
    const odd = module('odd').export({ g }).import({ [name]: imported }).build();
    const o = await (sandbox.run as (...a: unknown[]) => Promise<Outcome<unknown>>).call(sandbox, odd, 'g', [], { imports: { [name]: (x: bigint) => x * 2n } });
    assert.is(ok(o), 42n, name);
    const own = fn(name, [i64], i64, (b, x) => b.ret(x.add(1n))), h = fn('h', [], i64, (b) => b.ret(own(1n)));
    assert.is(ok(await sandbox.run(module('own').export({ h, own }).build(), 'h', [])), 2n, name);
  }
});

test('a module of too many parts, and one that the engine refuses, are compile outcomes', async () => {
  await using sandbox = sandboxWith({ maxModuleItems: 100 });
  const many = fn('many', [i32], i32, (b, x) => {
    let y = x;
    for (let k = 0; k < 200; k++) y = y.mul(3).add(k);
    b.ret(y);
  });
  const m = module('many').export({ many }).build();
  const o = await sandbox.run(m, 'many', [1]);
  assert.ok(o.status === 'compile' && /100/.test(o.error.message), o.status);
  sandbox.setConfig({ maxModuleItems: null });
  assert.is((await sandbox.run(m, 'many', [1])).status, 'ok');
  sandbox.setConfig({ maxModuleItems: 100 });
  assert.is((await sandbox.run(m, 'many', [1])).status, 'compile', 'a copy made under a larger limit is held against the smaller one');
});

test('an engine that refuses the binary is a compile outcome', async () => {
  const { wasm } = sandboxTarget();
  if (wasm === undefined) throw new Error('no wasm');
  await using sandbox = new Sandbox({ wasm: { compile: (m) => {
    const compiled = wasm.compile(m), bytes = compiled.bytes.slice();
    bytes[bytes.length >> 1] ^= 0xff;
    return { ...compiled, bytes };
  } } });
  const broken = await sandbox.run(plain, 'answer', []);
  assert.ok(broken.status === 'compile' && /engine refused it/.test(broken.error.message), broken.status);
  await using sound = sandboxWith();
  assert.is(ok(await sound.run(plain, 'answer', [])), 42n);
});

test('one signal for many runs: it has one listener, all are stopped, and none is left behind', async () => {
  await using sandbox = sandboxWith({ workers: 1 });
  const control = new AbortController(), { signal } = control, warnings: string[] = [], heard = (w: Error): void => { warnings.push(w.name); };
  let listening = 0, most = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: unknown[]) => { most = Math.max(most, ++listening); Reflect.apply(addEventListener, signal, args); };
  signal.removeEventListener = (...args: unknown[]) => { listening--; Reflect.apply(removeEventListener, signal, args); };
  process.on('warning', heard);
  const run = (): Promise<Outcome<unknown>[]> => Promise.all(Array.from({ length: 30 }, () => sandbox.run(plain, 'forever', [], { signal })));
  for (let k = 0; k < 3; k++) assert.is(ok(await sandbox.run(plain, 'answer', [], { signal })), 42n);
  assert.is(listening, 0);
  const on = run();
  await wait(30);
  control.abort('enough');
  for (const o of await on) assert.ok(o.status === 'cancelled' && o.error.reason === 'enough', o.status);
  process.off('warning', heard);
  assert.equal([most, warnings], [1, []]);
});

test('what the engine took to compile counts, also for a run that did not end by itself', async () => {
  const { wasm } = sandboxTarget();
  if (wasm === undefined) throw new Error('no wasm');
  let ours = 0;
  await using sandbox = new Sandbox({ wasm: { compile: (m) => { const compiled = wasm.compile(m); ours = performance.now(); return compiled; } } }, { isolation: 'wasm' });
  await sandbox.run(plain, 'answer', []);
  // Of a run that was killed it is heard by another way than its end, which may be quicker: not every time.
  let extra = 0;
  for (let n = 0; n < 8 && extra <= 1; n++) {
    const long = fn('long', [i32], unit, (b, first) => {
      let x = first;
      for (let k = 0; k < 800; k++) x = x.mul(first.add(k + n)).xor(x.shr(3));
      b.loop(() => { x.and(0xffc).toPtr(i32).set(1); });
    });
    const m = module('long').export({ long }).build(), started = performance.now(), o = await sandbox.run(m, 'long', [16], { maxExecutionTime: 20 });
    assert.is(o.status, 'timeout');
    extra = o.metrics.compileTime - (ours - started);
  }
  assert.ok(extra > 1, `${extra} ms for the engine`);
});

test.run();
