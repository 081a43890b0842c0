/** Native code against the tables of every scalar operation. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { scalarCases } from '../../conformance/tables.ts';
import { formatFailures, runTable } from '../../conformance/run-table.ts';
import { nativeExecutor } from '../../support/native-executor.ts';

const test = suite('x86-64: conformance');

test('every scalar case', () => {
  const report = runTable(scalarCases(), nativeExecutor);
  assert.is(report.failures.length, 0, formatFailures(report));
  assert.ok(report.total > 100_000, `${report.total} cases`);
});

test.run();
