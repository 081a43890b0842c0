/** An endless loop, stopped at its deadline; the next job runs as if nothing had happened. `node dist/playground/deadline.js`. */
import { fn, i64, module } from 'lamella';
import { heading, isMain, ms, newSandbox, say } from './support.ts';

const forever = fn('forever', [], i64, (b) => {
  const n = b.var(i64, 0n);
  b.loop(() => n.update((x) => x.add(1n)));
});
const answer = fn('answer', [], i64, (b) => b.ret(42n));
const demo = module('deadline').export({ forever, answer }).build();

export async function main(): Promise<void> {
  heading('An endless loop');
  await using sandbox = newSandbox({ maxExecutionTime: 50, workers: 1 });
  await sandbox.run(demo, 'answer', []);
  const stopped = await sandbox.run(demo, 'forever', []);
  if (stopped.status !== 'timeout') throw new Error(`expected a timeout, got ${stopped.status}`);
  say(`status "timeout": ${stopped.error.message.split('\n')[0]}`);
  say(`it ran for ${ms(stopped.metrics.wallTime)}, ${((stopped.metrics.wallTime - 50) * 1000).toFixed(0)} µs past its deadline`);
  const next = await sandbox.run(demo, 'answer', []);
  say(`the next run: ${next.status === 'ok' ? String(next.value) : next.status}`);
  say('plain JavaScript: the same loop on the main thread never ends and cannot be stopped');
}

if (isMain(import.meta.url)) await main();
