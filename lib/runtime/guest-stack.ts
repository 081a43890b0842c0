/**
 * The stack that guest code of one JavaScript thread runs on, and the one that its signals are handled on: a guest that
 * has used up its own has no room for a handler.
 */
import { STACK_GUARD } from '../codegen/run-context.ts';
import { UsageError } from '../mir/errors.ts';
import { show } from '../mir/show.ts';
import { MAP_ANONYMOUS, MAP_NORESERVE, MAP_PRIVATE, PROT_NONE, PROT_READ, PROT_WRITE, SS_DISABLE, type NativeBridge } from './native/bridge.ts';
import { atThreadExit } from './thread-exit.ts';

/** Bytes of guest stack unless asked otherwise. */
export const DEFAULT_STACK_SIZE = 1024 * 1024;
const MINIMUM_STACK_SIZE = 64 * 1024;
const SIGNAL_STACK_SIZE = 64 * 1024;
const PAGE = 4096;

/** A mapped stack: {@link STACK_GUARD} inaccessible bytes, the stack, an inaccessible page. */
export class GuestStack {
  readonly #bridge: NativeBridge;
  #low: number;
  #size: number;

  /** @throws UsageError for an impossible size, NativeCallError when there is no memory */
  constructor(bridge: NativeBridge, bytes: number) {
    this.#bridge = bridge;
    this.#size = stackBytes(bytes);
    this.#low = map(bridge, STACK_GUARD, this.#size, PAGE);
  }

  /** Bytes, lowest address (the guard is below), and the address past the highest. */
  get size(): number { return this.#size; }
  get low(): number { return this.#low; }
  get high(): number { return this.#low + this.#size; }

  /**
   * Another stack of this size in the place of this one, which stays when there is no memory for it.
   *
   * @returns false when it has this size already
   * @throws UsageError for an impossible size, NativeCallError when there is no memory
   */
  resize(bytes: number): boolean {
    const size = stackBytes(bytes);
    if (size === this.#size) return false;
    const low = map(this.#bridge, STACK_GUARD, size, PAGE);
    this.dispose();
    this.#low = low;
    this.#size = size;
    return true;
  }

  dispose(): void { this.#bridge.munmap(this.#low - STACK_GUARD, STACK_GUARD + this.#size + PAGE); }
}

/**
 * Sees to it that this JavaScript thread has an alternate signal stack that is large enough. It belongs to the thread,
 * and stays until that ends: whoever else runs guest code here, another copy of this library too, finds it and uses it.
 */
export function provideSignalStack(bridge: NativeBridge): void {
  const present = bridge.sigaltstack(undefined);
  if (present.flags !== SS_DISABLE && present.size >= SIGNAL_STACK_SIZE / 2) return;
  const address = map(bridge, PAGE, SIGNAL_STACK_SIZE, 0);
  bridge.sigaltstack({ address, size: SIGNAL_STACK_SIZE, flags: 0 });
  atThreadExit(() => {
    bridge.sigaltstack({ address: 0, size: 0, flags: SS_DISABLE });
    bridge.munmap(address - PAGE, PAGE + SIGNAL_STACK_SIZE);
  });
}

/** Maps `size` accessible bytes between inaccessible ones; gives the address of the first. */
function map(bridge: NativeBridge, below: number, size: number, above: number): number {
  const start = bridge.mmap(0, below + size + above, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  try {
    bridge.mprotect(start + below, size, PROT_READ | PROT_WRITE);
  } catch (error) {
    bridge.munmap(start, below + size + above);
    throw error;
  }
  return start + below;
}

function stackBytes(bytes: number): number {
  if (!Number.isSafeInteger(bytes) || bytes <= 0) throw new UsageError(`a guest stack of ${show(bytes)} bytes is impossible`, 'Give a positive whole number of bytes.');
  return Math.max(MINIMUM_STACK_SIZE, Math.ceil(bytes / PAGE) * PAGE);
}
