/**
 * The benchmark: generated code against JavaScript, WebAssembly and gcc, and the speed of the compiler itself.
 *
 * Usage: `npm run bench` for all; `npm run bench -- fib sieve` for some programs; `npm run bench -- compile` for the
 * compiler alone. Times depend on the machine and what else it does; compare within one run only.
 */
import { availableParallelism, cpus } from 'node:os';
import { benchKernels, DEFAULT_LEVEL, LEVELS, type KernelRow } from './kernels.ts';
import { PROGRAMS } from './programs/index.ts';
import { formatTable } from './table.ts';
import { benchThroughput } from './throughput.ts';

const ROUNDS = 15;
const COLUMNS = ['js', 'to wasm', 'wasm', 'gcc -O0', 'gcc -O2'] as const;
/** For programs that are written with vectors too. */
const VECTOR_COLUMNS = [DEFAULT_LEVEL, 'v128', 'v256', 'gcc -O2', 'gcc -O3 -mavx2 -mfma'] as const;

const args = process.argv.slice(2), onlyCompile = args.length === 1 && args[0] === 'compile';
const programs = args.length === 0 ? PROGRAMS : PROGRAMS.filter((p) => args.includes(p.name));
const unknown = args.filter((a) => a !== 'compile' && !PROGRAMS.some((p) => p.name === a));

if (unknown.length > 0) {
  process.stderr.write(`unknown benchmark: ${unknown.join(', ')}\n  Use some of: ${PROGRAMS.map((p) => p.name).join(', ')}, compile.\n`);
  process.exitCode = 1;
} else {
  process.stdout.write(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} processors\n\n`);
  if (!onlyCompile) printKernels();
  if (args.length === 0 || args.includes('compile')) benchThroughput();
}

function printKernels(): void {
  const rows: string[][] = [], vectorRows: string[][] = [], notes: string[] = [];
  benchKernels(programs, ROUNDS, (row) => {
    rows.push(cells(row));
    if (row.program.vectors !== undefined) vectorRows.push(vectorCells(row));
    for (const [variant, reason] of row.failures) notes.push(`FAILED: ${row.program.name}, ${variant}: ${reason}`);
    process.stderr.write(`  measured ${row.program.name}: ${row.program.description}\n`);
  });
  const header = ['program', ...LEVELS, ...COLUMNS, `${DEFAULT_LEVEL} : gcc -O2`, `${DEFAULT_LEVEL} : js`];
  process.stdout.write(`Milliseconds a run, median of ${ROUNDS} taken in turns; ratios are of the least times, which other load disturbs least\n(below 1 means ${DEFAULT_LEVEL} is faster)\n\n${formatTable(header, rows)}\n`);
  process.stdout.write(`"to wasm" is the same module after ${DEFAULT_LEVEL} through the WebAssembly backend; "wasm" is written by hand, for fib and sieve only.\n`);
  if (vectorRows.length > 0) {
    const ratios = ['v128', 'v256'].map((v) => `${v} : ${VECTOR_COLUMNS[4]}`);
    process.stdout.write(`\nWritten with vectors, at ${DEFAULT_LEVEL}\n\n${formatTable(['program', ...VECTOR_COLUMNS, ...ratios], vectorRows)}\n`);
  }
  for (const n of notes) process.stdout.write(`${n}\n`);
  if (notes.length > 0) process.exitCode = 1;
}

function cells(row: KernelRow): string[] {
  return [row.program.name, ...LEVELS.map((n) => time(row, n)), ...COLUMNS.map((n) => time(row, n)), ratio(row, DEFAULT_LEVEL, 'gcc -O2'), ratio(row, DEFAULT_LEVEL, 'js')];
}
function vectorCells(row: KernelRow): string[] {
  return [row.program.name, ...VECTOR_COLUMNS.map((n) => time(row, n)), ratio(row, 'v128', VECTOR_COLUMNS[4]), ratio(row, 'v256', VECTOR_COLUMNS[4])];
}
function time(row: KernelRow, name: string): string {
  return row.failures.has(name) ? 'failed' : (row.timings.get(name)?.median.toFixed(2) ?? '-');
}
function ratio(row: KernelRow, a: string, b: string): string {
  const x = row.timings.get(a), y = row.timings.get(b);
  if (x === undefined || y === undefined || row.failures.has(a) || row.failures.has(b)) return '-';
  return (x.least / y.least).toFixed(2);
}
