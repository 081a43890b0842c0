/**
 * The way back for JavaScript imports: functions stay on the host's thread, so a worker that calls one posts a message
 * and sleeps here until the answer (or the deadline) comes. One channel per worker, one call at a time.
 */
import { MAX_ARITY } from '../mir/module.ts';
import type { Scalar } from './protocol.ts';

const STATE = 0;
const WAITING = 0, ANSWERED = 1, FAILED = 2;
const HEADER_BYTES = 16;

/** Bytes of a channel's shared buffer: a state word, then 16 bytes per result. */
export const CHANNEL_BYTES = HEADER_BYTES + MAX_ARITY * 16;

/** The answer to a host call as the worker sees it. */
export type HostAnswer = { readonly kind: 'values'; readonly values: readonly Scalar[] } | { readonly kind: 'error' } | { readonly kind: 'late' };

/** Both ends of the channel, over one shared buffer. */
export class HostCallChannel {
  readonly #state: Int32Array;
  readonly #data: DataView;

  constructor(buffer: SharedArrayBuffer) {
    this.#state = new Int32Array(buffer, 0, HEADER_BYTES / 4);
    this.#data = new DataView(buffer, HEADER_BYTES);
  }

  /** Worker: must come before the message is posted. */
  begin(): void { Atomics.store(this.#state, STATE, WAITING); }

  /** Worker: sleeps until the answer is there, at most `milliseconds`. */
  wait(results: number, milliseconds: number): HostAnswer {
    if (Atomics.wait(this.#state, STATE, WAITING, milliseconds) === 'timed-out') return { kind: 'late' };
    if (Atomics.load(this.#state, STATE) === FAILED) return { kind: 'error' };
    const values: (number | bigint)[] = [];
    for (let k = 0; k < results; k++) {
      values.push(this.#data.getInt32(k * 16 + 8) === 1 ? this.#data.getBigInt64(k * 16) : this.#data.getFloat64(k * 16));
    }
    return { kind: 'values', values };
  }

  /** Host: gives the results. */
  answer(values: readonly Scalar[]): void {
    values.forEach((v, k) => {
      if (typeof v === 'bigint') this.#data.setBigInt64(k * 16, v);
      else this.#data.setFloat64(k * 16, Number(v));
      this.#data.setInt32(k * 16 + 8, typeof v === 'bigint' ? 1 : 0);
    });
    Atomics.store(this.#state, STATE, ANSWERED);
    Atomics.notify(this.#state, STATE);
  }

  /** Host: the function threw (the error itself stays with the host), or the run is to be given up. */
  fail(): void {
    Atomics.store(this.#state, STATE, FAILED);
    Atomics.notify(this.#state, STATE);
  }
}
