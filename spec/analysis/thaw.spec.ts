import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { summarise, thawFunction, thawModule } from '../../lib/analysis/index.ts';
import { parseModule, type Module } from '../../lib/mir/index.ts';
import { functionPass, Pipeline, simplify } from '../../lib/passes/index.ts';
import { programOfSeed } from '../fuzz/generate.ts';

const test = suite('working copies and summaries');

/** Frozen arrays in the blocks of a module, where speed counts. */
function frozenArrays(m: Module): number {
  let n = 0;
  const look = (x: unknown): void => {
    if (typeof x !== 'object' || x === null) return;
    if (Array.isArray(x) && Object.isFrozen(x)) n++;
    for (const y of Object.values(x)) look(y);
  };
  // The signature of an indirect call is not walked through.
  for (const f of m.functions) for (const b of f.blocks) { look(b.params); look(b.terminator); for (const i of b.instructions) look({ ...i, signature: null }); }
  return n;
}

test('a thawed module is equal, and no array in it is frozen', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { module } = programOfSeed(seed, { size: 60, vectors: true, atomics: true, imports: true, hooks: true });
    const copy = thawModule(module);
    assert.ok(frozenArrays(module) > 0);
    assert.is(frozenArrays(copy), 0);
    assert.equal(copy, module);
    assert.is(thawModule(copy), copy);
    assert.is(thawFunction(copy.functions[0]), copy.functions[0]);
  }
});

test('plugins are given frozen modules, also behind our own passes', () => {
  const m = parseModule('func @f(i32) -> (i32) {\nb0(v0: i32):\n  v1 = const.i32 0\n  v2 = add.i32 v0, v1\n  ret v2\n}');
  let seen: Module | undefined;
  const plugin = functionPass('look', 'looks', (f, context) => { seen = context.module; return f; });
  new Pipeline([simplify, plugin, simplify]).run(m);
  assert.ok(seen !== undefined && seen !== m && Object.isFrozen(seen) && Object.isFrozen(seen.functions[0].blocks[0].instructions));
});

test('a summary counts, and tells calls by place and name', () => {
  const m = parseModule(`func @f(i32) -> (i32) {
b0(v0: i32):
  v1 = const.i32 1
  v2 = add.i32 v0, v1
  v3: i32 = call @g(v2)
  v4: i32 = call @g(v3)
  tail_call @h(v4)
}
func @g(i32) -> (i32) {
b0(v0: i32):
  stack_map 1, [v0]
  ret v0
}
func @h(i32) -> (i32) {
b0(v0: i32):
  ret v0
}`);
  assert.equal(summarise(m.functions[0]), { size: 1 + 4 + 4 + 1, bulk: 5 + 0 + 1 + 1 + 4 + 2, callees: ['g', 'g', 'h'], calls: [0, 2, 0, 3], callsIndirectly: false, isMarked: false });
  assert.is(summarise(m.functions[1]).isMarked, true);
});

test.run();
