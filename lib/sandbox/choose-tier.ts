/** Which tier a run gets. */
import { LamellaError, UsageError } from '../mir/errors.ts';
import { describeMachine, nativeBridge, requireMachine } from '../runtime/native/load.ts';
import type { RuntimeTarget } from '../runtime/program.ts';
import type { Isolation } from './config.ts';
import type { SandboxTarget } from './program.ts';

/** What the machine said when it was first asked; it does not change. */
let native: { readonly error: LamellaError | undefined } | undefined;

/** Why native code cannot run in this process, or undefined when it can. */
function nativeError(): LamellaError | undefined {
  if (native === undefined) {
    try {
      requireMachine(describeMachine());
      nativeBridge();
      native = { error: undefined };
    } catch (error) {
      if (!(error instanceof LamellaError)) throw error;
      native = { error };
    }
  }
  return native.error;
}

/** The native part of a target, or undefined. */
export function nativeTarget(target: SandboxTarget): RuntimeTarget | undefined {
  const { backend, stubs, available } = target;
  if (backend === undefined || stubs === undefined) return undefined;
  return available === undefined ? { backend, stubs } : { backend, stubs, available };
}

/**
 * The tier that `isolation` means with this target on this machine.
 *
 * @throws UnsupportedMachineError, NativeUnavailableError when native code is asked for, or all there is, and cannot run
 * @throws UsageError when the target has nothing for the tier
 */
export function chooseTier(isolation: Isolation, target: SandboxTarget): 'worker' | 'wasm' {
  if (isolation === 'wasm') {
    if (target.wasm === undefined) throw new UsageError('the target of this sandbox has no WebAssembly backend', 'Pass hostTarget() or sandboxTarget(), which have one.');
    return 'wasm';
  }
  const error = nativeError(), possible = error === undefined && nativeTarget(target) !== undefined;
  if (possible) return 'worker';
  if (isolation === 'auto' && target.wasm !== undefined) return 'wasm';
  throw error ?? new UsageError('the target of this sandbox has no native backend', 'Pass hostTarget(), or choose the isolation "wasm".');
}
