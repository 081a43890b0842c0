/** A timeout, a trap with its place in this file, and the worker's next run. */
import { fn, hostTarget, i32, i64, module, TrapError } from 'lamella';
import { Sandbox } from 'lamella/sandbox';

const spin = fn('spin', [], i64, (b) => b.loop(() => {}));
const divide = fn('divide', [i32, i32], i32, (b, x, y) => {
  b.ret(x.div(y)); // HERE
});
const m = module('outcomes').export({ spin, divide }).build();

const sandbox = new Sandbox(hostTarget(), { maxExecutionTime: 50, workers: 1 });
const late = await sandbox.run(m, 'spin', []);
console.log(late.status, late.status === 'timeout' ? late.error.limit : '');
const trap = await sandbox.run(m, 'divide', [1, 0]);
if (trap.status !== 'trap') throw new Error(trap.status);
const error: TrapError = trap.error;
console.log(error.trap, error.functionName, `${error.location?.file}:${error.location?.line}`);
const ok = await sandbox.run(m, 'divide', [84, 2]);
console.log(ok.status, ok.status === 'ok' ? ok.value : '', ok.metrics.isolation);
