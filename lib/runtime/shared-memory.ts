/**
 * Linear memory that several threads use at once: one shared `WebAssembly.Memory`, which JavaScript, WebAssembly and
 * native code all see. Its address is the same in every thread and never changes.
 *
 * Invariants:
 * - everything a guest access can reach (see `linear-memory.ts`) lies in the engine's reservation, inaccessible beyond
 *   the memory's end: checked when the memory is made, since the engine can be told to leave the guard out;
 * - the size in the control block is the truth. It changes under the lock only, never shrinks, and is stored before
 *   any run context is told of it. A run's context enters the list before it reads the size, and reads it again after
 *   storing it ({@link SharedMemory.size}); so no context keeps a size older than one that another thread has seen;
 * - contexts are in the list only while their run is on, so nobody writes to a context that is gone;
 * - the engine frees the memory when no thread holds it any more. A thread that runs guest code in it is vouched for
 *   by the host, which lets go of it only after every run has been acknowledged.
 */
import { CTX } from '../codegen/run-context.ts';
import { UsageError } from '../mir/errors.ts';
import { PAGE_SIZE } from '../mir/types.ts';
import { REACH, type GuestMemory } from './linear-memory.ts';
import { MADV_DONTNEED, type NativeBridge } from './native/bridge.ts';
import { UnsupportedMachineError } from './native/errors.ts';
import { nodeBuiltin } from './node-builtin.ts';
import { wasmEngine, type WasmSharedMemory } from './wasm-engine.ts';

/** The control block, in 32-bit words: a lock, the size in pages; then from byte 16 a context's address per run. */
const LOCK = 0, PAGES = 1, CONTEXTS = 16;
const FREE = 0, HELD = 1;

/** What another thread needs to use the memory: cloned by `postMessage`, it is the same memory there. */
export interface SharedMemoryHandle {
  readonly base: number;
  readonly maximumPages: number;
  readonly control: SharedArrayBuffer;
  /** Absent when the memory cannot grow: then the address is all it takes. */
  readonly memory: WasmSharedMemory | undefined;
}

/** The part of a shared memory that a thread running guest code in it works with. */
export class SharedMemory implements GuestMemory {
  readonly base: number;
  readonly maximumPages: number;
  readonly shared = true;
  readonly #bridge: NativeBridge;
  readonly #memory: WasmSharedMemory | undefined;
  readonly #control: Int32Array;
  readonly #contexts: BigInt64Array;

  constructor(bridge: NativeBridge, handle: SharedMemoryHandle) {
    this.#bridge = bridge;
    this.base = handle.base;
    this.maximumPages = handle.maximumPages;
    this.#memory = handle.memory;
    this.#control = new Int32Array(handle.control, 0, CONTEXTS / 4);
    this.#contexts = new BigInt64Array(handle.control, CONTEXTS);
  }

