/**
 * Compiles modules to callable functions in this process, for trusted code: no worker, no policy.
 *
 * Code is cached by the content of the module, so that compiling an equal module again costs a hash. Each `compile`
 * gives an instance of its own (memory is never shared by accident); instances of equal modules share code, which is
 * freed when the cache and the last instance have let go of it.
 */
import type { CodegenOptions } from '../codegen/backend.ts';
import type { StubImage } from '../codegen/stub-image.ts';
import { UsageError } from '../mir/errors.ts';
import type { Module } from '../mir/module.ts';
import { surfaceOf } from '../mir/surface.ts';
import { assertValid } from '../mir/verifier.ts';
import { CodeArena } from './code-memory.ts';
import { GuestThread } from './guest-thread.ts';
import type { HostFunction } from './host-imports.ts';
import { Instance } from './instance.ts';
import { nativeModule, type NativeModule } from './native-module.ts';
import { nativeBridge } from './native/load.ts';
import { publishProgram, ProgramStore, type PublishedProgram, type RuntimeTarget } from './program.ts';
import { atThreadExit } from './thread-exit.ts';

export interface RuntimeCompilerOptions {
  readonly target: RuntimeTarget;
  /** The passes: from a module to an equivalent one. Absent: the module is verified and compiled as it is. */
  readonly optimise?: (module: Module) => Module;
  readonly codegen?: CodegenOptions;
  /** The guest thread instances run on; by default one that all compilers of this JavaScript thread share. */
  readonly thread?: GuestThread;
}

/** How an instance is made of a compiled module. */
export interface CompileOptions {
  /** JavaScript functions by import name. */
  readonly imports?: Readonly<Record<string, HostFunction>>;
  /** C library symbols that may be called, or `'*'`. */
  readonly grants?: readonly string[] | '*';
  /** Milliseconds each call may take unless it says otherwise. */
  readonly deadline?: number;
  /** Pages the memory may grow to; at most the module's own maximum. */
  readonly memoryPages?: number;
}

const shared = new Map<StubImage, GuestThread>();

/** The guest thread that everything in this JavaScript thread shares unless told otherwise. */
export function sharedGuestThread(stubs: StubImage): GuestThread {
  let thread = shared.get(stubs);
  if (thread === undefined || thread.disposed) {
    thread = new GuestThread({ stubs });
    shared.set(stubs, thread);
  }
  return thread;
}

let sharedArena: CodeArena | undefined;
/** The code arena of this JavaScript thread. Its addresses are never given to another one, so it ends with the thread. */
function arena(): CodeArena {
  if (sharedArena === undefined) {
    const made = sharedArena = new CodeArena(nativeBridge());
    atThreadExit(() => { made.abandon(); });
  }
  return sharedArena;
}

/**
 * @example
 * using compiler = new RuntimeCompiler({ target: hostTarget() });
 * const native = compiler.compile(demo);
 * native.fib(30n)          // => 832040n
 * compiler.compile(demo)   // from the cache
 * compiler.statistics      // => { cached: 1, hits: 1, misses: 1 }
 */
export class RuntimeCompiler {
  readonly #options: RuntimeCompilerOptions;
  readonly #cache: ProgramStore<PublishedProgram>;
  /** Weak, so that an instance which nobody holds any more goes away. */
  readonly #instances = new Set<WeakRef<Instance>>();
  readonly #collected = new FinalizationRegistry<WeakRef<Instance>>((weak) => { this.#instances.delete(weak); });
  #disposed = false;

  constructor(options: RuntimeCompilerOptions) {
    this.#options = options;
    this.#cache = new ProgramStore(options.target.backend);
  }

  /** Modules in the cache, and how often it helped. */
  get statistics(): { readonly cached: number; readonly hits: number; readonly misses: number } {
    return this.#cache.statistics;
  }

  /**
   * Compiles a module, or takes its code from the cache, and makes an instance of it.
   *
   * @throws VerificationError for a module that breaks MIR's rules, UnsupportedError for an instruction the backend has
   *   no code for, ImportError for an import without implementation or grant, UnsupportedMachineError and
   *   NativeUnavailableError where native code cannot run
   */
  compile<M extends Module>(module: M, options: CompileOptions = {}): NativeModule<M> {
    this.#requireAlive();
    const thread = this.#thread();
    const program = this.#cache.get(module, surfaceOf(module), () => buildProgram(module, this.#options));
    const instance = makeInstance(program, thread, options);
    const weak = new WeakRef(instance);
    this.#instances.add(weak);
    this.#collected.register(instance, weak);
    instance.onDispose = () => { this.#instances.delete(weak); };
    return nativeModule<M>(instance);
  }

  /** Forgets the code of a module with this content; instances that exist go on. True when there was any. */
  invalidate(module: Module): boolean {
    const program = this.#cache.take(module, surfaceOf(module));
    program?.code.release();
    return program !== undefined;
  }

  /** Forgets all code; instances that exist go on. */
  clear(): void {
    for (const p of this.#cache.takeAll()) p.code.release();
  }

  /** Disposes every instance and the cache. @throws UsageError while one of them runs (nothing is disposed then) */
  dispose(): void {
    if (this.#disposed) return;
    for (const i of this.#instances) if ((i.deref()?.running ?? 0) > 0) throw new UsageError('a compiler cannot be disposed while code it compiled runs', 'Dispose it after the call has returned.');
    this.#disposed = true;
    for (const i of [...this.#instances]) i.deref()?.dispose();
    this.#instances.clear();
    this.clear();
  }
  [Symbol.dispose](): void { this.dispose(); }

  #thread(): GuestThread { return this.#options.thread ?? sharedGuestThread(this.#options.target.stubs); }
  #requireAlive(): void {
    if (this.#disposed) throw new UsageError('this compiler is disposed', 'Make a new one.');
  }
}

/**
 * Compiles a module into one instance that owns its code, without a cache.
 *
 * @throws as {@link RuntimeCompiler.compile}
 */
export function compileOnce<M extends Module>(module: M, options: RuntimeCompilerOptions & CompileOptions): NativeModule<M> {
  const thread = options.thread ?? sharedGuestThread(options.target.stubs);
  const built = buildProgram(module, options);
  try {
    return nativeModule<M>(makeInstance(built, thread, options));
  } finally {
    built.code.release();
  }
}

function buildProgram(module: Module, options: RuntimeCompilerOptions): PublishedProgram {
  const optimised = options.optimise === undefined ? assertValid(module) : options.optimise(module);
  return publishProgram(optimised, surfaceOf(module), { target: options.target, arena: arena(), codegen: options.codegen });
}

function makeInstance(from: PublishedProgram, thread: GuestThread, o: CompileOptions): Instance {
  return new Instance(from.image, {
    thread, code: from.code,
    ...(o.imports === undefined ? {} : { imports: o.imports }), ...(o.grants === undefined ? {} : { grants: o.grants }),
    ...(o.deadline === undefined ? {} : { deadline: o.deadline }), ...(o.memoryPages === undefined ? {} : { memoryPages: o.memoryPages }),
  });
}
