import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { x86_64 } from '../../backends/x86_64/index.ts';
import {
  FunctionBuilder, LANES, LANE_COUNT, LANE_TYPE, ModuleBuilder, PAGE_SIZE, VECTOR_OPS, VECTOR_TYPE, divisionsOf, vectorOperandType, type Type, type Value, type VectorOp,
} from '../../lib/mir/index.ts';
import { enforceMemoryBudget, estimateMemory, MemoryBudgetError } from '../../lib/passes/memory-estimate.ts';
import { Pipeline } from '../../lib/passes/index.ts';
import { RandomChoices } from '../fuzz/choices.ts';
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

test('nor has a function of nothing but one vector operation, on the lowest and the highest level of processor features', () => {
  const c = new RandomChoices(3), m = new ModuleBuilder('vectors', { memory: { initialPages: 1 } });
  const add = (name: string, params: readonly Type[], emit: (b: FunctionBuilder, args: readonly Value[]) => Value): void => {
    const b = new FunctionBuilder(name, { params: ['ptr', ...params], results: [] });
    for (let k = 0; k < 12; k++) {
      const v = emit(b, b.params.slice(1));
      b.store({ base: b.params[0], offset: 32 * k }, b.typeOf(v) === 'i1' ? b.convert('zext', v, 'i32') : v);
    }
    b.ret();
    m.addFunction(b.finish());
  };
  for (const op of Object.keys(VECTOR_OPS) as VectorOp[]) for (const l of divisionsOf(op)) add(`${op} ${l}`, [...VECTOR_OPS[op].operands].map((k) => vectorOperandType(k, l)), (b, args) => b.vector(op, l, args));
  for (const l of LANES) {
    add(`splat ${l}`, [LANE_TYPE[l]], (b, [a]) => b.splat(l, a));
    add(`insert ${l}`, [VECTOR_TYPE[l], LANE_TYPE[l]], (b, [a, x]) => b.insertLane(l, LANE_COUNT[l] - 1, a, x));
    add(`extract ${l}`, [VECTOR_TYPE[l]], (b, [a]) => b.extractLane(l, LANE_COUNT[l] - 1, a));
  }
  for (const t of ['v128', 'v256'] as const) {
    const n = t === 'v128' ? 16 : 32;
    for (let k = 0; k < 12; k++) { const mask = Array.from({ length: n }, () => c.below(2 * n)); add(`shuffle ${t} ${k}`, [t, t], (b, [x, y]) => b.shuffle(mask, x, y)); }
    add(`load ${t}`, ['ptr'], (b, [p]) => b.load(t, { base: p, offset: 2147483647 }));
    add(`const ${t}`, [], (b) => b.const(t, 5n));
  }
  for (const t of ['f32', 'f64'] as const) add(`fma ${t}`, [t], (b, [x]) => b.ternary('fma', x, x, x));
  const module = m.build(), e = estimateMemory(module, LIMIT), bound = new Map(e.functions.map((f) => [f.name, f]));
  for (const level of ['sse2', 'avx2'] as const) {
    const compiled = x86_64.with(level).compile(module);
    assert.ok(compiled.code.length <= e.code, level);
    for (const f of compiled.functions) {
      const b = bound.get(f.name);
      assert.ok(b === undefined ? f.name.startsWith('fma64') && f.size <= 2048 : f.size <= b.code && f.frameSize + 8 <= b.frame, `${level}: ${f.name} has ${f.size} bytes, ${f.frameSize} on the stack; bound ${b?.code} and ${b?.frame}`);
    }
  }
});

test('stack slots of the native model and the way in past halves of v256 count', () => {
  const native = new ModuleBuilder('native', { memoryModel: 'native' }), f = new FunctionBuilder('f', { params: [], results: ['i32'] });
  f.ret([f.load('i32', { base: f.slotAddr(f.addSlot(100_000)) })]);
  const wide = new ModuleBuilder('wide'), g = new FunctionBuilder('g', { params: new Array<Type>(125).fill('v256'), results: new Array<Type>(125).fill('v256') });
  g.ret([...g.params].reverse());
  for (const module of [native.addFunction(f.finish()).build(), wide.addFunction(g.finish()).build()]) {
    const e = estimateMemory(module, LIMIT);
    for (const level of ['sse2', 'avx2'] as const) {
      const compiled = x86_64.with(level).compile(module), frames = compiled.functions.reduce((sum, x) => sum + x.frameSize + 8, 0);
      assert.ok(compiled.code.length <= e.code, `${level}: ${compiled.code.length} bytes of code, bound ${e.code}`);
      assert.ok(frames <= e.stack, `${level}: ${frames} bytes on the stack, bound ${e.stack}`);
    }
  }
});

test.run();
