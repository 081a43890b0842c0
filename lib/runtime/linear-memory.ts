/**
 * Linear memory: one reservation of address space in which guest addresses are offsets.
 *
 * Invariants:
 * - a guest access reaches at most `(2^32 − 1) + (2^31 − 1) + 32` bytes past the base (a zero-extended pointer plus a
 *   constant offset plus a vector), so everything it can reach lies inside the reservation: readable and writable
 *   below {@link LinearMemory.size}, inaccessible from there on, where the access faults and becomes a trap;
 * - no more than `maximumPages` are ever open, which makes the maximum a hard cap;
 * - after {@link LinearMemory.reset} every open byte is zero and exactly the initial pages are open;
 * - JavaScript's views never dangle: memory that a view was given of stays mapped and accessible until the view has
 *   been collected, even after `dispose` (its pages, though, are given back at once);
 * - a memory that nobody can reach any more is given back as if it had been disposed.
 */
import { UsageError } from '../mir/errors.ts';
import { PAGE_SIZE } from '../mir/types.ts';
import { MADV_DONTNEED, MAP_ANONYMOUS, MAP_NORESERVE, MAP_PRIVATE, PROT_NONE, PROT_READ, PROT_WRITE, type NativeBridge } from './native/bridge.ts';
import { nodeBuiltin } from './node-builtin.ts';
import { atThreadExit } from './thread-exit.ts';

const GIB = 2 ** 30;
/** Inaccessible bytes below address 0. */
const GUARD_BELOW = PAGE_SIZE;
/** Bytes from the base that a guest access can reach, and a little more. */
export const REACH = 6 * GIB + PAGE_SIZE;
const RESERVATION = GUARD_BELOW + REACH;
/** Up to this size, clearing by hand is cheaper than asking the kernel for fresh pages (2.4 µs against 5 and a fault each). */
const CLEAR_BY_HAND = PAGE_SIZE;

/** Linear memory as a run and the host functions it calls see it. */
export interface GuestMemory {
  /** Host address of byte 0. */
  readonly base: number;
  /** Size now, in bytes, and in pages. */
  readonly size: number;
  readonly pages: number;
  readonly maximumSize: number;
  /** Most pages that were open. */
  readonly peakPages: number;
  /** True when other threads may be reading and writing at the same time. */
  readonly shared: boolean;
  grow(pages: number): number;
  contains(address: number, length: number): boolean;
  read(address: number, into: Uint8Array): void;
  write(address: number, bytes: Uint8Array): void;
}

/** One reservation, and how many live JavaScript buffers look at it. */
interface Reservation { readonly start: number; readonly bridge: NativeBridge; views: number; retired: boolean }

const collected = new FinalizationRegistry<Reservation>((r) => {
  r.views--;
  unmapIfUnseen(r);
});

/** Reservations of this thread that are mapped. */
const live = new Set<Reservation>();
let watching = false;

/** When a worker ends: what JavaScript may still look at stays mapped, the rest goes. */
function giveBackAtExit(): void {
  if (watching) return;
  watching = true;
  atThreadExit(() => { for (const r of [...live]) retire(r); });
}

/** Memories that were dropped without `dispose`. */
const dropped = new FinalizationRegistry<Reservation>(retire);

function unmapIfUnseen(r: Reservation): void {
  if (r.retired && r.views === 0) {
    r.views = -1;
    live.delete(r);
    r.bridge.munmap(r.start, RESERVATION);
  }
}

/**
 * @example
 * const m = new LinearMemory(nativeBridge(), { initialPages: 1, maximumPages: 4 });
 * m.grow(2)  // => 1, the size before, in pages
 * m.grow(2)  // => -1: past the maximum
 * m.bytes().length // => 196608
 */
export class LinearMemory implements GuestMemory {
  readonly shared = false;
  readonly #bridge: NativeBridge;
  readonly #initialPages: number;
  readonly #maximumPages: number;
  #reservation: Reservation;
  #pages = 0;
  #peakPages = 0;
  #view: Uint8Array<ArrayBuffer> | undefined;
  /** Bytes at the start that some view, perhaps dropped since, covers. */
  #seen = 0;
  #disposed = false;
  /** Called after base or size have changed. */
  onChange: () => void = () => {};
  /** True while guest code is on that knows base and size: it must not be reset or disposed of then. */
  inUse: () => boolean = () => false;

