/** Random programs: WebAssembly against the interpreter, as generated and optimised; every module validates. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatMismatch, runDifferential } from '../../fuzz/differential.ts';
import { wasmFuzz } from '../../support/wasm-executor.ts';

const test = suite('wasm: random programs');
const everything = { imports: true, hooks: true, atomics: true, vectors: true, places: true, wide: true };

for (const [name, executor] of [['as generated', wasmFuzz()], ['after O1', wasmFuzz('O1')], ['after O3', wasmFuzz('O3')]] as const) {
  test(name, () => {
    const { programs, mismatches } = runDifferential({ executors: [executor], seed: 1, count: 250, generate: everything });
    assert.is(mismatches.length, 0, mismatches.map(formatMismatch).join('\n'));
    assert.is(programs, 250);
  });
}

test('large programs', () => {
  const { mismatches } = runDifferential({ executors: [wasmFuzz()], seed: 1000, count: 20, generate: { ...everything, size: 600 } });
  assert.is(mismatches.length, 0, mismatches.map(formatMismatch).join('\n'));
});

test.run();
