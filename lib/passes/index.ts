/** Passes over MIR: the pipeline, its checks, the optimisations, and the means to write one's own. */
export * from './pass.ts';
export * from './context.ts';
export * from './errors.ts';
export * from './pipeline.ts';
export * from './standard.ts';
export * from './rewrite.ts';
export * from './checks.ts';
export * from './policy.ts';
export * from './memory-estimate.ts';
export { simplify, globalValueNumbering } from './numbering-passes.ts';
export { simplifyControlFlow, copyPropagation } from './simplify-cfg.ts';
export { deadCode } from './dce.ts';
export { compact } from './compact.ts';
