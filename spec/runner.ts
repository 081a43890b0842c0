/**
 * The test runner: every `*.spec.js` under this folder in a process of its own, two at a time.
 *
 * A file fails when a test fails, when it fails to import, when it registers no test, when it dies, or when it is
 * still running after ten minutes. The last line is `N passed, N failed`.
 *
 * Usage: `node dist/spec/runner.js [part of a path ...]`.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const FILE_LIMIT_MS = 600_000;
const here = dirname(fileURLToPath(import.meta.url));

/** What a uvu suite resolves to when run: failures as text, passed, skipped, total. */
type SuiteResult = readonly [string | boolean, number, number, number];
type Queue = [string, ...(() => Promise<SuiteResult>)[]];

interface FileResult { readonly file: string; readonly passed: number; readonly failed: number; readonly skipped: number; readonly text: string; readonly ms: number }

async function runFile(file: string): Promise<void> {
  const scope = globalThis as unknown as { UVU_DEFER: number; UVU_QUEUE: Queue[]; UVU_INDEX: number };
  // Before uvu is loaded: it looks once, and would otherwise also run every suite by itself.
  scope.UVU_DEFER = 1;
  scope.UVU_QUEUE = [[file]];
  scope.UVU_INDEX = 0;
  let passed = 0, failed = 0, skipped = 0;
  try {
    await import(pathToFileURL(file).href);
    const [, ...suites] = scope.UVU_QUEUE[0];
    for (const suite of suites) {
      const [errors, ok, skip, total] = await suite();
      passed += ok;
      skipped += skip;
      failed += total - ok - skip;
      if (errors) process.stdout.write(`\n${String(errors)}`);
    }
    if (passed + failed + skipped === 0) {
      failed = 1;
      process.stdout.write(`\n  FAIL  ${file} registers no test (did it forget suite.run()?)\n`);
    }
  } catch (error) {
    failed++;
    process.stdout.write(`\n  FAIL  ${file} could not be loaded\n${error instanceof Error ? error.stack : String(error)}\n`);
  }
  process.stdout.write(`\n@result ${passed} ${failed} ${skipped}\n`, () => process.exit(failed > 0 ? 1 : 0));
}

function startFile(file: string): Promise<FileResult> {
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn(process.execPath, ['--enable-source-maps', '--expose-gc', fileURLToPath(import.meta.url), '--file', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '', timedOut = false;
    child.stdout.on('data', (d: Buffer) => { text += d.toString(); });
    child.stderr.on('data', (d: Buffer) => { text += d.toString(); });
    const timer = setTimeout(() => { timedOut = true; child.kill('SIGKILL'); }, FILE_LIMIT_MS);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const result = /\n@result (\d+) (\d+) (\d+)\n/.exec(text);
      const ms = Date.now() - started;
      if (result === null) {
        resolve({ file, passed: 0, failed: 1, skipped: 0, ms, text: `${text}\n  FAIL  ${file} ${timedOut ? `was still running after ${FILE_LIMIT_MS / 1000} s` : `died (exit code ${code}, signal ${signal})`}\n` });
      } else {
        resolve({ file, passed: Number(result[1]), failed: Number(result[2]), skipped: Number(result[3]), ms, text: text.replace(result[0], '\n') });
      }
    });
  });
}

async function main(filters: readonly string[]): Promise<void> {
  const files = readdirSync(here, { recursive: true, encoding: 'utf8' })
    .filter((f) => f.endsWith('.spec.js') && (filters.length === 0 || filters.some((p) => f.includes(p)))).sort()
    .map((f) => join(here, f));
  let passed = 0, failed = 0, skipped = 0, next = 0;
  const lane = async (): Promise<void> => {
    while (next < files.length) {
      const r = await startFile(files[next++]);
      passed += r.passed;
      failed += r.failed;
      skipped += r.skipped;
      process.stdout.write(`${r.failed > 0 ? 'FAIL' : 'ok  '} ${relative(here, r.file)}  ${r.passed} passed${r.failed > 0 ? `, ${r.failed} failed` : ''}${r.skipped > 0 ? `, ${r.skipped} skipped` : ''}  (${r.ms} ms)\n`);
      // Suites that pass print only dots; reasons for skipping and printed seeds are worth reading.
      const worth = r.failed > 0 ? r.text : r.text.split('\n').filter((l) => /^\s*(skipped:|seed)/.test(l)).join('\n');
      if (worth.trim() !== '') process.stdout.write(`${worth}\n`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, lane));
  if (files.length === 0) {
    process.stdout.write(`no spec file matches ${filters.join(' ')}\n`);
    failed = 1;
  }
  if (skipped > 0) process.stdout.write(`${skipped} skipped (reasons above)\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = failed > 0 ? 1 : 0;
}

const args = process.argv.slice(2);
if (args[0] === '--file') await runFile(args[1]);
else await main(args);
