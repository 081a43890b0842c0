/** Native code against the hand-written tables of memory, control flow and calls, as written and optimised. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Module } from '../../lib/mir/index.ts';
import { Pipeline } from '../../lib/passes/index.ts';
import { nativeExecutor, nativeExecutorAt } from '../support/native-executor.ts';
import { programCases } from './program-tables.ts';
import { formatFailures, runTable, type Executor } from './run-table.ts';

const test = suite('conformance: native');
const here = process.platform === 'linux' && process.arch === 'x64';
if (!here) process.stdout.write('skipped: native code needs Linux on x86-64\n');

const optimised: Executor = (() => {
  const pipeline = Pipeline.standard('O2'), done = new Map<Module, Module>();
  return (module, fn, args) => {
    let m = done.get(module);
    if (m === undefined) done.set(module, m = pipeline.run(module).module);
    return nativeExecutor(m, fn, args);
  };
})();

for (const [name, executor] of [['as written', nativeExecutor], ['after O2', optimised], ['with SSE2 alone', nativeExecutorAt('sse2')]] as const) {
  (here ? test : test.skip)(`every program case ${name}`, () => {
    const report = runTable(programCases(), executor);
    assert.is(report.failures.length, 0, formatFailures(report));
  });
}

test.run();
