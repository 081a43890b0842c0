/**
 * Every litmus test a million times and ten million increments of every counter, on real threads.
 *
 * `node dist/spec/litmus/campaign.js [--count 1000000] [--level O2] [--only SB] [--isolation worker]`; exit code 1 when
 * an outcome appeared that the memory model rules out, or an increment was lost.
 */
import { parseArgs } from 'node:util';
import { hostTarget, Pipeline, type OptimisationLevel } from '../../lib/index.ts';
import { Sandbox, type Isolation } from '../../lib/sandbox/index.ts';
import { counterText, runCounters } from './counters.ts';
import { resultText, runLitmus } from './run-litmus.ts';
import { LITMUS } from './shapes.ts';

const { values } = parseArgs({ options: { count: { type: 'string', default: '1000000' }, level: { type: 'string', default: 'O2' }, only: { type: 'string', default: '' }, isolation: { type: 'string', default: 'worker' } } });
const count = Number(values.count);
const sandbox = new Sandbox(hostTarget(), { maxExecutionTime: null, workers: 4, isolation: values.isolation as Isolation }, { pipeline: Pipeline.standard(values.level as OptimisationLevel) });
let failures = 0;
for (const litmus of LITMUS.filter((l) => l.name.includes(values.only))) {
  const result = await runLitmus(sandbox, litmus, count);
  if (result.failed) failures++;
  console.log(resultText(result));
}
if ('counters'.includes(values.only)) {
  // Ten times as often: an increment takes so little time that the threads may hardly meet otherwise.
  for (const result of await runCounters(sandbox, 2, 10 * count)) {
    if (result.wrong.length > 0) failures++;
    console.log(counterText(result));
  }
}
console.log(failures === 0 ? 'no forbidden outcome, no lost increment' : `${failures} FAILED`);
await sandbox.dispose();
process.exitCode = failures === 0 ? 0 : 1;
