/**
 * Memory for machine code.
 *
 * Invariants:
 * - no page is ever writable and executable at one address: every segment is a memfd mapped twice, once to write and
 *   once to execute, and only the executable address leaves this file;
 * - a block is written before its address is given out, and not written again until nobody holds it;
 * - a block's room is used again only after every {@link CodeBlock.release}. A holder is whoever might enter the code
 *   or be inside it: the compiled program, each instance, each job sent to another thread (released when that thread
 *   has acknowledged its end). So nothing is unmapped or overwritten while a run can be inside;
 * - when room is used again, all threads are made to serialise (membarrier SYNC_CORE) before its address is given out.
 *   Fresh room needs none: no processor has ever fetched instructions from it.
 *
 * Executable addresses are valid in every thread of the process. The arena belongs to the thread that made it: only
 * that thread allocates and frees.
 */
import { UsageError } from '../mir/errors.ts';
import { MAP_SHARED, PROT_EXEC, PROT_READ, PROT_WRITE, type NativeBridge } from './native/bridge.ts';

/** Bytes of an ordinary segment (address space; pages take memory only when written). */
export const CODE_SEGMENT_SIZE = 16 * 1024 * 1024;
/** Code starts at multiples of this; it covers the largest alignment code asks for. */
export const CODE_ALIGNMENT = 64;
const PAGE = 4096;
/** Freed room from this size on gives its pages back to the system. */
const RELEASE_PAGES_FROM = 256 * 1024;
const MADV_REMOVE = 9;
/** `int3`: what freed code is overwritten with. */
const BREAKPOINT = 0xcc;

interface Segment {
  readonly writable: number;
  readonly executable: number;
  readonly size: number;
  /** Free ranges `[offset, size, fresh]`, sorted by offset, none adjacent to another of the same freshness. */
  readonly free: FreeRange[];
  used: number;
}
interface FreeRange { offset: number; size: number; fresh: boolean }

/** Code that can be entered, counted by its holders. Starts with one. */
export class CodeBlock {
  /** Executable address of the first byte. */
  readonly address: number;
  /** Bytes of code. */
  readonly size: number;
  #holders = 1;
  readonly #free: () => void;

  constructor(address: number, size: number, free: () => void) {
    this.address = address;
    this.size = size;
    this.#free = free;
  }

