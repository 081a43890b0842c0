/** The tier `wasm`: WebAssembly on a thread of its own, ended with its run when it must be. Works wherever Node does. */
import { LamellaError } from '../mir/errors.ts';
import type { Module } from '../mir/module.ts';
import type { CompiledWasm } from '../codegen/wasm-module.ts';
import type { Pipeline } from '../passes/pipeline.ts';
import type { WasmEngineModule } from '../runtime/wasm-engine.ts';
import { hasNode } from '../runtime/node-builtin.ts';
import type { SandboxConfig } from './config.ts';
import type { GuestThreads } from './guest-threads.ts';
import type { JobEnd, JobSpec } from './job.ts';
import { ProgramCache } from './program-cache.ts';
import type { SandboxTarget, TakenModule } from './program.ts';
import { NodeGuestThreads } from './node-guest-threads.ts';
import { SharedMemoryUnsupportedError, type PreparedRun, type PreparedShare, type Tier } from './tier.ts';
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

let pool: WasmPool | undefined;
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

export class WasmTier implements Tier {
  readonly isolation = 'wasm';
  readonly #cache: ProgramCache<WasmProgram>;

  constructor(wasm: NonNullable<SandboxTarget['wasm']>, pipeline: Pipeline) {
    this.#cache = new ProgramCache<WasmProgram>({
      pipeline,
      // The engine enforces the maximum that the binary module declares.
      capped: true,
      make: (optimised, t, pages) => {
        const compiled = wasm.compile(withMaximum(optimised, pages)), { imports, locations } = optimised;
        const image = { compiled, engineModule: undefined, imports, locations, surface: t.surface };
        return { key: nextKey++, size: compiled.bytes.length + compiled.sites.byteLength, compiled, image };
      },
      drop: (program) => { pool?.forget(program.key); },
    });
  }

  prepare(t: TakenModule, config: SandboxConfig): PreparedRun {
    const library = t.module.imports.find((i) => i.kind === 'libc');
    if (library !== undefined) throw new LibraryImportError(t.module.name, library.name);
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

  share(t: TakenModule): PreparedShare {
    throw new SharedMemoryUnsupportedError(t.module.name, 'the tier "wasm" gives every run a memory of its own', 'Use the isolation "worker", on a machine where native code runs.');
  }

  async warm(config: SandboxConfig): Promise<void> { await sharedPool(config.workers).warm(config.workers, config.stackSize); }
  clear(): Promise<void> {
    this.#cache.clear();
    return Promise.resolve();
  }
  dispose(): void {}
}

function withMaximum(m: Module, maximumPages: number): Module {
  return m.memory.maximumPages === maximumPages ? m : { ...m, memory: { ...m.memory, maximumPages } };
}

const NO_BYTES = new Uint8Array(0);
/** What is sent from now on: the engine's form, which threads share, in place of the bytes. */
function withEngineModule(image: WasmImage, engineModule: WasmEngineModule): WasmImage {
  return image.engineModule !== undefined ? image : { ...image, engineModule, compiled: { ...image.compiled, bytes: NO_BYTES } };
}
