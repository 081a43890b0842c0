/**
 * Processor time of the calling thread without native code.
 *
 * Newer versions of Node know it (`process.threadCpuUsage`, microseconds). Before, Linux tells it in `/proc`, but brings the
 * number up to date only at a scheduler tick (1 to 10 ms): it is used for spans of at least {@link COARSE_SPAN_MS}.
 * Else the time the thread was not waiting stands for it, which is an upper bound.
 */
import { openSync, readSync } from 'node:fs';

/** Shortest span, in milliseconds, for which the count of `/proc` is near enough. */
const COARSE_SPAN_MS = 20;

interface ThreadCpuUsage { readonly user: number; readonly system: number }
const precise = (process as { readonly threadCpuUsage?: () => ThreadCpuUsage }).threadCpuUsage?.bind(process);
const text = Buffer.alloc(128);

/** Opens this thread's count; −1 where there is none. Any thread of the process may read it. */
export function openThreadCpu(): number {
  try {
    return openSync('/proc/thread-self/schedstat', 'r');
  } catch {
    return -1;
  }
}

/** Nanoseconds in a file of {@link openThreadCpu}, undefined when it cannot be read. */
export function readThreadCpu(descriptor: number): bigint | undefined {
  if (descriptor < 0) return undefined;
  try {
    const length = readSync(descriptor, text, 0, text.length, 0), count = /^\d+/.exec(text.toString('latin1', 0, length));
    return count === null ? undefined : BigInt(count[0]);
  } catch {
    return undefined;
  }
}

/** Milliseconds of processor time in a span of `wall` milliseconds, `waited` of which the thread slept. */
export function cpuOfSpan(before: bigint | undefined, after: bigint | undefined, wall: number, waited: number): number {
  const busy = Math.max(0, wall - waited);
  if (before === undefined || after === undefined || wall < COARSE_SPAN_MS) return busy;
  return Math.min(busy, Number(after - before) / 1e6);
}

/** The clock of one thread. */
export class ThreadCpuClock {
  /** For other threads to read this one's time from; −1 when there is none. */
  readonly descriptor = openThreadCpu();
  #precise: ThreadCpuUsage | undefined;
  #coarse: bigint | undefined;

  /** Begins a span. Gives the count in {@link descriptor}, 0 when there is none. */
  start(): bigint {
    this.#precise = precise?.();
    this.#coarse = readThreadCpu(this.descriptor);
    return this.#coarse ?? 0n;
  }

  /** Milliseconds of processor time since {@link start}, which was `wall` milliseconds ago. */
  stop(wall: number, waited: number): number {
    if (precise === undefined || this.#precise === undefined) return cpuOfSpan(this.#coarse, readThreadCpu(this.descriptor), wall, waited);
    const { user, system } = precise();
    return Math.min(wall, (user + system - this.#precise.user - this.#precise.system) / 1000);
  }
}
