/**
 * The machine code of one sandbox: programs, the arena their code is in, and how they go. Apart from the tier, so that it
 * can be given back when a sandbox was dropped without being disposed of.
 */
import type { Pipeline } from '../passes/pipeline.ts';
import { CodeArena } from '../runtime/code-memory.ts';
import { imageBytes } from '../runtime/module-image.ts';
import { nativeBridge } from '../runtime/native/load.ts';
import { publishProgram, type PublishedProgram, type RuntimeTarget } from '../runtime/program.ts';
import type { SandboxConfig } from './config.ts';
import { ProgramCache, type Prepared } from './program-cache.ts';
import type { TakenModule } from './program.ts';

/** Machine code ready to run. `key` is what workers know it by. */
export interface NativeProgram extends PublishedProgram { readonly key: number; readonly size: number }

let nextKey = 1;
/** Arenas of this thread that are mapped. */
const arenas = new Set<CodeArena>();

/** Unmaps all code of this thread, which is ending: no worker may be in guest code any more. */
export function abandonCode(): void { for (const arena of arenas) arena.abandon(); }

export class NativePrograms {
  readonly #cache: ProgramCache<NativeProgram>;
  /** Programs on their way out: they go when the workers have let go of them. */
  readonly #leaving = new Set<Promise<void>>();
  #arena: CodeArena | undefined;

  /** @param forget resolves when no worker runs or remembers the program with a key */
  constructor(target: RuntimeTarget, pipeline: Pipeline, forget: (key: number) => Promise<void>) {
    this.#cache = new ProgramCache<NativeProgram>({
      pipeline, capped: false,
      make: (optimised, t) => {
        const published = publishProgram(optimised, t.surface, { target, arena: this.#openArena() });
        return { key: nextKey++, ...published, size: published.code.size + imageBytes(published.image) };
      },
      drop: (program) => {
        const gone = forget(program.key).then(() => {
          program.code.release();
          this.#leaving.delete(gone);
        });
        this.#leaving.add(gone);
      },
    });
  }

  /** Compiles a module, or finds it compiled. Throws whatever refuses it. */
  get(t: TakenModule, config: SandboxConfig): Prepared<NativeProgram> { return this.#cache.get(t, config); }

  /** Gives up all programs, as soon as no run needs them. */
  async clear(): Promise<void> {
    this.#cache.clear();
    await Promise.all(this.#leaving);
  }

  /** After {@link clear}: the arena goes when nothing holds code of it. */
  dispose(): void {
    if (this.#arena === undefined) return;
    this.#arena.dispose();
    // Else shared jobs hold code of it still.
    if (this.#arena.statistics.segments === 0) arenas.delete(this.#arena);
  }

  #openArena(): CodeArena {
    if (this.#arena === undefined) arenas.add(this.#arena = new CodeArena(nativeBridge()));
    return this.#arena;
  }
}
