/** What the tour's scripts share: one sandbox, printing, timing. */
import { fileURLToPath } from 'node:url';
import { hostTarget } from 'lamella';
import { Sandbox, type Outcome } from 'lamella/sandbox';

/** The sandbox of the tour: room for a file of some 100 MB, ten seconds. */
export const sandbox = new Sandbox(hostTarget(), { maxMemory: 1024 * 1024 * 1024, maxExecutionTime: 10_000 });

/** Prints the heading of a part. */
export function heading(title: string): void {
  console.log(`\n${title}\n${'─'.repeat(title.length)}`);
}

/** Prints an indented line. */
export function say(line: string): void { console.log(`  ${line}`); }

/** The value of an outcome that must be `ok`, or its error thrown. */
export function valueOf<T>(outcome: Outcome<T>): Extract<Outcome<T>, { status: 'ok' }> {
  if (outcome.status !== 'ok') throw outcome.error;
  return outcome;
}

/** Runs `work` and says how long it took, in milliseconds. */
export function timed<T>(work: () => T): { readonly value: T; readonly ms: number } {
  const started = performance.now();
  const value = work();
  return { value, ms: performance.now() - started };
}

/** Milliseconds as text. */
export function ms(milliseconds: number): string { return `${milliseconds.toFixed(milliseconds < 10 ? 2 : 1)} ms`; }

/** The line every part ends with: native time beside plain JavaScript's, and how much of it compilation was. */
export function compare(outcome: Extract<Outcome<unknown>, { status: 'ok' }>, javascript: number): void {
  const { wallTime, compileTime } = outcome.metrics;
  say(`native ${ms(wallTime)} (compiled in ${ms(compileTime)})   plain JavaScript ${ms(javascript)}   ratio ${(javascript / wallTime).toFixed(2)}`);
}

/** True when the module at `url` is the script that was started. */
export function isMain(url: string): boolean { return process.argv[1] === fileURLToPath(url); }
