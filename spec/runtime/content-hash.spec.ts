/** The content hash: equal for equal modules, another one for every difference. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FunctionBuilder } from '../../lib/mir/builder.ts';
import { ModuleBuilder } from '../../lib/mir/module-builder.ts';
import type { Module } from '../../lib/mir/module.ts';
import { contentHash } from '../../lib/runtime/content-hash.ts';

const hashes = suite('content hash');

function make(constant: number | bigint, type: 'i32' | 'i64' | 'f64' = 'i32', name = 'f', bytes = [1, 2, 3]): Module {
  const f = new FunctionBuilder(name, { params: [], results: [type] });
  f.ret([f.const(type, constant)]);
  return new ModuleBuilder('m').addGlobal({ name: 'g', size: 8, align: 1, bytes: Uint8Array.from(bytes), mutable: true }).addFunction(f.finish(), 'f').build();
}

hashes('equal modules have equal hashes, built apart, cloned or spread', () => {
  const h = contentHash(make(7));
  assert.match(h, /^[0-9a-f]{64}$/);
  assert.is(contentHash(make(7)), h);
  assert.is(contentHash(structuredClone(make(7))), h);
  assert.is(contentHash({ ...make(7) }), h);
});

hashes('any difference gives another hash', () => {
  const all = [
    make(7), make(8), make(-8), make(7n, 'i64'), make(2n ** 62n, 'i64'), make(7, 'f64'), make(0, 'f64'), make(-0, 'f64'), make(NaN, 'f64'),
    make(0.1, 'f64'), make(0.2, 'f64'), make(2 ** 40, 'f64'), make(7, 'i32', 'g'), make(7, 'i32', '\ud800'), make(7, 'i32', '\ud801'), make(7, 'i32', 'f', [1, 2, 4]), make(7, 'i32', 'f', [1, 2]), make(7, 'i32', 'f', [1, 2, 3, 0]),
  ].map((m) => contentHash(m));
  assert.is(new Set(all).size, all.length);
  const m = make(7);
  assert.ok(contentHash(m, { f: { params: [], results: ['u32'] } }) !== contentHash(m));
  assert.ok(contentHash(m, { f: { params: [], results: ['u32'] } }) !== contentHash(m, { f: { params: [], results: ['i32'] } }));
});

hashes('values that could be mistaken for each other are told apart', () => {
  const odd = (x: unknown): string => contentHash(x as Module);
  const all = [[], [[]], [[], []], ['', ''], [''], ['ab', 'c'], ['a', 'bc'], [1], ['1'], [1n], [true], [false], [null], [undefined], {}, { a: 1 }, { a: [1] }, { a: 1, b: 2 }, [{ a: 1 }, { b: 2 }], new Uint8Array(1), new Uint8Array(2), [new Uint8Array(0)]].map(odd);
  assert.is(new Set(all).size, all.length);
});

hashes('data of any size', () => {
  const long = (n: number, last: number): Module => Array.from({ length: n }, (_, k) => (k === n - 1 ? last : k)) as unknown as Module;
  const sizes = [32_766, 32_767, 32_768, 65_535, 65_536, 65_537, 200_000];
  assert.is(new Set(sizes.flatMap((n) => [contentHash(long(n, -1)), contentHash(long(n, -2))])).size, sizes.length * 2);
});

hashes.run();
