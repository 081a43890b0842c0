/**
 * Random programs as machine code at every optimisation level against the interpreter, each register allocation proved
 * by the checker. The seed is fixed so that a failure is the change's; `LAMELLA_FUZZ_SEED` and `LAMELLA_FUZZ_COUNT` choose others; `npm run fuzz` runs as many as one likes.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { machineLevels } from '../support/native-executor.ts';
import { skipUnlessNative } from '../support/native.ts';
import { formatMismatch, runDifferential } from './differential.ts';
import { executors } from './executors.ts';

const test = suite('fuzz: native');
const SEED = Number(process.env.LAMELLA_FUZZ_SEED ?? 20_261_122), COUNT = Number(process.env.LAMELLA_FUZZ_COUNT ?? 2000);

if (skipUnlessNative('native fuzzing')) {
  test(`${COUNT} programs at O0, O1, O2 and O3`, () => {
    process.stdout.write(`\nseed ${SEED}: ${COUNT} programs as machine code at four levels\n`);
    const report = runDifferential({ executors: executors(['native', 'native-O1', 'native-O2', 'native-O3']), seed: SEED, count: COUNT });
    assert.is(report.mismatches.length, 0, report.mismatches.map(formatMismatch).join('\n\n'));
    assert.is(report.programs, COUNT);
  });

  const few = Math.ceil(COUNT / 6);
  test(`${few} programs with vectors and atomics, for every level of processor features`, () => {
    const names = machineLevels().flatMap((level) => (level === 'sse2' || level === 'avx2' ? [`native@${level}`, `native-O2@${level}`] : [`native-O2@${level}`]));
    const report = runDifferential({ executors: executors(names), seed: SEED, count: few, generate: { vectors: true, wide: true, atomics: true, imports: true, places: true }, thorough: 4 });
    assert.is(report.mismatches.length, 0, report.mismatches.map(formatMismatch).join('\n\n'));
    assert.equal(report.unsupported, Object.fromEntries(Object.keys(report.ran).map((name) => [name, 0])));
  });

  test(`${few} programs of the native memory model`, () => {
    const report = runDifferential({ executors: executors(['native', 'native-O1', 'native-O3']), seed: SEED, count: few, generate: { native: true, vectors: true, wide: true, atomics: true, imports: true }, thorough: 4 });
    assert.is(report.mismatches.length, 0, report.mismatches.map(formatMismatch).join('\n\n'));
  });
}

test.run();
