/**
 * From a module to a program that threads can run, the one way for trusted instances and for the sandbox: optimised by
 * the caller, compiled by the target's backend, its code published in an arena, its image made. And a store that keeps
 * programs by the content of the modules they were made of.
 */
import type { Backend, CodegenOptions } from '../codegen/backend.ts';
import type { StubImage } from '../codegen/stub-image.ts';
import type { Module } from '../mir/module.ts';
import type { Surface } from '../mir/surface.ts';
import type { CodeArena, CodeBlock } from './code-memory.ts';
import { contentHash } from './content-hash.ts';
import { createImage, type ModuleImage } from './module-image.ts';
import { MissingFeaturesError } from './native/errors.ts';

/** What native code is made for: an architecture's backend, and its runtime stubs. */
export interface RuntimeTarget {
  readonly backend: Backend;
  readonly stubs: StubImage;
  /** Processor features of this machine; code that needs others is refused. Absent: not checked. */
  readonly available?: readonly string[];
}

/** Code that can be entered, and what a run needs to know of it. Whoever publishes holds the code once. */
export interface PublishedProgram {
  readonly code: CodeBlock;
  readonly image: ModuleImage;
}

/**
 * Compiles a verified (and usually optimised) module and publishes its code.
 *
 * @param surface - of the module as it was built, before passes rewrote it
 * @throws UnsupportedError for an instruction the backend has no code for, MissingFeaturesError for code that this machine
 *   cannot run, NativeCallError when there is no memory
 * @example
 * const { code, image } = publishProgram(Pipeline.standard('O2').run(demo).module, surfaceOf(demo), { target: hostTarget(), arena });
 */
export function publishProgram(module: Module, surface: Surface | undefined, into: { readonly target: RuntimeTarget; readonly arena: CodeArena; readonly codegen?: CodegenOptions | undefined }): PublishedProgram {
  const compiled = into.target.backend.compile(module, into.codegen);
  const { available } = into.target;
  if (available !== undefined) {
    const missing = compiled.requires.filter((f) => !available.includes(f));
    if (missing.length > 0) throw new MissingFeaturesError(missing);
  }
  const code = into.arena.publish(compiled.code);
  return { code, image: createImage(module, compiled, code.address, surface) };
}

/** Programs by the content of their modules and surfaces, and by what made them: an equal module built again finds what was made before. */
export class ProgramStore<P> {
  readonly #programs = new Map<string, P>();
  /** What the programs are made by: part of every key. */
  readonly #maker: string;
  #hits = 0;
  #misses = 0;

  /** @param backend - the one that makes the programs */
  constructor(backend?: Pick<Backend, 'name' | 'variant'>) { this.#maker = backend === undefined ? '' : `${backend.name} ${backend.variant ?? ''}`; }
  #key(module: Module, surface: Surface | undefined): string { return `${contentHash(module, surface)} ${this.#maker}`; }

  /** Programs kept, and how often one was found or had to be made. */
  get statistics(): { readonly cached: number; readonly hits: number; readonly misses: number } {
    return { cached: this.#programs.size, hits: this.#hits, misses: this.#misses };
  }

  /** The program of a module, made now if none is kept. What `make` throws goes through, and nothing is kept. */
  get(module: Module, surface: Surface | undefined, make: () => P): P {
    const key = this.#key(module, surface), known = this.#programs.get(key);
    if (known !== undefined) {
      this.#hits++;
      return known;
    }
    this.#misses++;
    const made = make();
    this.#programs.set(key, made);
    return made;
  }

  /** Takes a program out, for giving it up; undefined when there is none. */
  take(module: Module, surface: Surface | undefined): P | undefined {
    const key = this.#key(module, surface), known = this.#programs.get(key);
    this.#programs.delete(key);
    return known;
  }

  /** Takes every program out. */
  takeAll(): readonly P[] {
    const all = [...this.#programs.values()];
    this.#programs.clear();
    return all;
  }
}
