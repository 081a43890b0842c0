import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FunctionBuilder, ModuleBuilder } from '../../lib/mir/index.ts';
import type { Module } from '../../lib/mir/index.ts';
import { checkPolicy, enforcePolicy, PolicyError } from '../../lib/passes/policy.ts';
import { configure, DEFAULT_CONFIG, permissive, policyOf, restrictive } from '../../lib/sandbox/config.ts';
import { requireBudget, takeModule, violationsOf } from '../../lib/sandbox/program.ts';
import { classifySymbol, SYMBOL_CLASSES } from '../../lib/sandbox/symbols.ts';

const test = suite('sandbox policy');

/** A module with one function per symbol that calls it, and one that tail-calls the first. */
function calling(...symbols: string[]): Module {
  const m = new ModuleBuilder('guest');
  symbols.forEach((s, k) => {
    m.addImport({ name: s, kind: 'libc', capability: 'none', params: [], results: [] });
    const f = new FunctionBuilder(`f${k}`, { params: [], results: [] });
    f.call(s, [], []);
    f.ret();
    m.addFunction(f.finish(), `f${k}`);
  });
  return m.build();
}

test('presets have the reference values', () => {
  assert.is(DEFAULT_CONFIG.maxMemory, 64 * 1024 * 1024);
  assert.is(DEFAULT_CONFIG.maxExecutionTime, 5000);
  assert.equal([DEFAULT_CONFIG.allowSyscalls, DEFAULT_CONFIG.allowFileIo, DEFAULT_CONFIG.allowNetwork], [false, false, false]);
  const r = restrictive();
  assert.equal([r.maxMemory, r.maxExecutionTime, r.allowSyscalls, r.allowFileIo, r.allowNetwork], [16 * 1024 * 1024, 1000, false, false, false]);
  const p = permissive();
  assert.equal([p.maxMemory, p.maxExecutionTime, p.allowSyscalls, p.allowFileIo, p.allowNetwork], [null, null, true, true, true]);
});

test('an empty module has no violations, a clean one neither', () => {
  assert.equal(checkPolicy(new ModuleBuilder('empty').build(), policyOf(DEFAULT_CONFIG)), []);
  const f = new FunctionBuilder('f', { params: ['i64'], results: ['i64'] });
  f.ret(f.call('f', [f.params[0]], ['i64']));
  assert.equal(checkPolicy(new ModuleBuilder('clean').addFunction(f.finish(), 'f').build(), policyOf(DEFAULT_CONFIG)), []);
});

test('every symbol of every class is refused by default with its kind, and allowed with its flag only', () => {
  const kinds = { 'syscall': 'disallowed syscall intrinsic', 'file-io': 'disallowed file-I/O symbol', 'network': 'disallowed network symbol' } as const;
  const flags = { 'syscall': 'allowSyscalls', 'file-io': 'allowFileIo', 'network': 'allowNetwork' } as const;
  let checked = 0;
  for (const cls of Object.keys(SYMBOL_CLASSES) as (keyof typeof kinds)[]) {
    for (const symbol of SYMBOL_CLASSES[cls]) {
      const m = calling(symbol);
      assert.equal(checkPolicy(m, policyOf(DEFAULT_CONFIG)), [{ functionName: 'f0', kind: kinds[cls], symbol, location: undefined }]);
      for (const other of Object.keys(flags) as (keyof typeof flags)[]) {
        assert.is(checkPolicy(m, policyOf(configure({ [flags[other]]: true }))).length, other === cls ? 0 : 1);
      }
      checked++;
    }
  }
  assert.is(checked, 4 + 27 + 22);
});

test('a refusal is short however many calls are refused, from functions of whatever names', () => {
  const f = new FunctionBuilder('x'.repeat(60_000), { params: [], results: [] });
  for (let k = 0; k < 500; k++) f.call('open', [], []);
  f.ret();
  const m = new ModuleBuilder('guest').addFunction(f.finish()).addImport({ name: 'open', kind: 'libc', capability: 'none', params: [], results: [] }).build();
  assert.throws(() => enforcePolicy(m, policyOf(DEFAULT_CONFIG)), (e: unknown) => e instanceof PolicyError && e.violations.length === 500 && e.message.length < 10_000 && e.message.includes('and 480 more'));
});

