/**
 * The fuzzing campaign: `node dist/spec/fuzz/campaign.js --count 1000000 --seed 1`.
 *
 * Programs run in child processes, some thousands each, so that a crash of native code is a finding and not the end:
 * the range that the child had not finished is then halved until the program is known, and the campaign goes on after it.
 *
 * - `--count N` programs (default 100,000), `--seed S` (default from the clock), `--jobs J` (default: processors)
 * - `--start N` leaves out the first N programs: a campaign that was ended goes on where its last line says
 * - `--size N` statements a program (default: programs of many sizes), `--executors a,b` (default all)
 * - `--vectors`, `--wide` (with vectors: 256 bits too), `--atomics`, `--imports`, `--hooks`: generate those instructions too
 * - `--native`: programs of the native memory model (WebAssembly has none: its executors count them as unsupported)
 * - `--places`: statements have source lines, and the traces of traps are compared where nothing was optimised
 * - `--thorough N` checks every N-th program more closely (default 8, see {@link DifferentialOptions.thorough})
 * - `--mismatches N`: findings per child before it stops (default 1)
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Coverage } from './coverage.ts';
import { formatMismatch, runDifferential, type DifferentialReport } from './differential.ts';
import { executorNames, executors } from './executors.ts';
import type { GenerateOptions } from './generate.ts';

const { values: flags } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' }, start: { type: 'string', default: '0' }, seed: { type: 'string' }, jobs: { type: 'string' }, size: { type: 'string' },
    executors: { type: 'string' }, mismatches: { type: 'string', default: '1' }, chunk: { type: 'string', default: '100000' }, thorough: { type: 'string', default: '8' },
    vectors: { type: 'boolean', default: false }, wide: { type: 'boolean', default: false }, atomics: { type: 'boolean', default: false },
    places: { type: 'boolean', default: false }, native: { type: 'boolean', default: false }, imports: { type: 'boolean', default: false }, hooks: { type: 'boolean', default: false },
    child: { type: 'boolean', default: false },
  },
});

const names = flags.executors?.split(',') ?? executorNames();
const generate: GenerateOptions = { ...(flags.size === undefined ? {} : { size: Number(flags.size) }), vectors: flags.vectors, wide: flags.wide, native: flags.native, atomics: flags.atomics, imports: flags.imports, hooks: flags.hooks, places: flags.places };
/**
 * Room for the engine's memories before it collects them: collecting often also throws optimised code away. One thread:
 * others would only be in the way of other jobs, and modules this small are validated sooner than a thread wakes up.
 */
const NODE_FLAGS = ['--enable-source-maps', '--initial-heap-size=1000', '--single-threaded'];

type Counts = DifferentialReport['ran'];
interface ChunkResult {
  /** Programs it is done with. */
  readonly programs: number;
  readonly coverage: Parameters<Coverage['merge']>[0] | undefined;
  readonly ran: Counts;
  readonly unsupported: Counts;
  /** How the child died, when it did. */
  readonly crash: string | undefined;
}

/** One chunk in this process; the result goes to standard output as one line, progress as others. */
function runChunk(): void {
  const coverage = new Coverage();
  const report = runDifferential({
    executors: executors(names), seed: Number(flags.seed), count: Number(flags.count), generate, mismatches: Number(flags.mismatches), thorough: Number(flags.thorough), coverage,
    found: (m) => { process.stdout.write(`@found ${JSON.stringify(formatMismatch(m))}\n`); },
    progress: (done) => { process.stdout.write(`@done ${done}\n`); },
  });
  const { programs, ran, unsupported } = report;
  process.stdout.write(`@chunk ${JSON.stringify({ programs, coverage, ran, unsupported })}\n`);
}

const children = new Set<ReturnType<typeof spawn>>();

