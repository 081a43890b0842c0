/** The interpreter as a library: instances, limits, traps with places, host functions, atomics, the native model. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  FunctionBuilder, Interpreter, ModuleBuilder, PAGE_SIZE, RMW_OPS, StepLimitError, TrapError, UsageError, interpret, layoutModule, parseModule,
  type MemoryOrdering, type Type, type Value,
} from '../../lib/mir/index.ts';

const test = suite('mir: interpreter');

function fn(name: string, params: readonly Type[], results: readonly Type[], body: (b: FunctionBuilder, p: readonly Value[]) => void): FunctionBuilder {
  const b = new FunctionBuilder(name, { params, results });
  body(b, b.params);
  return b;
}
const trapOf = (code: string) => (e: unknown): boolean => e instanceof TrapError && e.trap === code;

test('a call by export or by function name; values, steps', () => {
  const m = new ModuleBuilder('m').addFunction(fn('add', ['i32', 'i32'], ['i32'], (b, [x, y]) => b.ret([b.binary('add', x, y)])).finish(), 'plus').build();
  const r = interpret(m, 'plus', [2, 3]);
  assert.equal(r.values, [5]);
  assert.is(r.steps, 2);
  assert.is(r.memory.length, m.memory.initialPages * PAGE_SIZE);
  assert.equal(interpret(m, 'add', [0xffffffff, 1]).values, [0]);
  assert.throws(() => interpret(m, 'minus', []), (e: unknown) => e instanceof UsageError && e.message.includes('It exports: plus'));
  assert.throws(() => interpret(m, '__proto__', []), (e: unknown) => e instanceof UsageError);
  assert.throws(() => interpret(m, 'plus', [1]), (e: unknown) => e instanceof UsageError && e.message.includes('(i32, i32) -> (i32)'));
});

test('arguments are checked and converted', () => {
  const types: readonly Type[] = ['i1', 'i8', 'i16', 'i32', 'i64', 'f32', 'f64', 'ptr', 'v128', 'v256'];
  const m = new ModuleBuilder('m').addFunction(fn('id', types, types, (b, p) => b.ret(p)).finish()).build();
  const good = [true, 255, 65535, 4294967295, 18446744073709551615n, 0.1, -0, 4294967295, (1n << 128n) - 1n, (1n << 256n) - 1n];
  assert.equal(interpret(m, 'id', good).values, [1, -1, -1, -1, -1n, Math.fround(0.1), -0, 4294967295, (1n << 128n) - 1n, (1n << 256n) - 1n]);
  const bad: readonly (readonly [number, unknown])[] = [[0, 2], [1, 256], [1, -129], [2, 1.5], [3, 4294967296], [3, 1n], [4, 1.5], [4, 1n << 64n], [5, '1'], [6, 1n], [7, -1], [8, -1n], [8, 1n << 128n], [9, -1n], [9, 1n << 256n], [3, NaN], [3, undefined]];
  for (const [k, v] of bad) assert.throws(() => interpret(m, 'id', good.map((g, n) => n === k ? v as number : g)), (e: unknown) => e instanceof UsageError && e.message.includes(`argument ${k} of id`), `${k} ${String(v)}`);
});

test('traps say where: function, source place, address, frames', () => {
  const mb = new ModuleBuilder('m'), here = mb.addLocation({ file: 'a.ts', line: 3, column: 7 }), there = mb.addLocation({ file: 'b.ts', line: 9, column: 1 });
  mb.addFunction(fn('inner', ['ptr'], ['i32'], (b, [p]) => { b.loc = here; b.ret([b.load('i32', { base: p, offset: 4 })]); }).finish());
  mb.addFunction(fn('outer', ['ptr'], ['i32'], (b, [p]) => { b.loc = there; b.ret(b.call('inner', [p], ['i32'])); }).finish());
  const m = mb.build();
  try {
    interpret(m, 'outer', [0xfffffff0]);
    assert.unreachable();
  } catch (e) {
    assert.instance(e, TrapError);
    const t = e as TrapError;
    assert.is(t.trap, 'memory-out-of-bounds');
    assert.is(t.functionName, 'inner');
    assert.is(t.address, 0xfffffff4);
    assert.equal(t.location, { file: 'a.ts', line: 3, column: 7 });
    assert.equal(t.frames.map((f) => [f.functionName, f.location?.line]), [['inner', 3], ['outer', 9]]);
  }
});

test('deep recursion traps, and the instance goes on', () => {
  const m = new ModuleBuilder('m')
    .addFunction(fn('down', ['i32'], ['i32'], (b, [n]) => {
      const go = b.createBlock(), end = b.createBlock();
      b.br(b.compare('eq', n, b.const('i32', 0)), end, go);
      b.switchTo(go);
      const [r] = b.call('down', [b.binary('sub', n, b.const('i32', 1))], ['i32']);
      b.ret([b.binary('add', r, b.const('i32', 1))]);
      b.switchTo(end); b.ret([n]);
    }).finish()).build();
  const it = new Interpreter(m, { maxDepth: 1000 });
  assert.equal(it.call('down', [998]).values, [998]);
  assert.throws(() => it.call('down', [1000]), trapOf('stack-overflow'));
  assert.equal(it.call('down', [10]).values, [10]);
  assert.throws(() => interpret(m, 'down', [-1]), trapOf('stack-overflow'));
  assert.equal(interpret(m, 'down', [100_000], { maxDepth: 200_000 }).values, [100_000]);
});

test('step limit', () => {
  const m = new ModuleBuilder('m').addFunction(fn('spin', [], [], (b) => { const h = b.createBlock(); b.jump(h); b.switchTo(h); b.jump(h); }).finish()).build();
  const it = new Interpreter(m, { maxSteps: 1000 });
  assert.throws(() => it.call('spin'), (e: unknown) => e instanceof StepLimitError && e.functionName === 'spin');
  assert.is(it.steps, 1001);
});

test('memory and globals persist between calls and come back on reset', () => {
  const mb = new ModuleBuilder('m').addGlobal({ name: 'n', size: 4, align: 4, mutable: true, bytes: Uint8Array.of(5) });
  mb.addFunction(fn('next', [], ['i32'], (b) => { const at = { base: b.globalAddr('n') }, v = b.load('i32', at); b.store(at, b.binary('add', v, b.const('i32', 1))); b.ret([v]); }).finish());
  mb.addFunction(fn('grow', [], ['i32'], (b) => b.ret([b.memoryGrow(b.const('i32', 1))])).finish());
  const m = mb.build(), it = new Interpreter(m);
  assert.equal([it.call('next').values[0], it.call('next').values[0]], [5, 6]);
  assert.equal(it.call('grow').values, [2]);
  assert.is(it.memory.length, 3 * PAGE_SIZE);
  assert.is(it.memory[layoutModule(m).globals[0]], 7);
  it.reset();
  assert.is(it.memory.length, 2 * PAGE_SIZE);
  assert.equal(it.call('next').values, [5]);
  const own = new Uint8Array(2 * PAGE_SIZE), other = new Interpreter(m, { memory: own });
  other.call('next');
  assert.is(own[layoutModule(m).globals[0]], 6);
  assert.throws(() => new Interpreter(m, { memory: new Uint8Array(10) }), (e: unknown) => e instanceof UsageError);
});

test('host functions: values, several results, errors as they are, calls back', () => {
  const mb = new ModuleBuilder('m');
  const add = (name: string, params: readonly Type[], results: readonly Type[]): void => { mb.addImport({ name, kind: 'js', capability: 'none', params, results }); };
  add('pair', ['i64', 'f32', 'i1', 'ptr'], ['i64', 'f64']);
  add('fail', [], []);
  add('again', ['i32'], ['i32']);
  add('absent', [], []);
  mb.addFunction(fn('usePair', ['i64'], ['i64', 'f64'], (b, [x]) => b.ret(b.call('pair', [x, b.const('f32', 0.5), b.const('i1', 1), b.const('ptr', 9)], ['i64', 'f64']))).finish());
  mb.addFunction(fn('tailPair', ['i64'], ['i64', 'f64'], (b, [x]) => b.tailCall('pair', [x, b.const('f32', 0.5), b.const('i1', 1), b.const('ptr', 9)])).finish());
  mb.addFunction(fn('useFail', [], [], (b) => { b.call('fail', [], []); b.ret(); }).finish());
  mb.addFunction(fn('useAbsent', [], [], (b) => { b.call('absent', [], []); b.ret(); }).finish());
  mb.addFunction(fn('factorial', ['i32'], ['i32'], (b, [n]) => {
    const go = b.createBlock(), end = b.createBlock(), one = b.const('i32', 1);
    b.br(b.compare('sle', n, one), end, go);
    b.switchTo(go); b.ret([b.binary('mul', n, ...b.call('again', [b.binary('sub', n, one)], ['i32']) as [Value])]);
    b.switchTo(end); b.ret([one]);
  }).finish());
  mb.addFunction(fn('viaTable', ['i32'], ['i32'], (b, [n]) => b.ret(b.callIndirect({ params: ['i32'], results: ['i32'] }, b.const('i32', 0), [n]))).finish());
  mb.table.push('again');
  const m = mb.build(), seen: unknown[] = [], boom = new RangeError('from the host');
  const it: Interpreter = new Interpreter(m, { imports: {
    pair: (...args) => { seen.push(args); return [(args[0] as bigint) + 1n, 2.5]; },
    fail: () => { throw boom; },
    again: (n) => it.call('factorial', [n as number]).values[0],
  } });
  assert.equal(it.call('usePair', [-5n]).values, [-4n, 2.5]);
  assert.equal(it.call('tailPair', [6n]).values, [7n, 2.5]);
  assert.equal(seen[0], [-5n, 0.5, 1, 9]);
  assert.throws(() => it.call('useFail'), (e: unknown) => e === boom);
  assert.throws(() => it.call('useAbsent'), (e: unknown) => e instanceof UsageError && e.message.includes('"absent"'));
  assert.equal(it.call('factorial', [10]).values, [3628800]);
  assert.equal(it.call('viaTable', [5]).values, [120]);
  const wrong = new Interpreter(m, { imports: { pair: () => 1n, again: () => 1.5 } });
  assert.throws(() => wrong.call('usePair', [1n]), (e: unknown) => e instanceof UsageError && e.message.includes('2 values'));
  assert.throws(() => wrong.call('factorial', [3]), (e: unknown) => e instanceof UsageError && e.message.includes('result 0 of import "again"'));
});

test('atomics: every operation at every width, alignment before bounds', () => {
  const P = 2048, order: MemoryOrdering = 'seq_cst', mb = new ModuleBuilder('m');
  const types = [['i8', 1], ['i16', 2], ['i32', 4], ['i64', 8]] as const;
  for (const [t] of types) {
    for (const op of RMW_OPS) {
      mb.addFunction(fn(`${op} ${t}`, [t, t], [t, t], (b, [x, y]) => { const at = { base: b.const('ptr', P) }; b.atomicStore(at, x, order); b.ret([b.atomicRmw(op, at, y, order), b.atomicLoad(t, at, order)]); }).finish());
    }
    mb.addFunction(fn(`cmpxchg ${t}`, [t, t, t], [t, t], (b, [x, e, r]) => { const at = { base: b.const('ptr', P) }; b.store(at, x); const old = b.atomicCmpxchg(at, e, r, order); b.fence(order); b.ret([old, b.load(t, at)]); }).finish());
    mb.addFunction(fn(`at ${t}`, ['ptr'], [t], (b, [p]) => b.ret([b.atomicLoad(t, { base: p }, order)])).finish());
  }
  const it = new Interpreter(mb.build());
  const formulas: Readonly<Record<string, (x: bigint, y: bigint) => bigint>> = { add: (x, y) => x + y, sub: (x, y) => x - y, and: (x, y) => x & y, or: (x, y) => x | y, xor: (x, y) => x ^ y, xchg: (_, y) => y };
  for (const [t, size] of types) {
    const form = (n: bigint): number | bigint => t === 'i64' ? BigInt.asIntN(64, n) : Number(BigInt.asIntN(8 * size, n));
    const values = [0n, 1n, -1n, 1n << BigInt(8 * size - 1), 0x55n];
    for (const op of RMW_OPS) for (const x of values) for (const y of values) assert.equal(it.call(`${op} ${t}`, [form(x), form(y)]).values, [form(x), form(formulas[op](x, y))], `${op} ${t} ${x} ${y}`);
    assert.equal(it.call(`cmpxchg ${t}`, [form(-1n), form(-1n), form(5n)]).values, [form(-1n), form(5n)]);
    assert.equal(it.call(`cmpxchg ${t}`, [form(1n), form(-1n), form(5n)]).values, [form(1n), form(1n)]);
    assert.throws(() => it.call(`at ${t}`, [4294967296 - size]), trapOf('memory-out-of-bounds'));
    if (size > 1) assert.throws(() => it.call(`at ${t}`, [4294967295]), trapOf('misaligned-atomic'));
  }
});

test('the native model: 64-bit pointers', () => {
  const mb = new ModuleBuilder('m', { memoryModel: 'native' }).addGlobal({ name: 'g', size: 16, align: 8, mutable: true });
  mb.addFunction(fn('store', ['ptr', 'i64', 'ptr'], ['ptr', 'i64', 'i1'], (b, [p, i, q]) => {
    b.store({ base: p, index: i, scale: 8, offset: 8 }, q);
    b.ret([b.load('ptr', { base: b.lea({ base: p, index: i, scale: 8, offset: 8 }) }), b.convert('ptrtoint', p, 'i64'), b.compare('ult', p, q)]);
  }).finish());
  mb.addFunction(fn('slot', [], ['i64', 'i32'], (b) => {
    const s = b.slotAddr(b.addSlot(16, 16));
    b.memoryFill(s, b.const('i32', 1), b.const('i64', 16n));
    b.memoryCopy(b.globalAddr('g'), s, b.const('i64', 16n));
    b.ret([b.load('i64', { base: b.globalAddr('g'), offset: 8 }), b.convert('ptrtoint', s, 'i32')]);
  }).finish());
  const m = mb.build(), it = new Interpreter(m);
  assert.equal(it.call('store', [4096, -1n, 5000]).values, [5000, 4096n, 1]);
  assert.equal(it.call('store', [4096, 3n, 77]).values, [77, 4096n, 0]);
  assert.throws(() => it.call('store', [4096, 1n << 40n, 1]), trapOf('memory-out-of-bounds'));
  assert.throws(() => it.call('store', [4096, -(1n << 60n), 1]), trapOf('memory-out-of-bounds'));
  assert.is(it.call('slot').values[0], 0x0101010101010101n);
});

test('NaN bits survive moves, memory, calls and selects', () => {
  const mb = new ModuleBuilder('m');
  mb.addFunction(fn('through', ['f64'], ['f64'], (b, [x]) => { const n = b.createBlock(), v = b.addBlockParam(n, 'f64'); b.jump(n, [x]); b.switchTo(n); b.ret([v]); }).finish());
  mb.addFunction(fn('bits', ['i64'], ['i64'], (b, [x]) => {
    const f = b.convert('bitcast', x, 'f64'), at = { base: b.const('ptr', 4096) };
    b.store(at, b.call('through', [f], ['f64'])[0]);
    b.ret([b.convert('bitcast', b.select(b.compare('eq', x, x), b.load('f64', at), f), 'i64')]);
  }).finish());
  const it = new Interpreter(mb.build());
  for (const bits of [0x7ff0000000000001n, -1n, 0x7ff4dead_beef0001n, -0xffffffffffff1n]) assert.equal(it.call('bits', [bits]).values, [bits]);
});

test('block parameters in any order of values are assigned all at once', () => {
  // v6 is a parameter between v3 and v5, and a source of v5 in the loop.
  const m = parseModule(`func @f(i32, i32, i32) -> (i32) {
b0(v0: i32, v1: i32, v2: i32):
  v4 = const.i32 7
  jump b1(v0, v1, v2)
b1(v3: i32, v8: i32, v5: i32):
  v6 = eq.i32 v3, v4
  br v6, b2, b3
b2:
  ret v5
b3:
  v7 = const.i32 7
  jump b1(v7, v0, v8)
}`);
  assert.equal(interpret(m, 'f', [1, 2, 3]).values, [2]);
});

test('a trace names each activation once, also when the registers are what runs out', () => {
  const b = new FunctionBuilder('g', { params: [], results: [] });
  for (let k = 0; k < 3_000_000; k++) b.undefinedValue('i64');
  b.call('g', [], []);
  b.ret();
  try {
    interpret(new ModuleBuilder('m').addFunction(b.finish()).build(), 'g', []);
    assert.unreachable();
  } catch (e) {
    assert.ok(e instanceof TrapError && e.trap === 'stack-overflow');
    assert.is((e as TrapError).frames.length, 5); // of 48 MB, in 256 MiB
  }
});

test('a memory given is the memory after a reset too', () => {
  const m = new ModuleBuilder('m').addFunction(fn('grow', [], ['i32'], (b) => b.ret([b.memoryGrow(b.const('i32', 1))])).finish()).build();
  const memory = new Uint8Array(5 * PAGE_SIZE), it = new Interpreter(m, { memory });
  memory[100] = 1;
  assert.equal(it.call('grow').values, [5]);
  it.reset();
  assert.is(it.memory, memory);
  assert.is(memory[100], 0);
});

test('an argument of any kind at all is refused by name', () => {
  const m = new ModuleBuilder('m').addFunction(fn('id', ['i32'], ['i32'], (b, p) => b.ret(p)).finish()).build();
  for (const wrong of [Object.create(null), { toString() { throw new Error('no'); } }, Symbol('s'), () => 1]) {
    assert.throws(() => interpret(m, 'id', [wrong as number]), (e: unknown) => e instanceof UsageError && e.message.includes('argument 0 of id'));
  }
});

test.run();
