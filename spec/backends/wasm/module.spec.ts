/** The binary module: sections, names, exports, options, what is refused. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { detectFeatures, formatWat, wasm } from '../../../backends/wasm/index.ts';
import { UnsupportedError } from '../../../lib/codegen/backend.ts';
import { TrapError } from '../../../lib/mir/errors.ts';
import { FunctionBuilder, Interpreter, ModuleBuilder, evalTernary, type Module } from '../../../lib/mir/index.ts';
import { wasmEngine, type WasmSharedMemory } from '../../../lib/runtime/wasm-engine.ts';
import { instantiateWasm } from '../../../lib/runtime/wasm-instance.ts';
import { RandomChoices } from '../../fuzz/choices.ts';
import { wasmCall, wasmInstance } from '../../support/wasm-executor.ts';

const test = suite('wasm: module');
const engine = wasmEngine() as unknown as { readonly Module: { new (bytes: Uint8Array): object; customSections(m: object, name: string): ArrayBuffer[]; exports(m: object): { name: string; kind: string }[] } };

function loop(): Module {
  const m = new ModuleBuilder('demo'), b = new FunctionBuilder('sum', { params: ['i32'], results: ['i32'] }), head = b.createBlock(), body = b.createBlock(), end = b.createBlock();
  b.loc = m.addLocation({ file: 'sum.ts', line: 3, column: 5 });
  const i = b.addBlockParam(head, 'i32'), s = b.addBlockParam(head, 'i32');
  b.jump(head, [b.const('i32', 0), b.const('i32', 0)]);
  b.switchTo(head);
  b.br(b.compare('slt', i, b.params[0]), body, end);
  b.switchTo(body);
  b.jump(head, [b.binary('add', i, b.const('i32', 1)), b.binary('add', s, i)]);
  b.switchTo(end);
  b.ret([s]);
  return m.addFunction(b.finish(), 'sum').build();
}

test('the text form of a loop: no local too many, no branch too many', () => {
  assert.is(formatWat(loop()), `(module $demo
  (memory (export "memory") 2 1024)
  (global $trap (mut i32) (i32.const 0))

  (func $sum (export "sum") (param i32) (result i32)
    (local i32 i32)
    i32.const 0  ;; sum.ts:3:5
    i32.const 0
    local.set 2
    local.set 1
    loop $loop1 (result i32)
      local.get 1
      local.get 0
      i32.lt_s
      if
        local.get 1
        i32.const 1
        i32.add
        local.get 2
        local.get 1
        i32.add
        local.set 2
        local.set 1
        br $loop1
      end
      local.get 2
    end
  )
)
`);
});

test('name and producers sections', () => {
  const compiled = wasm.compile(loop()), m = new engine.Module(compiled.bytes);
  const text = (name: string): string => engine.Module.customSections(m, name).map((b) => new TextDecoder('latin1').decode(b)).join();
  assert.match(text('name'), /demo.*sum/s);
  assert.match(text('producers'), /processed-by.*lamella/s);
  const bare = wasm.compile(loop(), { names: false });
  assert.is(engine.Module.customSections(new engine.Module(bare.bytes), 'name').length, 0);
  assert.ok(bare.bytes.length < compiled.bytes.length);
});

test('output is the same every time', () => {
  assert.equal(wasm.compile(loop()).bytes, wasm.compile(loop()).bytes);
});

test('exports named like the backend\'s own', () => {
  const b = new FunctionBuilder('memory', { params: [], results: ['i32'] });
  b.ret([b.const('i32', 5)]);
  const m = new ModuleBuilder('clash').addFunction(b.finish(), 'memory').build(), it = instantiateWasm(wasm.compile(m));
  assert.is(it.call('memory'), 5);
  assert.is(it.compiled.memoryExport, 'memory$1');
  assert.is(it.memory.length, 2 * 65536);
});

test('what cannot be compiled says so', () => {
  const native = new FunctionBuilder('f', { params: [], results: [] });
  native.ret();
  assert.throws(() => wasm.compile(new ModuleBuilder('n', { memoryModel: 'native' }).addFunction(native.finish(), 'f').build()), (e: unknown) => e instanceof UnsupportedError && /native memory model/.test(e.message));
  const atomic = new FunctionBuilder('f', { params: ['ptr'], results: ['i32'] });
  atomic.ret([atomic.atomicLoad('i32', { base: atomic.params[0] }, 'seq_cst')]);
  const m = new ModuleBuilder('a').addFunction(atomic.finish(), 'f').build();
  assert.throws(() => wasm.compile(m, { features: { tailCalls: true, atomics: false } }), (e: unknown) => e instanceof UnsupportedError && /atomic/.test(e.message));
  assert.type(detectFeatures().tailCalls, 'boolean');
});

test('without tail calls in the engine: a function\'s own are loops, others are refused', () => {
  const features = { tailCalls: false, atomics: true };
  const b = new FunctionBuilder('f', { params: ['i32', 'i64'], results: ['i64'] }), [n, a] = b.params, more = b.createBlock(), end = b.createBlock();
  const slot = b.addSlot(8);
  b.store({ base: b.slotAddr(slot) }, a);
  b.br(b.compare('eq', n, b.const('i32', 0)), end, more);
  b.switchTo(end);
  b.ret([b.load('i64', { base: b.slotAddr(slot) })]);
  b.switchTo(more);
  b.tailCall('f', [b.binary('sub', n, b.const('i32', 1)), b.binary('add', a, b.convert('zext', n, 'i64'))]);
  const m = new ModuleBuilder('t').addFunction(b.finish(), 'f').build();
  assert.is(instantiateWasm(wasm.compile(m, { features })).call('f', [1_000_000, 0n]), 500000500000n);
  const g = new FunctionBuilder('g', { params: ['i32', 'i64'], results: ['i64'] });
  g.tailCall('f', g.params);
  const other = new ModuleBuilder('t').addFunction(m.functions[0], 'f').addFunction(g.finish(), 'g').build();
  assert.throws(() => wasm.compile(other, { features }), (e: unknown) => e instanceof UnsupportedError && /tail call/.test(e.message));
});

test('fused multiply-add, rounded once, also in vectors', () => {
  const m = new ModuleBuilder('fma');
  for (const t of ['f32', 'f64'] as const) {
    const b = new FunctionBuilder(t, { params: [t, t, t], results: [t] });
    b.ret([b.ternary('fma', b.params[0], b.params[1], b.params[2])]);
    m.addFunction(b.finish(), t);
    const lanes = t === 'f32' ? 'f32x4' : 'f64x2', v = new FunctionBuilder(lanes, { params: [t, t, t], results: [t, t] }), [x, y, z] = v.params;
    const r = v.vector('vfma', lanes, [v.splat(lanes, x), v.insertLane(lanes, 1, v.splat(lanes, y), z), v.splat(lanes, z)]);
    v.ret([v.extractLane(lanes, 0, r), v.extractLane(lanes, 1, r)]);
    m.addFunction(v.finish(), lanes);
  }
  const module = m.build(), it = wasmInstance(module), reference = new Interpreter(module), c = new RandomChoices(7), bits = new DataView(new ArrayBuffer(8));
  // Any bits at all, and values near one another, so that sums cancel; subnormal and overflowing results.
  const wild = (): number => { bits.setUint32(0, c.below(4294967296)); bits.setUint32(4, c.below(4294967296)); return bits.getFloat64(0); };
  const near = (): number => { bits.setUint32(0, 0x3ff00000 + (c.below(2) << 31 >>> 0) + c.below(0x300000)); bits.setUint32(4, c.below(3) === 0 ? 0 : c.below(4294967296)); return bits.getFloat64(0); };
  const tiny = (): number => near() * 2 ** -(500 + c.below(40));
  for (let k = 0; k < 6000; k++) {
    const one = [wild, near, tiny][k % 3], x = one(), y = one(), kind = c.below(4);
    const z = kind === 0 ? one() : kind === 1 ? -(x * y) : kind === 2 ? -(x * y) * (1 + (c.below(5) - 2) * 2 ** -52) : x * y * 2 ** (c.below(220) - 110);
    assert.ok(Object.is(wasmCall(it, 'f64', [x, y, z])[0], evalTernary('fma', 'f64', x, y, z) ?? NaN), `f64 ${x} ${y} ${z}`);
    const [a, b, d] = [x, y, z].map(Math.fround);
    assert.ok(Object.is(wasmCall(it, 'f32', [a, b, d])[0], evalTernary('fma', 'f32', a, b, d) ?? NaN), `f32 ${a} ${b} ${d}`);
    if (k % 20 === 0) for (const fn of ['f32x4', 'f64x2']) assert.equal(wasmCall(it, fn, [a, b, d]), reference.call(fn, [a, b, d]).values);
  }
});

test('with a shared memory: imported, with a stack limit of the instance, written by its maker alone', () => {
  const m = new ModuleBuilder('shared', { memory: { initialPages: 2, maximumPages: 4, stackSize: 4096 } });
  m.addGlobal({ name: 'greeting', size: 4, align: 4, mutable: true, bytes: Uint8Array.of(1, 2, 3, 4) });
  const b = new FunctionBuilder('f', { params: ['i32'], results: ['i32', 'i32'] }), slot = b.addSlot(64, 16), at = b.slotAddr(slot);
  b.store({ base: at }, b.params[0]);
  const old = b.atomicRmw('add', { base: b.globalAddr('greeting') }, b.params[0], 'seq_cst');
  b.ret([b.convert('ptrtoint', at, 'i32'), old]);
  const module = m.addFunction(b.finish(), 'f').build();

  const own = wasm.compile(module), compiled = wasm.compile(module, { sharedMemory: true });
  assert.is(own.shared, undefined);
  assert.ok(wasmEngine()?.validate(compiled.bytes));
  assert.match(formatWat(module, { sharedMemory: true }), /\(memory \(export "memory"\) \(import "lamella" "memory"\) 2 4 shared\)/);
  assert.match(formatWat(module, { sharedMemory: true }), /global\.get \$stack_limit/);
  assert.throws(() => instantiateWasm(compiled), /compiled for a shared memory/);

  const Memory = wasmEngine()?.Memory;
  if (Memory === undefined) throw new Error('no engine');
  const memory = new Memory({ initial: 2, maximum: 4, shared: true }) as WasmSharedMemory;
  assert.throws(() => instantiateWasm(own, { shared: { memory, stackLow: 0, stackHigh: 0 } }), /memory of its own/);
  const low = compiled.stackLow, part = (k: number) => ({ memory, stackLow: low + 128 * k, stackHigh: low + 128 * (k + 1) });
  const one = instantiateWasm(compiled, { shared: part(0) }), two = instantiateWasm(compiled, { shared: part(1) });
  // Nobody has written the data yet; both add to the same word.
  assert.equal(one.call('f', [5]), [low + 64, 0]);
  assert.equal(two.call('f', [7]), [low + 192, 5]);
  assert.is(new Int32Array(memory.buffer, 1024, 1)[0], 12);
  assert.throws(() => one.memory, /no memory of its own/);
  const none = instantiateWasm(compiled, { shared: { memory, stackLow: low, stackHigh: low + 48 } });
  assert.throws(() => none.call('f', [1]), (e: unknown) => e instanceof TrapError && e.trap === 'stack-overflow');
});

test.run();
