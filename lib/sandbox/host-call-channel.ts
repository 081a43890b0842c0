/**
 * The way back for JavaScript imports: functions stay on the host's thread, so a worker that calls one posts a message
 * and sleeps here until the answer (or the deadline) comes. One channel per worker, one call at a time.
 */
import { MAX_ARITY } from '../mir/module.ts';
import { laneClassNumber, lanesOfClass } from '../runtime/vector-lanes.ts';
import type { Scalar } from './protocol.ts';

const STATE = 0, COUNT = 1;
const WAITING = 0, ANSWERED = 1, FAILED = 2;
const HEADER_BYTES = 16;
/** A result: 32 bytes of value (vectors need them all), then its kind; for a vector also its bytes and its kind of array. */
const RESULT_BYTES = 48, KIND = 32, LENGTH = 36, ARRAY = 40;
const NUMBER = 0, NATURAL = 1, NEGATIVE = 2, BOOLEAN = 3, LANES = 4;

/** Bytes of a channel's shared buffer. */
export const CHANNEL_BYTES = HEADER_BYTES + MAX_ARITY * RESULT_BYTES;

/** Bigints that can cross: those that fit 128 bits, signed or not. */
const LOW = -(2n ** 127n), END = 2n ** 128n;

/** The answer to a host call as the worker sees it. */
export type HostAnswer = { readonly kind: 'values'; readonly values: readonly Scalar[] } | { readonly kind: 'error' } | { readonly kind: 'late' };

/** True for a scalar that can be part of an answer as it is. */
export function canCross(v: unknown): v is number | bigint | boolean {
  return typeof v === 'number' || typeof v === 'boolean' || (typeof v === 'bigint' && v >= LOW && v < END);
}

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
  wait(milliseconds: number): HostAnswer {
    if (Atomics.wait(this.#state, STATE, WAITING, milliseconds) === 'timed-out') return { kind: 'late' };
    if (Atomics.load(this.#state, STATE) === FAILED) return { kind: 'error' };
    const values: Scalar[] = [], d = this.#data;
    for (let k = 0; k < this.#state[COUNT]; k++) {
      const at = k * RESULT_BYTES;
      switch (d.getInt32(at + KIND)) {
        case NATURAL: values.push((d.getBigUint64(at) << 64n) | d.getBigUint64(at + 8)); break;
        case NEGATIVE: values.push((d.getBigInt64(at) << 64n) | d.getBigUint64(at + 8)); break;
        case LANES: values.push(lanesOfClass(d.getInt32(at + ARRAY), new Uint8Array(d.buffer, d.byteOffset + at, d.getInt32(at + LENGTH)))); break;
        case BOOLEAN: values.push(d.getFloat64(at) !== 0); break;
        default: values.push(d.getFloat64(at));
      }
    }
    return { kind: 'values', values };
  }

  /** Host: gives the results, at most `MAX_ARITY`: scalars that {@link canCross}, and vectors. */
  answer(values: readonly Scalar[]): void {
    const d = this.#data;
    values.forEach((v, k) => {
      const at = k * RESULT_BYTES;
      if (typeof v === 'object') {
        new Uint8Array(d.buffer, d.byteOffset + at, v.byteLength).set(new Uint8Array(v.buffer, v.byteOffset, v.byteLength));
        d.setInt32(at + LENGTH, v.byteLength);
        d.setInt32(at + ARRAY, laneClassNumber(v));
        d.setInt32(at + KIND, LANES);
        return;
      }
      if (typeof v === 'bigint') {
        d.setBigInt64(at, v >> 64n);
        d.setBigUint64(at + 8, v);
      } else d.setFloat64(at, Number(v));
      d.setInt32(at + KIND, typeof v === 'bigint' ? (v < 0n ? NEGATIVE : NATURAL) : typeof v === 'boolean' ? BOOLEAN : NUMBER);
    });
    this.#state[COUNT] = values.length;
    Atomics.store(this.#state, STATE, ANSWERED);
    Atomics.notify(this.#state, STATE);
  }

  /** Host: the function threw (the error itself stays with the host), or the run is to be given up. */
  fail(): void {
    Atomics.store(this.#state, STATE, FAILED);
    Atomics.notify(this.#state, STATE);
  }
}
