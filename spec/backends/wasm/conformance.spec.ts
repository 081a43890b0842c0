/** WebAssembly code against the tables of every scalar operation and the hand-written programs. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Module } from '../../../lib/mir/index.ts';
import { Pipeline } from '../../../lib/passes/index.ts';
import { programCases } from '../../conformance/program-tables.ts';
import { formatFailures, runTable, type Executor } from '../../conformance/run-table.ts';
import { scalarCases } from '../../conformance/tables.ts';
import { wasmExecutor } from '../../support/wasm-executor.ts';

const test = suite('wasm: conformance');

test('every scalar case', () => {
  const report = runTable(scalarCases(), wasmExecutor);
  assert.is(report.failures.length, 0, formatFailures(report));
  assert.ok(report.total > 100_000, `${report.total} cases`);
});

const optimised: Executor = (() => {
  const pipeline = Pipeline.standard('O2'), done = new Map<Module, Module>();
  return (module, fn, args) => {
    let m = done.get(module);
    if (m === undefined) done.set(module, m = pipeline.run(module).module);
    return wasmExecutor(m, fn, args);
  };
})();

for (const [name, executor] of [['as written', wasmExecutor], ['after O2', optimised]] as const) {
  test(`every program case ${name}`, () => {
    const report = runTable(programCases(), executor);
    assert.is(report.failures.length, 0, formatFailures(report));
  });
}

test.run();