  /** Pages now, as every thread has it. */
  get pages(): number { return Atomics.load(this.#control, PAGES); }
  get size(): number { return this.pages * PAGE_SIZE; }
  get maximumSize(): number { return this.maximumPages * PAGE_SIZE; }
  /** The memory never shrinks. */
  get peakPages(): number { return this.pages; }

  contains(address: number, length: number): boolean { return address >= 0 && length >= 0 && address + length <= this.size; }

  /** @throws UsageError outside the memory */
  read(address: number, into: Uint8Array): void {
    this.#requireRange(address, into.length);
    this.#bridge.read(this.base + address, into);
  }
  /** @throws UsageError outside the memory */
  write(address: number, bytes: Uint8Array): void {
    this.#requireRange(address, bytes.length);
    this.#bridge.write(this.base + address, bytes);
  }

  /** Adds pages, for all threads at once; the size before in pages, or −1 and no change. */
  grow(pages: number): number {
    if (!Number.isInteger(pages) || pages < 0) return -1;
    return this.#locked(() => {
      const before = this.pages;
      if (before + pages > this.maximumPages) return -1;
      if (pages === 0) return before;
      try {
        if (this.#memory === undefined) return -1;
        this.#memory.grow(pages);
      } catch {
        return -1;
      }
      Atomics.store(this.#control, PAGES, before + pages);
      const size = new BigUint64Array([BigInt(this.size)]), bytes = new Uint8Array(size.buffer);
      for (let k = 0; k < this.#contexts.length; k++) {
        const at = Number(Atomics.load(this.#contexts, k));
        if (at !== 0) this.#bridge.write(at + CTX.memorySize, bytes);
      }
      return before;
    });
  }

  /** A run begins: `contextAddress` is told of growth until {@link leave}. Each run that is on has a place of its own. */
  enter(place: number, contextAddress: number): void { this.#locked(() => Atomics.store(this.#contexts, place, BigInt(contextAddress))); }
  leave(place: number): void { this.#locked(() => Atomics.store(this.#contexts, place, 0n)); }

  #locked<T>(work: () => T): T {
    const c = this.#control;
    while (Atomics.compareExchange(c, LOCK, FREE, HELD) !== FREE) Atomics.wait(c, LOCK, HELD, 1);
    try {
      return work();
    } finally {
      Atomics.store(c, LOCK, FREE);
      Atomics.notify(c, LOCK, 1);
    }
  }

  #requireRange(address: number, length: number): void {
    if (!Number.isInteger(address) || !this.contains(address, length)) {
      throw new UsageError(`${length} bytes at address ${address} are not inside the memory of ${this.size} bytes`, 'Check the address, or grow the memory first.');
    }
  }
}

/**
 * A shared memory where it is made: the host's thread.
 *
 * @example
 * const m = new SharedMemoryOwner(nativeBridge(), { initialPages: 1, maximumPages: 4, places: 2 });
 * m.bytes().length // => 65536
 * worker.postMessage(m.handle) // there: new SharedMemory(nativeBridge(), handle)
 */
export class SharedMemoryOwner {
  readonly handle: SharedMemoryHandle;
  /** The host's own way in, with checks. */
  readonly access: SharedMemory;
  /** The engine's object: what a WebAssembly instance imports. */
  readonly memory: WasmSharedMemory;
  readonly #bridge: NativeBridge;

  /**
   * @param limits.places runs that can be on at a time
   * @throws UnsupportedMachineError when the engine has no WebAssembly, or reserves no guard around its memories
   */
  constructor(bridge: NativeBridge, limits: { readonly initialPages: number; readonly maximumPages: number; readonly places: number }) {
    const { initialPages, maximumPages, places } = limits, engine = wasmEngine();
    if (engine === undefined) throw new UnsupportedMachineError('this JavaScript engine has no WebAssembly, whose memories are the ones that threads can share');
    this.#bridge = bridge;
    this.memory = new engine.Memory({ initial: initialPages, maximum: maximumPages, shared: true }) as WasmSharedMemory;
    const control = new SharedArrayBuffer(CONTEXTS + 8 * places);
    new Int32Array(control)[PAGES] = initialPages;
    const base = bridge.addressOf(new Uint8Array(this.memory.buffer));
    if (!isGuarded(base, initialPages * PAGE_SIZE)) throw new UnsupportedMachineError('this JavaScript engine makes WebAssembly memories without a guard around them (was it started with --disable-wasm-trap-handler?)');
    this.handle = { base, maximumPages, control, memory: initialPages < maximumPages ? this.memory : undefined };
    this.access = new SharedMemory(bridge, this.handle);
  }

  /** All bytes as they are now, live. After a growth ask again: an older view keeps its length. */
  bytes(): Uint8Array<SharedArrayBuffer> {
    // Growth in another thread reaches this thread's object a little later, unless it is asked.
    if (this.memory.buffer.byteLength < this.access.size) this.memory.grow(0);
    return new Uint8Array(this.memory.buffer);
  }

  /** Zeroes every byte and gives the pages back to the system; views stay good. No run may be on. */
  clear(): void { if (this.access.size > 0) this.#bridge.madvise(this.handle.base, this.access.size, MADV_DONTNEED); }
}

/** True when the mappings of the process show `[base, base + size)` open and nothing accessible from there to {@link REACH}. */
function isGuarded(base: number, size: number): boolean {
  const maps = `\n${nodeBuiltin('node:fs').readFileSync('/proc/self/maps', 'latin1')}`, mapping = /\n([0-9a-f]+)-([0-9a-f]+) (....)/g;
  // Open memory begins a mapping, since what is below is not open; there are many lines before.
  mapping.lastIndex = Math.max(0, maps.indexOf(`\n${base.toString(16)}-`));
  let reached = base;
  for (let m = mapping.exec(maps); m !== null && reached < base + REACH; m = mapping.exec(maps)) {
    const from = Number.parseInt(m[1], 16), to = Number.parseInt(m[2], 16);
    if (to <= base || from >= base + REACH) continue;
    if (from > reached) return false;
    // Neighbours with equal rights are one mapping, which can begin before and end after what is asked for.
    const open = m[3].startsWith('rw'), inside = to <= base + size;
    if (inside ? !open : open || !m[3].startsWith('---')) return false;
    reached = to;
  }
  return reached >= base + REACH;
}
