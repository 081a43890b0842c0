import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { x86_64 } from '../../backends/x86_64/index.ts';
import { FunctionBuilder, ModuleBuilder, PAGE_SIZE } from '../../lib/mir/index.ts';
import { enforceMemoryBudget, estimateMemory, MemoryBudgetError } from '../../lib/passes/memory-estimate.ts';
import { Pipeline } from '../../lib/passes/index.ts';
import { programOfSeed } from '../fuzz/generate.ts';

const test = suite('memory estimate');
const LIMIT = 1 << 20;

function chain(depth: number, recursive: boolean) {
  const m = new ModuleBuilder('chain', { memory: { initialPages: 3 } });
  for (let k = 0; k < depth; k++) {
    const f = new FunctionBuilder(`f${k}`, { params: [], results: [] });
    if (k + 1 < depth) f.call(`f${k + 1}`, [], []);
    else if (recursive) f.call('f0', [], []);
    f.ret();
    m.addFunction(f.finish(), k === 0 ? 'main' : undefined);
  }
  return m.build();
}

test('says where the bytes go, and the parts make the total', () => {
  const e = estimateMemory(chain(3, false), LIMIT);
  assert.is(e.linearMemory, 3 * PAGE_SIZE);
  assert.is(e.total, e.code + e.data + e.linearMemory + e.stack);
  assert.is(e.functions.length, 3);
});

test('the stack grows with the depth of the call graph; recursion is bounded by the limit', () => {
  const shallow = estimateMemory(chain(2, false), LIMIT), deep = estimateMemory(chain(200, false), LIMIT);
  assert.ok(deep.stack > 50 * shallow.stack);
  assert.is(deep.stackBoundedByLimit, false);
  const recursive = estimateMemory(chain(2, true), LIMIT);
  assert.is(recursive.stack, LIMIT);
  assert.is(recursive.stackBoundedByLimit, true);
});

test('a chain of 100,000 functions is no trouble', () => {
  assert.is(estimateMemory(chain(100_000, false), LIMIT).stack, LIMIT);
});

test('a budget below the estimate is refused with the parts', () => {
  assert.throws(() => enforceMemoryBudget(chain(1, false), PAGE_SIZE, LIMIT), (e: unknown) => e instanceof MemoryBudgetError && e.limit === PAGE_SIZE && /linear memory 196608/.test(e.message));
  assert.is(enforceMemoryBudget(chain(1, false), null, LIMIT).linearMemory, 3 * PAGE_SIZE);
});

test('no random program has more code or larger frames than estimated, as it is or optimised', () => {
  for (const level of ['O0', 'O3'] as const) {
    const pipeline = Pipeline.standard(level);
    for (let seed = 1; seed <= 120; seed++) {
      const m = pipeline.run(programOfSeed(seed, { size: [5, 40, 200, 600][seed % 4], imports: seed % 2 === 0 }).module).module;
      const compiled = x86_64.compile(m), e = estimateMemory(m, LIMIT), bound = new Map(e.functions.map((f) => [f.name, f]));
      assert.ok(compiled.code.length <= e.code, `seed ${seed} ${level}: ${compiled.code.length} bytes of code`);
      for (const f of compiled.functions) {
        const b = bound.get(f.name);
        assert.ok(b !== undefined && f.size <= b.code && f.frameSize + 8 <= b.frame, `seed ${seed} ${level}: ${f.name}`);
      }
    }
  }
});

test.run();
