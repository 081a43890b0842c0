/** The {@link NativeBridge} over koffi. The only file that knows koffi, which is loaded when it is first needed. */
import { nodeBuiltin } from '../node-builtin.ts';
import type { AlternateStack, NativeBridge, NativeCallback, NativeFunction, NativeType, SignalAction } from './bridge.ts';
import { SS_DISABLE } from './bridge.ts';
import { NativeCallError, NativeUnavailableError } from './errors.ts';

type Koffi = typeof import('koffi');
type Scalar = number | bigint;
type Raw<A extends readonly unknown[]> = (...args: A) => Scalar;

/** System call numbers of Linux on x86-64. */
const SYS = { gettid: 186, timerCreate: 222, timerSettime: 223, timerDelete: 226, tgkill: 234, memfdCreate: 319, membarrier: 324 } as const;
const MFD_CLOEXEC = 1, MFD_EXEC = 0x10, EINVAL = 22;
const CLOCK_MONOTONIC = 1, CLOCK_THREAD_CPUTIME_ID = 3, SIGEV_THREAD_ID = 4;
const MEMBARRIER_SYNC_CORE = 32, MEMBARRIER_REGISTER_SYNC_CORE = 64;
/** glibc's `struct sigaction`: handler, 128 bytes of mask, flags, restorer. */
const SIGACTION_SIZE = 152, SIGACTION_MASK = 8, SIGACTION_FLAGS = 136;

const KOFFI_TYPES: Readonly<Record<NativeType, string>> = {
  void: 'void', int8: 'int8_t', int16: 'int16_t', int32: 'int32_t', int64: 'int64_t', uint8: 'uint8_t', uint16: 'uint16_t',
  uint32: 'uint32_t', uint64: 'uint64_t', float: 'float', double: 'double', pointer: 'uintptr_t',
};

/**
 * Loads koffi.
 *
 * @param load - gives the package; by default Node's `require`
 * @throws NativeUnavailableError when the package is missing or has no binary for this machine
 */
export function createKoffiBridge(load: () => unknown = () => nodeBuiltin('node:module').createRequire(import.meta.url)('koffi')): NativeBridge {
  let koffi: Koffi;
  try {
    koffi = load() as Koffi;
  } catch (error) {
    throw new NativeUnavailableError(error);
  }
  return new KoffiBridge(koffi);
}

class KoffiBridge implements NativeBridge {
  readonly name: string;
  readonly #koffi: Koffi;
  readonly #library: ReturnType<Koffi['load']>;
  /** Functions made so far: each takes memory of koffi's. */
  readonly #functions = new Map<string, NativeFunction>();
  readonly #names = new Map<string, Uint8Array>();
  #process: ReturnType<Koffi['load']> | undefined;
  readonly #mmap: Raw<[number, number, number, number, number, number]>;
  readonly #munmap: Raw<[number, number]>;
  readonly #mprotect: Raw<[number, number, number]>;
  readonly #madvise: Raw<[number, number, number]>;
  readonly #ftruncate: Raw<[number, number]>;
  readonly #close: Raw<[number]>;
  readonly #sigaction: Raw<[number, Uint8Array | null, Uint8Array]>;
  readonly #sigaltstack: Raw<[Uint8Array | null, Uint8Array]>;
  readonly #clockGettime: Raw<[number, BigInt64Array]>;
  readonly #memcpyIn: Raw<[number, Uint8Array, number]>;
  readonly #memcpyOut: Raw<[Uint8Array, number, number]>;
  readonly #memset: Raw<[number, number, number]>;
  readonly #syscall: Raw<[number, Scalar, Scalar, Scalar]>;
  readonly #timerSettime: Raw<[number, number, number, Uint8Array, number]>;
  readonly #procedureType: ReturnType<Koffi['proto']>;
  readonly #callbackType: ReturnType<Koffi['pointer']>;
  readonly #getpid: number;
  readonly #time = new BigInt64Array(2);
  #synchronizing = false;

