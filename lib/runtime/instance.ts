/**
 * An instance of a compiled module: its memory, its function table, its imports, and its functions as JavaScript
 * functions. It belongs to the thread that made it.
 */
import { CTX, TABLE_ENTRY } from '../codegen/run-context.ts';
import { GROW_INDEX } from '../codegen/stub-image.ts';
import { InternalError, UsageError } from '../mir/errors.ts';
import { show } from '../mir/show.ts';
import { surfaceSignature } from '../mir/surface.ts';
import { formatSignature } from '../mir/types.ts';
import type { CodeBlock } from './code-memory.ts';
import type { GuestThread, RunFailure, RunTarget } from './guest-thread.ts';
import { bindImports, type HostHandler, type ImportOptions } from './host-imports.ts';
import { closeHandles } from './libc-handles.ts';
import { LinearMemory, type GuestMemory } from './linear-memory.ts';
import type { ModuleImage } from './module-image.ts';
import { NativeGlobals } from './native-globals.ts';
import { RunInterruptedError } from './run-errors.ts';
import type { SharedMemory } from './shared-memory.ts';
import { RawTrapError, readTrap } from './traps.ts';
import { makeCall, type CallResult, type NativeExport } from './typed-call.ts';

export interface InstanceOptions extends ImportOptions {
  /** The thread that runs it: the current one. */
  readonly thread: GuestThread;
  /** Held while the instance lives, released when it is disposed. */
  readonly code?: CodeBlock;
  /** Pages the memory may grow to; at most (and by default) the module's own maximum. */
  readonly memoryPages?: number;
  /** Milliseconds each call may take unless it says otherwise; default no limit. */
  readonly deadline?: number;
  /** Instead of a memory of its own: one that instances in other threads use at the same time. */
  readonly shared?: SharedMemoryUse;
}

/** One instance's part in a shared memory. The host has written the initial data, and will clear it. */
export interface SharedMemoryUse {
  readonly memory: SharedMemory;
  /** A number that no other instance has at the time, below the memory's `places`. */
  readonly place: number;
  /** The part of the linear stack that is this instance's, multiples of 16. */
  readonly stackLow: number;
  readonly stackHigh: number;
}

export interface CallOptions {
  /** Milliseconds this call may take. */
  readonly deadline?: number;
}

type Call = ReturnType<typeof makeCall>;

/** Code held by instances that were dropped without `dispose`: nothing of them, exports included, is reachable then. */
const dropped = new FinalizationRegistry<CodeBlock>((code) => { code.release(); });

/**
 * Makes an instance.
 *
 * @throws ImportError when an import has no implementation or no grant
 * @throws NativeCallError when there is no memory
 */
export function instantiate(image: ModuleImage, options: InstanceOptions): Instance { return new Instance(image, options); }

export class Instance implements RunTarget {
  readonly image: ModuleImage;
  readonly thread: GuestThread;
  /** Its own linear memory; undefined in the native model and with a shared memory. */
  readonly memory: LinearMemory | undefined;
  /** The linear memory it runs in, its own or shared. */
  readonly guestMemory: GuestMemory | undefined;
  /** Every exported function by its exported name. */
  readonly exports: Readonly<Record<string, NativeExport>>;

  // What the thread must know (see RunTarget).
  readonly codeLow: number;
  readonly codeHigh: number;
  readonly tableBase: number;
  readonly tableLength: number;
  readonly globalsBase: number;
  readonly linearStackLimit: number;
  readonly linearStackTop: number;
  linearStackPointer: number;
  running = 0;

  readonly #code: CodeBlock | undefined;
  readonly #nativeGlobals: NativeGlobals | undefined;
  readonly #shared: SharedMemoryUse | undefined;
  /** Keeps the bytes at `tableBase` alive. */
  readonly #table: Uint8Array<ArrayBuffer>;
  readonly #handlers: readonly HostHandler[];
  readonly #calls: (Call | undefined)[];
  readonly #byName = new Map<string, number>();
  readonly #deadline: number;
  #disposed = false;
  /** Called once, when the instance has been disposed. */
  onDispose: () => void = () => {};