test('all violations are reported together, calls and tail calls alike', () => {
  const m = new ModuleBuilder('guest');
  for (const s of ['syscall', 'open', 'socket', 'connect']) m.addImport({ name: s, kind: 'libc', capability: 'none', params: [], results: [] });
  const a = new FunctionBuilder('a', { params: [], results: [] });
  a.call('syscall', [], []);
  a.call('open', [], []);
  a.tailCall('socket', []);
  const b = new FunctionBuilder('b', { params: [], results: [] });
  b.tailCall('connect', []);
  const built = m.addFunction(a.finish(), 'a').addFunction(b.finish(), 'b').build();
  assert.equal(checkPolicy(built, policyOf(DEFAULT_CONFIG)).map((v) => `${v.functionName} ${v.kind} ${v.symbol}`), [
    'a disallowed syscall intrinsic syscall', 'a disallowed file-I/O symbol open', 'a disallowed network symbol socket',
    'b disallowed network symbol connect',
  ]);
  try {
    enforcePolicy(built, policyOf(DEFAULT_CONFIG));
    assert.unreachable();
  } catch (e) {
    assert.instance(e, PolicyError);
    assert.is((e as PolicyError).violations.length, 4);
    assert.match((e as PolicyError).message, /disallowed network symbol "connect" called in function "b"/);
  }
});

test('symbols a deny list would miss are refused, even when everything is allowed, until granted by name', () => {
  for (const symbol of ['execve', 'system', 'dlopen', 'mmap', 'pread', 'fork', 'ptrace', 'no_such_symbol']) {
    assert.is(classifySymbol(symbol), undefined);
    const m = calling(symbol);
    assert.is(checkPolicy(m, policyOf(permissive()))[0].kind, 'ungranted symbol');
    assert.equal(checkPolicy(m, policyOf(configure({ grants: [symbol] }))), []);
    assert.is(checkPolicy(m, policyOf(configure({ grants: [`${symbol}x`] }))).length, 1);
  }
});

test('a declared capability can add a requirement but never lift one', () => {
  const declare = (name: string, capability: 'file-io' | 'none'): Module => {
    const f = new FunctionBuilder('f', { params: [], results: [] });
    f.call(name, [], []);
    f.ret();
    return new ModuleBuilder('guest').addImport({ name, kind: 'libc', capability, params: [], results: [] }).addFunction(f.finish()).build();
  };
  // The guest calls `system` a file operation; the grant of file I/O does not cover it.
  assert.is(checkPolicy(declare('system', 'file-io'), policyOf(configure({ allowFileIo: true })))[0].kind, 'ungranted symbol');
  assert.is(checkPolicy(declare('connect', 'file-io'), policyOf(configure({ allowFileIo: true })))[0].kind, 'disallowed network symbol');
  assert.is(checkPolicy(declare('open', 'none'), policyOf(DEFAULT_CONFIG))[0].kind, 'disallowed file-I/O symbol');
});

test('configuration is checked and frozen', () => {
  assert.throws(() => configure({ maxMemory: -1 }), /maxMemory/);
  assert.throws(() => configure({ maxExecutionTime: Number.NaN }), /maxExecutionTime/);
  assert.throws(() => configure({ allowNetwork: 1 as unknown as boolean }), /true or false/);
  assert.throws(() => configure({ nope: 1 } as object), /no field "nope"/);
  const c = configure({ grants: ['write'] });
  assert.ok(Object.isFrozen(c) && Object.isFrozen(c.grants));
  assert.is(configure({}, c).grants[0], 'write');
});

test('what was found out about a module under one configuration is not taken for another', () => {
  const t = takeModule(calling('socket', 'open', 'twiddle')), symbols = (config: object): string[] => violationsOf(t, configure(config), []).map((v) => v.symbol);
  const deep = new FunctionBuilder('deep', { params: [], results: [] });
  deep.call('deep', [], []);
  deep.ret();
  const recursive = takeModule(new ModuleBuilder('m').addFunction(deep.finish(), 'deep').build()).module;
  for (let round = 0; round < 2; round++) {
    assert.equal(symbols({}), ['socket', 'open', 'twiddle']);
    assert.equal(symbols({ allowFileIo: true }), ['socket', 'twiddle']);
    assert.equal(symbols({ grants: ['twiddle', 'socket'] }), ['open']);
    assert.equal(symbols({ allowFileIo: true, allowNetwork: true, grants: ['twiddle'] }), []);
    // A JavaScript function of that name is no grant of the C symbol.
    assert.is(violationsOf(t, DEFAULT_CONFIG, ['twiddle']).length, 3);
    for (let k = 0; k < 40; k++) assert.is(symbols({ grants: [`other${k}`] }).length, 3);
    for (const stackSize of [65536, 1 << 20]) assert.is(requireBudget(recursive, configure({ stackSize })).stack, stackSize);
  }
});

test.run();
