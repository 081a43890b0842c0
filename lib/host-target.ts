/** The architecture of this machine as a target: the one place where the library chooses a backend by itself. */
import { x86_64, x86_64Features } from '../backends/index.ts';
import { x86_64Stubs } from '../backends/x86_64/stubs.ts';
import type { SandboxTarget } from './sandbox/program.ts';
import { UnsupportedMachineError } from './runtime/native/errors.ts';
import { describeMachine, requireMachine } from './runtime/native/load.ts';
import { nodeBuiltin } from './runtime/node-builtin.ts';

let target: SandboxTarget | undefined;

/**
 * What compiled code for this machine needs: the backend and its runtime stubs.
 *
 * @throws UnsupportedMachineError on anything but Linux on x86-64 with the features the backend emits
 * @example
 * hostTarget().backend.name // => 'x86_64'
 */
export function hostTarget(): SandboxTarget {
  if (target === undefined) {
    requireMachine(describeMachine());
    const missing = missingFeatures(cpuFlags());
    if (missing.length > 0) throw new UnsupportedMachineError(`the processor lacks ${missing.join(', ')}`);
    target = Object.freeze({ backend: x86_64, stubs: x86_64Stubs() });
  }
  return target;
}

/** Features the backend needs that are not in `flags` (undefined: unknown, taken as all there). */
export function missingFeatures(flags: ReadonlySet<string> | undefined): readonly string[] {
  return flags === undefined ? [] : x86_64Features.filter((f) => !flags.has(f));
}

function cpuFlags(): ReadonlySet<string> | undefined {
  try {
    const line = /^flags\s*:(.*)$/m.exec(nodeBuiltin('node:fs').readFileSync('/proc/cpuinfo', 'utf8'));
    return line === null ? undefined : new Set(line[1].trim().split(/\s+/));
  } catch {
    return undefined;
  }
}
