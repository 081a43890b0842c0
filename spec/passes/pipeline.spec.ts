import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { VerificationError, type Module } from '../../lib/mir/index.ts';
import {
  ALL_PASSES, Pipeline, PassError, PipelineError, compact, editModule, functionPass, report, rewrite, simplify, standardPasses, verify, type Pass,
} from '../../lib/passes/index.ts';
import { moduleOf, outcome } from './support.ts';

const test = suite('pass pipeline and plugins');

const demo = (): Module => moduleOf('(i32) -> (i32)', 'b0(v0: i32):\n  v1 = const.i32 0\n  v2 = add.i32 v0, v1\n  ret v2');
const noop = functionPass('noop', 'does nothing', (f) => f);
const plugin = (run: Pass['run']): Pass => ({ name: 'mine', description: 'of a user', stage: 'optimise', run });

function failure(run: () => unknown): PassError {
  try { run(); } catch (error) {
    if (error instanceof PassError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

test('standard pipelines start with verify, end compact, and are values', () => {
  for (const level of ['O1', 'O2', 'O3'] as const) {
    const p = Pipeline.standard(level);
    assert.is(p.names[0], 'verify');
    assert.is(p.names.at(-1), 'compact');
    assert.ok(Object.isFrozen(p.passes));
  }
  assert.equal(standardPasses('O0').map((p) => p.name), ['verify']);
});

test('edits give new pipelines and leave the old one', () => {
  const p = new Pipeline([verify, simplify, compact]);
  assert.equal(p.insertBefore('simplify', noop).names, ['verify', 'noop', 'simplify', 'compact']);
  assert.equal(p.insertAfter('simplify', noop).names, ['verify', 'simplify', 'noop', 'compact']);
  assert.equal(p.replace('simplify', noop).names, ['verify', 'noop', 'compact']);
  assert.equal(p.without('simplify').names, ['verify', 'compact']);
  assert.equal(p.append(noop).names, ['verify', 'simplify', 'compact', 'noop']);
  assert.equal(p.names, ['verify', 'simplify', 'compact']);
  assert.throws(() => p.without('nosuch'), (e: unknown) => e instanceof PipelineError && /no pass "nosuch"/.test(e.message) && /simplify/.test(e.message));
});

test('a pass of an earlier stage may not follow one of a later stage', () => {
  assert.throws(() => new Pipeline([simplify, verify]), (e: unknown) => e instanceof PipelineError && /verify/.test(e.message));
  assert.throws(() => new Pipeline([{ name: 'x' } as unknown as Pass]), (e: unknown) => e instanceof PipelineError);
});

test('nothing to do gives the very same module', () => {
  const m = new Pipeline(ALL_PASSES).run(demo()).module;
  for (const p of ALL_PASSES) assert.is(new Pipeline([p]).run(m).module, m, p.name);
});

test('unchanged functions are shared', () => {
  const m = moduleOf('(i32) -> (i32)', 'b0(v0: i32):\n  v1 = const.i32 0\n  v2 = add.i32 v0, v1\n  ret v2', 'func @g(i32) -> (i32) {\nb0(v0: i32):\n  ret v0\n}');
  const out = new Pipeline([simplify]).run(m).module;
  const g = (x: Module) => x.functions.find((f) => f.name === 'g');
  assert.is(g(out), g(m));
  assert.is.not(out.functions, m.functions);
});

test('statistics, reports and hooks', () => {
  const seen: string[] = [];
  const counting: Pass = plugin((m, context) => { context.count('functions', m.functions.length); context.diagnose({ severity: 'remark', message: 'looked' }); return report(m.functions.length); });
  const r = new Pipeline([simplify, counting]).run(demo(), {
    printBefore: (p) => seen.push(`<${p}`), printAfter: (p) => seen.push(`${p}>`), printOnly: ['mine'],
  });
  assert.equal(seen, ['<mine', 'mine>']);
  assert.equal(r.reports, [{ pass: 'mine', report: 1 }]);
  assert.is(r.statistics[0].functionsChanged, 1);
  assert.equal(r.statistics[1].counters, { functions: 1 });
  assert.is(r.diagnostics[0].pass, 'mine');
  assert.ok(Object.isFrozen(r.module));
});

test('the bisect limit finds the pass that breaks a program', () => {
  const bad = functionPass('bad', 'makes every add a sub', (f, c) => rewrite({ ...c.module, functions: [f] }, { instruction: (i) => (i.kind === 'binary' && i.op === 'add' ? { ...i, op: 'sub' } : i) }).functions[0]);
  const m = moduleOf('(i32) -> (i32)', 'b0(v0: i32):\n  v1 = const.i32 5\n  v2 = add.i32 v0, v1\n  ret v2');
  const p = new Pipeline([verify, simplify, bad, compact]);
  let low = 0, high = p.run(m).steps;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (outcome(p.run(m, { bisectLimit: middle }).module, [1]) === '6') low = middle; else high = middle;
  }
  assert.is(p.passes.filter((x) => x.stage === 'optimise')[high - 1].name, 'bad');
});

test('a plugin that throws, returns nothing, a promise or no module is named', () => {
  const of = (run: () => unknown): PassError => failure(() => new Pipeline([plugin(run as Pass['run'])]).run(demo()));
  const threw = of(() => { throw new RangeError('oops'); });
  assert.is(threw.pass, 'mine');
  assert.is(threw.failure, 'threw');
  assert.match(threw.message, /pass "mine" \(stage optimise\) threw: oops/);
  assert.ok(threw.cause instanceof RangeError);
  assert.match(of(() => undefined).message, /returned nothing/);
  assert.match(of(async () => demo()).message, /returned a Promise/);
  assert.match(of(() => 5).message, /returned a number/);
  assert.match(of(() => ({ functions: 3 })).message, /"functions" is not an array/);
});

test('a plugin that returns an invalid module is named, with every broken rule', () => {
  const e = failure(() => new Pipeline([plugin((m) => editModule(m, (d) => { d.functions[0].blocks[0].terminator = { kind: 'ret', args: [99], loc: 0 }; }))]).run(demo()));
  assert.is(e.failure, 'invalid-module');
  assert.match(e.message, /pass "mine"/);
  assert.ok(e.cause instanceof VerificationError && e.cause.errors.length > 0);
});

test('a plugin that writes to its input is told so, and the input is unharmed', () => {
  const m = demo();
  const e = failure(() => new Pipeline([plugin((x) => { (x as { name: string }).name = 'changed'; return x; })]).run(m));
  assert.is(e.failure, 'changed-input');
  assert.is(m.name, 't');
});

test('rewrite shares what it does not touch and can add and remove instructions', () => {
  const m = demo();
  assert.is(rewrite(m, { instruction: (i) => i }), m);
  const out = rewrite(m, {
    instruction: (i, site) => (i.kind !== 'binary' ? i : [
      { kind: 'const', type: 'i32', value: 7, result: site.newValue('i32'), loc: 0 } as const,
      { ...i, b: site.function.valueTypes.length },
    ]),
  });
  assert.is(outcome(out, [1]), '8');
});

test('editModule works on drafts and keeps the original', () => {
  const m = demo();
  const out = editModule(m, (d) => { d.functions[0].name = 'g'; d.exports = { g: 'g' }; });
  assert.is(out.functions[0].name, 'g');
  assert.is(m.functions[0].name, 'f');
});

test('verification refuses before anything else runs', () => {
  const broken = moduleOf('(i32) -> (i32)', 'b0(v0: i32):\n  ret v0, v0');
  assert.throws(() => Pipeline.standard('O2').run(broken), (e: unknown) => e instanceof VerificationError);
});

test.run();
