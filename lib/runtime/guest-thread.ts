/**
 * What one JavaScript thread needs to run guest code: a run context, a guest stack, a kernel timer aimed at the thread,
 * and the callback through which guest code reaches the host.
 *
 * Invariants:
 * - one context per thread, and at most one target (an instance) bound to it; a run loads what belongs to the target
 *   when another one was bound before;
 * - a run that starts while the thread already runs (a host function called by the guest calls compiled code) nests:
 *   it continues on the same guest stack below the outer run, on a saved context that is put back when it ends;
 * - `interrupt` is cleared when an outermost run starts and by nothing else, so an interrupt of the outer run that
 *   arrives while a nested one is on ends both.
 */
import { CTX, INTERRUPT, RUN_STATUS } from '../codegen/run-context.ts';
import { CALLBACK_CONTINUE, type StubImage } from '../codegen/stub-image.ts';
import { UsageError } from '../mir/errors.ts';
import { DEFAULT_STACK_SIZE, GuestStack, provideSignalStack } from './guest-stack.ts';
import type { GuestMemory } from './linear-memory.ts';
import type { NativeBridge, NativeCallback } from './native/bridge.ts';
import { nativeBridge } from './native/load.ts';
import { installStubs, type InstalledStubs } from './stub-loader.ts';
import { atThreadExit } from './thread-exit.ts';

/** After the deadline the timer ticks on at this interval (nanoseconds), until it meets guest code. */
const TICK = 1_000_000;
/** What a nested run saves of the context: everything but the argument overflow area. */
const SAVED_BYTES = CTX.overflow;

/**
 * Contexts of this JavaScript thread, those of disposed guest threads too: a thread that is started in a host function
 * inherits the address, and the signal handler looks there.
 */
const contexts: SharedArrayBuffer[] = [];

/** What is run: an instance, as far as the thread must know it. */
export interface RunTarget {
  readonly codeLow: number;
  readonly codeHigh: number;
  readonly guestMemory: GuestMemory | undefined;
  readonly tableBase: number;
  readonly tableLength: number;
  /** See `CTX.globalsBase`. */
  readonly globalsBase: number;
  readonly linearStackLimit: number;
  readonly linearStackTop: number;
  /** The linear stack pointer a further run starts at: the top, or where an outer run of the same target stands. */
  linearStackPointer: number;
  /** Runs of this target that are on. */
  running: number;
  /** Serves import `index` (or `GROW_INDEX`): arguments and results are in the context. May throw. */
  hostCall(index: number): void;
}

export interface GuestThreadOptions {
  readonly stubs: StubImage;
  /** Bytes, default {@link DEFAULT_STACK_SIZE}; rounded up to whole pages, at least 64 KiB. */
  readonly stackSize?: number;
  readonly bridge?: NativeBridge;
}

/** How a run ended that did not return. */
export type RunFailure =
  | { readonly kind: 'trap' }
  | { readonly kind: 'interrupted'; readonly reason: 'deadline' | 'cancelled' }
  | { readonly kind: 'host-exception'; readonly error: unknown };

export class GuestThread {
  readonly bridge: NativeBridge;
  readonly stubs: InstalledStubs;
  /** The run context's bytes; whoever interrupts from another thread keeps this buffer alive. */
  readonly context: SharedArrayBuffer;
  readonly contextAddress: number;
  /** The kernel's id of this thread. */
  readonly threadId: number;
  // Views on the context, from its first byte.
  readonly bytes: Uint8Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly i64: BigInt64Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;

  readonly #enter: (context: number) => void;
  readonly #callback: NativeCallback;
  readonly #timer: number;
  readonly #stack: GuestStack;
  #bound: RunTarget | undefined;
  #depth = 0;
  #deadline = 0;
  /** `performance.now()` at which the run that armed the timer is due. */
  #due = Infinity;
  #error: { readonly error: unknown } | undefined;
  #disposed = false;
  /** `performance.now()` when the last run that did not return was left: before an error is made of it. */
  leftAt = 0;
  readonly #forget: () => void;

