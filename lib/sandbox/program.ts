/**
 * Modules on their way into a sandbox: taken, checked, compiled, published.
 *
 * Threat: a module that is one thing to the checker and another to the compiler (a Proxy, a getter, a later change).
 * Invariant: a module is copied once into private frozen data; only that copy is verified, checked, hashed, compiled.
 * A frozen module object that was seen before stands for the copy made then, whatever has become of its parts since.
 */
import { checkModuleShape } from '../mir/module-shape.ts';
import type { Import, Module } from '../mir/module.ts';
import { LamellaError } from '../mir/errors.ts';
import { layoutModule } from '../mir/layout.ts';
import { surfaceOf, type Surface } from '../mir/surface.ts';
import { assertValid } from '../mir/verifier.ts';
import { estimateMemory, MemoryBudgetError, type MemoryEstimate } from '../passes/memory-estimate.ts';
import { checkPolicy, PolicyError, type PolicyViolation } from '../passes/policy.ts';
import type { RuntimeTarget } from '../runtime/program.ts';
import type { CompiledWasm } from '../codegen/wasm-module.ts';
import { policyOf, type SandboxConfig } from './config.ts';

/**
 * What a sandbox compiles for: machine code (a backend and its stubs) for the tier `worker`, WebAssembly for the tier
 * `wasm`. `hostTarget()` has both, `sandboxTarget()` what can be had on this machine.
 */
export interface SandboxTarget extends Partial<RuntimeTarget> {
  readonly wasm?: { readonly compile: (module: Module, options?: { readonly sharedMemory?: boolean }) => CompiledWasm };
}

/** The module addresses raw process memory, which no sandbox can contain. */
export class MemoryModelError extends LamellaError {
  constructor(moduleName: string) {
    super('memory-model', `module ${moduleName} uses the native memory model, whose addresses are raw`, 'Build it with the linear memory model, or run it as trusted code with compile(module).');
  }
}

/** A private copy of a module. */
export interface TakenModule {
  readonly module: Module;
  readonly surface: Surface | undefined;
  /** Address and size of each global, by name. */
  readonly globals: ReadonlyMap<string, { readonly address: number; readonly size: number }>;
  /** Its JavaScript imports by name. */
  readonly jsImports: ReadonlyMap<string, Import>;
}

/** Copies by the objects they were made of, and by the smallest limit they were held against. */
const taken = new WeakMap<object, { readonly copy: TakenModule; limit: number }>();

/**
 * Copies, shape-checks and verifies a module.
 *
 * @param maxItems - parts the module may have (blocks, instructions, operands, names, ...); null for no limit
 * @throws ModuleShapeError, VerificationError, MemoryModelError
 */
export function takeModule(input: unknown, maxItems: number | null = null): TakenModule {
  const limit = maxItems ?? Infinity;
  if (typeof input === 'object' && input !== null) {
    const known = taken.get(input);
    if (known !== undefined) {
      if (limit < known.limit) {
        checkModuleShape(known.copy.module, { maxItems: limit });
        known.limit = limit;
      }
      return known.copy;
    }
  }
  const module = checkModuleShape(input, { maxItems: limit });
  if (module.memoryModel !== 'linear') throw new MemoryModelError(module.name);
  assertValid(module);
  const layout = layoutModule(module);
  const result: TakenModule = {
    module, surface: surfaceOf(input as Module),
    globals: new Map(module.globals.map((g, i) => [g.name, { address: layout.globals[i], size: g.size }])),
    jsImports: new Map(module.imports.filter((i) => i.kind === 'js').map((i) => [i.name, i])),
  };
  // Freezing a module says that nothing in it will change: the copy stands for it the next time. Others are read again.
  if (Object.isFrozen(input)) taken.set(input as object, { copy: result, limit });
  return result;
}

/** Answers about private copies, by all that they depend on besides the module: a warm run does not read it again. */
const violations = new WeakMap<Module, Map<string, readonly PolicyViolation[]>>();
const estimates = new WeakMap<Module, Map<number, MemoryEstimate>>();
/** Different questions remembered about one module. */
const REMEMBERED = 32;

function remember<K, V>(cache: WeakMap<Module, Map<K, V>>, module: Module, key: K, answer: () => V): V {
  let known = cache.get(module);
  if (known === undefined) cache.set(module, known = new Map());
  let value = known.get(key);
  if (value === undefined) {
    if (known.size >= REMEMBERED) known.clear();
    known.set(key, value = answer());
  }
  return value;
}

/** Every violation of the configuration's policy; `supplied` are JavaScript functions the host hands over. */
export function violationsOf(t: TakenModule, config: SandboxConfig, supplied: readonly string[]): readonly PolicyViolation[] {
  // Handing over a JavaScript function grants that import, never a C symbol of the same name.
  const functions = supplied.filter((name) => t.jsImports.has(name)).sort();
  const key = JSON.stringify([config.allowSyscalls, config.allowFileIo, config.allowNetwork, config.grants, functions]);
  return remember(violations, t.module, key, () => checkPolicy(t.module, policyOf(config, functions)));
}

/** @throws PolicyError */
export function requirePolicy(t: TakenModule, config: SandboxConfig, supplied: readonly string[]): void {
  const found = violationsOf(t, config, supplied);
  if (found.length > 0) throw new PolicyError(t.module.name, found);
}

/** @throws MemoryBudgetError */
export function requireBudget(module: Module, config: SandboxConfig): MemoryEstimate {
  const estimate = remember(estimates, module, config.stackSize, () => estimateMemory(module, config.stackSize));
  if (config.maxMemory !== null && estimate.total > config.maxMemory) throw new MemoryBudgetError(module.name, estimate, config.maxMemory);
  return estimate;
}
