/// <reference lib="esnext.disposable" preserve="true" />
/** The sandbox: configuration, policy, outcomes, and running guest code on workers with a deadline. */
export * from './config.ts';
export * from './symbols.ts';
export * from './outcome.ts';
export { Sandbox, type BaseRunOptions, type BaseShareOptions, type ImportsOption, type RunOptions, type RunRest, type ShareOptions, type ShareRest, type Validation } from './sandbox.ts';
export { JobDisposedError, type SharedJob, type SharedRunOptions } from './shared-job.ts';
export { SharedMemoryUnsupportedError } from './tier.ts';
export { MemoryModelError, type SandboxTarget } from './program.ts';
export { LibraryImportError } from './wasm-tier.ts';
export { checkPolicy, enforcePolicy, formatViolation, PolicyError, type Policy, type PolicyViolation, type ViolationKind } from '../passes/policy.ts';
export { estimateMemory, MemoryBudgetError, type MemoryEstimate } from '../passes/memory-estimate.ts';
