/** The tier `wasm`: WebAssembly on a thread of its own, ended with its run when it must be. Works wherever Node does. */
import { InternalError, LamellaError } from '../mir/errors.ts';
import type { Module } from '../mir/module.ts';
import type { CompiledWasm } from '../codegen/wasm-module.ts';
import type { Pipeline } from '../passes/pipeline.ts';
import { wasmEngine, type WasmEngineModule, type WasmSharedMemory } from '../runtime/wasm-engine.ts';
import { hasNode } from '../runtime/node-builtin.ts';
import type { SandboxConfig } from './config.ts';
import type { GuestThreads } from './guest-threads.ts';
import type { JobEnd, JobSpec } from './job.ts';
import { ProgramCache } from './program-cache.ts';
import type { SandboxTarget, TakenModule } from './program.ts';
import { NodeGuestThreads } from './node-guest-threads.ts';
import { GroupGate } from './group-gate.ts';
import { linearStackPart, SharedMemoryUnsupportedError, type PreparedRun, type PreparedShare, type SharedRun, type Tier } from './tier.ts';
import { WasmPool } from './wasm-pool.ts';
import type { WasmImage } from './wasm-protocol.ts';
import { hasWebWorkers, WebGuestThreads } from './web-guest-threads.ts';

/** A compiled module; `key` is what guests know it by. The engine's form comes from the first guest that ran it. */
interface WasmProgram { readonly key: number; readonly size: number; readonly compiled: CompiledWasm; image: WasmImage }

/** The module imports a C library function, and C libraries are native code. */
export class LibraryImportError extends LamellaError {
  readonly importName: string;
  constructor(moduleName: string, importName: string) {
    super('library-import', `module ${moduleName} imports the C library function ${importName}, which the tier "wasm" cannot call`,
      'Declare it as a host function and pass it in imports, or run the module in the tier "worker".');
    this.importName = importName;
  }
}

/** Guest code waits for host functions, which needs memory in common with the page. */
export class NoSharedMemoryError extends LamellaError {
  constructor(moduleName: string) {
    super('no-shared-memory', `module ${moduleName} imports JavaScript functions, and threads share no memory here`,
      'Serve the page with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, or run it in this thread with instantiateWasm.');
  }
}

/** @throws LibraryImportError */
export function requireNoLibrary({ module }: TakenModule): void {
  const library = module.imports.find((i) => i.kind === 'libc');
  if (library !== undefined) throw new LibraryImportError(module.name, library.name);
}

let pool: WasmPool | undefined;
/** Through it go all runs in shared memories. */
const gate = new GroupGate();
let nextKey = 1;

/** The process's guests, shared by all sandboxes. */
function sharedPool(workers: number): WasmPool {
  pool ??= new WasmPool(guestThreads(), workers);
  pool.allow(workers);
  return pool;
}

/** Node's threads, or a browser's workers. */
function guestThreads(): GuestThreads {
  if (hasWebWorkers() && !hasNode()) return new WebGuestThreads();
  return new NodeGuestThreads({ supervisor: new URL(SUPERVISOR, import.meta.url), guest: new URL(GUEST, import.meta.url) });
}
/** Not written where they are used: a bundler for browsers would look for them. */
const SUPERVISOR = './wasm-supervisor-main.js', GUEST = './wasm-guest-main.js';

/** Threads of the tier alive in this process, the supervisor not counted. For tests and for those who watch a process. */
export function wasmThreads(): number { return pool?.size ?? 0; }

/** Tiers of sandboxes that were dropped without being disposed: guests, which outlive them, need not remember their programs. */
const dropped = new FinalizationRegistry<readonly ProgramCache<WasmProgram>[]>((caches) => { for (const c of caches) c.clear(); });

export class WasmTier implements Tier {
  readonly isolation = 'wasm';
  readonly #cache: ProgramCache<WasmProgram>;
  /** Programs whose memory is shared: other code than those of {@link #cache}. */
  readonly #shared: ProgramCache<WasmProgram>;

