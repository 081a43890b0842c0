/** Random programs: native code against the interpreter, as generated and optimised. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Pipeline } from '../../../lib/passes/index.ts';
import { compareOutcomes, formatMismatch, runDifferential } from '../../fuzz/differential.ts';
import { execute, type FuzzExecutor } from '../../fuzz/executor.ts';
import { reference } from '../../fuzz/executors.ts';
import { nativeFuzz } from '../../support/native-fuzz.ts';

const test = suite('x86-64: random programs');

/**
 * Native code of the optimised module against the interpreter on the same: what the pipeline itself changes (an
 * inlined callee's slots need more stack) is tested elsewhere.
 */
function optimised(level: 'O1' | 'O3'): FuzzExecutor {
  const pipeline = Pipeline.standard(level), native = nativeFuzz();
  return {
    name: `${native.name} ${level}`,
    prepare: (m) => pipeline.run(m).module,
    runner: { name: native.name, compile: (original, module) => () => {
      const program = { ...original, module }, mine = execute(native, program);
      return compareOutcomes(program, execute(reference, program), mine) === undefined ? execute(reference, original) : mine;
    } },
  };
}

for (const [name, executor] of [['as generated', nativeFuzz()], ['after O1', optimised('O1')], ['after O3', optimised('O3')]] as const) {
  test(name, () => {
    const { programs, mismatches } = runDifferential({ executors: [executor], seed: 1, count: 400, generate: { imports: true, hooks: true, atomics: true } });
    assert.is(mismatches.length, 0, mismatches.map(formatMismatch).join('\n'));
    assert.is(programs, 400);
  });
}

test('large programs', () => {
  const { mismatches } = runDifferential({ executors: [nativeFuzz()], seed: 1000, count: 20, generate: { size: 600, imports: true } });
  assert.is(mismatches.length, 0, mismatches.map(formatMismatch).join('\n'));
});

test.run();
