/** Random programs: native code against the interpreter, as generated and optimised. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatMismatch, runDifferential } from '../../fuzz/differential.ts';
import { nativeFuzz } from '../../support/native-fuzz.ts';

const test = suite('x86-64: random programs');

for (const [name, executor] of [['as generated', nativeFuzz()], ['after O1', nativeFuzz('O1')], ['after O3', nativeFuzz('O3')]] as const) {
  test(name, () => {
    const { programs, mismatches } = runDifferential({ executors: [executor], seed: 1, count: 400, generate: { imports: true, hooks: true } });
    assert.is(mismatches.length, 0, mismatches.map(formatMismatch).join('\n'));
    assert.is(programs, 400);
  });
}

test('large programs', () => {
  const { mismatches } = runDifferential({ executors: [nativeFuzz()], seed: 1000, count: 20, generate: { size: 600, imports: true } });
  assert.is(mismatches.length, 0, mismatches.map(formatMismatch).join('\n'));
});

test.run();
