/** The edge tables after optimisation: folding, algebraic rules and strength reduction at every boundary value. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Module } from '../../lib/mir/index.ts';
import { Pipeline, type OptimisationLevel } from '../../lib/passes/index.ts';
import { formatFailures, interpreterExecutor, runTable, type Executor } from './run-table.ts';
import { programCases } from './program-tables.ts';
import { scalarCases } from './tables.ts';

const test = suite('conformance: optimised');

function optimisedExecutor(level: OptimisationLevel): Executor {
  const pipeline = Pipeline.standard(level), done = new Map<Module, Module>();
  return (module, fn, args) => {
    let m = done.get(module);
    if (m === undefined) done.set(module, m = pipeline.run(module, { verifyAfterEach: true }).module);
    return interpreterExecutor(m, fn, args);
  };
}

for (const level of ['O1', 'O2', 'O3'] as const) {
  test(`every program case at ${level}`, () => {
    const report = runTable(programCases(), optimisedExecutor(level));
    assert.is(report.failures.length, 0, formatFailures(report));
  });
  test(`every scalar case at ${level}`, () => {
    const report = runTable(scalarCases(), optimisedExecutor(level));
    assert.is(report.failures.length, 0, formatFailures(report));
  });
}

test.run();