  constructor(image: ModuleImage, options: InstanceOptions) {
    const { thread, shared } = options;
    this.image = image;
    this.thread = thread;
    this.#deadline = nanoseconds(options.deadline);
    this.codeLow = image.codeAddress;
    this.codeHigh = image.codeAddress + image.codeSize;
    this.linearStackLimit = shared?.stackLow ?? image.stackLow;
    this.linearStackTop = this.linearStackPointer = shared?.stackHigh ?? image.stackHigh;
    this.#table = buildTable(image);
    this.tableBase = thread.bridge.addressOf(this.#table);
    this.tableLength = image.table.length;
    this.#calls = new Array<Call | undefined>(image.functions.length).fill(undefined);
    // Of two with one name the host enters the first.
    for (let k = image.functions.length - 1; k >= 0; k--) this.#byName.set(image.functions[k].name, k);
    for (const [name, k] of Object.entries(image.exports)) this.#byName.set(name, k);

    this.#shared = shared;
    this.memory = image.memoryModel === 'linear' && shared === undefined ? this.#makeMemory(options.memoryPages) : undefined;
    this.guestMemory = shared?.memory ?? this.memory;
    this.#nativeGlobals = image.memoryModel === 'native' && image.globals.length > 0 ? new NativeGlobals(thread.bridge, image) : undefined;
    this.globalsBase = this.#nativeGlobals?.base ?? 0;
    try {
      this.#writeData();
      this.#handlers = bindImports(this, options);
    } catch (error) {
      this.memory?.dispose();
      throw error;
    }
    shared?.memory.enter(shared.place, thread.contextAddress);
    this.#code = options.code?.retain();
    if (this.#code !== undefined) dropped.register(this, this.#code, this);
    // A call path is put together when it is first asked for: most runs use one export of many.
    const exports = Object.create(null) as Record<string, NativeExport>;
    for (const [name, k] of Object.entries(image.exports)) Object.defineProperty(exports, name, { enumerable: true, get: () => this.#call(k, name).direct });
    this.exports = Object.freeze(exports);
  }

  get disposed(): boolean { return this.#disposed; }

  /**
   * Calls an exported function, or any function by its own name.
   *
   * @throws UsageError for an unknown name or wrong arguments
   * @throws TrapError when it traps, RunInterruptedError at its deadline, and whatever a host function threw
   * @example
   * instance.call('add', [40, 2]) // => 42
   */
  call(name: string, args: readonly unknown[] = [], options: CallOptions = {}): CallResult {
    const k = this.#byName.get(name);
    if (k === undefined) {
      const known = Object.keys(this.image.exports);
      throw new UsageError(`module ${JSON.stringify(this.image.moduleName)} has no function ${JSON.stringify(show(name))}`, `It exports: ${known.join(', ') || 'nothing'}.`);
    }
    return this.#call(k, name).invoke(args, options.deadline === undefined ? this.#deadline : nanoseconds(options.deadline));
  }

  /**
   * The bytes of a global as they are now; writing to them writes to the global. Ask again after linear memory has grown.
   *
   * @throws UsageError for an unknown name, or when the instance is disposed
   * @example
   * instance.global('counter')[0] = 7
   */
  global(name: string): Uint8Array<ArrayBuffer> {
    this.#ready();
    const g = this.image.globals.find((x) => x.name === name);
    if (g === undefined) throw new UsageError(`module ${JSON.stringify(this.image.moduleName)} has no global ${JSON.stringify(show(name))}`, `Its globals are: ${this.image.globals.map((x) => x.name).join(', ') || 'none'}.`);
    if (this.#nativeGlobals !== undefined) return this.#nativeGlobals.view(g.address, g.size);
    if (this.memory === undefined) throw new UsageError('the memory of this instance is shared', 'Read the global from the shared memory.');
    return this.memory.bytes().subarray(g.address, g.address + g.size);
  }

  /** The signature of a function as text, or undefined. */
  describe(name: string): string | undefined {
    const k = this.#byName.get(name);
    return k === undefined ? undefined : formatSignature(this.image.functions[k]);
  }

  /** Memory and globals as they were at first (but a shared memory, which is the host's), files closed. @throws UsageError during a run */
  reset(): void {
    this.#ready();
    if (this.running > 0) throw new UsageError('an instance cannot be reset while it runs', 'Reset it after the call has returned.');
    closeHandles(this);
    this.memory?.reset();
    this.#writeData();
    this.#nativeGlobals?.reset();
    this.linearStackPointer = this.linearStackTop;
  }

  /** Frees the memory and lets go of the code. @throws UsageError during a run */
  dispose(): void {
    if (this.#disposed) return;
    if (this.running > 0) throw new UsageError('an instance cannot be disposed while it runs', 'Dispose it after the call has returned.');
    this.#disposed = true;
    this.thread.unbind(this);
    closeHandles(this);
    this.memory?.dispose();
    this.#shared?.memory.leave(this.#shared.place);
    dropped.unregister(this);
    this.#code?.release();
    this.onDispose();
  }
  [Symbol.dispose](): void { this.dispose(); }

  /** See RunTarget. */
  hostCall(index: number): void {
    if (index === GROW_INDEX) {
      this.#grow();
      return;
    }
    const handler = this.#handlers[index];
    if (handler === undefined) throw new InternalError(`import ${index} was called, there are ${this.#handlers.length}`);
    handler();
  }

  #grow(): void {
    const { u32 } = this.thread, at = CTX.intRegisters >> 2;
    const before = this.guestMemory === undefined ? -1 : this.guestMemory.grow(u32[at]);
    u32[at] = before;
    u32[at + 1] = 0;
  }

  #call(k: number, name: string): Call {
    const known = this.#calls[k];
    if (known !== undefined) return known;
    const f = this.image.functions[k];
    return this.#calls[k] = makeCall(this.thread, this, {
      name, signature: f, surface: surfaceSignature(this.image.surface, f.name), model: this.image.memoryModel, entry: this.image.codeAddress + f.offset,
      deadline: () => this.#deadline,
      ready: () => { this.#ready(); },
      fail: (failure, deadline) => this.#error(failure, name, deadline),
    });
  }

  #error(failure: RunFailure, name: string, deadline: number): Error {
    switch (failure.kind) {
      case 'trap': return new RawTrapError(readTrap(this.thread, this, this.image), this.image.locations);
      case 'interrupted': return new RunInterruptedError(failure.reason, name, deadline > 0 ? deadline / 1e6 : undefined);
      // The error itself, whatever its type: it is the host's own.
      case 'host-exception': return failure.error as Error;
      default: return failure satisfies never;
    }
  }

  #ready(): void {
    // Its memory alone may have been disposed of: what is at its address since is not the guest's.
    if (this.#disposed || this.memory?.disposed === true) throw new UsageError('this instance is disposed', 'Instantiate the module again.');
    // Its size may have changed while no run was on here.
    if (this.#shared !== undefined) this.thread.unbind(this);
  }

  #makeMemory(pages: number | undefined): LinearMemory {
    const { initialPages, maximumPages } = this.image;
    const most = pages === undefined ? maximumPages : Math.min(maximumPages, Math.floor(pages));
    if (most < initialPages) throw new UsageError(`module ${JSON.stringify(this.image.moduleName)} needs ${initialPages} pages of memory, ${most} are allowed`, 'Raise the memory limit.');
    const memory = new LinearMemory(this.thread.bridge, { initialPages, maximumPages: most });
    memory.onChange = () => { this.thread.refreshMemory(this); };
    memory.inUse = () => this.running > 0;
    return memory;
  }

  #writeData(): void {
    for (const d of this.image.data) this.memory?.write(d.address, d.bytes);
  }
}

function buildTable(image: ModuleImage): Uint8Array<ArrayBuffer> {
  // At least one entry, so that the buffer has an address.
  const table = new DataView(new ArrayBuffer(Math.max(1, image.table.length) * TABLE_ENTRY.size));
  image.table.forEach((e, k) => {
    if (e.offset < 0) return;
    table.setBigUint64(k * TABLE_ENTRY.size + TABLE_ENTRY.address, BigInt(image.codeAddress + e.offset), true);
    table.setUint32(k * TABLE_ENTRY.size + TABLE_ENTRY.signature, e.signature, true);
  });
  return new Uint8Array(table.buffer);
}

/** Milliseconds to nanoseconds; undefined and infinity are no limit. */
export function nanoseconds(milliseconds: number | undefined): number {
  if (milliseconds === undefined || milliseconds === Infinity) return 0;
  if (typeof milliseconds !== 'number' || !(milliseconds >= 0)) throw new UsageError(`a deadline of ${String(milliseconds)} ms is impossible`, 'Give a number of milliseconds that is not negative, or leave it out.');
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(1, Math.round(milliseconds * 1e6)));
}
