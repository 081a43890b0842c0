import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fn, i32, module, sandboxTarget } from '../../lib/index.ts';
import type { Module } from '../../lib/mir/index.ts';
import { Pipeline } from '../../lib/passes/index.ts';
import { configure, Sandbox, type Outcome } from '../../lib/sandbox/index.ts';
import { ProgramCache } from '../../lib/sandbox/program-cache.ts';
import { takeModule } from '../../lib/sandbox/program.ts';
import { skipUnlessNative } from '../support/native.ts';

const test = suite('program cache');

function ok<T>(o: Outcome<T>): T {
  if (o.status !== 'ok') throw o.error;
  return o.value;
}

const constant = (k: number): Module => {
  const f = fn('f', [], i32, (b) => b.ret(k));
  return module(`m${k}`).export({ f }).build();
};

const modules = Array.from({ length: 12 }, (_, k) => constant(k));

for (const isolation of skipUnlessNative('the cache of native code') ? ['worker', 'wasm'] as const : ['wasm'] as const) {
  test(`${isolation}: programs that were given up are compiled again, and run`, async () => {
    await using sandbox = new Sandbox(sandboxTarget(), { maxCachedCode: 1_000, workers: 2, isolation });
    for (let round = 0; round < 2; round++) {
      for (const [k, m] of modules.entries()) {
        // The second may begin when the first has pushed its code out.
        const [a, b] = await Promise.all([sandbox.run(m, 'f' as never, [] as never), sandbox.run(modules[0], 'f' as never, [] as never)]);
        assert.equal([ok(a), ok(b)], [k, 0]);
      }
    }
  });
}

test('the least recently used program goes first', () => {
  const compiled: number[] = [], dropped: number[] = [];
  const cache = new ProgramCache<{ readonly size: number; readonly k: number }>({
    pipeline: Pipeline.standard('O0'), capped: false, drop: ({ k }) => { dropped.push(k); },
    make: (m) => {
      const k = Number(m.name.slice(1));
      compiled.push(k);
      return { size: 100, k };
    },
  });
  const config = configure({ maxCachedCode: 300 }), get = (k: number): boolean => cache.get(takeModule(modules[k]), config).alive();
  for (const k of [0, 1, 2, 0, 3]) assert.ok(get(k));
  assert.equal([compiled, dropped, cache.size, cache.count], [[0, 1, 2, 3], [1], 300, 3]);
  // An equal module, built again, is the same program; its use counts.
  cache.get(takeModule(constant(2)), config);
  get(4);
  assert.equal([compiled, dropped], [[0, 1, 2, 3, 4], [1, 0]]);
  const held = cache.get(takeModule(modules[4]), config);
  cache.clear();
  assert.equal([held.alive(), cache.size, cache.count, dropped.length], [false, 0, 0, 5]);
  assert.ok(get(4));
  // One larger than the limit is kept while it is the newest: it has to run.
  assert.ok(cache.get(takeModule(modules[5]), configure({ maxCachedCode: 0 })).alive());
  assert.is(cache.count, 1);
});

test('of one module under ever other caps of memory, no more is kept than of many modules', () => {
  const dropped: number[] = [];
  const cache = new ProgramCache<{ readonly size: number; readonly pages: number }>({
    pipeline: Pipeline.standard('O0'), capped: true, drop: ({ pages }) => { dropped.push(pages); }, make: (_m, _t, pages) => ({ size: 100, pages }),
  });
  const get = (pages: number): { readonly alive: () => boolean } => cache.get(takeModule(modules[0]), configure({ maxCachedCode: 300, maxMemory: (pages + 30) * 65536 }));
  const first = get(1);
  for (let pages = 2; pages < 50; pages++) assert.ok(get(pages).alive());
  assert.ok(cache.size <= 300 && dropped.length >= 45, `${cache.size} ${dropped.length}`);
  assert.not.ok(first.alive());
  assert.ok(get(1).alive());
  assert.not.ok(first.alive(), 'it is another program now');
});

test.run();
