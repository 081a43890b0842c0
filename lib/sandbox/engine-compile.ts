/**
 * Compiling on the engine for guests: a guest's call may be its only one, and V8 never replaces code while it runs. A
 * loop that begins in the engine's quick first code would stay there for ever (several times as slow), so modules of
 * ordinary size are compiled by the optimising compiler at once.
 *
 * V8 knows this choice only as flags of the process. They are set for the moment of one compilation and put back; a
 * module that another thread compiles in that moment is compiled slower and runs as well. Where the process was
 * started with such flags, they are the user's and stay.
 */
import { nodeBuiltin } from '../runtime/node-builtin.ts';
import { requireEngine, type WasmEngineModule } from '../runtime/wasm-engine.ts';

/** Modules up to this many bytes are optimised before their first run; it takes about a millisecond a kilobyte. */
const LARGEST_OPTIMISED = 64 * 1024;
const FLAGS = ['liftoff', 'wasm-lazy-compilation'] as const;

/** True when the flags of V8 are as they come, so that they may be set and put back. For the main thread. */
export function engineFlagsUntouched(): boolean {
  const given = `${process.execArgv.join(' ')} ${process.env['NODE_OPTIONS'] ?? ''}`;
  return 'v8' in process.versions && !/liftoff|wasm|jitless|single-threaded/.test(given);
}

/**
 * Has the engine compile a module.
 *
 * @param mayOptimise - what {@link engineFlagsUntouched} said
 * @throws the engine's CompileError
 */
export function compileOnEngine(bytes: Uint8Array, mayOptimise: boolean): WasmEngineModule {
  const engine = requireEngine();
  if (!mayOptimise || bytes.length > LARGEST_OPTIMISED) return new engine.Module(bytes);
  const { setFlagsFromString } = nodeBuiltin('node:v8');
  try {
    for (const flag of FLAGS) setFlagsFromString(`--no-${flag}`);
    return new engine.Module(bytes);
  } finally {
    restoreEngineFlags();
  }
}

/** Puts the flags back. A thread that is ended while it compiles runs no `finally`: whoever hears of its end does it. */
export function restoreEngineFlags(): void {
  const { setFlagsFromString } = nodeBuiltin('node:v8');
  for (const flag of FLAGS) setFlagsFromString(`--${flag}`);
}