function startChunk(seed: number, count: number, alive: (done: number) => void = () => {}, found: (text: string) => void = () => {}): Promise<ChunkResult> {
  return new Promise((resolve) => {
    const own = process.argv.slice(2).filter((a, k, all) => !/^--(seed|count|start|jobs)/.test(a) && !/^--(seed|count|start|jobs)$/.test(all[k - 1] ?? ''));
    const child = spawn(process.execPath, [...NODE_FLAGS, fileURLToPath(import.meta.url), ...own, '--child', '--seed', String(seed), '--count', String(count)], { stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(child);
    let line = '', noise = '', done = 0, result: Omit<ChunkResult, 'crash'> | undefined;
    child.stdout!.on('data', (d: Buffer) => {
      const lines = (line + d.toString()).split('\n');
      line = lines.pop()!;
      for (const l of lines) {
        if (l.startsWith('@done ')) { done = Number(l.slice(6)); alive(done); }
        else if (l.startsWith('@found ')) found(JSON.parse(l.slice(7)) as string);
        else if (l.startsWith('@chunk ')) result = JSON.parse(l.slice(7)) as Omit<ChunkResult, 'crash'>;
        else noise = `${noise}${l}\n`.slice(-4000);
      }
    });
    child.stderr!.on('data', (d: Buffer) => { noise = `${noise}${d.toString()}`.slice(-4000); });
    child.on('close', (code, signal) => {
      children.delete(child);
      if (result !== undefined) resolve({ ...result, crash: undefined });
      else resolve({ programs: done, coverage: undefined, ran: {}, unsupported: {}, crash: `exit code ${code}, signal ${signal}\n${noise}` });
    });
  });
}

/** The first program of a range that kills its process: its number in the range and what to say of it. */
async function findCrash(seed: number, count: number, first: string): Promise<{ readonly at: number; readonly text: string }> {
  let low = seed, n = count, last = first;
  while (n > 1) {
    const half = n >> 1, r = await startChunk(low, half);
    if (r.crash !== undefined) { last = r.crash; n = half; } else { low += half; n -= half; }
  }
  const r = await startChunk(low, 1);
  if (r.crash !== undefined) return { at: low - seed, text: `seed ${low}: the process died (${r.crash})` };
  return { at: count - 1, text: `a process died between seeds ${seed} and ${seed + count - 1} (${last}), but no single program does it` };
}

function addCounts(to: Record<string, number>, more: Counts): void { for (const [k, n] of Object.entries(more)) to[k] = (to[k] ?? 0) + n; }

async function main(): Promise<void> {
  const count = Number(flags.count), seed = flags.seed === undefined ? Date.now() : Number(flags.seed), chunk = Number(flags.chunk);
  const jobs = flags.jobs === undefined ? availableParallelism() : Number(flags.jobs), coverage = new Coverage(), started = Date.now(), first = Number(flags.start);
  process.stdout.write(`seed ${seed}, programs ${first} to ${count - 1}, size ${flags.size ?? 'mixed'}, executors: ${names.join(' ')}\n`);
  let next = first, done = 0, findings = 0;
  const ran: Record<string, number> = {}, unsupported: Record<string, number> = {}, open = new Set<number>();
  const say = (text: string): void => {
    findings++;
    process.stdout.write(`\n${text}\n`);
  };
  let last = Date.now();
  const progress = (at: number): void => {
    if (Date.now() - last < 60_000) return;
    last = Date.now();
    process.stdout.write(`at program ${at}\n`);
  };
  const lane = async (): Promise<void> => {
    while (next < count) {
      let from = next;
      const end = Math.min(count, from + chunk);
      next = end;
      while (from < end) {
        open.add(from);
        const r = await startChunk(seed + from, end - from, (n) => { progress(from + n); }, say);
        open.delete(from);
        if (r.coverage !== undefined) coverage.merge(r.coverage);
        addCounts(ran, r.ran);
        addCounts(unsupported, r.unsupported);
        done += r.programs;
        from += r.programs;
        if (r.crash !== undefined && from < end) {
          // Programs run in batches, so the fault is soon after the last sign of life.
          const crash = await findCrash(seed + from, Math.min(256, end - from), r.crash);
          say(crash.text);
          done += crash.at + 1;
          from += crash.at + 1;
        }
        process.stdout.write(`${done} programs, ${findings} findings, ${Math.round(done / (Date.now() - started) * 1000)} a second; go on with --seed ${seed} --start ${Math.min(next, from, ...open)}\n`);
      }
    }
  };
  await Promise.all(Array.from({ length: jobs }, lane));
  const list = (counts: Counts): string => Object.entries(counts).filter(([, n]) => n > 0).map(([k, n]) => `${k} ${n}`).join(', ') || 'none';
  process.stdout.write(`${coverage.format()}\nran (an equal module of another level is not run again): ${list(ran)}\nunsupported: ${list(unsupported)}\n`);
  process.stdout.write(`seed ${seed}: ${done} programs, ${findings} findings, ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  process.exitCode = findings > 0 ? 1 : 0;
}

// A reader that has seen enough (`| head`) ends the campaign.
process.stdout.on('error', () => {
  for (const child of children) child.kill('SIGKILL');
  process.exit(1);
});
if (flags.child) runChunk();
else await main();
