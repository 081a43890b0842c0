/** The tier `worker`: machine code on a pooled thread of this process, stopped by a kernel timer. */
import type { Pipeline } from '../passes/pipeline.ts';
import { CodeArena } from '../runtime/code-memory.ts';
import { interruptThread } from '../runtime/interrupt.ts';
import { nativeBridge } from '../runtime/native/load.ts';
import { publishProgram, type PublishedProgram, type RuntimeTarget } from '../runtime/program.ts';
import type { SandboxConfig } from './config.ts';
import type { JobEnd, JobSpec } from './job.ts';
import { ProgramCache } from './program-cache.ts';
import type { TakenModule } from './program.ts';
import type { PreparedRun, Tier } from './tier.ts';
import { WorkerPool } from './worker-pool.ts';

/** Machine code ready to run. `key` is what workers know it by. */
interface NativeProgram extends PublishedProgram { readonly key: number; readonly size: number }

let pool: WorkerPool | undefined;
let nextKey = 1;

/** The process's workers; they are shared by all sandboxes, because a thread is never taken down. */
function sharedPool(target: RuntimeTarget, workers: number): WorkerPool {
  if (pool === undefined) {
    const made = pool = new WorkerPool(new URL('./worker-main.js', import.meta.url), target.stubs, (at) => { interruptThread(at); }, workers);
    // A worker in native code would keep the process from exiting.
    process.on('exit', () => made.interruptAll());
  }
  pool.allow(workers);
  return pool;
}

export class NativeTier implements Tier {
  readonly isolation = 'worker';
  readonly #target: RuntimeTarget;
  readonly #cache: ProgramCache<NativeProgram>;
  /** Programs on their way out: they go when the workers have let go of them. */
  readonly #leaving = new Set<Promise<void>>();
  #arena: CodeArena | undefined;

  constructor(target: RuntimeTarget, pipeline: Pipeline) {
    this.#target = target;
    this.#cache = new ProgramCache<NativeProgram>({
      pipeline, capped: false,
      make: (optimised, t) => {
        const arena = this.#arena ??= new CodeArena(nativeBridge()), published = publishProgram(optimised, t.surface, { target: this.#target, arena });
        return { key: nextKey++, ...published, size: published.code.size + published.image.trapSites.byteLength + published.image.lines.byteLength };
      },
      drop: (program) => {
        const gone = (pool?.forget(program.key) ?? Promise.resolve()).then(() => {
          program.code.release();
          this.#leaving.delete(gone);
        });
        this.#leaving.add(gone);
      },
    });
  }

  prepare(t: TakenModule, config: SandboxConfig): PreparedRun {
    const { program, memoryPages, alive } = this.#cache.get(t, config), { image, code, key } = program;
    return {
      codeSize: code.size, initialMemory: image.initialPages * 65536,
      start: ({ call, signal, hostCall }: JobSpec): Promise<JobEnd> => {
        const workers = sharedPool(this.#target, config.workers);
        code.retain();
        return workers.run({
          request: { type: 'run', key, image, memoryPages, stackSize: config.stackSize, ...call }, signal, hostCall,
          over: () => {
            code.release();
            // It was given up before this run began: the worker has learnt of it since.
            if (!alive()) void workers.forget(key);
          },
        });
      },
    };
  }

  async warm(config: SandboxConfig): Promise<void> { await sharedPool(this.#target, config.workers).warm(config.workers); }

  async clear(): Promise<void> {
    this.#cache.clear();
    await Promise.all(this.#leaving);
  }
  dispose(): void { this.#arena?.dispose(); }
}
