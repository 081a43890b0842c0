/**
 * Every operation on vectors of 256 bits against the interpreter: split by the legaliser alone, as WebAssembly, and as
 * machine code with (AVX2) and without (SSE2) registers of that width.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasm } from '../../backends/wasm/index.ts';
import { splitVectors } from '../../lib/codegen/split-vectors.ts';
import { LANES_256, assertValid } from '../../lib/mir/index.ts';
import { instantiateWasm } from '../../lib/runtime/wasm-instance.ts';
import { vectorCases } from '../conformance/vector-cases.ts';
import { machineLevels, nativeInstance } from '../support/native-executor.ts';
import { skipUnlessNative } from '../support/native.ts';
import { WAYS, difference, interpreterRunner, rememberedResults, resultsOf, vectorModule, type VectorRunner, type Way } from '../support/vector-runs.ts';

const test = suite('vectors of 256 bits');
const cases = vectorCases(LANES_256), module = vectorModule(cases), reference = interpreterRunner(module);
const expectedOf = rememberedResults(reference);

function compare(runner: VectorRunner, ways: readonly Way[] = WAYS): void {
  const failures: string[] = [];
  for (const c of cases) {
    for (const way of ways) {
      const d = difference(c, expectedOf(c, way), resultsOf(runner, c, way));
      if (d !== undefined) failures.push(`${way}: ${d}`);
    }
  }
  assert.is(failures.length, 0, `${failures.length} failures\n${failures.slice(0, 30).join('\n')}`);
}

test('on halves, by the interpreter', () => { compare(interpreterRunner(assertValid(splitVectors(module))), ['loaded']); });

test('as WebAssembly', () => {
  const it = instantiateWasm(wasm.compile(module));
  compare({ memory: it.memory, call: (fn, args) => { it.call(fn, args); } }, ['loaded']);
});

if (skipUnlessNative('256-bit vectors as machine code')) {
  for (const level of machineLevels().filter((l) => l === 'sse2' || l === 'avx2')) {
    test(`as machine code with ${level}`, () => {
      const it = nativeInstance(module, { features: level }), { memory } = it;
      if (memory === undefined) throw new Error('no memory');
      compare({ memory: memory.bytes(), call: (fn, args) => { it.call(fn, args); } });
    });
  }
}

test.run();
