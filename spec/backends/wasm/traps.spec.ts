/** Traps of WebAssembly code: code, function, source line and trace, and what is left behind. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FunctionBuilder, Interpreter, ModuleBuilder, UsageError, type Module, type TrapCode, type Type, type Value } from '../../../lib/mir/index.ts';
import { wasmInstance } from '../../support/wasm-executor.ts';
import { trapOf } from '../../support/trap-of.ts';

const test = suite('wasm: traps');

/** A module in which `outer` calls `f`; instruction k of a function is written on line k of its file. */
class Lined {
  readonly m = new ModuleBuilder('traps', { memory: { initialPages: 1, maximumPages: 1 } });
  add(name: string, params: readonly Type[], results: readonly Type[], body: (b: FunctionBuilder, at: () => void) => void): this {
    const b = new FunctionBuilder(name, { params, results });
    let line = 0;
    body(b, () => { b.loc = this.m.addLocation({ file: `${name}.ts`, line: ++line, column: 2 * line }); });
    this.m.addFunction(b.finish(), name);
    return this;
  }
}

const CASES: readonly (readonly [name: string, params: readonly Type[], args: readonly (number | bigint)[], code: TrapCode, body: (b: FunctionBuilder, p: readonly Value[]) => Value])[] = [
  ['sdiv by zero', ['i32', 'i32'], [1, 0], 'integer-divide-by-zero', (b, [x, y]) => b.binary('sdiv', x, y)],
  ['sdiv overflow', ['i32', 'i32'], [-2147483648, -1], 'integer-overflow', (b, [x, y]) => b.binary('sdiv', x, y)],
  ['sdiv i8 overflow', ['i8', 'i8'], [-128, -1], 'integer-overflow', (b, [x, y]) => b.convert('sext', b.binary('sdiv', x, y), 'i32')],
  ['urem by zero', ['i64', 'i64'], [1n, 0n], 'integer-divide-by-zero', (b, [x, y]) => b.convert('trunc', b.binary('urem', x, y), 'i32')],
  ['NaN', ['f64'], [NaN], 'invalid-conversion', (b, [x]) => b.convert('fptosi', x, 'i32')],
  ['too large', ['f64'], [1e10], 'integer-overflow', (b, [x]) => b.convert('fptosi', x, 'i32')],
  ['load', ['ptr'], [65533], 'memory-out-of-bounds', (b, [p]) => b.load('i32', { base: p })],
  ['atomic', ['ptr'], [65537], 'misaligned-atomic', (b, [p]) => b.atomicRmw('add', { base: p }, b.const('i32', 1), 'seq_cst')],
  ['null', ['i32'], [1], 'indirect-call-null', (b, [k]) => b.callIndirect({ params: ['i32'], results: ['i32'] }, k, [k])[0]],
  ['out of the table', ['i32'], [-1], 'indirect-call-null', (b, [k]) => b.callIndirect({ params: ['i32'], results: ['i32'] }, k, [k])[0]],
  ['other signature', ['i32'], [2], 'indirect-call-type', (b, [k]) => b.callIndirect({ params: ['i32'], results: ['i32'] }, k, [k])[0]],
  ['same wasm type', ['i32'], [3], 'indirect-call-type', (b, [k]) => b.callIndirect({ params: ['i32'], results: ['i32'] }, k, [k])[0]],
];

