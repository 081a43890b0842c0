/**
 * Compiled programs by the content of the modules they were made of, the least recently used given up when their code
 * passes a limit: whoever feeds the sandbox ever new modules makes it compile, not grow.
 */
import type { Module } from '../mir/module.ts';
import { PAGE_SIZE } from '../mir/types.ts';
import { MemoryBudgetError, type MemoryEstimate } from '../passes/memory-estimate.ts';
import type { Pipeline } from '../passes/pipeline.ts';
import { contentHash } from '../runtime/content-hash.ts';
import type { SandboxConfig } from './config.ts';
import { requireBudget, type TakenModule } from './program.ts';

/** What is known of a module once it went through the passes. */
export interface ProgramFacts {
  /** For the code as optimised. */
  readonly estimate: MemoryEstimate;
  readonly initialPages: number;
  readonly maximumPages: number;
}

/** A program as the cache sees it. */
export interface CachedProgram {
  /** Bytes it counts for. */
  readonly size: number;
}

/** How a tier makes and gives up its programs. */
export interface ProgramMaker<P extends CachedProgram> {
  readonly pipeline: Pipeline;
  /** Compiles an optimised module. `pages`: how far its memory may grow. May throw whatever refuses the module. */
  make(optimised: Module, t: TakenModule, pages: number): P;
  /** True when programs for different caps of memory are different programs. */
  readonly capped: boolean;
  /** The program is no longer in the cache; runs of it may still be on. */
  drop(program: P): void;
}

interface Entry<P> { readonly hash: string; readonly facts: ProgramFacts; readonly programs: Map<number, P>; alive: boolean }

/** A program, and how far its memory may grow under the configuration it was asked for with. */
export interface Prepared<P> { readonly program: P; readonly memoryPages: number; readonly alive: () => boolean }

/** Pages the linear memory of a run may grow to: what the budget leaves, and no more than the module's maximum. */
export function memoryCap(facts: ProgramFacts, config: SandboxConfig): number {
  if (config.maxMemory === null) return facts.maximumPages;
  const { code, data, stack } = estimateUnder(facts.estimate, config), rest = config.maxMemory - code - data - stack;
  return Math.min(facts.maximumPages, Math.max(facts.initialPages, Math.floor(rest / PAGE_SIZE)));
}

/** The estimate under a configuration that may be another than the one it was made under. */
function estimateUnder(estimate: MemoryEstimate, config: SandboxConfig): MemoryEstimate {
  const stack = estimate.stackBoundedByLimit ? config.stackSize : Math.min(estimate.stack, config.stackSize);
  return { ...estimate, stack, total: estimate.total - estimate.stack + stack };
}

export class ProgramCache<P extends CachedProgram> {
  readonly #maker: ProgramMaker<P>;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry<P>>();
  #byModule = new WeakMap<Module, Entry<P>>();
  #newest: Entry<P> | undefined;
  #size = 0;

  constructor(maker: ProgramMaker<P>) { this.#maker = maker; }

  /** Bytes of the programs kept, and their number. */
  get size(): number { return this.#size; }
  get count(): number { return this.#entries.size; }

  /**
   * The program of a module, compiled now if it is new.
   *
   * @throws MemoryBudgetError when the configuration gives less than it needs, and whatever refuses the module
   */
  get(t: TakenModule, config: SandboxConfig): Prepared<P> {
    let entry = this.#byModule.get(t.module);
    if (entry?.alive !== true) {
      const hash = contentHash(t.module, t.surface);
      entry = this.#entries.get(hash) ?? this.#optimise(t, hash, config);
      this.#byModule.set(t.module, entry);
    }
    const { facts, programs } = entry, estimate = estimateUnder(facts.estimate, config);
    if (config.maxMemory !== null && estimate.total > config.maxMemory) throw new MemoryBudgetError(t.module.name, estimate, config.maxMemory);
    const memoryPages = memoryCap(facts, config), variant = this.#maker.capped ? memoryPages : 0;
    let program = programs.get(variant);
    if (program === undefined) this.#add(entry, variant, program = this.#maker.make(this.#maker.pipeline.run(t.module, { freeze: false }).module, t, memoryPages));
    if (entry !== this.#newest) {
      this.#entries.delete(entry.hash);
      this.#entries.set(entry.hash, entry);
      this.#newest = entry;
    }
    if (config.maxCachedCode !== null && this.#size > config.maxCachedCode) this.#evict(config.maxCachedCode, variant);
    const kept = entry, made = program;
    return { program, memoryPages, alive: () => kept.programs.get(variant) === made };
  }

  /** Gives up every program. */
  clear(): void {
    for (const entry of this.#entries.values()) this.#drop(entry);
    this.#entries.clear();
    this.#byModule = new WeakMap();
    this.#newest = undefined;
  }

  #optimise(t: TakenModule, hash: string, config: SandboxConfig): Entry<P> {
    const { module } = this.#maker.pipeline.run(t.module, { freeze: false }), estimate = requireBudget(module, config);
    const facts: ProgramFacts = { estimate, initialPages: module.memory.initialPages, maximumPages: module.memory.maximumPages };
    const entry: Entry<P> = { hash, facts, programs: new Map(), alive: true };
    const pages = memoryCap(facts, config);
    this.#add(entry, this.#maker.capped ? pages : 0, this.#maker.make(module, t, pages));
    this.#entries.set(hash, entry);
    return entry;
  }

  #add(entry: Entry<P>, variant: number, program: P): void {
    entry.programs.set(variant, program);
    this.#size += program.size;
  }

  /** Least recently used first; in the end what the newest entry has besides `variant`. */
  #evict(most: number, variant: number): void {
    for (const [hash, entry] of this.#entries) {
      if (this.#size <= most) return;
      if (entry === this.#newest) {
        for (const [other, program] of entry.programs) if (other !== variant) this.#dropProgram(entry, other, program);
        return;
      }
      this.#entries.delete(hash);
      this.#drop(entry);
    }
  }

  #drop(entry: Entry<P>): void {
    entry.alive = false;
    for (const [variant, program] of entry.programs) this.#dropProgram(entry, variant, program);
  }

  #dropProgram(entry: Entry<P>, variant: number, program: P): void {
    entry.programs.delete(variant);
    this.#size -= program.size;
    this.#maker.drop(program);
  }
}
