/**
 * The fuzzing campaign: `node dist/spec/fuzz/campaign.js --count 1000000 --seed 1`.
 *
 * Programs run in child processes, some thousands each, so that a crash of native code is a finding and not the end:
 * the campaign then halves the range until it knows the program.
 *
 * - `--count N` programs (default 100,000), `--seed S` (default from the clock), `--jobs J` (default: processors)
 * - `--size N` statements a program (default 40), `--executors a,b` (default all)
 * - `--vectors`, `--wide` (with vectors: 256 bits too), `--atomics`, `--imports`, `--hooks`: generate those instructions too
 * - `--mismatches N`: findings per child before it stops (default 1)
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Coverage } from './coverage.ts';
import { formatMismatch, runDifferential } from './differential.ts';
import { executorNames, executors } from './executors.ts';
import type { GenerateOptions } from './generate.ts';

const { values: flags } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' }, seed: { type: 'string' }, jobs: { type: 'string' }, size: { type: 'string', default: '40' },
    executors: { type: 'string' }, mismatches: { type: 'string', default: '1' }, chunk: { type: 'string', default: '5000' },
    vectors: { type: 'boolean', default: false }, wide: { type: 'boolean', default: false }, atomics: { type: 'boolean', default: false },
    imports: { type: 'boolean', default: false }, hooks: { type: 'boolean', default: false },
    child: { type: 'boolean', default: false },
  },
});

const names = flags.executors?.split(',') ?? executorNames();
const generate: GenerateOptions = { size: Number(flags.size), vectors: flags.vectors, wide: flags.wide, atomics: flags.atomics, imports: flags.imports, hooks: flags.hooks };

interface ChunkResult {
  readonly programs: number;
  readonly mismatches: readonly string[];
  readonly coverage: Parameters<Coverage['merge']>[0] | undefined;
  /** How the child died, when it did. */
  readonly crash: string | undefined;
}

/** One chunk in this process; the result goes to standard output as one line. */
function runChunk(): void {
  const coverage = new Coverage();
  const report = runDifferential({ executors: executors(names), seed: Number(flags.seed), count: Number(flags.count), generate, mismatches: Number(flags.mismatches), coverage });
  process.stdout.write(`\n@chunk ${JSON.stringify({ programs: report.programs, mismatches: report.mismatches.map(formatMismatch), coverage })}\n`);
}

function startChunk(seed: number, count: number): Promise<ChunkResult> {
  return new Promise((resolve) => {
    const own = process.argv.slice(2).filter((a, k, all) => !/^--(seed|count|jobs)/.test(a) && !/^--(seed|count|jobs)$/.test(all[k - 1] ?? ''));
    const child = spawn(process.execPath, ['--enable-source-maps', fileURLToPath(import.meta.url), ...own, '--child', '--seed', String(seed), '--count', String(count)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    child.stdout.on('data', (d: Buffer) => { out += d.toString(); });
    child.stderr.on('data', (d: Buffer) => { out += d.toString(); });
    child.on('close', (code, signal) => {
      const line = /\n@chunk (.*)\n/.exec(out);
      if (line === null) resolve({ programs: 0, mismatches: [], coverage: undefined, crash: `exit code ${code}, signal ${signal}\n${out.slice(-2000)}` });
      else resolve({ ...(JSON.parse(line[1]) as Omit<ChunkResult, 'crash'>), crash: undefined });
    });
  });
}

/** The first program of a range that kills its process. */
async function findCrash(seed: number, count: number): Promise<string> {
  let low = seed, n = count, last = '';
  while (n > 1) {
    const half = n >> 1, r = await startChunk(low, half);
    if (r.crash !== undefined) { last = r.crash; n = half; } else { low += half; n -= half; }
  }
  const r = await startChunk(low, 1);
  return r.crash !== undefined ? `seed ${low}: the process died (${r.crash})` : `a process died between seeds ${seed} and ${seed + count - 1} (${last}), but no single program does it`;
}

async function main(): Promise<void> {
  const count = Number(flags.count), seed = flags.seed === undefined ? Date.now() : Number(flags.seed), chunk = Number(flags.chunk);
  const jobs = flags.jobs === undefined ? availableParallelism() : Number(flags.jobs), coverage = new Coverage(), started = Date.now();
  process.stdout.write(`seed ${seed}, ${count} programs of size ${flags.size}, executors: ${names.join(' ')}\n`);
  let next = 0, done = 0, findings = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const from = next, n = Math.min(chunk, count - from);
      next += n;
      const r = await startChunk(seed + from, n);
      const texts = r.crash === undefined ? r.mismatches : [await findCrash(seed + from, n)];
      if (r.coverage !== undefined) coverage.merge(r.coverage);
      done += r.programs;
      findings += texts.length;
      for (const t of texts) process.stdout.write(`\n${t}\n`);
      process.stdout.write(`${done} of ${count} programs, ${findings} findings, ${Math.round(done / (Date.now() - started) * 1000)} a second\n`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, lane));
  process.stdout.write(`${coverage.format()}\nseed ${seed}: ${done} programs, ${findings} findings, ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  process.exitCode = findings > 0 ? 1 : 0;
}

if (flags.child) runChunk();
else await main();
