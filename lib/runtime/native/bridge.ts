/**
 * What the runtime needs of the operating system and of a foreign-function library: the one small interface behind
 * which koffi sits, so that another library can take its place.
 *
 * Addresses are plain numbers (user-space addresses are below 2^47, so they are exact).
 */

/** A signal's disposition. `handler` 0 is the default action, 1 ignores; `mask` is the low 64 bits of the set. */
export interface SignalAction { readonly handler: number; readonly flags: number; readonly mask: bigint }
/** An alternate signal stack; `flags` 2 means that there is none. */
export interface AlternateStack { readonly address: number; readonly size: number; readonly flags: number }
/** A JavaScript function that machine code of this thread may call. */
export interface NativeCallback { readonly address: number; dispose(): void }

/** A type of a C function's parameter or result. */
export type NativeType = 'void' | 'int8' | 'int16' | 'int32' | 'int64' | 'uint8' | 'uint16' | 'uint32' | 'uint64' | 'float' | 'double' | 'pointer';
export type NativeFunction = (...args: readonly (number | bigint)[]) => number | bigint | undefined;

export interface NativeBridge {
  /** Which library this is, for diagnostics. */
  readonly name: string;

  /** @throws NativeCallError (as all of these, unless they return a success flag) */
  mmap(address: number, length: number, protection: number, flags: number, fd: number, offset: number): number;
  munmap(address: number, length: number): void;
  mprotect(address: number, length: number, protection: number): void;
  madvise(address: number, length: number, advice: number): void;
  /** A new anonymous file of `size` bytes whose pages may be mapped executable; returns its descriptor. */
  memfd(name: string, size: number): number;
  close(fd: number): void;

  /** Sets (or with `undefined` only reads) a signal's disposition; returns the one before. */
  sigaction(signal: number, action: SignalAction | undefined): SignalAction;
  /** Sets (or reads) this thread's alternate signal stack; returns the one before. */
  sigaltstack(stack: AlternateStack | undefined): AlternateStack;

  threadId(): number;
  /** Sends `signal` to one thread of this process; false when the thread has ended. */
  signalThread(threadId: number, signal: number): boolean;
  /** A monotonic timer that signals the thread `threadId`; returns the kernel's timer id. */
  timerCreate(threadId: number, signal: number): number;
  /** Arms a timer (both in nanoseconds), or disarms it with 0. */
  timerSet(timer: number, delay: number, interval: number): void;
  timerDelete(timer: number): void;
  /** CPU time this thread has used, in nanoseconds. */
  threadCpuTime(): number;
  /** Makes every thread of the process serialise its instruction stream before it runs user code again. */
  synchronizeCode(): void;

  /** Makes `void f(uintptr_t)` at `address` callable. */
  procedure(address: number): (argument: number) => void;
  /** Registers `callback` as `int32 f(int32)`. It must not throw, and is called only on this thread. */
  register(callback: (argument: number) => number): NativeCallback;

  /** Copies memory at `address` into `into`. The caller vouches for the range. */
  read(address: number, into: Uint8Array): void;
  /** Copies `bytes` to memory at `address`. The caller vouches for the range. */
  write(address: number, bytes: Uint8Array): void;
  fill(address: number, byte: number, length: number): void;
  /**
   * A window on `length` bytes of memory (at most 4 GiB). It does not keep the memory mapped: whoever unmaps must know
   * that the buffer has been collected.
   */
  view(address: number, length: number): ArrayBuffer;
  /** Address of a view's first byte. The buffer must not be resizable; it stays where it is while it is reachable. */
  addressOf(view: Uint8Array): number;

  /** Address of a C library symbol, or undefined. */
  symbol(name: string): number | undefined;
  /** The C function `name` with these types, in the C library or whatever else the process has loaded. */
  libraryFunction(name: string, result: NativeType, params: readonly NativeType[]): NativeFunction | undefined;
  /** `errno` after the last call of a library function on this thread. */
  errno(): number;
}

export const PROT_NONE = 0, PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4;
export const MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_ANONYMOUS = 0x20, MAP_NORESERVE = 0x4000;
export const MADV_DONTNEED = 4;
export const SIGILL = 4, SIGBUS = 7, SIGFPE = 8, SIGSEGV = 11, SIGURG = 23;
export const SA_SIGINFO = 4, SA_ONSTACK = 0x0800_0000, SA_NODEFER = 0x4000_0000;
export const SS_DISABLE = 2;
