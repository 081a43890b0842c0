/** Why native code cannot run here, or a system call failed: typed, with what would work instead. */
import { LamellaError } from '../../mir/errors.ts';

/** Native code does not run on this machine at all; the interpreter does. */
export class UnsupportedMachineError extends LamellaError {
  constructor(what: string) {
    super('unsupported-machine', `native code cannot run here: ${what}`,
      'Native code needs Linux on x86-64 with FSGSBASE (kernel 5.9 or later) and Node 20.19 or later. What works everywhere: the sandbox, new Sandbox(sandboxTarget()), in its tier "wasm"; the interpreter, new Interpreter(module) from \'lamella/mir\'.');
  }
}

/** Code was made for a processor that can do more than this one. */
export class MissingFeaturesError extends LamellaError {
  /** Names of the features that are missing. */
  readonly missing: readonly string[];
  constructor(missing: readonly string[]) {
    super('missing-features', `this processor lacks ${missing.join(', ')}, which the code may use`, 'Compile for this machine (hostTarget() without features), or run the code on one that has them.');
    this.missing = missing;
  }
}

/** The foreign-function library that native code is reached through is not there. */
export class NativeUnavailableError extends LamellaError {
  constructor(cause: unknown) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    super('native-unavailable', `native code cannot be reached: the package koffi could not be loaded (${why})`,
      'Install it with `npm install koffi` (install scripts may stay blocked: it ships prebuilt), or run the module in the sandbox\'s tier "wasm", new Sandbox(sandboxTarget()), or with the interpreter from \'lamella/mir\'.', { cause });
  }
}

/** A system call that the runtime depends on failed. */
export class NativeCallError extends LamellaError {
  readonly call: string;
  readonly errno: number;
  constructor(call: string, errno: number, remedy = 'See errno(3) for the number; a resource limit (memory maps, address space, open files) is the usual reason.') {
    super('native-call', `${call} failed with errno ${errno}`, remedy);
    this.call = call;
    this.errno = errno;
  }
}