  constructor(koffi: Koffi) {
    this.#koffi = koffi;
    this.name = `koffi ${koffi.version}`;
    const library = koffi.load('libc.so.6');
    this.#library = library;
    this.#mmap = library.func('mmap', 'uintptr_t', ['uintptr_t', 'size_t', 'int', 'int', 'int', 'int64_t']);
    this.#munmap = library.func('munmap', 'int', ['uintptr_t', 'size_t']);
    this.#mprotect = library.func('mprotect', 'int', ['uintptr_t', 'size_t', 'int']);
    this.#madvise = library.func('madvise', 'int', ['uintptr_t', 'size_t', 'int']);
    this.#ftruncate = library.func('ftruncate', 'int', ['int', 'int64_t']);
    this.#close = library.func('close', 'int', ['int']);
    this.#sigaction = library.func('sigaction', 'int', ['int', 'void *', 'void *']);
    this.#sigaltstack = library.func('sigaltstack', 'int', ['void *', 'void *']);
    this.#clockGettime = library.func('clock_gettime', 'int', ['int', 'void *']);
    this.#memcpyIn = library.func('memcpy', 'void', ['uintptr_t', 'void *', 'size_t']);
    this.#memcpyOut = library.func('memcpy', 'void', ['void *', 'uintptr_t', 'size_t']);
    this.#memset = library.func('memset', 'void', ['uintptr_t', 'int', 'size_t']);
    this.#syscall = library.func('syscall', 'int64_t', ['int64_t', 'int64_t', 'int64_t', 'int64_t']);
    this.#timerSettime = library.func('syscall', 'int64_t', ['int64_t', 'int64_t', 'int64_t', 'void *', 'int64_t']);
    this.#procedureType = koffi.proto('void', ['uintptr_t']);
    this.#callbackType = koffi.pointer(koffi.proto('int32_t', ['int32_t']));
    this.#getpid = Number((library.func('getpid', 'int', []) as Raw<[]>)());
  }

  #check(call: string, result: Scalar): number {
    const n = Number(result);
    if (n < 0) throw new NativeCallError(call, this.#koffi.errno());
    return n;
  }

