/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Lamella: describe functions in TypeScript, run them as machine code.
 *
 * This is the composition root: it joins the DSL, the passes, the backend of this machine and the runtime.
 *
 * @example
 * import { compile, fn, i64, module } from 'lamella';
 *
 * const fib = fn('fib', [i64], i64, (b, n) => {
 *   b.if(n.lt(2n), () => b.ret(n));
 *   b.ret(fib(n.sub(1n)).add(fib(n.sub(2n))));
 * });
 * const native = compile(module('demo').export({ fib }).build());
 * native.fib(30n); // => 832040n
 */
import type { CodegenOptions } from './codegen/backend.ts';
import type { X86Features, X86Level } from '../backends/index.ts';
import { hostTarget } from './host-target.ts';
import type { Module } from './mir/module.ts';
import type { ImportsOf } from './mir/typed-module.ts';
import { Pipeline } from './passes/pipeline.ts';
import type { OptimisationLevel } from './passes/standard.ts';
import type { HostFunction } from './runtime/host-imports.ts';
import type { NativeModule } from './runtime/native-module.ts';
import { compileOnce, RuntimeCompiler, type CompileOptions } from './runtime/runtime-compiler.ts';

export * from '../dsl/index.ts';
export { hostTarget, machineFeatures, missingFeatures } from './host-target.ts';
export { sandboxTarget } from './sandbox-target.ts';
export { LamellaError, TrapError, UsageError, type TrapFrame } from './mir/errors.ts';
export type { Module, SourceLocation } from './mir/module.ts';
export type { TrapCode } from './mir/types.ts';
export { VerificationError } from './mir/verify-errors.ts';
export { Interpreter } from './mir/interpreter.ts';
export { printModule } from './mir/printer.ts';
export { parseModule } from './mir/parser.ts';
export { Pipeline } from './passes/pipeline.ts';
export type { OptimisationLevel } from './passes/standard.ts';
export { MissingFeaturesError, NativeUnavailableError, UnsupportedMachineError } from './runtime/native/errors.ts';
export { nativeAvailable } from './runtime/native/load.ts';
export { ImportError, RunInterruptedError } from './runtime/run-errors.ts';
export type { RuntimeTarget } from './runtime/program.ts';
export { RuntimeCompiler, type CompileOptions } from './runtime/runtime-compiler.ts';
export type { NativeModule } from './runtime/native-module.ts';
export type { SandboxTarget } from './sandbox/program.ts';

/** What may be said about optimisation: a level, or a pipeline of one's own. */
export interface OptimisationOptions {
  /** Default `O2`. */
  readonly level?: OptimisationLevel;
  /** Instead of a level. It must contain the `verify` pass first, as the standard ones do. */
  readonly pipeline?: Pipeline;
  readonly codegen?: CodegenOptions;
  /** Processor features the code may use; default: all that this machine has. */
  readonly features?: X86Level | X86Features;
}

type WithoutImports = Omit<CompileOptions, 'imports'> & OptimisationOptions;
/** Options of {@link compile}: imports are required exactly when the module needs some. */
export type NativeOptions<M> = WithoutImports & ({} extends ImportsOf<M> ? { readonly imports?: ImportsOf<M> } : { readonly imports: ImportsOf<M> });
type Rest<M> = {} extends ImportsOf<M> ? [options?: NativeOptions<M>] : [options: NativeOptions<M>];

/**
 * Compiles a module to native code in this process and gives its exports as functions. For code one trusts: a trap is
 * an exception and a call without `deadline` may run for ever. For code of strangers there is `lamella/sandbox`.
 *
 * Each call compiles anew; {@link RuntimeCompiler} keeps a cache.
 *
 * @throws VerificationError, UnsupportedError, ImportError, UnsupportedMachineError, NativeUnavailableError
 * @example
 * using native = compile(demo, { level: 'O3' });
 * native.fib(30n)         // => 832040n
 * native.memory.length    // => 131072
 */
export function compile<M extends Module>(module: M, ...rest: Rest<M>): NativeModule<M> {
  const { level, pipeline, codegen, features, imports, ...options } = (rest[0] ?? {}) as WithoutImports & { readonly imports?: Readonly<Record<string, HostFunction>> };
  const passes = pipeline ?? Pipeline.standard(level ?? 'O2');
  return compileOnce<M>(module, {
    ...options, target: hostTarget(features), optimise: (m) => passes.run(m, { freeze: false }).module,
    ...(codegen === undefined ? {} : { codegen }), ...(imports === undefined ? {} : { imports }),
  });
}

/** A {@link RuntimeCompiler} for this machine. */
export function createCompiler(options: OptimisationOptions = {}): RuntimeCompiler {
  const passes = options.pipeline ?? Pipeline.standard(options.level ?? 'O2');
  return new RuntimeCompiler({ target: hostTarget(options.features), optimise: (m) => passes.run(m, { freeze: false }).module, ...(options.codegen === undefined ? {} : { codegen: options.codegen }) });
}
