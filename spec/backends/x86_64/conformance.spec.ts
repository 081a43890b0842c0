/** Native code against the tables of every scalar operation, at every level of processor features. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { scalarCases } from '../../conformance/tables.ts';
import { formatFailures, formatOutcome, runTable, sameOutcome, type Executor } from '../../conformance/run-table.ts';
import { machineLevels, nativeExecutor, nativeExecutorAt } from '../../support/native-executor.ts';

const test = suite('x86-64: conformance');

/** The lowest level sees one case in so many, those between it and the machine's own fewer; primes, so that they fall on every operand. */
const SAMPLE_LOWEST = 3, SAMPLE = 17;

/** The machine's own code; that of the other levels must do the same. */
function everyLevel(): Executor {
  const levels = machineLevels().map((name) => ({ name, run: nativeExecutorAt(name), sample: name === 'sse2' ? SAMPLE_LOWEST : SAMPLE }));
  let n = 0;
  return (module, fn, args) => {
    const outcome = nativeExecutor(module, fn, args);
    n++;
    for (let k = 0; k < levels.length; k++) {
      const { name, run, sample } = levels[k];
      if ((n + k) % sample !== 0) continue;
      const other = run(module, fn, args);
      if (!sameOutcome(outcome, other)) throw new Error(`${name} gives ${formatOutcome(other)}, the machine's own level ${formatOutcome(outcome)}`);
    }
    return outcome;
  };
}

test('every scalar case', () => {
  const report = runTable(scalarCases(), everyLevel());
  assert.is(report.failures.length, 0, formatFailures(report));
  assert.ok(report.total > 100_000, `${report.total} cases`);
});

test.run();
