/** Every vector operation at every level of processor features that this machine has, against the interpreter. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { vectorCases } from '../../conformance/vector-cases.ts';
import { machineLevels, nativeInstance } from '../../support/native-executor.ts';
import { WAYS, difference, interpreterRunner, rememberedResults, resultsOf, vectorModule, type VectorRunner } from '../../support/vector-runs.ts';
import type { X86Level } from '../../../backends/x86_64/index.ts';

const test = suite('x86-64: vectors');
const cases = vectorCases(), module = vectorModule(cases), reference = interpreterRunner(module);
const expectedOf = rememberedResults(reference);

function runnerAt(level: X86Level): VectorRunner {
  // SSE4.1 asks most of the allocator: results over operands, a fixed mask register.
  const it = nativeInstance(module, { features: level, check: level === 'sse4.1' }), { memory } = it;
  if (memory === undefined) throw new Error('no memory');
  return { memory: memory.bytes(), call: (fn, args) => { it.call(fn, args); } };
}

for (const level of machineLevels()) {
  test(`every operation with ${level}`, () => {
    const runner = runnerAt(level), failures: string[] = [];
    for (const c of cases) {
      for (const way of WAYS) {
        const d = difference(c, expectedOf(c, way), resultsOf(runner, c, way));
        if (d !== undefined) failures.push(`${way}: ${d}`);
      }
    }
    assert.is(failures.length, 0, `${failures.length} failures\n${failures.slice(0, 30).join('\n')}`);
  });
}

test.run();
