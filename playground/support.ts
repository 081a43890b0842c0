/** What the tour's scripts share: one sandbox, printing, timing. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { sandboxTarget } from 'lamella';
import { configure, Sandbox, type Isolation, type Outcome, type SandboxConfig } from 'lamella/sandbox';

// Not strict: specs and benchmarks import these scripts too, and have options of their own.
const { values, positionals } = parseArgs({ strict: false, options: { isolation: { type: 'string', default: 'auto' }, file: { type: 'string' } }, allowPositionals: true });

/** The tier everything runs in: `--isolation worker`, `wasm`, or `auto`. */
export const { isolation } = configure({ isolation: values.isolation as Isolation });
/** `--file`: what the tour hashes. */
export const file = typeof values.file === 'string' ? values.file : undefined;
/** The first argument that is no option. */
export const argument: string | undefined = positionals[0];

/** A sandbox in the tier that was asked for. */
export function newSandbox(config: Partial<SandboxConfig> = {}): Sandbox { return new Sandbox(sandboxTarget(), { isolation, ...config }); }

/** The sandbox of the tour: room for a file of some 100 MB, ten seconds. */
export const sandbox = newSandbox({ maxMemory: 1024 * 1024 * 1024, maxExecutionTime: 10_000 });

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

/** What the code of an outcome is called. */
export function kindOf(outcome: Outcome<unknown>): string { return outcome.metrics.isolation === 'wasm' ? 'WebAssembly' : 'native'; }

/** The line every part ends with: compiled code's time beside plain JavaScript's, and how much of it compilation was. */
export function compare(outcome: Extract<Outcome<unknown>, { status: 'ok' }>, javascript: number): void {
  const { wallTime, compileTime } = outcome.metrics;
  say(`${kindOf(outcome)} ${ms(wallTime)} (compiled in ${ms(compileTime)})   plain JavaScript ${ms(javascript)}   ratio ${(javascript / wallTime).toFixed(2)}`);
}

/** True when the module at `url` is the script that was started. */
export function isMain(url: string): boolean { return process.argv[1] === fileURLToPath(url); }
