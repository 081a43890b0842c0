/** Atomic access to integers in memory, as the type checker sees it. */
import type { MemoryOrdering } from '../lib/mir/index.ts';
import type { Bool } from './values.ts';

/** Orderings a load may have. */
export type LoadOrdering = Exclude<MemoryOrdering, 'release' | 'acq_rel'>;
/** Orderings a store may have. */
export type StoreOrdering = Exclude<MemoryOrdering, 'acquire' | 'acq_rel'>;
/** Orderings a fence may have. */
export type FenceOrdering = Exclude<MemoryOrdering, 'relaxed'>;

/** How a compare-exchange orders memory when it stored and when it did not; `seq_cst` unless said. */
export interface ExchangeOrderings {
  readonly success?: MemoryOrdering;
  readonly failure?: LoadOrdering;
}

/**
 * The operations on an integer that several threads use at once. Every one happens as a whole, in one of the C++
 * memory orderings, `seq_cst` unless said. An address that is not a multiple of the integer's size traps
 * `misaligned-atomic`.
 */
export interface Atomic<V, O> {
  /** Reads it. */
  load(ordering?: LoadOrdering): V;
  /** Writes it. */
  store(value: O, ordering?: StoreOrdering): void;
  /** Adds, wrapping; gives the value before. @example const ticket = next.atomic.add(1) */
  add(value: O, ordering?: MemoryOrdering): V;
  /** Subtracts, wrapping; gives the value before. */
  sub(value: O, ordering?: MemoryOrdering): V;
  /** Bitwise and; gives the value before. */
  and(value: O, ordering?: MemoryOrdering): V;
  /** Bitwise or; gives the value before. */
  or(value: O, ordering?: MemoryOrdering): V;
  /** Bitwise exclusive or; gives the value before. */
  xor(value: O, ordering?: MemoryOrdering): V;
  /** Writes `value`; gives the value before. */
  exchange(value: O, ordering?: MemoryOrdering): V;
  /**
   * Writes `replacement` if the value is `expected`. Gives the value before, and whether it was written.
   *
   * @example const [, locked] = lock.atomic.compareExchange(0, 1, { success: 'acquire', failure: 'relaxed' })
   */
  compareExchange(expected: O, replacement: O, orderings?: ExchangeOrderings): readonly [previous: V, exchanged: Bool];
}
