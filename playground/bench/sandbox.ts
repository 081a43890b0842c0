/**
 * What the boundary costs: a call of a compiled function, a run in either tier of the sandbox (warm, of a new module,
 * one that must be stopped), compiling, and starting cold.
 *
 * Usage: `npm run bench:sandbox`.
 */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { compile, fn, hostTarget, i32, i64, module, unit } from 'lamella';
import { Sandbox } from 'lamella/sandbox';
import type { ColdStart } from './cold-start.ts';
import { distributionCells, distributionOf, DISTRIBUTION_HEADER } from './distribution.ts';
import { median } from './measure.ts';
import { formatTable } from './table.ts';

const load = (): string => loadavg().map((v) => v.toFixed(2)).join(' ');
process.stdout.write(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} processors, load average ${load()}\n\n`);

const nothing = fn('nothing', [], unit, (b) => b.ret());
const add = fn('add', [i32, i32], i32, (b, x, y) => b.ret(x.add(y)));
const add64 = fn('add64', [i64, i64], i64, (b, x, y) => b.ret(x.add(y)));
const forever = fn('forever', [], unit, (b) => b.loop(() => {}));
const small = module('small').export({ nothing, add, add64, forever }).build();
const TIERS = ['worker', 'wasm'] as const;

printCalls();
await printRuns();
await printFirstRuns();
await printTimeouts();
printCompile();
printColdStarts();
process.stdout.write(`load average at the end ${load()}\n`);

/** Nanoseconds a call: median of batches. */
function nanosecondsOf(call: () => void, perBatch: number): number {
  const times: number[] = [];
  for (let batch = 0; batch < 25; batch++) {
    const start = performance.now();
    for (let k = 0; k < perBatch; k++) call();
    times.push((performance.now() - start) / perBatch * 1e6);
  }
  return median(times);
}

function printCalls(): void {
  const rows: string[][] = [];
  for (const deadline of [undefined, 1000]) {
    using native = compile(small, deadline === undefined ? {} : { deadline });
    const limit = deadline === undefined ? 'no deadline' : 'with a deadline', n = deadline === undefined ? 40_000 : 10_000;
    rows.push([`nothing(), ${limit}`, nanosecondsOf(() => { native.nothing(); }, n).toFixed(0)]);
    rows.push([`add(i32, i32), ${limit}`, nanosecondsOf(() => { native.add(40, 2); }, n).toFixed(0)]);
    rows.push([`add64(i64, i64), ${limit}`, nanosecondsOf(() => { native.add64(40n, 2n); }, n).toFixed(0)]);
  }
  process.stdout.write(`${formatTable(['call from JavaScript', 'ns'], rows)}\n\n`);
}

/** A warm run: everything is compiled, the threads are up. */
async function printRuns(): Promise<void> {
  const rows: (readonly string[])[] = [], rates: string[] = [];
  for (const isolation of TIERS) {
    await using sandbox = new Sandbox(hostTarget(), { workers: 2, isolation });
    await sandbox.warm();
    const one = async (): Promise<number> => {
      const start = performance.now();
      const outcome = await sandbox.run(small, 'add', [40, 2]);
      if (outcome.status !== 'ok' || outcome.value !== 42) throw new Error(outcome.status);
      return (performance.now() - start) * 1000;
    };
    for (let k = 0; k < 1000; k++) await one();
    const singly: number[] = [];
    for (let k = 0; k < 5000; k++) singly.push(await one());
    rows.push([`${isolation}: one after another`, ...distributionCells(distributionOf(singly))]);
    const pairs: number[] = [], start = performance.now();
    for (let k = 0; k < 2500; k++) pairs.push(...await Promise.all([one(), one()]));
    rows.push([`${isolation}: two at a time`, ...distributionCells(distributionOf(pairs))]);
    rates.push(`${isolation}: ${(5000 / (performance.now() - start) * 1000).toFixed(0)} runs a second, two at a time`);
  }
  process.stdout.write(`${formatTable(['warm sandbox.run, microseconds', ...DISTRIBUTION_HEADER], rows)}\n${rates.join('\n')}\n\n`);
}

/** The first run of a module, the threads being up: compiling it is part of the time. */
async function printFirstRuns(): Promise<void> {
  const rows: (readonly string[])[] = [];
  for (const [t, isolation] of TIERS.entries()) {
    await using sandbox = new Sandbox(hostTarget(), { workers: 1, isolation });
    await sandbox.warm();
    const times: number[] = [];
    for (let k = 0; k < 400; k++) {
      const m = fibModule(1000 * (t + 1) + k), start = performance.now();
      const outcome = await sandbox.run(m, 'fib', [5n]);
      if (outcome.status !== 'ok') throw outcome.error;
      if (k >= 200) times.push((performance.now() - start) * 1000);
    }
    rows.push([isolation, ...distributionCells(distributionOf(times))]);
  }
  process.stdout.write(`${formatTable(['first sandbox.run of a new fib, microseconds', ...DISTRIBUTION_HEADER], rows)}\n\n`);
}

/** An endless loop: how late its end is known to the caller, and how long the run after it takes. */
async function printTimeouts(): Promise<void> {
  const rows: (readonly string[])[] = [], limit = 20;
  for (const isolation of TIERS) {
    await using sandbox = new Sandbox(hostTarget(), { workers: 1, isolation });
    await sandbox.warm();
    await sandbox.run(small, 'add', [40, 2]);
    const late: number[] = [], next: number[] = [];
    for (let k = 0; k < 60; k++) {
      const start = performance.now(), outcome = await sandbox.run(small, 'forever', [], { maxExecutionTime: limit }), answered = performance.now();
      if (outcome.status !== 'timeout') throw new Error(outcome.status);
      late.push((answered - start - limit) * 1000);
      await sandbox.run(small, 'add', [40, 2]);
      next.push((performance.now() - answered) * 1000);
      // As long as a thread takes to start: the tier wasm has lost one.
      await new Promise((resolve) => { setTimeout(resolve, 60); });
    }
    rows.push([`${isolation}: past the deadline`, ...distributionCells(distributionOf(late))], [`${isolation}: the run after`, ...distributionCells(distributionOf(next))]);
  }
  process.stdout.write(`${formatTable([`an endless loop with ${limit} ms, microseconds`, ...DISTRIBUTION_HEADER], rows)}\n\n`);
}

/** A module nobody has compiled: each has another constant. */
function fibModule(k: number) {
  const fib = fn('fib', [i64], i64, (b, n) => {
    b.if(n.lt(2n), () => b.ret(n.add(BigInt(k))));
    b.ret(fib(n.sub(1n)).add(fib(n.sub(2n))));
  });
  return module(`fib${k}`).export({ fib }).build();
}

function printCompile(): void {
  const build: number[] = [], first: number[] = [];
  for (let k = 0; k < 400; k++) {
    const start = performance.now(), m = fibModule(k), built = performance.now();
    using native = compile(m);
    native.fib(1n);
    const called = performance.now();
    // The first rounds pay for the compiler's own warming up.
    if (k >= 200) {
      build.push((built - start) * 1000);
      first.push((called - built) * 1000);
    }
  }
  process.stdout.write(`${formatTable(['a new fib, warm, microseconds', ...DISTRIBUTION_HEADER], [
    ['DSL to module', ...distributionCells(distributionOf(build))],
    ['compile() to the end of the first call', ...distributionCells(distributionOf(first))],
  ])}\n\n`);
}

function printColdStarts(): void {
  const script = fileURLToPath(new URL('./cold-start.js', import.meta.url)), rows: (readonly string[])[] = [];
  for (const kind of ['compile', ...TIERS]) {
    const starts: ColdStart[] = [];
    for (let k = 0; k < 12; k++) starts.push(JSON.parse(execFileSync(process.execPath, [script, kind], { encoding: 'utf8' })) as ColdStart);
    const row = (name: string, of: (s: ColdStart) => number): void => { rows.push([`${name}`, ...distributionCells(distributionOf(starts.map(of)))]); };
    const last = kind === 'compile' ? 'compile() and first call' : 'sandbox.run, new threads included';
    row(`${kind}: Node itself`, (s) => s.boot);
    row(`${kind}: import`, (s) => s.import);
    row(`${kind}: DSL to module`, (s) => s.build);
    row(`${kind}: ${last}`, (s) => s.run);
    row(`${kind}: all, from the start of the process`, (s) => s.total);
  }
  process.stdout.write(`${formatTable(['a fresh process, milliseconds', ...DISTRIBUTION_HEADER], rows)}\n\n`);
}