test('code, function, line and trace of every kind', () => {
  for (const [name, params, args, code, body] of CASES) {
    const { m } = new Lined()
      .add('f', params, ['i32'], (b, at) => { at(); b.const('i32', 1); at(); const v = body(b, b.params); at(); b.ret([v]); })
      .add('outer', params, ['i32'], (b, at) => { at(); at(); at(); const [v] = b.call('f', b.params, ['i32']); at(); b.ret([b.binary('add', v, v)]); })
      .add('good', ['i32'], ['i32'], (b) => b.ret([b.params[0]])).add('wide', ['i64'], [], (b) => b.ret()).add('pointer', ['ptr'], ['i32'], (b) => b.ret([b.const('i32', 0)]));
    m.table.push('good', null, 'wide', 'pointer');
    const module = m.build(), expected = trapOf(() => new Interpreter(module).call('outer', args)), actual = trapOf(() => wasmInstance(module).call('outer', args));
    assert.is(actual.trap, code, name);
    assert.is(expected.trap, code, name);
    assert.is(actual.functionName, 'f', name);
    assert.equal(actual.location, { file: 'f.ts', line: 2, column: 4 }, name);
    assert.equal(actual.frames.map((x) => `${x.functionName} ${x.location?.file}:${x.location?.line}`), ['f f.ts:2', 'outer outer.ts:3'], name);
  }
});

test('a good index passes the checks', () => {
  const { m } = new Lined().add('f', ['i32'], ['i32'], (b) => b.ret(b.callIndirect({ params: ['i32'], results: ['i32'] }, b.params[0], [b.const('i32', 42)]))).add('good', ['i32'], ['i32'], (b) => b.ret([b.params[0]])).add('pointer', ['ptr'], ['i32'], (b) => b.ret([b.const('i32', 0)]));
  m.table.push('pointer', 'good', null);
  assert.is(wasmInstance(m.build()).call('f', [1]), 42);
});

test('an indirect call in a module whose table is empty', () => {
  const module = new Lined().add('f', ['i32'], ['i32'], (b) => b.ret(b.callIndirect({ params: [], results: ['i32'] }, b.params[0], []))).m.build();
  assert.is(trapOf(() => wasmInstance(module).call('f', [0])).trap, 'indirect-call-null');
  assert.is(trapOf(() => new Interpreter(module).call('f', [0])).trap, 'indirect-call-null');
});

test('explicit traps, also where the engine gives no stack', () => {
  const codes: readonly TrapCode[] = ['unreachable', 'user', 'stack-overflow', 'integer-overflow'];
  const limit = Error.stackTraceLimit;
  for (const code of codes) {
    const module = new Lined().add('f', [], [], (b, at) => { at(); at(); b.trap(code); }).m.build(), it = wasmInstance(module);
    assert.equal(trapOf(() => it.call('f')).location, { file: 'f.ts', line: 2, column: 4 });
    Error.stackTraceLimit = 0;
    try {
      const t = trapOf(() => it.call('f'));
      assert.is(t.trap, code);
      assert.equal(t.location, { file: 'f.ts', line: 2, column: 4 });
    } finally {
      Error.stackTraceLimit = limit;
    }
  }
});

test('endless recursion, with and without slots; the linear stack is given back', () => {
  const module = (slot: boolean): Module => new Lined().add('f', ['i32'], ['i32'], (b) => {
    if (slot) { const s = b.slotAddr(b.addSlot(64)); b.store({ base: s }, b.params[0]); }
    const deep = b.createBlock(), end = b.createBlock();
    b.br(b.compare('eq', b.params[0], b.const('i32', 0)), end, deep);
    b.switchTo(deep);
    const [v] = b.call('f', [b.binary('sub', b.params[0], b.const('i32', 1))], ['i32']);
    b.ret([b.binary('add', v, b.const('i32', 1))]);
    b.switchTo(end);
    b.ret([b.const('i32', 0)]);
  }).m.build();
  for (const slot of [false, true]) {
    const it = wasmInstance(module(slot));
    for (let k = 0; k < 3; k++) {
      const t = trapOf(() => it.call('f', [-1]));
      assert.is(t.trap, 'stack-overflow');
      assert.is(t.functionName, 'f');
      assert.is(it.call('f', [slot ? 1000 : 2000]), slot ? 1000 : 2000);
    }
  }
});