  /** Who may still enter or be inside. */
  get holders(): number { return this.#holders; }

  /** Adds a holder. @throws UsageError when the block is already free */
  retain(): this {
    if (this.#holders === 0) throw new UsageError('code was retained after its last holder had let it go', 'Retain before releasing; compile again if the program was disposed.');
    this.#holders++;
    return this;
  }

  /** Removes a holder; after the last one the room may be used again. @throws UsageError when there was none */
  release(): void {
    if (this.#holders === 0) throw new UsageError('code was released more often than it was retained', 'Release once for each retain.');
    if (--this.#holders === 0) this.#free();
  }

  [Symbol.dispose](): void { this.release(); }
}

/**
 * An arena of code.
 *
 * @example
 * const arena = new CodeArena(nativeBridge());
 * const block = arena.publish(Uint8Array.of(0xc3)); // ret
 * block.address % 64 // => 0
 */
export class CodeArena {
  readonly #bridge: NativeBridge;
  readonly #segments: Segment[] = [];
  #closing = false;

  constructor(bridge: NativeBridge) { this.#bridge = bridge; }

  /** Bytes of address space mapped to execute, and bytes of it that hold code. */
  get statistics(): { readonly reserved: number; readonly used: number; readonly segments: number } {
    let reserved = 0, used = 0;
    for (const s of this.#segments) { reserved += s.size; used += s.used; }
    return { reserved, used, segments: this.#segments.length };
  }

  /**
   * Copies code in and makes it executable.
   *
   * @throws NativeCallError when there is no memory for it
   */
  publish(code: Uint8Array): CodeBlock {
    if (this.#closing) throw new UsageError('this code arena is disposed', 'Make a new runtime.');
    const room = Math.max(CODE_ALIGNMENT, Math.ceil(code.length / CODE_ALIGNMENT) * CODE_ALIGNMENT);
    for (const s of this.#segments) {
      const at = take(s, room);
      if (at !== undefined) return this.#fill(s, at.offset, room, code, at.fresh);
    }
    const s = this.#map(Math.max(CODE_SEGMENT_SIZE, Math.ceil(room / PAGE) * PAGE));
    const at = take(s, room);
    return this.#fill(s, at?.offset ?? 0, room, code, true);
  }

  /** Unmaps the arena as soon as nothing holds any of its code (now, when nothing does). */
  dispose(): void {
    this.#closing = true;
    for (const s of [...this.#segments]) this.#unmapIfEmpty(s);
  }
  [Symbol.dispose](): void { this.dispose(); }

  /** Unmaps everything, held or not: for a thread that is ending and was the only one to know the addresses. */
  abandon(): void {
    this.#closing = true;
    for (const s of this.#segments.splice(0)) {
      this.#bridge.munmap(s.executable, s.size);
      this.#bridge.munmap(s.writable, s.size);
    }
  }

  #fill(s: Segment, offset: number, room: number, code: Uint8Array, fresh: boolean): CodeBlock {
    this.#bridge.write(s.writable + offset, code);
    if (!fresh) this.#bridge.synchronizeCode();
    return new CodeBlock(s.executable + offset, code.length, () => this.#release(s, offset, room));
  }

  #release(s: Segment, offset: number, room: number): void {
    if (!this.#segments.includes(s)) return; // abandoned
    if (room >= RELEASE_PAGES_FROM) {
      const from = Math.ceil(offset / PAGE) * PAGE, to = Math.floor((offset + room) / PAGE) * PAGE;
      this.#bridge.fill(s.writable + offset, BREAKPOINT, from - offset);
      this.#bridge.madvise(s.writable + from, to - from, MADV_REMOVE);
      this.#bridge.fill(s.writable + to, BREAKPOINT, offset + room - to);
    } else {
      this.#bridge.fill(s.writable + offset, BREAKPOINT, room);
    }
    give(s, offset, room);
    // An idle segment of unusual size, or any when the arena is closing, goes back to the system.
    if (this.#closing || s.size > CODE_SEGMENT_SIZE) this.#unmapIfEmpty(s);
  }

  #map(size: number): Segment {
    const b = this.#bridge;
    const fd = b.memfd('lamella-code', size);
    try {
      const writable = b.mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      let executable: number;
      try {
        executable = b.mmap(0, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
      } catch (error) {
        b.munmap(writable, size);
        throw error;
      }
      const s: Segment = { writable, executable, size, used: 0, free: [{ offset: 0, size, fresh: true }] };
      this.#segments.push(s);
      return s;
    } finally {
      b.close(fd);
    }
  }

  #unmapIfEmpty(s: Segment): void {
    const at = this.#segments.indexOf(s);
    if (s.used > 0 || at < 0) return;
    this.#segments.splice(at, 1);
    this.#bridge.munmap(s.executable, s.size);
    this.#bridge.munmap(s.writable, s.size);
  }
}

/** First fit, used room before fresh, since its pages are there already. */
function take(s: Segment, room: number): { readonly offset: number; readonly fresh: boolean } | undefined {
  let found = -1;
  for (let i = 0; i < s.free.length; i++) {
    if (s.free[i].size < room) continue;
    if (!s.free[i].fresh) { found = i; break; }
    if (found < 0) found = i;
  }
  if (found < 0) return undefined;
  const range = s.free[found];
  const result = { offset: range.offset, fresh: range.fresh };
  range.offset += room;
  range.size -= room;
  if (range.size === 0) s.free.splice(found, 1);
  s.used += room;
  return result;
}

function give(s: Segment, offset: number, room: number): void {
  s.used -= room;
  let lo = 0, hi = s.free.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (s.free[mid].offset < offset) lo = mid + 1;
    else hi = mid;
  }
  s.free.splice(lo, 0, { offset, size: room, fresh: false });
  const after = s.free[lo + 1];
  if (after !== undefined && !after.fresh && offset + room === after.offset) {
    s.free[lo].size += after.size;
    s.free.splice(lo + 1, 1);
  }
  const before = s.free[lo - 1];
  if (before !== undefined && !before.fresh && before.offset + before.size === offset) {
    before.size += s.free[lo].size;
    s.free.splice(lo, 1);
  }
}

