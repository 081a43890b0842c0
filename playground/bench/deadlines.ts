/**
 * How far past its deadline guest code is stopped, with the event loop idle and blocked.
 *
 * Overshoot is `outcome.metrics.wallTime − limit`: both ends are read on the worker with `performance.now()`, before the
 * call and when guest code has been left. That clock is the kernel's monotonic one, read without a system call, in steps
 * of a nanosecond; a read costs some 50 ns. The span holds the call's own way in (some µs to check the arguments and arm
 * the timer). For `compile()` it also holds the making of the typed error (5 µs when warm, several times that after the
 * caches have gone cold). When the host's event loop hears of the outcome is another matter: a blocked one hears of it
 * when it is free again.
 *
 * Other programs disturb this measurement: what they take a thread off its processor for is not ours. The last columns
 * are of the runs that had a processor for all of their wall time (the thread's processor time tells).
 *
 * Usage: `npm run bench:deadlines`, or `npm run bench:deadlines -- 200` for 200 runs of each kind.
 */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { compile, fn, hostTarget, i64, module, RunInterruptedError } from 'lamella';
import { nativeBridge } from 'lamella/runtime';
import { Sandbox } from 'lamella/sandbox';
import { distributionCells, distributionOf, DISTRIBUTION_HEADER } from './distribution.ts';
import { formatTable } from './table.ts';

/** Deadline in milliseconds, and runs measured. */
const DEADLINES: readonly (readonly [limit: number, count: number])[] = [[1, 1000], [5, 400], [50, 300]];
const WARM_UP = 50;

const spin = fn('spin', [], i64, (b) => {
  const n = b.var(i64, 0n);
  b.loop(() => n.update((v) => v.add(1n)));
});
const endless = module('endless').export({ spin }).build();

const asked = process.argv[2] === undefined ? undefined : Number(process.argv[2]);
if (asked !== undefined && !(Number.isSafeInteger(asked) && asked > 0)) {
  process.stderr.write('Give the number of runs of each kind, for example: npm run bench:deadlines -- 200\n');
  process.exit(1);
}

/** Microseconds past the deadline, and off the processor before and after it. */
interface Sample { readonly overshoot: number; readonly away: number }
/** A thread that was away for less was not descheduled: the two clocks are read a moment apart. */
const UNDISTURBED = 20;

const sandbox = new Sandbox(hostTarget(), { workers: 1 });

/** One run that ends at its deadline; `meanwhile` happens on the host's thread. */
async function overshoot(limit: number, meanwhile?: () => void): Promise<Sample> {
  const running = sandbox.run(endless, 'spin', [], { maxExecutionTime: limit });
  if (meanwhile !== undefined) {
    // The request leaves for the worker in a microtask; then the loop is kept busy until the run must be over.
    await new Promise((resolve) => { setImmediate(resolve); });
    meanwhile();
  }
  const outcome = await running;
  if (outcome.status !== 'timeout') throw new Error(`the endless loop ended with ${outcome.status}`);
  const { wallTime, cpuTime } = outcome.metrics;
  return { overshoot: (wallTime - limit) * 1000, away: (wallTime - cpuTime) * 1000 };
}

function blockFor(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** The same on this thread, without a worker. */
function inProcess(native: ReturnType<typeof compile<typeof endless>>, limit: number): Sample {
  const bridge = nativeBridge(), cpu = bridge.threadCpuTime(), before = performance.now();
  try {
    native.call('spin', [], { deadline: limit });
  } catch (error) {
    const wall = performance.now() - before;
    if (error instanceof RunInterruptedError) return { overshoot: (wall - limit) * 1000, away: wall * 1000 - (bridge.threadCpuTime() - cpu) / 1000 };
    throw error;
  }
  throw new Error('the endless loop ended');
}

const load = (): string => loadavg().map((v) => v.toFixed(2)).join(' ');
process.stdout.write(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} processors, load average ${load()}\n`);
process.stdout.write('Microseconds from the deadline to the end of the run.\n\n');

const rows: (readonly string[])[] = [];
const record = (name: string, samples: readonly Sample[]): void => {
  const kept = samples.filter((s) => s.away < UNDISTURBED).map((s) => s.overshoot), all = distributionCells(distributionOf(samples.map((s) => s.overshoot)));
  const [middle, , p99, most, count] = kept.length > 0 ? distributionCells(distributionOf(kept)) : ['-', '-', '-', '-', '0'];
  rows.push([name, ...all, '|', middle, p99, most, count]);
};
for (let k = 0; k < WARM_UP; k++) await overshoot(0.5);
using native = compile(endless);
for (let k = 0; k < WARM_UP; k++) inProcess(native, 0.5);

for (const [limit, usual] of DEADLINES) {
  const count = asked ?? usual, idle: Sample[] = [], blocked: Sample[] = [], here: Sample[] = [];
  for (let k = 0; k < count; k++) idle.push(await overshoot(limit));
  for (let k = 0; k < count; k++) blocked.push(await overshoot(limit, () => blockFor(limit + 1)));
  for (let k = 0; k < count; k++) here.push(inProcess(native, limit));
  record(`${limit} ms, sandbox, event loop idle`, idle);
  record(`${limit} ms, sandbox, event loop blocked`, blocked);
  record(`${limit} ms, compile() in this thread`, here);
}
process.stdout.write(`${formatTable(['deadline', ...DISTRIBUTION_HEADER, '|', 'undisturbed: median', 'p99', 'max', 'count'], rows)}\n\nload average at the end ${load()}\n`);
await sandbox.dispose();
