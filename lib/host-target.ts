/** The architecture of this machine as a target: the one place where the library chooses a backend by itself. */
import { wasm, x86_64, type X86Features, type X86Level } from '../backends/index.ts';
import { cpuidProbe, featureNames, featuresOfWords, PROBE_WORDS } from '../backends/x86_64/index.ts';
import { x86_64Stubs } from '../backends/x86_64/stubs.ts';
import type { RuntimeTarget } from './runtime/program.ts';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from './runtime/native/bridge.ts';
import { MissingFeaturesError } from './runtime/native/errors.ts';
import { nativeBridge } from './runtime/native/load.ts';

let machine: X86Features | undefined;
const targets = new Map<string, RuntimeTarget>();

/**
 * What compiled code for this machine needs: the backend for its processor's features, and its runtime stubs.
 *
 * @param features - fewer than the machine has, to see what code for an older one does; default: all that it has
 * @throws UnsupportedMachineError on anything but Linux on x86-64, NativeUnavailableError without koffi,
 *   MissingFeaturesError for features that this machine lacks, UsageError for an unknown level
 * @example
 * hostTarget().backend.name            // => 'x86_64'
 * hostTarget('sse2').backend.variant   // => ''
 */
export function hostTarget(features?: X86Level | X86Features): RuntimeTarget {
  const available = machineFeatures(), backend = x86_64.with(features ?? available), names = featureNames(available);
  const missing = missingFeatures(backend.features);
  if (missing.length > 0) throw new MissingFeaturesError(missing);
  let target = targets.get(backend.variant ?? '');
  if (target === undefined) targets.set(backend.variant ?? '', target = Object.freeze({ backend, stubs: x86_64Stubs(available.avx), available: names, wasm }));
  return target;
}

/**
 * The features of the processor that runs this, as far as the system lets programs use them.
 *
 * @throws UnsupportedMachineError, NativeUnavailableError
 * @example
 * machineFeatures().avx2 // => true on processors since about 2013
 */
export function machineFeatures(): X86Features { return machine ??= probe(); }

/** Features in `wanted` that this machine lacks. */
export function missingFeatures(wanted: X86Features): readonly string[] {
  const has: ReadonlySet<string> = new Set(featureNames(machineFeatures()));
  return featureNames(wanted).filter((f) => !has.has(f));
}

/** Runs the probe on a page of its own, which is never writable and executable at once. */
function probe(): X86Features {
  const bridge = nativeBridge(), page = 4096, bytes = new Uint8Array(new ArrayBuffer(page)), words = new Uint32Array(bytes.buffer, 0, PROBE_WORDS);
  const code = bridge.mmap(0, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  try {
    bridge.write(code, cpuidProbe());
    bridge.mprotect(code, page, PROT_READ | PROT_EXEC);
    bridge.procedure(code)(bridge.addressOf(bytes));
  } finally {
    bridge.munmap(code, page);
  }
  return featuresOfWords(words);
}
