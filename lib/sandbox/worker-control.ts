/**
 * What a guest worker and its pool tell each other while they do not listen to messages: words in shared memory.
 *
 * Threat: a process that exits, or a thread that ends, waits for its workers, and one in native code never comes back; an
 * interrupt sent before the worker has begun its run is lost.
 * Invariant: the worker stores that it is busy, then looks whether it is to close; the pool stores that it is to close,
 * then looks whether it is busy. Both are sequentially consistent, so either the worker begins nothing, or the pool sees
 * that it has, and interrupts it until it is not busy any more.
 */
const STATE = 0, CLOSING = 1, RUN = 2;
const NO_RUN = 0;
const IDLE = 0, BUSY = 1, CLOSED = 2;
/** Where the time is, in 64-bit words. */
const BEGUN = 2;

/** Bytes of a worker's control block. */
export const WORKER_CONTROL_BYTES = 24;

export class WorkerControl {
  readonly #words: Int32Array;
  readonly #times: BigInt64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
    this.#times = new BigInt64Array(buffer);
  }

  /** Worker: a run is to begin. False when none may begin any more. */
  enter(): boolean {
    Atomics.store(this.#words, STATE, BUSY);
    if (Atomics.load(this.#words, CLOSING) === 0) return true;
    this.leave();
    return false;
  }
  /** Worker: guest code is entered now. */
  begin(id: number): void {
    Atomics.store(this.#times, BEGUN, process.hrtime.bigint());
    Atomics.store(this.#words, RUN, id | 0);
  }
  /** Worker: guest code and whatever it had begun are over; what is left to do is our own. */
  end(): void { Atomics.store(this.#words, RUN, NO_RUN); }
  /** Worker: the run is over. */
  leave(): void { this.#become(IDLE); }
  /** Worker: it has given back all that it held. */
  closed(): void { this.#become(CLOSED); }

  /** Pool: milliseconds since guest code of the run was entered; undefined before, and when it has been left. */
  since(id: number): number | undefined {
    return Atomics.load(this.#words, RUN) === (id | 0) ? Number(process.hrtime.bigint() - Atomics.load(this.#times, BEGUN)) / 1e6 : undefined;
  }
  /** Pool: from now on no run begins. */
  close(): void { Atomics.store(this.#words, CLOSING, 1); }
  get isBusy(): boolean { return Atomics.load(this.#words, STATE) === BUSY; }
  get isClosed(): boolean { return Atomics.load(this.#words, STATE) === CLOSED; }
  /** Pool: sleeps until the worker is no longer what it is now, at most `milliseconds`. */
  wait(milliseconds: number): void { Atomics.wait(this.#words, STATE, Atomics.load(this.#words, STATE), milliseconds); }

  #become(state: number): void {
    Atomics.store(this.#words, STATE, state);
    Atomics.notify(this.#words, STATE);
  }
}
