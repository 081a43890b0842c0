/** `lamella`: the DSL, and compiling what it describes for this machine. */
export * from '../dsl/index.ts';
export { hostTarget, missingFeatures } from './host-target.ts';
export type { SandboxTarget } from './sandbox/program.ts';
export { LamellaError, UsageError, TrapError } from './mir/errors.ts';