  constructor(wasm: NonNullable<SandboxTarget['wasm']>, pipeline: Pipeline) {
    const cache = (sharedMemory: boolean): ProgramCache<WasmProgram> => new ProgramCache<WasmProgram>({
      pipeline,
      // The engine enforces the maximum that the binary module declares.
      capped: true,
      make: (optimised, t, pages) => {
        const compiled = wasm.compile(withMaximum(optimised, pages), { sharedMemory }), { imports, locations } = optimised;
        const image = { compiled, engineModule: undefined, imports, locations, surface: t.surface };
        return { key: nextKey++, size: compiled.bytes.length + compiled.sites.byteLength, compiled, image };
      },
      drop: (program) => { pool?.forget(program.key); },
    });
    this.#cache = cache(false);
    this.#shared = cache(true);
    dropped.register(this, [this.#cache, this.#shared]);
  }

  prepare(t: TakenModule, config: SandboxConfig): PreparedRun {
    requireNoLibrary(t);
    if (t.jsImports.size > 0 && typeof SharedArrayBuffer !== 'function') throw new NoSharedMemoryError(t.module.name);
    // The first thread starts while the module is compiled.
    sharedPool(config.workers).ensure(config.stackSize);
    const { program, alive } = this.#cache.get(t, config), { key } = program;
    return {
      codeSize: program.compiled.bytes.length, initialMemory: program.compiled.initialPages * 65536,
      start: (spec: JobSpec): Promise<JobEnd> => {
        const guests = sharedPool(config.workers);
        return guests.run({
          ...spec, key, image: program.image, stackSize: config.stackSize,
          compiled: (engineModule) => { program.image = withEngineModule(program.image, engineModule); },
          // Given up before this run began: the guest has learnt of it since.
          over: () => { if (!alive()) guests.forget(key); },
        });
      },
    };
  }

  share(t: TakenModule, config: SandboxConfig, workers: number): PreparedShare {
    requireNoLibrary(t);
    if (typeof SharedArrayBuffer !== 'function' || !sharedPool(config.workers).canShare) {
      throw new SharedMemoryUnsupportedError(t.module.name, 'threads have no memory in common here, or nobody is told when one of them has ended', 'Run it in Node.');
    }
    const { program, alive } = this.#shared.get(t, config), { key, compiled } = program;
    const stack = linearStackPart(t.module.name, compiled.stackTop - compiled.stackLow, workers), memory = sharedMemory(compiled);
    const writeData = (): void => { for (const d of compiled.data) new Uint8Array(memory.buffer).set(d.bytes, d.address); };
    writeData();
    const clear = (): void => { new Uint8Array(memory.buffer).fill(0); };
    return {
      codeSize: compiled.bytes.length, initialMemory: compiled.initialPages * 65536,
      bytes: () => {
        // Growth in another thread reaches this thread's object a little later, unless it is asked.
        memory.grow(0);
        return new Uint8Array(memory.buffer);
      },
      start: (runs: readonly SharedRun[], { stackSize }: SandboxConfig): readonly Promise<JobEnd>[] => {
        const settle: ((end: Promise<JobEnd>) => void)[] = [];
        const ends = runs.map((_, k) => new Promise<JobEnd>((resolve) => { settle[k] = resolve; })), submitted = performance.now();
        gate.allow(workers);
        gate.pass(runs.length, () => {
          const guests = sharedPool(config.workers + gate.limit);
          const begin = (run: SharedRun, k: number): void => {
            const { call, signal, hostCall, place } = run, stackLow = compiled.stackLow + place * stack, waited = performance.now() - submitted;
            const end = guests.run({
              call, signal, hostCall, key, image: program.image, stackSize, shared: { memory, stackLow, stackHigh: stackLow + stack },
              compiled: (engineModule) => { program.image = withEngineModule(program.image, engineModule); },
              over: () => {
                if (!alive()) guests.forget(key);
                gate.leave();
                run.over();
              },
            });
            settle[k](end.then((e) => ({ ...e, queueTime: e.queueTime + waited })));
          };
          // All threads are up before the first run begins: they may wait for one another, and their deadlines count.
          void guests.warm(runs.length, stackSize).then(() => { runs.forEach(begin); });
        });
        return ends;
      },
      clear: () => {
        clear();
        writeData();
      },
      release: (clearing) => { if (clearing) clear(); },
    };
  }

  async warm(config: SandboxConfig): Promise<void> { await sharedPool(config.workers).warm(config.workers, config.stackSize); }
  clear(): Promise<void> {
    this.#cache.clear();
    this.#shared.clear();
    return Promise.resolve();
  }
  dispose(): void {}
}

function withMaximum(m: Module, maximumPages: number): Module {
  return m.memory.maximumPages === maximumPages ? m : { ...m, memory: { ...m.memory, maximumPages } };
}

/** @throws RangeError when the engine has no room for it */
function sharedMemory({ initialPages, maximumPages }: CompiledWasm): WasmSharedMemory {
  const engine = wasmEngine();
  if (engine === undefined) throw new InternalError('there is no WebAssembly engine');
  return new engine.Memory({ initial: initialPages, maximum: maximumPages, shared: true }) as WasmSharedMemory;
}

const NO_BYTES = new Uint8Array(0);
/** What is sent from now on: the engine's form, which threads share, in place of the bytes. */
function withEngineModule(image: WasmImage, engineModule: WasmEngineModule): WasmImage {
  return image.engineModule !== undefined ? image : { ...image, engineModule, compiled: { ...image.compiled, bytes: NO_BYTES } };
}
