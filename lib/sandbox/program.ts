/**
 * Modules on their way into a sandbox: taken, checked, compiled, published.
 *
 * Threat: a module that is one thing to the checker and another to the compiler (a Proxy, a getter, a later change).
 * Invariant: a module is copied once into private frozen data; only that copy is verified, checked, hashed, compiled.
 * A module object that was seen before stands for the copy made then, whatever has become of it since.
 */
import { checkModuleShape } from '../mir/module-shape.ts';
import type { Import, Module } from '../mir/module.ts';
import { LamellaError } from '../mir/errors.ts';
import { layoutModule } from '../mir/layout.ts';
import { surfaceOf, type Surface } from '../mir/surface.ts';
import { PAGE_SIZE } from '../mir/types.ts';
import { assertValid } from '../mir/verifier.ts';
import { estimateMemory, MemoryBudgetError, type MemoryEstimate } from '../passes/memory-estimate.ts';
import { Pipeline } from '../passes/pipeline.ts';
import { checkPolicy, PolicyError, type PolicyViolation } from '../passes/policy.ts';
import { CodeArena } from '../runtime/code-memory.ts';
import { nativeBridge } from '../runtime/native/load.ts';
import { publishProgram, ProgramStore, type PublishedProgram, type RuntimeTarget } from '../runtime/program.ts';
import { policyOf, type SandboxConfig } from './config.ts';

/** What a sandbox compiles for. */
export type SandboxTarget = RuntimeTarget;

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

/** Machine code ready to run. */
export interface Program extends PublishedProgram {
  /** What workers know it by. */
  readonly key: number;
  /** Estimate for the code as compiled. */
  readonly estimate: MemoryEstimate;
}

const taken = new WeakMap<object, TakenModule>();
let nextKey = 1;

/**
 * Copies, shape-checks and verifies a module.
 *
 * @throws LamellaError of the shape check, VerificationError
 */
export function takeModule(input: unknown): TakenModule {
  if (typeof input === 'object' && input !== null) {
    const known = taken.get(input);
    if (known !== undefined) return known;
  }
  const module = checkModuleShape(input);
  if (module.memoryModel !== 'linear') throw new MemoryModelError(module.name);
  assertValid(module);
  const layout = layoutModule(module);
  const result: TakenModule = {
    module, surface: surfaceOf(input as Module),
    globals: new Map(module.globals.map((g, i) => [g.name, { address: layout.globals[i], size: g.size }])),
    jsImports: new Map(module.imports.filter((i) => i.kind === 'js').map((i) => [i.name, i])),
  };
  // Only an object that can no longer be changed stands for its copy the next time.
  if (Object.isFrozen(input)) taken.set(input as object, result);
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

/** The estimate under a configuration that may be another than the one it was compiled under. */
function estimateUnder({ estimate }: Program, config: SandboxConfig): MemoryEstimate {
  const stack = estimate.stackBoundedByLimit ? config.stackSize : Math.min(estimate.stack, config.stackSize);
  return { ...estimate, stack, total: estimate.total - estimate.stack + stack };
}

/** @throws MemoryBudgetError when the configuration in force gives less than the program needs */
function withinBudget(t: TakenModule, program: Program, config: SandboxConfig): Program {
  const estimate = estimateUnder(program, config);
  if (config.maxMemory !== null && estimate.total > config.maxMemory) throw new MemoryBudgetError(t.module.name, estimate, config.maxMemory);
  return program;
}

/** Pages the linear memory of a run may grow to: what the budget leaves, and no more than the module's maximum. */
export function memoryCap(program: Program, config: SandboxConfig): number {
  if (config.maxMemory === null) return program.image.maximumPages;
  const { code, data, stack } = estimateUnder(program, config), rest = config.maxMemory - code - data - stack;
  return Math.min(program.image.maximumPages, Math.max(program.image.initialPages, Math.floor(rest / PAGE_SIZE)));
}

/** Compiled programs of one target, by content. */
export class ProgramCache {
  readonly #target: SandboxTarget;
  readonly #pipeline: Pipeline;
  readonly #programs = new ProgramStore<Program>();
  #byModule = new WeakMap<Module, Program>();
  #arena: CodeArena | undefined;

  constructor(target: SandboxTarget, pipeline: Pipeline = Pipeline.standard('O2')) {
    this.#target = target;
    this.#pipeline = pipeline;
  }

  /** The program of a taken module, compiled now if it is new. Throws whatever refuses it. */
  get(t: TakenModule, config: SandboxConfig): Program {
    const known = this.#byModule.get(t.module);
    if (known !== undefined) return withinBudget(t, known, config);
    const program = this.#programs.get(t.module, t.surface, () => {
      const optimised = this.#pipeline.run(t.module).module;
      const estimate = requireBudget(optimised, config);
      const arena = this.#arena ??= new CodeArena(nativeBridge());
      return { key: nextKey++, ...publishProgram(optimised, t.surface, { target: this.#target, arena }), estimate };
    });
    this.#byModule.set(t.module, program);
    return withinBudget(t, program, config);
  }

  /** Every program, for giving them up. The cache is empty afterwards. */
  clear(): readonly Program[] {
    this.#byModule = new WeakMap();
    return this.#programs.takeAll();
  }
  /** Unmaps the code arena as soon as nothing holds code in it. */
  dispose(): void { this.#arena?.dispose(); }
}