  /** @throws UnsupportedMachineError, NativeUnavailableError, NativeCallError */
  constructor(options: GuestThreadOptions) {
    const bridge = this.bridge = options.bridge ?? nativeBridge();
    this.stubs = installStubs(bridge, options.stubs);
    // 64 bytes more than needed, so that the context can start at a cache line.
    this.context = new SharedArrayBuffer(CTX.size + 64);
    contexts.push(this.context);
    const at = bridge.addressOf(new Uint8Array(this.context));
    const skip = -at & 63;
    this.contextAddress = at + skip;
    this.bytes = new Uint8Array(this.context, skip, CTX.size);
    this.i32 = new Int32Array(this.context, skip, CTX.size / 4);
    this.u32 = new Uint32Array(this.context, skip, CTX.size / 4);
    this.i64 = new BigInt64Array(this.context, skip, CTX.size / 8);
    this.f32 = new Float32Array(this.context, skip, CTX.size / 4);
    this.f64 = new Float64Array(this.context, skip, CTX.size / 8);

    this.threadId = bridge.threadId();
    provideSignalStack(bridge);
    this.#stack = new GuestStack(bridge, options.stackSize ?? DEFAULT_STACK_SIZE);
    try {
      this.#timer = bridge.timerCreate(this.threadId, options.stubs.interruptSignal);
      try {
        this.#callback = bridge.register((index) => this.#serve(index));
      } catch (error) {
        bridge.timerDelete(this.#timer);
        throw error;
      }
    } catch (error) {
      this.#stack.dispose();
      throw error;
    }
    const { base, image } = this.stubs;
    this.#enter = bridge.procedure(base + image.enter);
    this.setAddress(CTX.self, this.contextAddress);
    this.setAddress(CTX.exit, base + image.exit);
    this.setAddress(CTX.importThunk, base + image.importThunk);
    this.setAddress(CTX.growThunk, base + image.growThunk);
    this.setAddress(CTX.copyThunk, base + image.copyThunk);
    this.setAddress(CTX.fillThunk, base + image.fillThunk);
    this.setAddress(CTX.hostCallback, this.#callback.address);
    this.i64[CTX.timerId >> 3] = BigInt(this.#timer);
    this.u32[CTX.threadId >> 2] = this.threadId;
    this.#useStack();
    this.#forget = atThreadExit(() => { if (!this.running) this.dispose(); });
  }

  /** True while guest code of this thread is on, or a host function that it called. */
  get running(): boolean { return this.#depth > 0; }
  get disposed(): boolean { return this.#disposed; }
  /** Bytes of the guest stack, and its lowest address (the guard is below). */
  get stackSize(): number { return this.#stack.size; }
  get stackLow(): number { return this.#stack.low; }
  get stackHigh(): number { return this.#stack.high; }

  /**
   * Gives the guest stack another size.
   *
   * @throws UsageError during a run and after {@link dispose}, NativeCallError when there is no memory (it stays as it is then)
   */
  resizeStack(bytes: number): void {
    if (this.#depth > 0) throw new UsageError('the guest stack cannot change during a run', 'Set the stack size before calling.');
    this.#requireAlive();
    if (this.#stack.resize(bytes)) this.#useStack();
  }

  /** Makes `target` the one that the argument area belongs to: before arguments are stored, always. @throws UsageError after {@link dispose} */
  bind(target: RunTarget): void {
    if (this.#bound === target && this.#depth === 0) return;
    this.#requireAlive();
    this.#bound = target;
    this.setAddress(CTX.codeLow, target.codeLow);
    this.setAddress(CTX.codeHigh, target.codeHigh);
    this.setAddress(CTX.tableBase, target.tableBase);
    this.setAddress(CTX.tableLength, target.tableLength);
    this.setAddress(CTX.globalsBase, target.globalsBase);
    this.u32[CTX.linearStackLimit >> 2] = target.linearStackLimit;
    this.refreshMemory(target);
  }

  /** Stores base and sizes of the target's memory anew, after they changed. */
  refreshMemory(target: RunTarget): void {
    if (this.#bound !== target) return;
    const { guestMemory: memory } = target;
    this.setAddress(CTX.memoryBase, memory === undefined ? 0 : memory.base);
    this.setAddress(CTX.memoryMaximum, memory === undefined ? 0 : memory.maximumSize);
    if (memory?.shared !== true) this.setAddress(CTX.memorySize, memory === undefined ? 0 : memory.size);
    else {
      // Another thread may grow it just now, and then writes here too: the larger size must be what stays.
      let size: number;
      do {
        size = memory.size;
        Atomics.store(this.i64, CTX.memorySize >> 3, BigInt(size));
      } while (memory.size !== size);
    }
  }

  /** Forgets a target that is going away. */
  unbind(target: RunTarget): void { if (this.#bound === target && this.#depth === 0) this.#bound = undefined; }

  /**
   * Runs the code at `entry` for the bound target; arguments are in the context. Not during a run (see {@link nested}).
   *
   * @param deadline nanoseconds from now, 0 for none
   * @returns undefined when it returned: results are in the context
   */
  run(target: RunTarget, entry: number, deadline: number): RunFailure | undefined {
    const { u32 } = this;
    u32[CTX.entry >> 2] = entry;
    u32[(CTX.entry >> 2) + 1] = entry / 4294967296;
    u32[CTX.interrupt >> 2] = INTERRUPT.none;
    u32[CTX.linearStackPointer >> 2] = target.linearStackTop;
    if (deadline !== this.#deadline) this.#setTimer(deadline);
    this.#due = deadline > 0 ? performance.now() + deadline / 1e6 : Infinity;
    this.#depth = 1;
    target.running++;
    try {
      this.#enter(this.contextAddress);
    } finally {
      target.running--;
      this.#depth = 0;
    }
    return u32[CTX.status >> 2] === RUN_STATUS.ok ? undefined : this.#failure();
  }

  /**
   * The same during a run: saves the context, lets `store` put the arguments in, runs, gives the results to `load`,
   * and puts the context back.
   */
  nested(target: RunTarget, entry: number, deadline: number, store: () => void, load: (failure: RunFailure | undefined) => void): void {
    const outer = this.#bound;
    if (outer === undefined) throw new UsageError('no run is on', 'Call the function directly.');
    const saved = this.bytes.slice(0, SAVED_BYTES), outerDue = this.#due, outerDeadline = this.#deadline, outerPointer = outer.linearStackPointer;
    const stackTop = this.getAddress(CTX.guestStackPointer);
    const { u32 } = this;
    outer.linearStackPointer = u32[CTX.linearStackPointer >> 2];
    this.bind(target);
    const remaining = Math.max(1, (outerDue - performance.now()) * 1e6);
    const limited = deadline > 0 && deadline < remaining;
    let failure: RunFailure | undefined;
    try {
      // A call that does not set a deadline of its own leaves the outer run's timer ticking.
      this.#setTimer(limited ? deadline : 0);
      if (limited) this.#due = performance.now() + deadline / 1e6;
      u32[CTX.timerArmed >> 2] = 0;
      this.setAddress(CTX.guestStackTop, stackTop - (stackTop % 16) - 16);
      this.setAddress(CTX.entry, entry);
      u32[CTX.linearStackPointer >> 2] = target.linearStackPointer;
      store();
      this.#depth++;
      target.running++;
      try {
        this.#enter(this.contextAddress);
      } finally {
        target.running--;
        this.#depth--;
      }
      if (u32[CTX.status >> 2] !== RUN_STATUS.ok) failure = this.#failure();
      load(failure);
    } finally {
      const runs = u32[CTX.runCount >> 2], flag = CTX.interrupt;
      // Everything but the interrupt flag, which another thread or the timer may be setting just now.
      this.bytes.set(saved.subarray(0, flag));
      this.bytes.set(saved.subarray(flag + 4), flag + 4);
      // What ended the nested run ends the outer one too, even when the host function swallows the error; except a
      // deadline that was the nested call's alone.
      if (failure?.kind === 'interrupted') Atomics.compareExchange(this.i32, flag >> 2, INTERRUPT.none, failure.reason === 'deadline' ? INTERRUPT.deadline : INTERRUPT.cancelled);
      if (limited && performance.now() < outerDue) Atomics.compareExchange(this.i32, flag >> 2, INTERRUPT.deadline, INTERRUPT.none);
      u32[CTX.runCount >> 2] = runs;
      outer.linearStackPointer = outerPointer;
      this.#due = outerDue;
      this.#deadline = outerDeadline;
      this.bind(outer);
      if (limited && outerDue !== Infinity) this.bridge.timerSet(this.#timer, Math.max(1, (outerDue - performance.now()) * 1e6), TICK);
    }
  }

  /** Frees everything. @throws UsageError during a run */
  dispose(): void {
    if (this.#disposed) return;
    if (this.#depth > 0) throw new UsageError('a guest thread cannot be disposed while it runs', 'Dispose it after the call has returned.');
    this.#disposed = true;
    this.#bound = undefined;
    this.#forget();
    this.bridge.timerDelete(this.#timer);
    this.#callback.dispose();
    this.#stack.dispose();
  }
  [Symbol.dispose](): void { this.dispose(); }

  /** Reads an address-sized field of the context. */
  getAddress(field: number): number { return this.u32[field >> 2] + this.u32[(field >> 2) + 1] * 4294967296; }
  setAddress(field: number, address: number): void {
    this.u32[field >> 2] = address;
    this.u32[(field >> 2) + 1] = address / 4294967296;
  }

  #serve(index: number): number {
    try {
      if (this.#bound === undefined) return 0;
      this.#bound.hostCall(index);
      return CALLBACK_CONTINUE;
    } catch (error) {
      this.#error = { error };
      return 0;
    }
  }

  #failure(): RunFailure {
    this.leftAt = performance.now();
    switch (this.u32[CTX.status >> 2]) {
      case RUN_STATUS.trap: return { kind: 'trap' };
      case RUN_STATUS.interrupted: {
        const bySignal = this.u32[CTX.signal >> 2] !== 0, SI_TIMER = -2;
        const late = bySignal ? this.i32[CTX.trapSignalCode >> 2] === SI_TIMER : this.u32[CTX.interrupt >> 2] === INTERRUPT.deadline;
        return { kind: 'interrupted', reason: late ? 'deadline' : 'cancelled' };
      }
      default: {
        const error = this.#error;
        this.#error = undefined;
        return { kind: 'host-exception', error: error?.error };
      }
    }
  }

  #setTimer(deadline: number): void {
    this.#deadline = deadline;
    const { u32 } = this, at = CTX.timerSpec >> 2;
    u32[at + 2] = deadline > 0 ? TICK : 0;
    u32[at + 4] = deadline / 1e9;
    u32[at + 6] = deadline % 1e9;
    // Less than a nanosecond would disarm.
    if (deadline > 0 && u32[at + 4] === 0 && u32[at + 6] === 0) u32[at + 6] = 1;
  }

  #useStack(): void {
    this.setAddress(CTX.stackLimit, this.#stack.low);
    this.setAddress(CTX.guestStackTop, this.#stack.high);
  }

  #requireAlive(): void {
    if (this.#disposed) throw new UsageError('this guest thread is disposed', 'Make a new one, and instantiate the module on it.');
  }
}
