/** The tier `worker`: machine code on a pooled thread of this process, stopped by a kernel timer. */
import { MemoryBudgetError } from '../passes/memory-estimate.ts';
import type { Pipeline } from '../passes/pipeline.ts';
import { interruptThread } from '../runtime/interrupt.ts';
import { nativeBridge } from '../runtime/native/load.ts';
import { nodeBuiltin } from '../runtime/node-builtin.ts';
import type { RuntimeTarget } from '../runtime/program.ts';
import { SharedMemoryOwner } from '../runtime/shared-memory.ts';
import { atThreadExit } from '../runtime/thread-exit.ts';
import { configure, type SandboxConfig } from './config.ts';
import type { JobEnd, JobSpec } from './job.ts';
import { abandonCode, NativePrograms } from './native-programs.ts';
import { requireBudget, type TakenModule } from './program.ts';
import { linearStackPart, type PreparedRun, type PreparedShare, type SharedRun, type Tier } from './tier.ts';
import { WorkerPool } from './worker-pool.ts';

/** Not written where it is used: a bundler for browsers would look for it. */
const WORKER = './worker-main.js';
let pool: WorkerPool | undefined;

/** Tiers of sandboxes that were dropped without being disposed of: none of their runs is on then, or it would hold them. */
const dropped = new FinalizationRegistry<NativePrograms>((programs) => { void programs.clear().then(() => { programs.dispose(); }); });

/** The process's workers; they are shared by all sandboxes, because a thread is never taken down. */
function sharedPool(target: RuntimeTarget, workers: number): WorkerPool {
  if (pool === undefined) {
    const made = pool = new WorkerPool(new URL(WORKER, import.meta.url), target.stubs, (at) => { interruptThread(at); }, workers);
    // A worker in native code would keep the process from exiting.
    if (nodeBuiltin('node:worker_threads').isMainThread) process.on('exit', () => { made.interruptAll(); });
    // The process outlives a thread: what the guests of this one were given goes back, if they are out of it.
    else atThreadExit(() => { if (made.giveBack()) abandonCode(); });
  }
  pool.allow(workers);
  return pool;
}

export class NativeTier implements Tier {
  readonly isolation = 'worker';
  readonly #target: RuntimeTarget;
  readonly #programs: NativePrograms;

  constructor(target: RuntimeTarget, pipeline: Pipeline) {
    this.#target = target;
    this.#programs = new NativePrograms(target, pipeline, (key) => pool?.forget(key) ?? Promise.resolve());
    dropped.register(this, this.#programs, this);
  }

  prepare(t: TakenModule, config: SandboxConfig): PreparedRun {
    const { program, memoryPages, alive } = this.#programs.get(t, config), { image, code, key } = program;
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
    const { program, memoryPages, alive } = this.#programs.get(t, withStacks(t, config, workers)), { image, code, key } = program;
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

  clear(): Promise<void> { return this.#programs.clear(); }
  dispose(): void {
    dropped.unregister(this);
    this.#programs.dispose();
  }
}

/** The configuration without the memory that the machine stacks of all workers but one take. */
function withStacks(t: TakenModule, config: SandboxConfig, workers: number): SandboxConfig {
  if (config.maxMemory === null || workers === 1) return config;
  const rest = config.maxMemory - (workers - 1) * config.stackSize;
  if (rest <= 0) throw new MemoryBudgetError(t.module.name, requireBudget(t.module, config), config.maxMemory);
  return configure({ maxMemory: rest }, config);
}