  /** @throws NativeCallError when the address space or memory is not to be had */
  constructor(bridge: NativeBridge, limits: { readonly initialPages: number; readonly maximumPages: number }) {
    const { initialPages, maximumPages } = limits;
    if (!Number.isInteger(initialPages) || !Number.isInteger(maximumPages) || initialPages < 0 || initialPages > maximumPages || maximumPages > 65536) {
      throw new UsageError(`linear memory of ${initialPages} to ${maximumPages} pages is impossible`, 'Use whole pages of 64 KiB with 0 <= initial <= maximum <= 65536.');
    }
    this.#bridge = bridge;
    this.#initialPages = initialPages;
    this.#maximumPages = maximumPages;
    this.#reservation = this.#reserve();
    dropped.register(this, this.#reservation, this);
    this.#open(initialPages);
  }

  /** Host address of byte 0. It changes only in {@link reset}. */
  get base(): number { return this.#reservation.start + GUARD_BELOW; }
  /** Size now, in bytes. */
  get size(): number { return this.#pages * PAGE_SIZE; }
  get pages(): number { return this.#pages; }
  get maximumSize(): number { return this.#maximumPages * PAGE_SIZE; }
  get maximumPages(): number { return this.#maximumPages; }
  /** Most pages that were open since the last reset. */
  get peakPages(): number { return this.#peakPages; }
  get disposed(): boolean { return this.#disposed; }

  /** Adds pages; the size before in pages, or −1 (and no change) when the maximum would be passed or the system refuses. */
  grow(pages: number): number {
    const before = this.#pages;
    if (this.#disposed || !Number.isInteger(pages) || pages < 0 || before + pages > this.#maximumPages) return -1;
    try {
      this.#open(before + pages);
    } catch {
      return -1;
    }
    this.onChange();
    return before;
  }

  /**
   * The memory's bytes as they are now. After a `grow` ask again: a view taken before it stays valid and shared, but
   * keeps its old length.
   */
  bytes(): Uint8Array<ArrayBuffer> {
    this.#requireAlive();
    if (this.#view === undefined || this.#view.length !== this.size) {
      if (this.size === 0) return new Uint8Array(0);
      const buffer = keepHere(this.#bridge.view(this.base, this.size));
      this.#reservation.views++;
      collected.register(buffer, this.#reservation);
      this.#seen = Math.max(this.#seen, this.size);
      this.#view = new Uint8Array(buffer);
    }
    return this.#view;
  }

  /** True when `[address, address + length)` is inside the memory. */
  contains(address: number, length: number): boolean {
    return address >= 0 && length >= 0 && address + length <= this.size;
  }

  /** Copies bytes out, without making a view. @throws UsageError outside the memory */
  read(address: number, into: Uint8Array): void {
    this.#requireAlive();
    this.#requireRange(address, into.length);
    this.#bridge.read(this.base + address, into);
  }

  /** Copies bytes in, without making a view. @throws UsageError outside the memory */
  write(address: number, bytes: Uint8Array): void {
    this.#requireAlive();
    this.#requireRange(address, bytes.length);
    this.#bridge.write(this.base + address, bytes);
  }

  /** Zeroes every byte and goes back to the initial size. Whoever keeps the base asks for it again afterwards. @throws UsageError during a run */
  reset(): void {
    this.#requireAlive();
    this.#requireIdle();
    const initial = this.#initialPages * PAGE_SIZE;
    if (this.size > initial && this.#seen > initial) {
      // Closing pages that a live view covers would crash whoever reads it: leave them to it and start afresh.
      const old = this.#reservation;
      this.#bridge.madvise(this.base, this.size, MADV_DONTNEED);
      this.#reservation = this.#reserve();
      dropped.unregister(this);
      dropped.register(this, this.#reservation, this);
      this.#view = undefined;
      this.#seen = 0;
      this.#pages = 0;
      retire(old);
      this.#open(this.#initialPages);
    } else {
      if (this.size > 0) {
        if (this.size <= CLEAR_BY_HAND) this.#bridge.fill(this.base, 0, this.size);
        else this.#bridge.madvise(this.base, this.size, MADV_DONTNEED);
      }
      if (this.size > initial) this.#bridge.mprotect(this.base + initial, this.size - initial, PROT_NONE);
      this.#pages = this.#initialPages;
    }
    this.#peakPages = this.#initialPages;
    this.onChange();
  }

  /** Gives the memory back. Views that are still held stay readable (as zeros). @throws UsageError during a run */
  dispose(): void {
    if (this.#disposed) return;
    this.#requireIdle();
    this.#disposed = true;
    if (this.#seen > 0) this.#bridge.madvise(this.base, this.size, MADV_DONTNEED);
    this.#view = undefined;
    dropped.unregister(this);
    retire(this.#reservation);
  }
  [Symbol.dispose](): void { this.dispose(); }

  #reserve(): Reservation {
    const start = this.#bridge.mmap(0, RESERVATION, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    const r: Reservation = { start, bridge: this.#bridge, views: 0, retired: false };
    live.add(r);
    giveBackAtExit();
    return r;
  }

  #open(pages: number): void {
    if (pages > this.#pages) this.#bridge.mprotect(this.base + this.size, (pages - this.#pages) * PAGE_SIZE, PROT_READ | PROT_WRITE);
    this.#pages = pages;
    this.#peakPages = Math.max(this.#peakPages, pages);
  }

  #requireAlive(): void {
    if (this.#disposed) throw new UsageError('this linear memory is disposed', 'Instantiate the module again.');
  }
  #requireIdle(): void {
    if (this.inUse()) throw new UsageError('this linear memory cannot be reset or disposed of while guest code runs in it', 'Do it after the call has returned.');
  }
  #requireRange(address: number, length: number): void {
    if (!Number.isInteger(address) || !this.contains(address, length)) {
      throw new UsageError(`${length} bytes at address ${address} are not inside the memory of ${this.size} bytes`, 'Check the address, or grow the memory first.');
    }
  }
}

/**
 * A buffer that no other thread is given, nor another buffer in this one: guest code goes on using its bytes, whoever
 * has them.
 */
export function keepHere(buffer: ArrayBuffer): ArrayBuffer {
  nodeBuiltin('node:worker_threads').markAsUntransferable(buffer);
  return buffer;
}

function retire(r: Reservation): void {
  r.retired = true;
  unmapIfUnseen(r);
}