test('what a host function throws passes through unchanged, also a trap of a nested call', () => {
  const { m } = new Lined().add('f', ['i32'], ['i32'], (b) => b.ret(b.call('host', b.params, ['i32']))).add('bad', [], [], (b) => b.trap('user'));
  m.addImport({ name: 'host', kind: 'js', capability: 'none', params: ['i32'], results: ['i32'] });
  const error = new RangeError('mine'), it = wasmInstance(m.build(), {
    host: (n: number) => { if (n === 0) throw error; if (n === 1) it.call('bad'); return n === 2 ? 'two' : n; },
  });
  assert.throws(() => it.call('f', [0]), (e: unknown) => e === error);
  assert.is(trapOf(() => it.call('f', [1])).functionName, 'bad');
  assert.throws(() => it.call('f', [2]), (e: unknown) => e instanceof UsageError && /result of host function host is "two"/.test(e.message));
  assert.is(it.call('f', [3]), 3);
});

test('tail calls keep the stack flat', () => {
  const { m } = new Lined().add('even', ['i32'], ['i32'], (b) => {
    const more = b.createBlock(), end = b.createBlock();
    b.br(b.compare('eq', b.params[0], b.const('i32', 0)), end, more);
    b.switchTo(end);
    b.ret([b.const('i32', 7)]);
    b.switchTo(more);
    b.tailCall('odd', [b.binary('sub', b.params[0], b.const('i32', 1))]);
  }).add('odd', ['i32'], ['i32'], (b) => {
    b.store({ base: b.slotAddr(b.addSlot(16)) }, b.params[0]);
    b.tailCallIndirect({ params: ['i32'], results: ['i32'] }, b.const('i32', 0), [b.params[0]]);
  });
  m.table.push('even');
  assert.is(wasmInstance(m.build()).call('even', [1_000_000]), 7);
});

test('a divisor that is a constant cut to nothing has its place', () => {
  for (const op of ['udiv', 'urem', 'sdiv', 'srem'] as const) {
    const { m } = new Lined().add('f', ['i8'], ['i8'], (b, at) => { at(); const zero = b.convert('trunc', b.const('i32', 256), 'i8'); at(); b.ret([b.binary(op, b.params[0], zero)]); });
    const t = trapOf(() => wasmInstance(m.build()).call('f', [5]));
    assert.equal([t.trap, t.functionName, t.location], ['integer-divide-by-zero', 'f', { file: 'f.ts', line: 2, column: 4 }], op);
  }
});

test('names that look like places in an engine\'s stack trace are only names', () => {
  const name = 'x (wasm://wasm/m-0:wasm-function[1]:0x40)\n    at y:wasm-function[1]:0x41';
  const { m } = new Lined().add('other', ['i32'], ['i32'], (b) => b.ret([b.params[0]])).add(name, ['i32'], ['i32'], (b, at) => { at(); at(); b.ret([b.binary('udiv', b.params[0], b.params[0])]); });
  const t = trapOf(() => wasmInstance(m.build()).call(name, [0]));
  assert.equal([t.trap, t.frames.map((f) => [f.functionName, f.location?.line])], ['integer-divide-by-zero', [[name, 2]]]);
});

test('traps where the program has made something else of stack traces, or wants none', () => {
  const { m } = new Lined().add('divide', ['i32'], ['i32'], (b) => b.ret([b.binary('udiv', b.params[0], b.params[0])]))
    .add('call', ['i32'], ['i32'], (b) => b.ret(b.callIndirect({ params: ['i32'], results: ['i32'] }, b.params[0], [b.params[0]])));
  m.table.push(null, 'divide');
  const it = wasmInstance(m.build()), codes = (): string[] => ['divide', 'call'].map((f) => trapOf(() => it.call(f, [0])).trap), expected = ['integer-divide-by-zero', 'indirect-call-null'];
  const scope = Error as { prepareStackTrace: ((error: Error, sites: unknown) => unknown) | undefined }, { prepareStackTrace } = scope, { stackTraceLimit } = Error;
  try {
    scope.prepareStackTrace = (_error, sites) => sites;
    assert.equal(codes(), expected);
    scope.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = 0;
    assert.equal(codes(), expected);
  } finally {
    scope.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
});

test.run();
