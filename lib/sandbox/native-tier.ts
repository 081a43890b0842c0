/** The tier `worker`: machine code on a pooled thread of this process, stopped by a kernel timer. */
import { MemoryBudgetError } from '../passes/memory-estimate.ts';
import type { Pipeline } from '../passes/pipeline.ts';
import { CodeArena } from '../runtime/code-memory.ts';
import { interruptThread } from '../runtime/interrupt.ts';
import { nativeBridge } from '../runtime/native/load.ts';
import { nodeBuiltin } from '../runtime/node-builtin.ts';
import { publishProgram, type PublishedProgram, type RuntimeTarget } from '../runtime/program.ts';
import { SharedMemoryOwner } from '../runtime/shared-memory.ts';
import { atThreadExit } from '../runtime/thread-exit.ts';
import { imageBytes } from '../runtime/module-image.ts';
import { configure, type SandboxConfig } from './config.ts';
import type { JobEnd, JobSpec } from './job.ts';
import { ProgramCache } from './program-cache.ts';
import { requireBudget, type TakenModule } from './program.ts';
import { linearStackPart, type PreparedRun, type PreparedShare, type SharedRun, type Tier } from './tier.ts';
import { WorkerPool } from './worker-pool.ts';

/** Machine code ready to run. `key` is what workers know it by. */
interface NativeProgram extends PublishedProgram { readonly key: number; readonly size: number }

/** Not written where it is used: a bundler for browsers would look for it. */
const WORKER = './worker-main.js';
let pool: WorkerPool | undefined;
let nextKey = 1;
/** Arenas of this thread that are not disposed of. */
const arenas = new Set<CodeArena>();

/** The process's workers; they are shared by all sandboxes, because a thread is never taken down. */
function sharedPool(target: RuntimeTarget, workers: number): WorkerPool {
  if (pool === undefined) {
    const made = pool = new WorkerPool(new URL(WORKER, import.meta.url), target.stubs, (at) => { interruptThread(at); }, workers);
    // A worker in native code would keep the process from exiting.
    if (nodeBuiltin('node:worker_threads').isMainThread) process.on('exit', () => { made.interruptAll(); });
    // The process outlives a thread: what the guests of this one were given goes back, if they are out of it.
    else atThreadExit(() => { if (made.giveBack()) for (const arena of arenas) arena.abandon(); });
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
        const arena = this.#arena ??= newArena(), published = publishProgram(optimised, t.surface, { target: this.#target, arena });
        return { key: nextKey++, ...published, size: published.code.size + imageBytes(published.image) };
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

  share(t: TakenModule, config: SandboxConfig, workers: number): PreparedShare {
    const { program, memoryPages, alive } = this.#cache.get(t, withStacks(t, config, workers)), { image, code, key } = program;
    const stack = linearStackPart(image.moduleName, image.stackHigh - image.stackLow, workers);
    const memory = new SharedMemoryOwner(nativeBridge(), { initialPages: image.initialPages, maximumPages: memoryPages, places: workers });
    const writeData = (): void => { for (const d of image.data) memory.access.write(d.address, d.bytes); };
    writeData();
    code.retain();
    return {
      codeSize: code.size, initialMemory: image.initialPages * 65536,
      bytes: () => memory.bytes(),
      start: (runs: readonly SharedRun[], { stackSize }: SandboxConfig): readonly Promise<JobEnd>[] => {
        const pool = sharedPool(this.#target, workers);
        return pool.runTogether(runs.map(({ call, signal, hostCall, place, over }) => {
          code.retain();
          const stackLow = image.stackLow + place * stack, shared = { memory: memory.handle, place, stackLow, stackHigh: stackLow + stack };
          return {
            request: { type: 'run', key, image, memoryPages, stackSize, shared, ...call }, signal, hostCall,
            over: () => {
              // Whatever became of the thread: nobody writes to its context from now on.
              memory.access.leave(place);
              code.release();
              if (!alive()) void pool.forget(key);
              over();
            },
          };
        }));
      },
      clear: () => {
        memory.clear();
        writeData();
      },
      release: (clear) => {
        if (clear) memory.clear();
        code.release();
      },
    };
  }

  async warm(config: SandboxConfig): Promise<void> { await sharedPool(this.#target, config.workers).warm(config.workers); }

  async clear(): Promise<void> {
    this.#cache.clear();
    await Promise.all(this.#leaving);
  }
  dispose(): void {
    if (this.#arena === undefined) return;
    this.#arena.dispose();
    // Else shared jobs hold code of it still.
    if (this.#arena.statistics.segments === 0) arenas.delete(this.#arena);
  }
}

function newArena(): CodeArena {
  const arena = new CodeArena(nativeBridge());
  arenas.add(arena);
  return arena;
}

/** The configuration without the memory that the machine stacks of all workers but one take. */
function withStacks(t: TakenModule, config: SandboxConfig, workers: number): SandboxConfig {
  if (config.maxMemory === null || workers === 1) return config;
  const rest = config.maxMemory - (workers - 1) * config.stackSize;
  if (rest <= 0) throw new MemoryBudgetError(t.module.name, requireBudget(t.module, config), config.maxMemory);
  return configure({ maxMemory: rest }, config);
}
