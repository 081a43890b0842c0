/** What a sandbox compiles for where one does not know the machine. */
import { wasm } from '../backends/index.ts';
import { hostTarget } from './host-target.ts';
import { LamellaError } from './mir/errors.ts';
import type { SandboxTarget } from './sandbox/program.ts';

/** Errors of `hostTarget` that mean: no native code here. */
const NO_NATIVE: ReadonlySet<string> = new Set(['unsupported-machine', 'native-unavailable', 'missing-features']);

/**
 * What a sandbox can compile for on this machine: native code where it runs, WebAssembly everywhere.
 *
 * @example
 * const sandbox = new Sandbox(sandboxTarget());                   // on any machine
 * (await sandbox.run(demo, 'fib', [30n])).metrics.isolation       // => 'worker' on Linux x86-64, else 'wasm'
 */
export function sandboxTarget(): SandboxTarget {
  try {
    return hostTarget();
  } catch (error) {
    if (error instanceof LamellaError && NO_NATIVE.has(error.code)) return Object.freeze({ wasm });
    throw error;
  }
}
