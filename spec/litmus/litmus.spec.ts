/** The litmus tests and counters of the campaign, few times each: with and without optimisation. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostTarget, Pipeline, sandboxTarget } from '../../lib/index.ts';
import { Sandbox } from '../../lib/sandbox/index.ts';
import { skipUnlessNative } from '../support/native.ts';
import { runCounters } from './counters.ts';
import { resultText, runLitmus } from './run-litmus.ts';
import { interleavings, LITMUS } from './shapes.ts';

const test = suite('litmus');

/** Instances of each test. */
const FEW = 4_096;

test('interleavings: what sequential consistency allows', () => {
  const weakOf = (name: string): number[] => {
    const litmus = LITMUS.find((l) => l.name === name);
    if (litmus === undefined) throw new Error(name);
    const explained = interleavings(litmus);
    return Array.from({ length: 1 << litmus.registers }, (_, n) => n).filter((n) => !explained.has(n));
  };
  assert.equal(weakOf('MP relaxed'), [0b01]); // r0 = 1: the flag; r1 = 0: no message
  assert.equal(weakOf('SB relaxed'), [0b00]);
  assert.equal(weakOf('LB relaxed'), [0b11]);
  assert.equal(weakOf('IRIW relaxed'), [0b0101]);
  assert.equal(weakOf('WRC release/acquire'), [0b011]);
  assert.equal(weakOf('CoRR relaxed'), [0b01]);
});

test('no forbidden outcome and no lost increment in the tier wasm', async () => {
  await using sandbox = new Sandbox(sandboxTarget(), { maxExecutionTime: 20_000, workers: 2, isolation: 'wasm' });
  for (const name of ['MP release/acquire, plain message', 'SB seq_cst', 'LB seq_cst', 'CoRR relaxed']) {
    const litmus = LITMUS.find((l) => l.name === name);
    if (litmus === undefined) throw new Error(name);
    const result = await runLitmus(sandbox, litmus, FEW);
    assert.not(result.failed, resultText(result));
  }
  for (const { name, wrong } of await runCounters(sandbox, 2, 1)) assert.equal(wrong, [], name);
});

if (skipUnlessNative('litmus')) {
  for (const level of ['O0', 'O2'] as const) {
    test(`no forbidden outcome at ${level}`, async () => {
      await using sandbox = new Sandbox(hostTarget(), { maxExecutionTime: 20_000, workers: 4, isolation: 'worker' }, { pipeline: Pipeline.standard(level) });
      for (const litmus of LITMUS) {
        const result = await runLitmus(sandbox, litmus, FEW);
        assert.not(result.failed, resultText(result));
        assert.is([...result.seen.values()].reduce((a, b) => a + b, 0), result.iterations);
      }
    });

    test(`no lost increment at ${level}`, async () => {
      await using sandbox = new Sandbox(hostTarget(), { maxExecutionTime: 20_000, workers: 3, isolation: 'worker' }, { pipeline: Pipeline.standard(level) });
      for (const threads of [1, 2, 3]) for (const { name, wrong } of await runCounters(sandbox, threads, 1)) assert.equal(wrong, [], name);
    });
  }
}

test.run();