  mmap(address: number, length: number, protection: number, flags: number, fd: number, offset: number): number {
    const at = Number(this.#mmap(address, length, protection, flags, fd, offset));
    if (at >= 2 ** 63) throw new NativeCallError(`mmap of ${length} bytes`, this.#koffi.errno());
    return at;
  }
  munmap(address: number, length: number): void { this.#check('munmap', this.#munmap(address, length)); }
  mprotect(address: number, length: number, protection: number): void { this.#check('mprotect', this.#mprotect(address, length, protection)); }
  madvise(address: number, length: number, advice: number): void { this.#check('madvise', this.#madvise(address, length, advice)); }

  memfd(name: string, size: number): number {
    let text = this.#names.get(name);
    // Not on the JavaScript heap, where it could move; kept, since the kernel is given its address alone.
    if (text === undefined) this.#names.set(name, text = new Uint8Array(new TextEncoder().encode(`${name}\0`).buffer.slice(0)));
    const at = this.addressOf(text);
    // Kernels before 6.3 do not know MFD_EXEC, and make every memfd executable.
    let fd = Number(this.#syscall(SYS.memfdCreate, at, MFD_CLOEXEC | MFD_EXEC, 0));
    if (fd < 0 && this.#koffi.errno() === EINVAL) fd = Number(this.#syscall(SYS.memfdCreate, at, MFD_CLOEXEC, 0));
    this.#check('memfd_create', fd);
    if (Number(this.#ftruncate(fd, size)) < 0) {
      const errno = this.#koffi.errno();
      this.close(fd);
      throw new NativeCallError('ftruncate', errno);
    }
    return fd;
  }
  close(fd: number): void { this.#check('close', this.#close(fd)); }

  sigaction(signal: number, action: SignalAction | undefined): SignalAction {
    const before = new Uint8Array(new ArrayBuffer(SIGACTION_SIZE));
    let wanted: Uint8Array | null = null;
    if (action !== undefined) {
      wanted = new Uint8Array(new ArrayBuffer(SIGACTION_SIZE));
      const v = new DataView(wanted.buffer);
      v.setBigUint64(0, BigInt(action.handler), true);
      v.setBigUint64(SIGACTION_MASK, action.mask, true);
      v.setUint32(SIGACTION_FLAGS, action.flags, true);
    }
    this.#check('sigaction', this.#sigaction(signal, wanted, before));
    const v = new DataView(before.buffer);
    return { handler: Number(v.getBigUint64(0, true)), mask: v.getBigUint64(SIGACTION_MASK, true), flags: v.getUint32(SIGACTION_FLAGS, true) };
  }

  sigaltstack(stack: AlternateStack | undefined): AlternateStack {
    const before = new Uint8Array(new ArrayBuffer(24));
    let wanted: Uint8Array | null = null;
    if (stack !== undefined) {
      wanted = new Uint8Array(new ArrayBuffer(24));
      const v = new DataView(wanted.buffer);
      v.setBigUint64(0, BigInt(stack.address), true);
      v.setInt32(8, stack.flags, true);
      v.setBigUint64(16, BigInt(stack.size), true);
    }
    this.#check('sigaltstack', this.#sigaltstack(wanted, before));
    const v = new DataView(before.buffer);
    return { address: Number(v.getBigUint64(0, true)), flags: v.getInt32(8, true) & SS_DISABLE, size: Number(v.getBigUint64(16, true)) };
  }

  threadId(): number { return Number(this.#syscall(SYS.gettid, 0, 0, 0)); }
  signalThread(threadId: number, signal: number): boolean {
    return Number(this.#syscall(SYS.tgkill, this.#getpid, threadId, signal)) === 0;
  }

  timerCreate(threadId: number, signal: number): number {
    // struct sigevent (64 bytes): value, signo, notify, thread id; then room for the id the kernel returns.
    const block = new Uint8Array(new ArrayBuffer(72));
    const v = new DataView(block.buffer);
    v.setInt32(8, signal, true);
    v.setInt32(12, SIGEV_THREAD_ID, true);
    v.setInt32(16, threadId, true);
    const at = this.addressOf(block);
    this.#check('timer_create', this.#syscall(SYS.timerCreate, CLOCK_MONOTONIC, at, at + 64));
    return v.getInt32(64, true);
  }
  timerSet(timer: number, delay: number, interval: number): void {
    const spec = new Uint8Array(new ArrayBuffer(32));
    const v = new DataView(spec.buffer);
    v.setBigInt64(0, BigInt(Math.floor(interval / 1e9)), true);
    v.setBigInt64(8, BigInt(Math.floor(interval % 1e9)), true);
    v.setBigInt64(16, BigInt(Math.floor(delay / 1e9)), true);
    v.setBigInt64(24, BigInt(Math.floor(delay % 1e9)), true);
    this.#check('timer_settime', this.#timerSettime(SYS.timerSettime, timer, 0, spec, 0));
  }
  timerDelete(timer: number): void { this.#check('timer_delete', this.#syscall(SYS.timerDelete, timer, 0, 0)); }

  threadCpuTime(): number {
    this.#clockGettime(CLOCK_THREAD_CPUTIME_ID, this.#time);
    return Number(this.#time[0]) * 1e9 + Number(this.#time[1]);
  }

  synchronizeCode(): void {
    if (!this.#synchronizing) {
      this.#check('membarrier (register)', this.#syscall(SYS.membarrier, MEMBARRIER_REGISTER_SYNC_CORE, 0, 0));
      this.#synchronizing = true;
    }
    this.#check('membarrier', this.#syscall(SYS.membarrier, MEMBARRIER_SYNC_CORE, 0, 0));
  }

  procedure(address: number): (argument: number) => void { return this.#koffi.decode(address, this.#procedureType) as (argument: number) => void; }

  register(callback: (argument: number) => number): NativeCallback {
    const pointer = this.#koffi.register(callback, this.#callbackType);
    return { address: Number(pointer), dispose: () => this.#koffi.unregister(pointer) };
  }

  read(address: number, into: Uint8Array): void { if (into.length > 0) this.#memcpyOut(into, address, into.length); }
  write(address: number, bytes: Uint8Array): void { if (bytes.length > 0) this.#memcpyIn(address, bytes, bytes.length); }
  fill(address: number, byte: number, length: number): void { if (length > 0) this.#memset(address, byte, length); }
  view(address: number, length: number): ArrayBuffer { return this.#koffi.view(address, length); }
  addressOf(view: Uint8Array): number { return Number(this.#koffi.address(view)); }

  symbol(name: string): number | undefined {
    try {
      return Number(this.#library.symbol(name));
    } catch {
      return undefined;
    }
  }
  libraryFunction(name: string, result: NativeType, params: readonly NativeType[]): NativeFunction | undefined {
    const key = `${name} ${result} ${params.join()}`, known = this.#functions.get(key);
    if (known !== undefined) return known;
    // What the process has loaded besides (the mathematical functions, above all) comes second.
    for (const library of [this.#library, this.#process ??= this.#koffi.load(null)]) {
      try {
        const f = library.func(name, KOFFI_TYPES[result], params.map((p) => KOFFI_TYPES[p])) as NativeFunction;
        this.#functions.set(key, f);
        return f;
      } catch {
        continue;
      }
    }
    return undefined;
  }
  errno(): number { return this.#koffi.errno(); }
}
